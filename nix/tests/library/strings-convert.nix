# lib.strings: numbers, what can become a string, store paths, files,
# distances between words.
{ lib }:
let
  inherit (import ./rows) equal fails join prints throws;
  inherit (lib) strings toInt toIntBase10 isStorePath;
  inherit (strings) levenshtein levenshteinAtMost isConvertibleWithToString isStringLike;
  store = "${builtins.storeDir}/d945ibfx9x185xf04b890y4f9g3cbb63-python-2.7.11";
  pairs = [ [ "" "" ] [ "abc" "" ] [ "kitten" "sitting" ] [ "flaw" "lawn" ] [ "abcdef" "bcdefa" ] [ "aaa" "aaaaa" ] [ "ab" "ba" ] [ "nginx" "ngix" ] [ "openssh" "opnessh" ] ];
in
join [
  (equal "toInt" {
    "digits" = [ (map toInt [ "0" "7" "1337" "-4" "-0" ]) [ 0 7 1337 (-4) 0 ] ];
    "blanks around" = [ (map toInt [ " 12" "12 " "  12\n" " -1 " ]) [ 12 12 12 (-1) ] ];
    "the largest" = [ (toInt "9223372036854775807") 9223372036854775807 ];
  })
  (fails "toInt" {
    "leading zeros" = [ (toInt "0024") "toInt: Ambiguity in interpretation of \"0024\" between octal and zero padded integer." ];
    "a fraction" = [ (toInt "3.14") "toInt: Could not convert \"3.14\" to int." ];
    "a word" = [ (toInt "foo") "toInt: Could not convert \"foo\" to int." ];
  })
  (throws "toInt" {
    "nothing" = toInt "";
    "blanks only" = toInt "  ";
    "a sign only" = toInt "-";
    "two numbers" = toInt "1 2";
    "two zeros" = toInt "00";
    "zero and one" = toInt "01";
    "digits and letters" = toInt "12d";
    "letters and digits" = toInt "d12";
    "an exponent" = toInt "1e3";
    "more than fits" = toInt "99999999999999999999";
  })
  (equal "toIntBase10" {
    "digits" = [ (map toIntBase10 [ "0" "1337" "-4" ]) [ 0 1337 (-4) ] ];
    "leading zeros" = [ (map toIntBase10 [ "007" "00" "000100" " 08 " "09" ]) [ 7 0 100 8 9 ] ];
  })
  (throws "toIntBase10" {
    "nothing" = toIntBase10 "";
    "a fraction" = toIntBase10 "1.5";
    "two numbers" = toIntBase10 "0 12";
    "letters" = toIntBase10 "0d";
  })
  (fails "toIntBase10" {
    "a word" = [ (toIntBase10 "foo") "toIntBase10: Could not convert \"foo\" to int." ];
  })
  (equal "floatToString" {
    "without loss" = [ (map strings.floatToString [ 0.5 2.0 ]) [ "0.500000" "2.000000" ] ];
  })
  (prints "floatToString" {
    "with loss" = [ (strings.floatToString 0.0000001) "0.000000" "Imprecise conversion from float to string 0.000000" ];
  })
  (equal "isStringLike" {
    "yes" = [ (map isStringLike [ "x" ./. { outPath = "/x"; } { __toString = _: "x"; } ]) [ true true true true ] ];
    "no" = [ (map isStringLike [ 1 null true [ "x" ] { } (x: x) ]) [ false false false false false false ] ];
  })
  (equal "isConvertibleWithToString" {
    "yes" = [ (map isConvertibleWithToString [ "x" ./. 1 1.5 null true [ 1 [ "x" ] ] { outPath = "/x"; } ]) [ true true true true true true true true ] ];
    "no" = [ (map isConvertibleWithToString [ { } (x: x) [ 1 { } ] ]) [ false false false ] ];
  })
  (prints "isConvertibleWithToString" {
    "isCoercibleToString is an old name" = [ (strings.isCoercibleToString 1) true "lib.strings.isCoercibleToString is deprecated" ];
  })
  (equal "isStorePath" {
    "a store path" = [ (isStorePath store) true ];
    "a path value" = [ (isStorePath (/. + store)) true ];
    "something in it" = [ (isStorePath "${store}/bin/python") false ];
    "a derivation" = [ (isStorePath { outPath = store; }) true ];
    "another path" = [ (isStorePath "/etc/passwd") false ];
    "a name" = [ (isStorePath "python") false ];
    "no strings at all" = [ (map isStorePath [ [ ] { } 42 null ]) [ false false false false ] ];
  })
  (equal "files" {
    "fileContents without the last newline" = [ (lib.fileContents ./files/text) "text" ];
  })
  (prints "files" {
    "readPathsFromFile is an old function" = [ (lib.readPathsFromFile (/. + "/p") ./files/series) [ (/. + "/p/a.patch") (/. + "/p/sub/b.patch") ] "lib.readPathsFromFile is deprecated, use a list instead" ];
  })
  (equal "levenshtein" {
    "known distances" = [ (map (p: levenshtein (lib.elemAt p 0) (lib.elemAt p 1)) pairs) [ 0 3 3 2 2 2 2 1 2 ] ];
    "is symmetric" = [ (map (p: levenshtein (lib.elemAt p 1) (lib.elemAt p 0)) pairs) [ 0 3 3 2 2 2 2 1 2 ] ];
    "everything differs" = [ (levenshtein "abcdef" "ghijkl") 6 ];
    "case counts" = [ (levenshtein "hello" "Heyo") 3 ];
  })
  (equal "levenshteinAtMost" (
    lib.listToAttrs (
      map (
        k:
        lib.nameValuePair "${toString k} agrees with the distance" [
          (map (p: levenshteinAtMost k (lib.elemAt p 0) (lib.elemAt p 1)) pairs)
          (map (p: levenshtein (lib.elemAt p 0) (lib.elemAt p 1) <= k) pairs)
        ]
      ) [ 0 1 2 3 4 ]
    )
  ))
  (equal "levenshteinAtMost, words" {
    "nearly the same sentence" = [ [ (levenshteinAtMost 2 "This is a sentence" "this is a sentense.") (levenshteinAtMost 3 "This is a sentence" "this is a sentense.") ] [ false true ] ];
    "two in the middle" = [ (levenshteinAtMost 2 "abcdef" "aczyef") false ];
    "both ends" = [ (levenshteinAtMost 2 "abcdef" "zbcdez") true ];
    "less than nothing" = [ (levenshteinAtMost (-1) "a" "a") false ];
  })
  (equal "common ends" {
    "commonPrefixLength" = [ [ (strings.commonPrefixLength "hello" "hey") (strings.commonPrefixLength "" "x") (strings.commonPrefixLength "ab" "ab") ] [ 2 0 2 ] ];
    "commonSuffixLength" = [ [ (strings.commonSuffixLength "test" "rest") (strings.commonSuffixLength "x" "") (strings.commonSuffixLength "ab" "ab") ] [ 3 0 2 ] ];
  })
]
