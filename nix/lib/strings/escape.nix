# Quoting for other languages: shell, regular expressions, C, URLs, XML, Nix.
#
# Not for: whole values in those languages (generators.nix).
{ lib }:

let
  inherit (builtins)
    attrNames
    isAttrs
    isList
    map
    match
    replaceStrings
    toJSON
    ;
  inherit (lib.strings)
    charToInt
    concatMapStringsSep
    concatStringsSep
    fixedWidthString
    isStringLike
    stringToCharacters
    toLower
    ;

  # Characters that need no escape in a URL (RFC 3986, section 2.3).
  unreserved = stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
  asciiTable = import ../ascii-table.nix;
  urlReserved = builtins.filter (char: !builtins.elem char unreserved) (attrNames asciiTable);
  urlEscaped = map (
    char: "%" + fixedWidthString 2 "0" (lib.toHexString asciiTable.${char})
  ) urlReserved;
in
rec {
  escape = chars: replaceStrings chars (map (char: "\\${char}") chars);

  escapeC =
    chars:
    replaceStrings chars (
      map (char: "\\x${fixedWidthString 2 "0" (toLower (lib.toHexString (charToInt char)))}") chars
    );

  escapeURL = replaceStrings urlReserved urlEscaped;

  # Words that every shell reads as themselves stay unquoted.
  escapeShellArg =
    arg:
    let
      string = toString arg;
    in
    if match "[[:alnum:],._+:@%/-]+" string == null then
      "'${replaceStrings [ "'" ] [ "'\\''" ] string}'"
    else
      string;

  escapeShellArgs = concatMapStringsSep " " escapeShellArg;

  isValidPosixName = name: match "[a-zA-Z_][a-zA-Z0-9_]*" name != null;

  # Lists become bash arrays, sets (that are not string-like) associative ones.
  toShellVar =
    name: value:
    lib.throwIfNot (isValidPosixName name) "toShellVar: ${name} is not a valid shell variable name" (
      if isAttrs value && !isStringLike value then
        "declare -A ${name}=(${
          concatStringsSep " " (
            lib.mapAttrsToList (key: v: "[${escapeShellArg key}]=${escapeShellArg v}") value
          )
        })"
      else if isList value then
        "declare -a ${name}=(${escapeShellArgs value})"
      else
        "${name}=${escapeShellArg value}"
    );

  toShellVars = vars: concatStringsSep "\n" (lib.mapAttrsToList toShellVar vars);

  escapeNixString = s: escape [ "$" ] (toJSON s);

  escapeNixIdentifier =
    s:
    if match "[a-zA-Z_][a-zA-Z0-9_'-]*" s != null then s else escapeNixString s;

  escapeRegex = escape (stringToCharacters "\\[{()^$?*+|.");

  escapeXML =
    replaceStrings
      [ "\"" "'" "<" ">" "&" ]
      [ "&quot;" "&apos;" "&lt;" "&gt;" "&amp;" ];
}
