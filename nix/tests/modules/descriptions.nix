# What types are called, alone and inside each other.
{ lib }:

let
  inherit (lib) mkOption types;
  inherit (types)
    addCheck attrListOf attrTag attrsOf attrsWith bool coercedTo either enum float functionTo int ints
    lazyAttrsOf listOf loaOf nonEmptyListOf nullOr numbers oneOf passwdEntry pathWith separatedString str
    strMatching submodule submoduleWith uniq unique
    ;

  # type -> its description; the name of a case is the description itself.
  rows = [
    [ types.raw "raw value" ]
    [ types.anything "anything" ]
    [ types.unspecified "unspecified value" ]
    [ bool "boolean" ]
    [ types.boolByOr "boolean (merged using or)" ]
    [ int "signed integer" ]
    [ ints.unsigned "unsigned integer, meaning >=0" ]
    [ ints.positive "positive integer, meaning >0" ]
    [ ints.u8 "8 bit unsigned integer; between 0 and 255 (both inclusive)" ]
    [ types.port "16 bit unsigned integer; between 0 and 65535 (both inclusive)" ]
    [ ints.s8 "8 bit signed integer; between -128 and 127 (both inclusive)" ]
    [ (ints.between 1 3) "integer between 1 and 3 (both inclusive)" ]
    [ float "floating point number" ]
    [ types.number "signed integer or floating point number" ]
    [ (numbers.between 0 1.5) "integer or floating point number between 0 and 1.5 (both inclusive)" ]
    [ numbers.nonnegative "nonnegative integer or floating point number, meaning >=0" ]
    [ numbers.positive "positive integer or floating point number, meaning >0" ]
    [ str "string" ]
    [ types.nonEmptyStr "non-empty string" ]
    [ types.singleLineStr "(optionally newline-terminated) single-line string" ]
    [ (strMatching "[0-9]+") "string matching the pattern [0-9]+" ]
    [ (separatedString "x") "strings concatenated with \"x\"" ]
    [ types.lines "strings concatenated with \"\\n\"" ]
    [ types.commas "strings concatenated with \",\"" ]
    [ types.envVar "strings concatenated with \":\"" ]
    [ (passwdEntry str) "string, not containing newlines or colons" ]
    [ (passwdEntry (listOf str)) "(list of string), not containing newlines or colons" ]
    [ types.attrs "attribute set" ]
    [ types.package "package" ]
    [ types.shellPackage "package" ]
    [ types.pkgs "Nixpkgs package set" ]
    [ types.path "absolute path" ]
    [ types.pathInStore "path in the Nix store" ]
    [ types.externalPath "absolute path not in the Nix store" ]
    [ (pathWith { }) "path" ]
    [ (pathWith { absolute = false; }) "relative path" ]
    [ (pathWith { absolute = true; inStore = true; }) "absolute path in the Nix store" ]
    [ types.fileset "fileset" ]
    [ types.luaInline "inline lua" ]
    [ types.json "JSON value" ]
    [ types.toml "TOML value" ]

    [ (listOf str) "list of string" ]
    [ (listOf (listOf str)) "list of list of string" ]
    [ (listOf (either int str)) "list of (signed integer or string)" ]
    [ (listOf ints.positive) "list of (positive integer, meaning >0)" ]
    [ (nonEmptyListOf str) "non-empty (list of string)" ]
    [ (attrsOf str) "attribute set of string" ]
    [ (attrsOf (attrsOf int)) "attribute set of attribute set of signed integer" ]
    [ (attrsOf (nullOr str)) "attribute set of (null or string)" ]
    [ (attrsOf (enum [ "a" "b" ])) "attribute set of (one of \"a\", \"b\")" ]
    [ (attrsOf (enum [ ])) "attribute set of impossible (empty enum)" ]
    [ (attrsOf (nonEmptyListOf str)) "attribute set of non-empty (list of string)" ]
    [ (attrsOf (coercedTo str abort int)) "attribute set of (signed integer or string convertible to it)" ]
    [ (attrsOf (functionTo str)) "attribute set of function that evaluates to a(n) string" ]
    [ (attrsOf (passwdEntry str)) "attribute set of (string, not containing newlines or colons)" ]
    [ (attrsOf (uniq str)) "attribute set of string" ]
    [ (attrsOf (submodule { })) "attribute set of (submodule)" ]
    [ (attrsOf (submodule { freeformType = attrsOf str; })) "attribute set of (open submodule of attribute set of string)" ]
    [ (attrsOf (addCheck str (_: true))) "attribute set of string" ]
    [ (attrsOf ints.u32) "attribute set of 32 bit unsigned integer; between 0 and 4294967295 (both inclusive)" ]
    [ (lazyAttrsOf str) "lazy attribute set of string" ]
    [ (lazyAttrsOf (either int str)) "lazy attribute set of (signed integer or string)" ]
    [ (attrsWith { elemType = int; lazy = true; }) "lazy attribute set of signed integer" ]
    [ (loaOf str) "attribute set of string" ]
    [ (attrListOf (listOf int)) "attribute list of list of signed integer" ]
    [ (attrTag { a = mkOption { type = int; }; b = mkOption { type = int; }; }) "attribute-tagged union with choices: a, b" ]

    [ (nullOr str) "null or string" ]
    [ (nullOr (nullOr str)) "null or null or string" ]
    [ (nullOr (listOf str)) "null or (list of string)" ]
    [ (nullOr (either int str)) "null or signed integer or string" ]
    [ (nullOr ints.positive) "null or (positive integer, meaning >0)" ]
    [ (either int str) "signed integer or string" ]
    [ (either (listOf str) int) "(list of string) or signed integer" ]
    [ (either int (listOf str)) "signed integer or list of string" ]
    [ (either ints.positive str) "positive integer, meaning >0, or string" ]
    [ (either str ints.positive) "string or (positive integer, meaning >0)" ]
    [ (either (nullOr str) bool) "null or string or boolean" ]
    [ (either (enum [ "a" "b" ]) bool) "one of \"a\", \"b\" or boolean" ]
    [ (either bool (submodule { })) "boolean or (submodule)" ]
    [ (either (coercedTo str abort int) bool) "(signed integer or string convertible to it) or boolean" ]
    [ (either (functionTo str) bool) "(function that evaluates to a(n) string) or boolean" ]
    [ (either (passwdEntry str) bool) "string, not containing newlines or colons, or boolean" ]
    [ (oneOf [ str ]) "string" ]
    [ (oneOf [ (attrsOf str) int bool ]) "(attribute set of string) or signed integer or boolean" ]
    [ (enum [ ]) "impossible (empty enum)" ]
    [ (enum [ "single" ]) "value \"single\" (singular enum)" ]
    [ (enum [ null ]) "value <null> (singular enum)" ]
    [ (enum [ true 1 "x" ]) "one of true, 1, \"x\"" ]
    [ (coercedTo int abort str) "string or signed integer convertible to it" ]
    [ (coercedTo (either int str) abort str) "string or (signed integer or string) convertible to it" ]
    [ (coercedTo (listOf str) abort (attrsOf str)) "(attribute set of string) or (list of string) convertible to it" ]
    [ (functionTo str) "function that evaluates to a(n) string" ]
    [ (functionTo (listOf str)) "function that evaluates to a(n) list of string" ]
    [ (functionTo (nullOr str)) "function that evaluates to a(n) (null or string)" ]
    [ (uniq (either int str)) "signed integer or string" ]
    [ (unique { message = "m"; } (listOf str)) "list of string" ]
    [ (submodule { }) "submodule" ]
    [ (submodule [ ]) "submodule" ]
    [ (submodule { freeformType = lazyAttrsOf (listOf str); }) "open submodule of lazy attribute set of list of string" ]
    [ (submodule { freeformType = attrsOf (either int str); }) "open submodule of attribute set of (signed integer or string)" ]
    [ (submoduleWith { modules = [ ]; description = "custom"; }) "custom" ]
    [ types.deferredModule "module" ]
    [ types.optionType "optionType" ]
    [ types.optionDeclaration "option declaration" ]
    [ (types.mkOptionType { name = "bare"; }) "bare" ]
  ];
in
builtins.listToAttrs (
  lib.imap1 (i: row: {
    name = "${toString i}: ${builtins.elemAt row 1}";
    value = {
      expr = (builtins.head row).description;
      expected = builtins.elemAt row 1;
    };
  }) rows
)
// {
  "descriptionClass tells how a description fits" = {
    expr = map (t: t.descriptionClass) [ int (nullOr int) (listOf int) ints.positive (submodule { }) (enum [ 1 ]) (enum [ 1 2 ]) ];
    expected = [ "noun" "conjunction" "composite" "nonRestrictiveClause" null "noun" "conjunction" ];
  };
  "optionDescriptionPhrase adds parentheses" = {
    expr = map (types.optionDescriptionPhrase (class: class == "noun")) [ int (listOf int) ];
    expected = [ "signed integer" "(list of signed integer)" ];
  };
  "the description of a submodule needs no arguments" = {
    expr = (submodule ({ nobody, ... }: { options.x = mkOption { default = nobody; }; })).description;
    expected = "submodule";
  };
}
