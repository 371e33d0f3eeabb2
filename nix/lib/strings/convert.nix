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
    toJSON
    typeOf
    ;
  asciiTable = import ../ascii-table.nix;

  signed = sign: n: if sign == "-" then -n else n;
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
      substring 0 1 str == "/" && dirOf str == builtins.storeDir
    else
      false;

  # --- numbers --------------------------------------------------------------

  charToInt = char: builtins.getAttr char asciiTable;

  floatToString =
    float:
    let
      result = toString float;
    in
    lib.warnIf (result != toJSON float)
      "Imprecise conversion from float to string ${result}"
      result;

  # Leading zeros are refused: some languages would read them as octal.
  toInt =
    str:
    let
      found = match "[[:space:]]*(-?)(0*)([[:digit:]]*)[[:space:]]*" str;
      sign = builtins.elemAt found 0;
      zeros = builtins.elemAt found 1;
      digits = builtins.elemAt found 2;
      general = throw "toInt: Could not convert ${lib.strings.escapeNixString str} to int.";
      ambiguous = throw "toInt: Ambiguity in interpretation of ${lib.strings.escapeNixString str} between octal and zero padded integer.";
    in
    if found == null || (zeros == "" && digits == "") then
      general
    else if zeros != "" && (digits != "" || zeros != "0") then
      ambiguous
    else
      signed sign (fromJSON (if digits == "" then "0" else digits));

  # Leading zeros are ignored.
  toIntBase10 =
    str:
    let
      found = match "[[:space:]]*(-?)0*([[:digit:]]+)[[:space:]]*" str;
      digits = builtins.elemAt found 1;
    in
    if found == null then
      throw "toIntBase10: Could not convert ${lib.strings.escapeNixString str} to int."
    else
      signed (builtins.head found) (fromJSON digits);

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
