# lib.trivial: functions, booleans, integers, comparison, warnings, versions.
{ lib }:
let
  inherit (import ./rows) equal fails join prints throws;
  t = lib.trivial;
  functor = { __functor = _: { a, b ? 1 }: a; };
in
join [
  (equal "functions" {
    "id" = [ (lib.id 7) 7 ];
    "const" = [ (lib.const 1 (throw "ignored")) 1 ];
    "flip" = [ (lib.flip (a: b: a - b) 1 10) 9 ];
    "pipe runs left to right" = [ (lib.pipe 3 [ (x: x + 1) (x: x * 10) toString ]) "40" ];
    "pipe through nothing" = [ (lib.pipe 3 [ ]) 3 ];
    "concat" = [ (lib.concat [ 1 ] [ 2 3 ]) [ 1 2 3 ] ];
    "mergeAttrs takes the right one" = [ (lib.mergeAttrs { a = 1; b = 1; } { b = 2; }) { a = 1; b = 2; } ];
    "mapNullable of null" = [ (lib.mapNullable (throw "not called") null) null ];
    "mapNullable of a value" = [ (lib.mapNullable (x: x + 1) 1) 2 ];
    "defaultTo of null" = [ (lib.defaultTo 5 null) 5 ];
    "defaultTo of a value" = [ (lib.defaultTo (throw "unused") false) false ];
    "isFunction of a lambda" = [ (lib.isFunction (x: x)) true ];
    "isFunction of a builtin" = [ (lib.isFunction builtins.head) true ];
    "isFunction of a functor" = [ (lib.isFunction functor) true ];
    "isFunction of a set" = [ (lib.isFunction { }) false ];
    "isFunction of a string" = [ (lib.isFunction "f") false ];
    "functionArgs of a pattern" = [ (lib.functionArgs ({ a, b ? 2 }: a)) { a = false; b = true; } ];
    "functionArgs of a plain lambda" = [ (lib.functionArgs (x: x)) { } ];
    "functionArgs of a functor" = [ (lib.functionArgs functor) { a = false; b = true; } ];
    "setFunctionArgs sets them" = [ (lib.functionArgs (lib.setFunctionArgs (x: x) { z = true; })) { z = true; } ];
    "setFunctionArgs stays callable" = [ (lib.setFunctionArgs (x: x.z) { z = true; } { z = 4; }) 4 ];
    "mirrorFunctionArgs takes them over" = [ (lib.functionArgs (lib.mirrorFunctionArgs ({ a, b }: a) (x: x))) { a = false; b = false; } ];
    "mirrorFunctionArgs calls the second" = [ (lib.mirrorFunctionArgs ({ a, b }: a) (x: x.a + x.b) { a = 1; b = 2; }) 3 ];
    "toFunction of a value" = [ (lib.toFunction 5 (throw "ignored")) 5 ];
    "toFunction of a function" = [ (lib.toFunction (x: x + 1) 1) 2 ];
  })
  (equal "booleans" {
    "and" = [ [ (lib.and true true) (lib.and true false) (lib.and false (throw "lazy")) ] [ true false false ] ];
    "or" = [ [ (t."or" false true) (lib."or" false false) (t."or" true (throw "lazy")) ] [ true false true ] ];
    "xor" = [ [ (lib.xor true false) (lib.xor true true) (lib.xor false false) (lib.xor false true) ] [ true false false true ] ];
    "boolToString" = [ (map lib.boolToString [ true false ]) [ "true" "false" ] ];
    "boolToYesNo" = [ (map lib.boolToYesNo [ true false ]) [ "yes" "no" ] ];
  })
  (equal "bits" {
    "bitAnd" = [ (lib.bitAnd 12 10) 8 ];
    "bitOr" = [ (lib.bitOr 12 10) 14 ];
    "bitXor" = [ (lib.bitXor 12 10) 6 ];
    "bitNot" = [ (map lib.bitNot [ 0 1 (-1) 7 ]) [ (-1) (-2) 0 (-8) ] ];
  })
  (equal "integers" {
    "mod" = [ [ (lib.mod 11 10) (lib.mod 1 10) (lib.mod 10 5) ] [ 1 1 0 ] ];
    "mod keeps the sign of the first" = [ (lib.mod (-7) 3) (-1) ];
    "min and max" = [ [ (lib.min 3 2) (lib.max 3 2) (lib.min "a" "b") ] [ 2 3 "a" ] ];
    "compare" = [ [ (lib.compare 1 2) (lib.compare 2 2) (lib.compare 3 2) (lib.compare "b" "a") ] [ (-1) 0 1 1 ] ];
    "splitByAndCompare puts yes before no" = [ (lib.splitByAndCompare (lib.hasPrefix "x") lib.compare lib.compare "xz" "a") (-1) ];
    "splitByAndCompare puts no after yes" = [ (lib.splitByAndCompare (lib.hasPrefix "x") lib.compare lib.compare "a" "xz") 1 ];
    "splitByAndCompare compares the yes ones" = [ (lib.splitByAndCompare (lib.hasPrefix "x") lib.compare (throw "no") "xa" "xb") (-1) ];
    "splitByAndCompare compares the no ones" = [ (lib.splitByAndCompare (lib.hasPrefix "x") (throw "yes") lib.compare "z" "b") 1 ];
    "toBaseDigits binary" = [ (lib.toBaseDigits 2 10) [ 1 0 1 0 ] ];
    "toBaseDigits decimal" = [ (lib.toBaseDigits 10 907) [ 9 0 7 ] ];
    "toBaseDigits of zero" = [ (lib.toBaseDigits 16 0) [ 0 ] ];
    "toHexString" = [ (map lib.toHexString [ 0 9 10 16 255 48879 ]) [ "0" "9" "A" "10" "FF" "BEEF" ] ];
    "fromHexString" = [ (map lib.fromHexString [ "0" "ff" "FF" "0x10" "BeeF" "0x7fffffffffffffff" ]) [ 0 255 255 16 48879 9223372036854775807 ] ];
    "hexadecimal there and back" = [ (lib.fromHexString (lib.toHexString 123456789)) 123456789 ];
  })
  (throws "integers" {
    "toBaseDigits of a negative number" = lib.toBaseDigits 2 (-1);
    "toBaseDigits in base one" = lib.toBaseDigits 1 5;
    "toBaseDigits of text" = lib.toBaseDigits 2 "5";
    "xor looks at both sides" = lib.xor true (throw "seen");
  })
  (fails "integers" {
    "fromHexString of other letters" = [ (lib.fromHexString "xyz") [ "fromHexString" "xyz" "is not a valid input" ] ];
    "fromHexString of too many digits" = [ (lib.fromHexString "ffffffffffffffff") "is not a valid input" ];
  })
  (equal "reading" {
    "importJSON" = [ (lib.importJSON ./files/data.json) { a = [ 1 2.5 null { b = true; } ]; } ];
    "importTOML" = [ (lib.importTOML ./files/data.toml) { title = "x"; server.port = 80; } ];
    "pathExists" = [ [ (lib.pathExists ./trivial.nix) (lib.pathExists ./nothing-here.nix) ] [ true false ] ];
    "readFile" = [ (lib.readFile ./files/text) "text\n" ];
  })
  (equal "conditional errors" {
    "throwIf false" = [ (lib.throwIf false "unused" 1) 1 ];
    "throwIfNot true" = [ (lib.throwIfNot true (throw "unused") 1) 1 ];
    "several in a row" = [ (lib.throwIf false "a" lib.throwIfNot true "b" (x: x) 3) 3 ];
    "checkListOfEnum of valid ones" = [ (lib.checkListOfEnum "colours" [ "red" "blue" ] [ "blue" ] "ok") "ok" ];
    "checkListOfEnum of none" = [ (lib.checkListOfEnum "colours" [ "red" ] [ ] "ok") "ok" ];
    "warnIf false" = [ (lib.warnIf false (throw "unused") 1) 1 ];
    "warnIfNot true" = [ (lib.warnIfNot true (throw "unused") 1) 1 ];
  })
  (fails "conditional errors" {
    "throwIf true" = [ (lib.throwIf true "it is so" 1) "it is so" ];
    "throwIfNot false" = [ (lib.throwIfNot false "it is not so" 1) "it is not so" ];
    "checkListOfEnum says what is wrong and what is allowed" = [
      (lib.checkListOfEnum "colours" [ "red" "blue" ] [ "pink" "blue" "grey" ] 1)
      "colours: pink, grey unexpected; valid ones: red, blue"
    ];
  })
  (prints "warnings" {
    "warn" = [ (lib.warn "careful" 1) 1 "evaluation warning: careful" ];
    "warnIf true" = [ (lib.warnIf true "if so" 1) 1 "evaluation warning: if so" ];
    "warnIfNot false" = [ (lib.warnIfNot false "if not" 1) 1 "evaluation warning: if not" ];
    "info" = [ (lib.info "by the way" 1) 1 "INFO: by the way" ];
    "showWarnings shows all, first one first" = [ (lib.showWarnings [ "one" "two" ] 1) 1 [ "evaluation warning: one" "evaluation warning: two" ] ];
    "nixpkgsVersion is an old name" = [ (lib.nixpkgsVersion == lib.version) true "lib.nixpkgsVersion is a deprecated alias of lib.version" ];
    "isInOldestRelease is an old name" = [ (lib.isInOldestRelease 2311) true "lib.isInOldestRelease is deprecated" ];
  })
  (fails "warnings" {
    # Old and new evaluators say it in different words.
    "the message must be a string" = [ (lib.warn 5 1) "tring" ];
  })
  (equal "facts" {
    "version begins with the release" = [ (lib.hasPrefix lib.trivial.release lib.version) true ];
    "the release is year and month" = [ (builtins.match "[0-9]{2}\\.(05|11)" lib.trivial.release != null) true ];
    "version and suffix" = [ (lib.trivial.release + lib.versionSuffix) lib.version ];
    "code name is a word" = [ (builtins.isString lib.trivial.codeName) true ];
    "old releases are all supported features" = [ (lib.oldestSupportedReleaseIsAtLeast 2305) true ];
    "features of the far future are not" = [ (lib.oldestSupportedReleaseIsAtLeast 9911) false ];
    "inNixShell is a boolean" = [ (builtins.isBool lib.inNixShell) true ];
    "inPureEvalMode agrees with the evaluator" = [ lib.inPureEvalMode (!(builtins ? currentSystem)) ];
    "revisionWithDefault is a string" = [ (builtins.isString (lib.trivial.revisionWithDefault "none")) true ];
    "seq and deepSeq" = [ [ (lib.seq { a = throw "x"; } 1) (builtins.tryEval (lib.deepSeq { a = throw "x"; } 1)).success ] [ 1 false ] ];
    "isBool, isInt, isFloat" = [ [ (lib.isBool true) (lib.isInt 1) (lib.isFloat 1.0) (lib.isInt 1.0) ] [ true true true false ] ];
    "add, sub, lessThan" = [ [ (lib.add 1 2) (lib.sub 1 2) (lib.lessThan 1 2) ] [ 3 (-1) true ] ];
    "genericClosure" = [ (map (x: x.key) (lib.genericClosure { startSet = [ { key = 1; } ]; operator = x: if x.key < 3 then [ { key = x.key + 1; } ] else [ ]; })) [ 1 2 3 ] ];
  })
]
