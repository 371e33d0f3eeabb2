# Scalars, and the types that take anything.
#
# For: raw, anything, unspecified, booleans, integers, floats, numbers, luaInline.
# Not for: strings (strings.nix), paths (paths.nix).
{ lib, types, ... }:

let
  inherit (builtins)
    foldl'
    head
    isAttrs
    isBool
    isFloat
    isInt
    map
    toJSON
    typeOf
    ;
  inherit (lib.options)
    getFiles
    mergeEqualOption
    mergeOneOption
    showFiles
    showOption
    ;
  inherit (types) addCheck mkOptionType;

  # A type of which several definitions must agree.
  scalar =
    name: description: check:
    mkOptionType {
      inherit name description check;
      descriptionClass = "noun";
      merge = mergeEqualOption;
    };

  restrict =
    type: check: name: description:
    addCheck type check // { inherit name description; };

  meaning =
    type: check: name: description:
    restrict type check name description // { descriptionClass = "nonRestrictiveClause"; };

  inclusive = show: lowest: highest: "${show lowest} and ${show highest} (both inclusive)";
in
{
  # One definition, taken as it is: nothing inside is merged or evaluated.
  raw = mkOptionType {
    name = "raw";
    description = "raw value";
    descriptionClass = "noun";
    merge = mergeOneOption;
  };

  # Merges by what the values are: sets by name, functions by result,
  # everything else must be equal.
  anything = mkOptionType {
    name = "anything";
    description = "anything";
    descriptionClass = "noun";
    merge =
      loc: defs:
      let
        # A set that can become a string is a package or the like: one value,
        # not a set to be merged.
        kindOf =
          value: if isAttrs value && (value ? outPath || value ? __toString) then "package" else typeOf value;

        kind = foldl' (
          first: def:
          if kindOf def.value == first then
            first
          else
            throw "The option `${showOption loc}' has conflicting option types in ${showFiles (getFiles defs)}"
        ) (kindOf (head defs).value) defs;

        mergeResults =
          arg:
          types.anything.merge (loc ++ [ "<function body>" ]) (
            map (def: {
              inherit (def) file;
              value = def.value arg;
            }) defs
          );
      in
      if kind == "set" then
        (types.attrsOf types.anything).merge loc defs
      else if kind == "package" then
        mergeOneOption loc defs
      else if kind == "lambda" then
        mergeResults
      else
        mergeEqualOption loc defs;
  };

  # What an option without a type has.
  unspecified = mkOptionType {
    name = "unspecified";
    description = "unspecified value";
    descriptionClass = "noun";
  };

  bool = scalar "bool" "boolean" isBool;

  # True when any definition is.
  boolByOr = mkOptionType {
    name = "boolByOr";
    description = "boolean (merged using or)";
    descriptionClass = "noun";
    check = isBool;
    merge = _: foldl' (result: def: result || def.value) false;
  };

  int = scalar "int" "signed integer" isInt;
  float = scalar "float" "floating point number" isFloat;
  number = types.either types.int types.float;
  port = types.ints.u16;

  ints =
    let
      inherit (types) int;
      range = inclusive toString;
      within = lowest: highest: x: x >= lowest && x <= highest;
      sized =
        name: sign: bits: lowest: highest:
        restrict int (within lowest highest) "${name}${toString bits}"
          "${toString bits} bit ${sign} integer; between ${range lowest highest}";
      unsignedBits = bits: size: sized "unsignedInt" "unsigned" bits 0 (size - 1);
      signedBits = bits: size: sized "signedInt" "signed" bits (0 - size / 2) (size / 2 - 1);
    in
    {
      between =
        lowest: highest:
        if lowest <= highest then
          restrict int (within lowest highest) "intBetween" "integer between ${range lowest highest}"
        else
          throw "ints.between: lowest must be smaller than highest";

      unsigned = meaning int (x: x >= 0) "unsignedInt" "unsigned integer, meaning >=0";
      positive = meaning int (x: x > 0) "positiveInt" "positive integer, meaning >0";

      # No 64 bits: u64 does not fit into a Nix integer, and s64 is `int`.
      u8 = unsignedBits 8 256;
      u16 = unsignedBits 16 65536;
      u32 = unsignedBits 32 4294967296;
      s8 = signedBits 8 256;
      s16 = signedBits 16 65536;
      s32 = signedBits 32 4294967296;
    };

  numbers =
    let
      inherit (types) number;
    in
    {
      between =
        lowest: highest:
        if lowest <= highest then
          restrict number (x: x >= lowest && x <= highest) "numberBetween"
            "integer or floating point number between ${inclusive toJSON lowest highest}"
        else
          throw "numbers.between: lowest must be smaller than highest";

      nonnegative =
        meaning number (x: x >= 0) "numberNonnegative"
          "nonnegative integer or floating point number, meaning >=0";
      positive =
        meaning number (x: x > 0) "numberPositive"
          "positive integer or floating point number, meaning >0";
    };

  # What lib.generators.mkLuaInline makes.
  luaInline = scalar "luaInline" "inline lua" (x: x._type or null == "lua-inline");
}
