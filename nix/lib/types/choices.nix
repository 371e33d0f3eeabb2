# Choices.
#
# For: enum (between values), either and oneOf (between types).
# Not for: choices by attribute name (tags.nix).
{ lib, types, ... }:

let
  inherit (builtins)
    concatStringsSep
    elem
    elemAt
    foldl'
    head
    isBool
    isInt
    isString
    length
    map
    tail
    typeOf
    ;
  inherit (lib.options)
    mergeEqualOption
    mergeOneOption
    showDefs
    showOption
    ;
  inherit (types)
    checkedMerge
    defaultFunctor
    either
    elemTypeFunctor
    mergeWith
    mkOptionType
    phrase
    ;

  showValue =
    v:
    if isString v then
      "\"${v}\""
    else if isInt v then
      toString v
    else if isBool v then
      lib.boolToString v
    else
      "<${typeOf v}>";
in
{
  # Declarations of one enum in several modules add up.
  enum =
    values:
    mkOptionType {
      name = "enum";
      description =
        if values == [ ] then
          "impossible (empty enum)"
        else if length values == 1 then
          "value ${showValue (head values)} (singular enum)"
        else
          "one of ${concatStringsSep ", " (map showValue values)}";
      descriptionClass = if length values < 2 then "noun" else "conjunction";
      check = x: elem x values;
      merge = mergeEqualOption;
      functor = defaultFunctor "enum" // {
        type = payload: lib.types.enum payload.values;
        payload = { inherit values; };
        binOp = a: b: { values = lib.lists.unique (a.values ++ b.values); };
      };
    };

  # The first type that accepts all definitions from the outside is the one;
  # what is inside is not tried. A value that neither accepts is refused where
  # the type stands alone; where only the merge is called (freeform), it is
  # let through with a warning.
  either =
    t1: t2:
    let
      functor = elemTypeFunctor "either" {
        elemType = [
          t1
          t2
        ];
      } // {
        type = lib.types.either;
      };
    in
    mkOptionType {
      name = "either";
      description =
        if t1.descriptionClass or null == "nonRestrictiveClause" then
          "${t1.description}, or ${
            phrase [
              "noun"
              "conjunction"
            ] t2
          }"
        else
          "${
            phrase [
              "noun"
              "conjunction"
            ] t1
          } or ${
            phrase [
              "noun"
              "conjunction"
              "composite"
            ] t2
          }";
      descriptionClass = "conjunction";
      check = {
        __functor = _: x: t1.check x || t2.check x;
        isV2MergeCoherent = true;
      };
      merge = mergeWith (
        { loc, defs }:
        let
          first = checkedMerge loc t1 defs;
          second = checkedMerge loc t2 defs;
          headError.message = "The option `${showOption loc}` is neither a value of type `${t1.description}` nor `${t2.description}`, Definition values: ${showDefs defs}";
        in
        if first.headError == null then
          first
        else if second.headError == null then
          second
        else
          {
            inherit headError;
            valueMeta = { inherit headError; };
            value = lib.warn ''
              One or more definitions did not pass the type-check of the 'either' type.
              ${headError.message}
              If `either`, `oneOf` or similar is used in freeformType, ensure that it is preceded by an 'attrsOf' such as: `freeformType = types.attrsOf (types.either t1 t2)`.
              Otherwise consider using the correct type for the option `${showOption loc}`.  This will be an error in Nixpkgs 26.05.
            '' (mergeOneOption loc defs);
          }
      );
      typeMerge =
        other:
        let
          left = t1.typeMerge (head other.payload.elemType).functor;
          right = t2.typeMerge (elemAt other.payload.elemType 1).functor;
        in
        if other.name != "either" || left == null || right == null then null else functor.type left right;
      inherit functor;
      nestedTypes = {
        left = t1;
        right = t2;
      };
    };

  oneOf =
    choices:
    if choices == [ ] then
      throw "types.oneOf needs to get at least one type in its argument"
    else
      foldl' either (head choices) (tail choices);
}
