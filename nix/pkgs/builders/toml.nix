# A Nix value as a TOML 1.0 document. The outermost value is a set.
# Not for: types (formats.nix).
{ lib }:
let
  inherit (builtins)
    attrNames
    filter
    isAttrs
    isBool
    isFloat
    isInt
    isList
    match
    toJSON
    ;

  # Bare keys are letters, digits, - and _; JSON strings are TOML basic strings.
  key = name: if match "[A-Za-z0-9_-]+" name != null then name else toJSON name;

  isTable = value: isAttrs value && !(lib.isDerivation value) && !(value ? outPath);
  isTables = value: isList value && value != [ ] && lib.all isTable value;

  inline =
    value:
    if value == null then
      throw "TOML has no null"
    else if isBool value then
      lib.boolToString value
    else if isInt value || isFloat value then
      # JSON leaves out the fraction of 1.0, which would make it an integer.
      (if isFloat value && match ".*[.e].*" (toJSON value) == null then "${toJSON value}.0" else toJSON value)
    else if isList value then
      "[${lib.concatMapStringsSep ", " inline value}]"
    else if isTable value then
      "{${lib.concatMapStringsSep ", " (name: "${key name} = ${inline value.${name}}") (present value)}}"
    else
      toJSON (toString value);

  # There is no null in TOML: such a setting is left out.
  present = value: filter (name: value.${name} != null) (attrNames value);

  table =
    path: value:
    let
      names = present value;
      plain = filter (name: !isTable value.${name} && !isTables value.${name}) names;
      tables = filter (name: isTable value.${name}) names;
      lists = filter (name: isTables value.${name}) names;
      at = name: path ++ [ (key name) ];
      header = name: lib.concatStringsSep "." (at name);
    in
    lib.concatMapStrings (name: "${key name} = ${inline value.${name}}\n") plain
    + lib.concatMapStrings (name: "\n[${header name}]\n${table (at name) value.${name}}") tables
    + lib.concatMapStrings (
      name: lib.concatMapStrings (item: "\n[[${header name}]]\n${table (at name) item}") value.${name}
    ) lists;
in
table [ ]
