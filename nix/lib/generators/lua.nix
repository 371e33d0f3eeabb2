# Lua tables and variable bindings.
#
# Not for: Lua code in general; a piece of code is put in with `mkLuaInline`.
{ lib }:

let
  inherit (builtins)
    attrNames
    concatStringsSep
    isAttrs
    isBool
    isFloat
    isInt
    isList
    isPath
    isString
    toJSON
    ;

  # A name, or a dotted path of names: what may stand at the left of `=`.
  isVariable =
    name: builtins.match "[[:alpha:]_][[:alnum:]_]*(\\.[[:alpha:]_][[:alnum:]_]*)*" name != null;

  isInline = value: (value._type or null) == "lua-inline";
in
rec {
  # Marks a string as Lua code, for `toLua` to insert in parentheses.
  mkLuaInline = expr: {
    _type = "lua-inline";
    inherit expr;
  };

  toLua =
    {
      multiline ? true,
      indent ? "",
      # Write `name = value` lines instead of one value.
      asBindings ? false,
    }@args:
    value:
    let
      innerIndent = indent + "  ";
      inner = if multiline then "\n${innerIndent}" else " ";
      outer = if multiline then "\n${indent}" else " ";
      nested = toLua (
        args
        // {
          indent = if asBindings then indent else innerIndent;
          asBindings = false;
        }
      );

      table = items: if items == [ ] then "{}" else "{${inner}${concatStringsSep ",${inner}" items}${outer}}";

      badNames = lib.filter (name: !isVariable name) (attrNames value);
      bindings =
        assert lib.assertMsg (badNames == [ ]) "Bad Lua var names: ${lib.generators.toPretty { } badNames}";
        lib.concatMapStrings (name: "${indent}${name} = ${nested value.${name}}\n") (attrNames value);
    in
    if asBindings then
      bindings
    else if value == null then
      "nil"
    # Lua's escapes include all that JSON's string form produces for these types.
    else if isInt value || isFloat value || isString value || isBool value then
      toJSON value
    else if isPath value || lib.isDerivation value then
      toJSON "${value}"
    else if isList value then
      table (map nested value)
    else if isAttrs value then
      if isInline value then
        "(${value.expr})"
      else
        table (map (name: "[${toJSON name}] = ${nested value.${name}}") (attrNames value))
    else
      abort "generators.toLua: type ${builtins.typeOf value} is unsupported";
}
