# Strings: the front door. Each subject lives in its own file under strings/;
# this file only joins them, so that `lib.strings.<name>` has them all.
#
# Not for: implementations, except the old names at the end.
{ lib }:

let
  room = file: import file { inherit lib; };
  convert = room ./strings/convert.nix;
in
{
  inherit (builtins)
    compareVersions
    elem
    elemAt
    filter
    fromJSON
    genList
    head
    isAttrs
    isInt
    isList
    isPath
    isString
    match
    parseDrvName
    readFile
    replaceStrings
    split
    storeDir
    stringLength
    substring
    tail
    toJSON
    typeOf
    unsafeDiscardStringContext
    ;

  # Deprecated: the name promised less than the function checked.
  isCoercibleToString =
    lib.warnIf (lib.oldestSupportedReleaseIsAtLeast 2305)
      "lib.strings.isCoercibleToString is deprecated in favor of either isStringLike or isConvertibleWithToString. Only use the latter if it needs to return true for null, numbers, booleans and list of similarly coercibles."
      convert.isConvertibleWithToString;

  replaceChars =
    lib.warn "lib.replaceChars is a deprecated alias of lib.replaceStrings." builtins.replaceStrings;
}
// convert
// room ./strings/concat.nix
// room ./strings/search.nix
// room ./strings/escape.nix
// room ./strings/case.nix
// room ./strings/package.nix
// room ./strings/distance.nix
