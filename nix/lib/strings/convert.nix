# Between strings and other values: what can become a string, numbers,
# store paths, files.
#
# Not for: serialising structures (generators.nix), JSON (the evaluator's own).
{ lib }:

let
  inherit (builtins)
    elem
    fromJSON
    isInt
    isPath
    isString
    match
    readFile
    substring
    typeOf
    ;
  inherit (lib.strings) escapeNixString;
  asciiTable = import ../ascii-table.nix;

  notInt = function: str: throw "${function}: Could not convert ${escapeNixString str} to int.";

  # JSON has no leading zeros, and turns what does not fit 64 bits into a float.
  readInt =
    function: str: sign: digits:
    let
      plain = builtins.head (match "0*(0|[1-9][[:digit:]]*)" digits);
      value = fromJSON (sign + plain);
    in
    if isInt value then value else notInt function str;
in
rec {
  # --- what can become a string ---------------------------------------------

  isStringLike = x: isString x || isPath x || x ? outPath || x ? __toString;

  isConvertibleWithToString =
    x:
    isStringLike x
    || elem (typeOf x) [ "null" "int" "float" "bool" ]
    || (builtins.isList x && builtins.all isConvertibleWithToString x);

  isStorePath =
    x:
    if isStringLike x then
      let
        str = toString x;
      in
      # The second form: a content-addressed derivation's placeholder.
      substring 0 1 str == "/" && (dirOf str == builtins.storeDir || match "/[0-9a-z]{52}" str != null)
    else
      false;

  # --- numbers --------------------------------------------------------------

  charToInt = char: builtins.getAttr char asciiTable;

  floatToString =
    float:
    let
      result = toString float;
    in
    lib.warnIf (float != fromJSON result) "Imprecise conversion from float to string ${result}" result;

  # Leading zeros are refused: some languages would read them as octal.
  toInt =
    str:
    let
      found = match "[[:space:]]*(-?)(0*)([[:digit:]]*)[[:space:]]*" str;
      zeros = builtins.elemAt found 1;
      digits = builtins.elemAt found 2;
    in
    if found == null || (zeros == "" && digits == "") then
      notInt "toInt" str
    else if zeros != "" && zeros + digits != "0" then
      throw "toInt: Ambiguity in interpretation of ${escapeNixString str} between octal and zero padded integer."
    else
      readInt "toInt" str (builtins.head found) (if digits == "" then "0" else digits);

  # Leading zeros are ignored.
  toIntBase10 =
    str:
    let
      found = match "[[:space:]]*0*(-?)0*([[:digit:]]+)[[:space:]]*" str;
    in
    if found == null then
      notInt "toIntBase10" str
    else
      readInt "toIntBase10" str (builtins.head found) (builtins.elemAt found 1);

  # --- files ----------------------------------------------------------------

  # One trailing newline, which text files end with, does not count.
  fileContents = file: lib.removeSuffix "\n" (readFile file);

  readPathsFromFile =
    lib.warn "lib.readPathsFromFile is deprecated, use a list instead."
      (
        rootPath: file:
        let
          lines = lib.splitString "\n" (readFile file);
          entries = builtins.filter (line: line != "" && !lib.hasPrefix "#" line) (
            map (lib.removeSuffix "\r") lines
          );
        in
        map (entry: rootPath + ("/" + entry)) entries
      );
}
