# Lines of `key=value`, and how a single value is written in them.
#
# For: flat configuration files, and as the building block of the INI family.
# Not for: nested data; a list or set has no single obvious text here, so it aborts.
{ lib }:

let
  inherit (builtins)
    concatStringsSep
    isAttrs
    isBool
    isFloat
    isInt
    isList
    isString
    ;

  # `generators.` as seen by callers, so that an overridden lib is honoured.
  pretty = lib.generators.toPretty { };
in
rec {
  # The text of one value.  `toString` would be wrong: it makes "1" of true and "" of false and null.
  mkValueStringDefault =
    { }:
    value:
    let
      refuse = what: shown: abort "generators.mkValueStringDefault: ${what} not supported: ${pretty shown}";
    in
    if isInt value then
      toString value
    else if isString value then
      value
    # A package stands for its store path; asked before "is it a set".
    else if lib.isDerivation value then
      toString value
    else if isBool value then
      lib.boolToString value
    else if value == null then
      "null"
    else if isList value then
      refuse "lists" value
    else if isAttrs value then
      refuse "attrsets" value
    else if lib.isFunction value then
      refuse "functions" value
    else if isFloat value then
      lib.strings.floatToString value
    else
      refuse "this value is" (toString value);

  # `key<sep>value`; the separator inside the key is escaped with a backslash.
  mkKeyValueDefault =
    {
      mkValueString ? mkValueStringDefault { },
    }:
    sep: key: value:
    lib.escape [ sep ] key + sep + mkValueString value;

  # One line per attribute, or with `listsAsDuplicateKeys` one line per list element.
  toKeyValue =
    {
      mkKeyValue ? mkKeyValueDefault { } "=",
      listsAsDuplicateKeys ? false,
      indent ? "",
    }:
    attrs:
    let
      line = key: value: "${indent}${mkKeyValue key value}\n";
      linesOf =
        key:
        let
          value = attrs.${key};
        in
        if listsAsDuplicateKeys && isList value then map (line key) value else [ (line key value) ];
    in
    concatStringsSep "" (builtins.concatMap linesOf (builtins.attrNames attrs));
}
