# What a type is, and how types are made, combined, described and merged.
#
# For: mkOptionType, type merging, addCheck, and the functions that the other
# files of this folder share.
# Not for: any type in particular.
{ lib, types, ... }:

let
  inherit (builtins)
    all
    filter
    head
    length
    ;
  inherit (lib.options) showDefs showOption;

  # `functor.wrapped` is the old name of nestedTypes.elemType.
  warnWrapped =
    payload:
    { loc }:
    let
      prefix = if loc == null then "" else "type.";
      where = if loc == null then "" else "of the option `${showOption loc}` ";
    in
    lib.warn ''
      The deprecated `${prefix}functor.wrapped` attribute ${where}is accessed, use `${prefix}nestedTypes.elemType` instead.
    '' payload.elemType;
in
{
  isType = tag: x: x._type or "" == tag;
  setType = tag: value: value // { _type = tag; };
  isOptionType = types.isType "option-type";

  mkOptionType =
    {
      # The name of the type or of the function that makes it.
      name,
      # In words, made from the descriptions of the types inside.
      description ? null,
      # What kind of phrase the description is, to know when it needs
      # parentheses inside another: "noun", "conjunction" (.. or ..),
      # "composite" (.. of ..), "nonRestrictiveClause" (.., meaning ..).
      descriptionClass ? null,
      # Whether a single definition is of this type. Looks at the outside of
      # the value only; what is inside is checked when it is merged, so that
      # an option can refer to its neighbours inside the same value.
      check ? (_: true),
      # loc -> [ { file; value; } ] -> value, or { __functor; v2; } with
      # v2 { loc; defs; } -> { headError; value; valueMeta; }: check and merge
      # in one, for types that must merge to know whether the check passes.
      merge ? lib.options.mergeDefaultOption,
      # { value = ..; } when the type has a value that stands for nothing.
      emptyValue ? { },
      # prefix -> options inside, for documentation.
      getSubOptions ? (_: { }),
      # Modules inside, if values are evaluated as modules.
      getSubModules ? null,
      # modules -> the same type with those instead.
      substSubModules ? (_: null),
      # functor of another type -> the merged type, or null.
      typeMerge ? types.defaultTypeMerge functor,
      # { name; type; payload; wrapped; binOp; }: the type as data, for merging.
      functor ? types.defaultFunctor name,
      # Printed when an option has this type.
      deprecationMessage ? null,
      # Types inside, by role.
      nestedTypes ? { },
    }:
    {
      _type = "option-type";
      description = if description == null then name else description;
      functor =
        if functor ? wrappedDeprecationMessage then
          functor // { wrapped = functor.wrappedDeprecationMessage { loc = null; }; }
        else
          functor;
      inherit
        name
        check
        merge
        emptyValue
        getSubOptions
        getSubModules
        substSubModules
        typeMerge
        deprecationMessage
        nestedTypes
        descriptionClass
        ;
    };

  # The functor of a type without parameters: it merges with itself.
  defaultFunctor = name: {
    inherit name;
    type = lib.types.${name} or null;
    wrapped = null;
    payload = null;
    binOp = _: _: null;
  };

  # Merge two functors of the same name into a type: by payload, by wrapped
  # type (the old way), or, where there is neither, as they are.
  defaultTypeMerge =
    f: f':
    let
      isWrapped = functor: functor.wrapped or null != null;
      wrapped =
        assert isWrapped f == isWrapped f';
        isWrapped f;
      loaded =
        assert (f.payload != null) == (f'.payload != null);
        f.payload != null;
      rebuild = parameter: if parameter == null then null else f.type parameter;
    in
    if f.name != f'.name then
      null
    else if loaded then
      # Types with wrappedDeprecationMessage have `wrapped` only for old readers.
      if !(f ? wrappedDeprecationMessage) && wrapped then
        throw ''
          Type ${f.name} defines both `functor.payload` and `functor.wrapped` at the same time, which is not supported.

          Use either `functor.payload` or `functor.wrapped` but not both.

          If your code worked before remove either `functor.wrapped` or `functor.payload` from the type definition.
        ''
      else
        rebuild (f.binOp f.payload f'.payload)
    else if wrapped then
      rebuild (f.wrapped.typeMerge f'.wrapped.functor)
    else
      f.type;

  # Merge two types, or say that it cannot be done.
  mergeTypes =
    a: b:
    let
      merged = a.typeMerge b.functor;
    in
    assert types.isOptionType a && types.isOptionType b;
    if merged == null then
      types.setType "merge-error" { error = "Cannot merge types"; }
    else
      merged;

  # The description of a type, in parentheses unless `fits` accepts its class.
  optionDescriptionPhrase =
    fits: type:
    if fits (type.descriptionClass or null) then type.description else "(${type.description})";

  # A type with one more condition on each definition.
  addCheck =
    type: check:
    if type.merge ? v2 then
      type
      // {
        check = {
          __functor = _: x: type.check x && check x;
          isV2MergeCoherent = true;
        };
        merge = types.mergeWith (
          { loc, defs }:
          let
            answer = types.checkedMerge loc type defs;
          in
          answer
          // {
            headError =
              if answer.headError != null then answer.headError else types.checkDefsForError check defs;
          }
        );
      }
    else
      type // { check = x: type.check x && check x; };

  noCheckForDocsModule = {
    _file = "<built-in module that disables checks for the purpose of documentation generation>";
    # Documentation is made where much of the context is missing; whatever
    # avoids an error there is welcome.
    config._module.check = lib.modules.mkForce false;
  };

  # -- shared, not exported -----------------------------------------------------

  # optionDescriptionPhrase with the accepted classes as a list.
  phrase = classes: types.optionDescriptionPhrase (class: builtins.elem class classes);

  # A merge of the second kind, callable like one of the first.
  mergeWith = v2: {
    __functor =
      self: loc: defs:
      (self.v2 { inherit loc defs; }).value;
    inherit v2;
  };

  # null, or what is wrong with the definitions that fail the check.
  checkDefsForError =
    check: defs:
    if
      (if length defs == 1 then check (head defs).value else all (def: check def.value) defs)
    then
      null
    else
      { message = "Definition values: ${showDefs (filter (def: !check def.value) defs)}"; };

  # Check and merge with any type, whichever kind of merge it has.
  checkedMerge =
    loc: type: defs:
    if type.merge ? v2 then
      lib.modules.checkV2MergeCoherence loc type (type.merge.v2 { inherit loc defs; })
    else
      {
        value = type.merge loc defs;
        headError = types.checkDefsForError type.check defs;
        valueMeta = { };
      };

  # The functor of a type around another one.
  elemTypeFunctor = name: payload: {
    inherit name payload;
    wrappedDeprecationMessage = warnWrapped payload;
    type = p: lib.types.${name} p.elemType;
    binOp =
      a: b:
      let
        merged = a.elemType.typeMerge b.elemType.functor;
      in
      if merged == null then null else { elemType = merged; };
  };
}
