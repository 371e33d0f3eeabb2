# lib.strings: joining, looking into, cutting, trimming, padding, case.
# Quoting, numbers and package names have tables of their own.
{ lib }:
let
  inherit (import ./rows) equal fails join prints throws;
  inherit (lib) hasPrefix hasSuffix hasInfix removePrefix removeSuffix splitString splitStringBy strings trim trimWith;
  bad = throw "must not be forced";
  drv = derivation { name = "n"; system = "s"; builder = "b"; };
  depends = s: builtins.attrNames (builtins.getContext s) == [ (builtins.unsafeDiscardStringContext drv.drvPath) ];
  humps = prev: curr: builtins.match "[a-z]" prev != null && builtins.match "[A-Z]" curr != null;
in
join [
  (equal "joining" {
    "concatStrings" = [ (lib.concatStrings [ "a" "b" ]) "ab" ];
    "concatStringsSep" = [ (lib.concatStringsSep ", " [ "a" "b" ]) "a, b" ];
    "concatStringsSep of nothing" = [ (lib.concatStringsSep ", " [ ]) "" ];
    "join is concatStringsSep" = [ (lib.join "-" [ "a" "b" ]) "a-b" ];
    "concatMapStrings" = [ (lib.concatMapStrings (x: "<${x}>") [ "a" "b" ]) "<a><b>" ];
    "concatMapStringsSep" = [ (lib.concatMapStringsSep "," toString [ 1 2 ]) "1,2" ];
    "concatImapStrings counts from one" = [ (lib.concatImapStrings (i: x: "${toString i}${x}") [ "a" "b" ]) "1a2b" ];
    "concatImapStringsSep counts from one" = [ (lib.concatImapStringsSep "-" (i: x: "${toString i}${x}") [ "a" "b" ]) "1a-2b" ];
    "concatMapAttrsStringSep" = [ (lib.concatMapAttrsStringSep "; " (n: v: "${n}=${v}") { b = "2"; a = "1"; }) "a=1; b=2" ];
    "concatMapAttrsStringSep of nothing" = [ (lib.concatMapAttrsStringSep "; " bad { }) "" ];
    "concatLines" = [ (lib.concatLines [ "a" "b" ]) "a\nb\n" ];
    "concatLines of nothing" = [ (lib.concatLines [ ]) "" ];
    "intersperse" = [ (lib.intersperse "," [ 1 2 3 ]) [ 1 "," 2 "," 3 ] ];
    "intersperse of one" = [ (lib.intersperse bad [ 1 ]) [ 1 ] ];
    "intersperse of nothing" = [ (lib.intersperse "," [ ]) [ ] ];
    "replicate" = [ (strings.replicate 3 "ab") "ababab" ];
    "replicate zero times" = [ (strings.replicate 0 "ab") "" ];
    "optionalString" = [ [ (lib.optionalString true "x") (lib.optionalString false bad) ] [ "x" "" ] ];
    "makeSearchPath" = [ (lib.makeSearchPath "bin" [ "/a" "/b" ]) "/a/bin:/b/bin" ];
    "makeSearchPath leaves out null" = [ (lib.makeSearchPath "bin" [ "/a" null "" ]) "/a/bin:/bin" ];
    "makeSearchPathOutput" = [ (lib.makeSearchPathOutput "dev" "x" [ { dev = "/d"; out = "/o"; } { out = "/p"; } ]) "/d/x:/p/x" ];
    "makeBinPath, makeLibraryPath, makeIncludePath" = [ (let p = [ { bin = "/b"; lib = "/l"; dev = "/d"; } ]; in [ (lib.makeBinPath p) (lib.makeLibraryPath p) (lib.makeIncludePath p) ]) [ "/b/bin" "/l/lib" "/d/include" ] ];
    "makeBinPath of plain directories" = [ (lib.makeBinPath [ "/" "/usr" ]) "//bin:/usr/bin" ];
  })
  (equal "affixes" {
    "hasPrefix" = [ [ (hasPrefix "foo" "foobar") (hasPrefix "foo" "barfoo") (hasPrefix "" "x") (hasPrefix "long" "lo") ] [ true false true false ] ];
    "hasSuffix" = [ [ (hasSuffix "foo" "barfoo") (hasSuffix "foo" "foobar") (hasSuffix "" "x") (hasSuffix "long" "ng") ] [ true false true false ] ];
    "hasInfix" = [ [ (hasInfix "bc" "abcd") (hasInfix "a" "abcd") (hasInfix "d" "abcd") (hasInfix "x" "abcd") (hasInfix "" "") ] [ true true true false true ] ];
    "hasInfix takes special characters as they are" = [ [ (hasInfix ".*" "a.*b") (hasInfix ".*" "ab") (hasInfix "[x" "a[x") ] [ true false true ] ];
    "hasInfix over several lines" = [ (hasInfix "b" "a\nb\nc") true ];
    "hasInfix in a set with __toString" = [ (hasInfix "a" { __toString = _: "cat"; }) true ];
    "removePrefix" = [ [ (removePrefix "foo." "foo.bar") (removePrefix "x" "foo") (removePrefix "" "foo") (removePrefix "foo" "") ] [ "bar" "foo" "foo" "" ] ];
    "removePrefix once" = [ (removePrefix "a" "aab") "ab" ];
    "removeSuffix" = [ [ (removeSuffix "front" "homefront") (removeSuffix "x" "foo") (removeSuffix "" "foo") (removeSuffix "foo" "foo") ] [ "home" "foo" "foo" "" ] ];
    "removeSuffix longer than the text" = [ (removeSuffix "abc" "bc") "bc" ];
  })
  (prints "affixes" {
    "hasPrefix with a path" = [ (hasPrefix ./strings.nix "x") false [ "lib.strings.hasPrefix: The first argument" "is a path value, but only strings are supported" "lib.path.hasPrefix" ] ];
    "hasSuffix with a path" = [ (hasSuffix ./strings.nix "x") false [ "lib.strings.hasSuffix: The first argument" "is a path value" ] ];
    "removePrefix with a path" = [ (removePrefix ./strings.nix "x") "x" [ "lib.strings.removePrefix: The first argument" "is a path value" "lib.path.removePrefix" ] ];
    "removeSuffix with a path" = [ (removeSuffix ./strings.nix "x") "x" [ "lib.strings.removeSuffix: The first argument" "is a path value" ] ];
    "replaceChars is an old name" = [ (lib.replaceChars [ "a" ] [ "b" ] "aa") "bb" "lib.replaceChars is a deprecated alias of lib.replaceStrings" ];
  })
  (fails "affixes" {
    "hasInfix with a path" = [ (hasInfix ./strings.nix "x") [ "lib.strings.hasInfix: The first argument" "is a path value" ] ];
  })
  (equal "splitting" {
    "splitString" = [ (splitString "." "a.b.c") [ "a" "b" "c" ] ];
    "splitString keeps empty pieces" = [ (splitString "/" "/a//b/") [ "" "a" "" "b" "" ] ];
    "splitString without the separator" = [ (splitString ":" "a.b") [ "a.b" ] ];
    "splitString of nothing" = [ (splitString "." "") [ "" ] ];
    "splitString by several characters" = [ (splitString "||" "a||b|c") [ "a" "b|c" ] ];
    "splitString takes special characters as they are" = [ (splitString "[.]*+?()" "a[.]*+?()b") [ "a" "b" ] ];
    "splitString keeps the context in every piece" = [ (map depends (splitString "/" "${drv}/x")) [ true true true true true ] ];
    "splitStringBy drops the separator" = [ (splitStringBy (_: c: c == "." || c == "-") false "a.b-c") [ "a" "b" "c" ] ];
    "splitStringBy keeps the separator" = [ (splitStringBy humps true "fooBarBaz") [ "foo" "Bar" "Baz" ] ];
    "splitStringBy at the ends" = [ (splitStringBy (_: c: c == ".") false ".a.") [ "" "a" "" ] ];
    "splitStringBy of nothing" = [ (splitStringBy bad false "") [ "" ] ];
    "splitStringBy everywhere" = [ (splitStringBy (_: _: true) true "ab") [ "" "a" "b" ] ];
    "splitStringBy gives no character before the first" = [ (splitStringBy (prev: _: prev == "") true "ab") [ "" "ab" ] ];
    "stringToCharacters" = [ (lib.stringToCharacters "abc") [ "a" "b" "c" ] ];
    "stringToCharacters of nothing" = [ (lib.stringToCharacters "") [ ] ];
    "stringAsChars" = [ (lib.stringAsChars (c: if c == "a" then "i" else c) "nax") "nix" ];
    "addContextFrom adds nothing visible" = [ (let s = lib.addContextFrom "${drv}" "x"; in [ (builtins.unsafeDiscardStringContext s) (depends s) ]) [ "x" true ] ];
    "match, split, substring, stringLength" = [ [ (lib.match "a(.)" "ab") (lib.split "b" "abc") (lib.substring 1 2 "abcd") (lib.stringLength "abc") ] [ [ "b" ] [ "a" [ ] "c" ] "bc" 3 ] ];
  })
  (equal "replacing and trimming" {
    "replaceString" = [ (lib.replaceString "a" "bb" "cata") "cbbtbb" ];
    "replaceString without a hit" = [ (lib.replaceString "x" "y" "cat") "cat" ];
    "replaceStrings" = [ (lib.replaceStrings [ "a" "b" ] [ "b" "a" ] "ab") "ba" ];
    "trim" = [ (trim " \t\r\n a b \n") "a b" ];
    "trim of blanks" = [ (trim "  \n ") "" ];
    "trim of nothing" = [ (trim "") "" ];
    "trim of one character" = [ (trim " x ") "x" ];
    "trim keeps lines inside" = [ (trim "\na\n\nb\n") "a\n\nb" ];
    "trimWith the start" = [ (trimWith { start = true; } "  a  ") "a  " ];
    "trimWith the end" = [ (trimWith { end = true; } "  a  ") "  a" ];
    "trimWith the end, of blanks" = [ (trimWith { end = true; } "   ") "" ];
    "trimWith nothing" = [ (trimWith { } "  a  ") "  a  " ];
    "normalizePath" = [ (map strings.normalizePath [ "/a//b///c/" "a/b" "//" "" "///a" ]) [ "/a/b/c/" "a/b" "/" "" "/a" ] ];
  })
  (equal "padding" {
    "fixedWidthNumber" = [ (lib.fixedWidthNumber 5 42) "00042" ];
    "fixedWidthString" = [ (lib.fixedWidthString 5 "*" "ab") "***ab" ];
    "fixedWidthString that fits already" = [ (lib.fixedWidthString 2 "*" "ab") "ab" ];
    "fixedWidthString with a longer filler" = [ (lib.fixedWidthString 5 "xy" "a") "xyxya" ];
  })
  (fails "padding" {
    "fixedWidthString of a longer text" = [ (lib.fixedWidthString 2 "*" "abc") "fixedWidthString: requested string length (2) must not be shorter than actual length (3)" ];
  })
  (throws "padding" {
    "fixedWidthString with a filler that does not fit" = lib.fixedWidthString 4 "xy" "a";
  })
  (equal "case" {
    "toLower and toUpper" = [ [ (lib.toLower "HoMe 1") (lib.toUpper "HoMe 1") ] [ "home 1" "HOME 1" ] ];
    "toSentenceCase" = [ (map lib.toSentenceCase [ "home" "HOME" "" "x" "two words" ]) [ "Home" "Home" "" "X" "Two words" ] ];
    "toCamelCase" = [ (map lib.toCamelCase [ "hello-world" "hello_world" "hello world" "HelloWorld" "helloWorld" "" ]) [ "helloWorld" "helloWorld" "helloWorld" "helloWorld" "helloWorld" "" ] ];
    "toCamelCase of mixed words" = [ (lib.toCamelCase "one-two_three fourFive") "oneTwoThreeFourFive" ];
    "toCamelCase keeps the context" = [ (depends (lib.toCamelCase (lib.addContextFrom "${drv}" "a-b"))) true ];
    "lowerChars and upperChars" = [ [ (lib.length lib.lowerChars) (lib.head lib.lowerChars) (lib.last lib.upperChars) ] [ 26 "a" "Z" ] ];
  })
  (fails "case" {
    "toSentenceCase of a number" = [ (lib.toSentenceCase 5) "toSentenceCase does only accepts string values, but got int" ];
    "toCamelCase of null" = [ (lib.toCamelCase null) "toCamelCase does only accepts string values, but got null" ];
  })
]
