# Letter case. ASCII only: the evaluator sees bytes.
#
# Not for: comparing without regard to case (there is no such function).
{ lib }:

let
  inherit (builtins) replaceStrings substring;
  inherit (lib.strings) addContextFrom stringToCharacters;

  lowerChars = stringToCharacters "abcdefghijklmnopqrstuvwxyz";
  upperChars = stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
in
rec {
  inherit lowerChars upperChars;

  toLower = replaceStrings upperChars lowerChars;

  toUpper = replaceStrings lowerChars upperChars;

  toSentenceCase =
    str:
    lib.throwIfNot (builtins.isString str)
      "toSentenceCase does only accepts string values, but got ${builtins.typeOf str}"
      (addContextFrom str (toUpper (substring 0 1 str) + toLower (substring 1 (-1) str)));

  # Words begin after "-", "_" or a space, or where an upper-case letter
  # follows a lower-case one.
  toCamelCase =
    str:
    lib.throwIfNot (builtins.isString str) "toCamelCase does only accepts string values, but got ${builtins.typeOf str}" (
      let
        separators = builtins.elem;
        words = builtins.concatMap (lib.strings.splitStringBy (
          prev: curr: builtins.match "[a-z]" prev != null && builtins.match "[A-Z]" curr != null
        ) true) (
          lib.strings.splitStringBy (_: curr: separators curr [ "-" "_" " " ]) false str
        );
        first = lib.optionalString (words != [ ]) (toLower (builtins.head words));
        rest = if words == [ ] then [ ] else map toSentenceCase (builtins.tail words);
      in
      addContextFrom str (first + lib.concatStrings rest)
    );
}
