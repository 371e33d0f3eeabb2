# Attribute set types.
#
# For: attrs, attrsOf, lazyAttrsOf, attrsWith, loaOf.
# Not for: sets with declared options (submodules.nix), tagged values (tags.nix).
{ lib, types, ... }:

let
  inherit (builtins)
    attrNames
    filter
    foldl'
    isAttrs
    listToAttrs
    map
    mapAttrs
    zipAttrsWith
    ;
  inherit (lib.modules) mergeDefinitions;
  inherit (types)
    attrsWith
    checkDefsForError
    elemTypeFunctor
    mergeWith
    mkOptionType
    phrase
    ;

  # One definition of a set as a set of definitions.
  spread =
    def:
    mapAttrs (_: value: {
      inherit (def) file;
      inherit value;
    }) def.value;

  # Keep the attributes that some definition gives a value.
  onlyDefined =
    merged:
    let
      names = attrNames merged;
      defined = filter (name: merged.${name}.isDefined) names;
    in
    if defined == names then
      merged
    else
      listToAttrs (
        map (name: {
          inherit name;
          value = merged.${name};
        }) defined
      );

  # "name" says nothing; anything else is kept.
  mergePlaceholders =
    a: b:
    if a == b || b == "name" then
      a
    else if a == "name" then
      b
    else
      null;
in
{
  # Any set. Later definitions win attribute by attribute, and properties
  # inside are not evaluated: attrsOf anything is nearly always better.
  attrs = mkOptionType {
    name = "attrs";
    description = "attribute set";
    check = isAttrs;
    merge = _: foldl' (result: def: result // def.value) { };
    emptyValue.value = { };
  };

  attrsOf = elemType: attrsWith { inherit elemType; };

  # Values may depend on each other, and conditions inside are not looked at
  # before a value is read: `x = mkIf false 1` makes `x` exist all the same.
  lazyAttrsOf =
    elemType:
    attrsWith {
      inherit elemType;
      lazy = true;
    };

  attrsWith =
    {
      elemType,
      lazy ? false,
      # What stands for the name in documentation, as in users.<name>.
      placeholder ? "name",
    }:
    let
      check = {
        __functor = _: isAttrs;
        isV2MergeCoherent = true;
      };
      # An attribute that turns out to be undefined: the empty value of its
      # type, or else the error that says so.
      lazyValue =
        e: if e.isDefined then e.mergedValue else elemType.emptyValue.value or e.mergedValue;
    in
    mkOptionType {
      name = if lazy then "lazyAttrsOf" else "attrsOf";
      description = "${if lazy then "lazy attribute set" else "attribute set"} of ${
        phrase [
          "noun"
          "composite"
        ] elemType
      }";
      descriptionClass = "composite";
      inherit check;
      merge = mergeWith (
        { loc, defs }:
        let
          merged = zipAttrsWith (name: mergeDefinitions (loc ++ [ name ]) elemType) (map spread defs);
          evaluated = if lazy then merged else onlyDefined merged;
        in
        {
          headError = checkDefsForError check defs;
          value = mapAttrs (_: if lazy then lazyValue else e: e.mergedValue) evaluated;
          valueMeta.attrs = mapAttrs (_: e: e.checkedAndMerged.valueMeta) evaluated;
        }
      );
      emptyValue.value = { };
      getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "<${placeholder}>" ]);
      inherit (elemType) getSubModules;
      substSubModules =
        m:
        attrsWith {
          elemType = elemType.substSubModules m;
          inherit lazy placeholder;
        };
      functor = elemTypeFunctor "attrsWith" { inherit elemType lazy placeholder; } // {
        type = lib.types.attrsWith;
        binOp =
          a: b:
          let
            merged = {
              elemType = a.elemType.typeMerge b.elemType.functor;
              placeholder = mergePlaceholders a.placeholder b.placeholder;
              inherit (a) lazy;
            };
          in
          if merged.elemType == null || merged.placeholder == null || a.lazy != b.lazy then null else merged;
      };
      nestedTypes = { inherit elemType; };
    };

  # From the time when lists could be given for sets.
  loaOf =
    elemType:
    lib.types.attrsOf elemType
    // {
      name = "loaOf";
      deprecationMessage =
        "Mixing lists with attribute values is no longer"
        + " possible; please use `types.attrsOf` instead. See"
        + " https://github.com/NixOS/nixpkgs/issues/1800 for the motivation.";
      nestedTypes = { inherit elemType; };
    };
}
