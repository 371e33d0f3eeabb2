# lib.strings: quoting for shells, regular expressions, C, URLs, XML and Nix.
{ lib }:
let
  inherit (import ./rows) equal fails join;
  inherit (lib) escape escapeRegex escapeShellArg escapeShellArgs escapeURL escapeXML strings toShellVar toShellVars;
  backtick = "`";
in
join [
  (equal "escape" {
    "the given characters" = [ (escape [ "(" ")" ] "(foo)") "\\(foo\\)" ];
    "nothing else" = [ (escape [ "x" ] "(foo)") "(foo)" ];
    "whole words too" = [ (escape [ "ab" ] "xabx") "x\\abx" ];
  })
  (equal "escapeC" {
    "a blank" = [ (strings.escapeC [ " " ] "a b") "a\\x20b" ];
    "two digits always" = [ (strings.escapeC [ "\t" "\n" ] "\t\n") "\\x09\\x0a" ];
    "lower case digits" = [ (strings.escapeC [ "/" ":" ] "/:") "\\x2f\\x3a" ];
  })
  (equal "charToInt" {
    "letters and signs" = [ (map strings.charToInt [ "A" "z" "(" " " "~" "0" ]) [ 65 122 40 32 126 48 ] ];
    "blanks" = [ (map strings.charToInt [ "\t" "\n" "\r" ]) [ 9 10 13 ] ];
    "the signs of strings" = [ (map strings.charToInt [ "\"" "\\" "$" ]) [ 34 92 36 ] ];
  })
  (fails "charToInt" {
    "two characters" = [ (strings.charToInt "ab") "attribute 'ab' missing" ];
  })
  (equal "escapeURL" {
    "a path" = [ (escapeURL "foo/bar baz") "foo%2Fbar%20baz" ];
    "what needs none" = [ (escapeURL "Az09-_.~") "Az09-_.~" ];
    "of nothing" = [ (escapeURL "") "" ];
    "percent itself" = [ (escapeURL "100%") "100%25" ];
    "the reserved ones" = [ (escapeURL "!#$&'()*+,/:;=?@[]") "%21%23%24%26%27%28%29%2A%2B%2C%2F%3A%3B%3D%3F%40%5B%5D" ];
    "the others" = [ (escapeURL "\"<>\\^${backtick}{|}\t\n") "%22%3C%3E%5C%5E%60%7B%7C%7D%09%0A" ];
  })
  (equal "escapeShellArg" {
    "with a quote" = [ (escapeShellArg "it's\nme") "'it'\\''s\nme'" ];
    "a plain word stays" = [ (escapeShellArg "a-b_c.d/e:f@g,h+i%j") "a-b_c.d/e:f@g,h+i%j" ];
    "the empty word" = [ (escapeShellArg "") "''" ];
    "a variable" = [ (escapeShellArg "$HOME") "'$HOME'" ];
    "numbers" = [ (escapeShellArg 42) "42" ];
    "booleans as toString does" = [ [ (escapeShellArg true) (escapeShellArg false) ] [ "1" "''" ] ];
    "a tilde and an equals sign" = [ [ (escapeShellArg "~") (escapeShellArg "a=b") ] [ "'~'" "'a=b'" ] ];
    "several" = [ (escapeShellArgs [ "one" "two three" "four'five" ]) "one 'two three' 'four'\\''five'" ];
    "none" = [ (escapeShellArgs [ ]) "" ];
  })
  (equal "isValidPosixName" {
    "valid" = [ (map lib.isValidPosixName [ "foo_bar000" "_x" "A" ]) [ true true true ] ];
    "not valid" = [ (map lib.isValidPosixName [ "0-bad.jpg" "" "a b" "a-b" ]) [ false false false false ] ];
  })
  (equal "toShellVar" {
    "a string" = [ (toShellVar "foo" "some string") "foo='some string'" ];
    "a word" = [ (toShellVar "foo" "bar") "foo=bar" ];
    "a number" = [ (toShellVar "n" 5) "n=5" ];
    "a list" = [ (toShellVar "l" [ "with" "more words" ]) "declare -a l=(with 'more words')" ];
    "a set" = [ (toShellVar "s" { "a b" = "c d"; e = "f"; }) "declare -A s=(['a b']='c d' [e]=f)" ];
    "a derivation" = [ (toShellVar "d" { outPath = "/drv"; ignored = 1; }) "d=/drv" ];
    "a path" = [ (toShellVar "p" (/. + "/some/path")) "p=/some/path" ];
    "a set with __toString" = [ (toShellVar "t" { __toString = _: "hello you"; }) "t='hello you'" ];
    "several, by name" = [ (toShellVars { b = 1; a = "x y"; }) "a='x y'\nb=1" ];
  })
  (fails "toShellVar" {
    "a bad name" = [ (toShellVar "0bad" "x") "toShellVar: 0bad is not a valid shell variable name" ];
  })
  (equal "escapeNixString" {
    "quotes and interpolation" = [ (strings.escapeNixString "a\"b\${c}\n") "\"a\\\"b\\\${c}\\n\"" ];
    "a backslash" = [ (strings.escapeNixString "\\") "\"\\\\\"" ];
  })
  (equal "escapeNixIdentifier" {
    "identifiers stay" = [ (map strings.escapeNixIdentifier [ "hello" "_a" "a-b" "a'" ]) [ "hello" "_a" "a-b" "a'" ] ];
    "the others are quoted" = [ (map strings.escapeNixIdentifier [ "0abc" "a.b" "" "a b" ]) [ "\"0abc\"" "\"a.b\"" "\"\"" "\"a b\"" ] ];
  })
  (equal "escapeRegex" {
    "every special character" = [ (escapeRegex "[^a-z]*") "\\[\\^a-z]\\*" ];
    "makes a pattern that matches the text itself" = [ (builtins.match (escapeRegex "\\[{()^$?*+|.]}") "\\[{()^$?*+|.]}") [ ] ];
  })
  (equal "escapeXML" {
    "the five" = [ (escapeXML ''"a" 'b' < & >'') "&quot;a&quot; &apos;b&apos; &lt; &amp; &gt;" ];
    "nothing twice" = [ (escapeXML "&amp;") "&amp;amp;" ];
  })
]
