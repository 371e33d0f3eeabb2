# Types around one other type.
#
# For: uniq, unique, nullOr, functionTo, coercedTo.
# Not for: containers (lists.nix, attribute-sets.nix), choices between types
# (choices.nix).
{ lib, types, ... }:

let
  inherit (builtins)
    all
    any
    head
    length
    map
    zipAttrsWith
    ;
  inherit (lib) functionArgs isFunction;
  inherit (lib.modules) mergeDefinitions;
  inherit (lib.options)
    getFiles
    mergeUniqueOption
    showFiles
    showOption
    ;
  inherit (types)
    checkDefsForError
    checkedMerge
    coercedTo
    defaultFunctor
    elemTypeFunctor
    functionTo
    mergeWith
    mkOptionType
    nullOr
    phrase
    unique
    ;
in
{
  # One definition at most.
  uniq = unique { message = ""; };

  # message: why there can be only one.
  unique =
    { message }:
    type:
    mkOptionType {
      name = "unique";
      inherit (type)
        description
        descriptionClass
        check
        emptyValue
        getSubOptions
        getSubModules
        ;
      merge = mergeUniqueOption {
        inherit message;
        inherit (type) merge;
      };
      substSubModules = m: unique { inherit message; } (type.substSubModules m);
      functor = elemTypeFunctor "unique" { elemType = type; } // {
        type = payload: lib.types.unique { inherit message; } payload.elemType;
      };
      nestedTypes.elemType = type;
    };

  # Either all definitions are null, or none is.
  nullOr =
    elemType:
    let
      merge = mergeWith (
        { loc, defs }:
        let
          isNull = def: def.value == null;
          single = length defs == 1;
        in
        if !(if single then (head defs).value == null else any isNull defs) then
          checkedMerge loc elemType defs
        else
          {
            headError =
              if length defs == 1 || all isNull defs then
                null
              else
                {
                  message = "The option `${showOption loc}` is defined both null and not null, in ${showFiles (getFiles defs)}.";
                  causedByMixedNulls = true;
                };
            value = null;
            valueMeta = { };
          }
      );
    in
    mkOptionType {
      name = "nullOr";
      description = "null or ${
        phrase [
          "noun"
          "conjunction"
        ] elemType
      }";
      descriptionClass = "conjunction";
      check = {
        __functor = _: x: x == null || elemType.check x;
        isV2MergeCoherent = true;
      };
      # Called directly, the merge has nobody to report the mixture to.
      merge = merge // {
        __functor =
          self: loc: defs:
          let
            answer = self.v2 { inherit loc defs; };
          in
          if answer.headError.causedByMixedNulls or false then
            throw answer.headError.message
          else
            answer.value;
      };
      emptyValue.value = null;
      inherit (elemType) getSubOptions getSubModules;
      substSubModules = m: nullOr (elemType.substSubModules m);
      functor = elemTypeFunctor "nullOr" { inherit elemType; };
      nestedTypes = { inherit elemType; };
    };

  # Functions are merged by merging what they return.
  functionTo =
    elemType:
    mkOptionType {
      name = "functionTo";
      description = "function that evaluates to a(n) ${
        phrase [
          "noun"
          "composite"
        ] elemType
      }";
      descriptionClass = "composite";
      check = isFunction;
      merge = loc: defs: {
        # An argument is optional when every definition says so.
        __functionArgs = zipAttrsWith (_: all (optional: optional)) (
          map (def: functionArgs def.value) defs
        );
        __functor =
          _: arg:
          (mergeDefinitions (loc ++ [ "<function body>" ]) elemType (
            map (def: {
              inherit (def) file;
              value = def.value arg;
            }) defs
          )).mergedValue;
      };
      getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "<function body>" ]);
      inherit (elemType) getSubModules;
      substSubModules = m: functionTo (elemType.substSubModules m);
      functor = elemTypeFunctor "functionTo" { inherit elemType; };
      nestedTypes = { inherit elemType; };
    };

  # A value of finalType, or one of coercedType, which becomes one of
  # finalType by coerceFunc.
  coercedTo =
    coercedType: coerceFunc: finalType:
    let
      check = {
        __functor =
          _: x: (coercedType.check x && finalType.check (coerceFunc x)) || finalType.check x;
        isV2MergeCoherent = true;
      };
      isCoerced =
        loc: def:
        if coercedType.merge ? v2 then
          (checkedMerge loc coercedType [ def ]).headError == null
        else
          coercedType.check def.value;
      coerce =
        loc: def:
        def // { value = if isCoerced loc def then coerceFunc def.value else def.value; };
    in
    # A coerced value has no modules to speak of.
    if coercedType.getSubModules != null then
      throw "coercedTo: coercedType must not have submodules (it’s a ${coercedType.description})"
    else
      mkOptionType {
        name = "coercedTo";
        description = "${phrase [ "noun" ] finalType} or ${phrase [ "noun" ] coercedType} convertible to it";
        inherit check;
        merge = mergeWith (
          { loc, defs }:
          let
            finalDefs = map (coerce loc) defs;
          in
          if finalType.merge ? v2 then
            checkedMerge loc finalType finalDefs
          else
            {
              value = finalType.merge loc finalDefs;
              valueMeta = { };
              # The values that the user wrote, not what became of them.
              headError = checkDefsForError check defs;
            }
        );
        inherit (finalType) emptyValue getSubOptions getSubModules;
        substSubModules = m: coercedTo coercedType coerceFunc (finalType.substSubModules m);
        # Two coercion functions cannot be compared.
        typeMerge = _: null;
        functor = defaultFunctor "coercedTo";
        nestedTypes = { inherit coercedType finalType; };
      };
}
