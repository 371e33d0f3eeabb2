# lib.debug and lib.asserts.
{ lib }:
let
  inherit (import ./rows) equal fails join prints;
  inherit (lib) assertMsg assertOneOf debug runTests;
  inherit (lib.asserts) assertEachOneOf checkAssertWarn;
  deep = { a.b.c.d = 1; l = [ [ 1 ] ]; };
in
join [
  (prints "trace" {
    "traceIf true" = [ (lib.traceIf true "shown" 3) 3 "trace: shown" ];
    "traceVal" = [ (lib.traceVal 42) 42 "trace: 42" ];
    "traceValFn" = [ (lib.traceValFn (v: "mystring ${v}") "foo") "foo" "trace: mystring foo" ];
    "traceSeq shows everything" = [ (lib.traceSeq { a.b = [ 1 ]; } 3) 3 "trace: { a = { b = [ 1 ]; }; }" ];
    "traceSeqN cuts below" = [ (lib.traceSeqN 2 { a.b.c = 3; } null) null "a = { b = {…}; };" ];
    "traceSeqN cuts lists too" = [ (lib.traceSeqN 1 { l = [ (throw "x") ]; } 1) 1 "l = […];" ];
    "traceValSeq" = [ (lib.traceValSeq { a.b = 1; }) { a.b = 1; } "trace: { a = { b = 1; }; }" ];
    "traceValSeqFn" = [ (lib.traceValSeqFn (v: v // { seen = true; }) { a = 1; }) { a = 1; } "seen = true" ];
    "traceValSeqN" = [ (lib.traceValSeqN 1 deep) deep [ "a = {…};" "l = […];" ] ];
    "traceValSeqNFn" = [ (lib.traceValSeqNFn (v: { x = v; }) 1 deep) deep "x = {…};" ];
    "traceFnSeqN" = [ (lib.traceFnSeqN 1 "double" (x: x * 2) 4) 8 [ "fn = \"double\"" "from = 4" "to = 8" ] ];
  })
  (equal "trace" {
    "traceIf false" = [ (lib.traceIf false (throw "not shown") 3) 3 ];
  })
  (equal "runTests" {
    "all is well" = [ (runTests { testA = { expr = 1; expected = 1; }; }) [ ] ];
    "a failure" = [ (runTests { testA = { expr = 1; expected = 2; }; testB = { expr = 1; expected = 1; }; }) [ { name = "testA"; expected = 2; result = 1; } ] ];
    "only names that begin with test" = [ (runTests { other = throw "x"; testA = { expr = 1; expected = 1; }; }) [ ] ];
    "only the listed ones" = [ (runTests { testA = throw "x"; mine = { expr = 1; expected = 2; }; tests = [ "mine" ]; }) [ { name = "mine"; expected = 2; result = 1; } ] ];
    "in the order of names" = [ (map (t: t.name) (runTests { testB = { expr = 1; expected = 2; }; testA = { expr = 1; expected = 2; }; })) [ "testA" "testB" ] ];
    "testAllTrue" = [ (lib.testAllTrue [ true false ]) { expr = [ true false ]; expected = [ true true ]; } ];
    "throwTestFailures without failures" = [ (debug.throwTestFailures { failures = [ ]; }) null ];
  })
  (fails "runTests" {
    "throwTestFailures" = [ (debug.throwTestFailures { failures = [ { name = "testX"; expected = 2; result = 1; } ]; description = "sums"; }) [ "1 sums failed" "- testX" "FAIL \"testX\"" "Expected: 2" "Result: 1" ] ];
  })
  (equal "asserts" {
    "assertMsg of what holds" = [ (assertMsg true (throw "unused")) true ];
    "assertOneOf" = [ (assertOneOf "colour" "red" [ "red" "blue" ]) true ];
    "assertEachOneOf" = [ (assertEachOneOf "colours" [ "red" "blue" ] [ "red" "blue" ]) true ];
    "assertEachOneOf of none" = [ (assertEachOneOf "colours" [ ] [ "red" ]) true ];
    "checkAssertWarn without failures" = [ (checkAssertWarn [ { assertion = true; message = throw "unused"; } ] [ ] 5) 5 ];
  })
  (fails "asserts" {
    "assertMsg" = [ (assert assertMsg false "it must hold"; 1) "it must hold" ];
    "assertOneOf" = [ (assertOneOf "colour" "pink" [ "red" "blue" ]) [ "colour must be one of" "\"red\"" "but is: \"pink\"" ] ];
    "assertEachOneOf" = [ (assertEachOneOf "colours" [ "red" "pink" ] [ "red" ]) [ "each element in colours must be one of" "\"pink\"" ] ];
    "checkAssertWarn lists all failures" = [ (checkAssertWarn [ { assertion = false; message = "one"; } { assertion = false; message = "two"; } ] [ ] 1) [ "Failed assertions:" "- one" "- two" ] ];
  })
  (prints "asserts" {
    "checkAssertWarn warns" = [ (checkAssertWarn [ ] [ "mind this" ] 1) 1 "evaluation warning: mind this" ];
  })
]
