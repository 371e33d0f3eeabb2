# lib.lists: sorting, comparing, ordering by dependencies.
{ lib }:
let
  inherit (import ./rows) equal join;
  inherit (lib) toposort listDfs naturalSort compareLists compare;
  inside = a: b: lib.hasPrefix a b;
  needs = graph: a: b: lib.elem a graph.${b};
in
join [
  (equal "sort" {
    "numbers" = [ (lib.sort lib.lessThan [ 3 1 2 ]) [ 1 2 3 ] ];
    "the other way" = [ (lib.sort (a: b: a > b) [ 3 1 2 ]) [ 3 2 1 ] ];
    "is stable" = [ (lib.sort (a: b: a.k < b.k) [ { k = 1; v = "a"; } { k = 0; v = "b"; } { k = 1; v = "c"; } ]) [ { k = 0; v = "b"; } { k = 1; v = "a"; } { k = 1; v = "c"; } ] ];
    "of nothing" = [ (lib.sort (_: _: throw "x") [ ]) [ ] ];
    "sortOn a key" = [ (lib.sortOn lib.stringLength [ "ccc" "a" "bb" ]) [ "a" "bb" "ccc" ] ];
    "sortOn is stable" = [ (lib.sortOn (x: 0) [ "b" "a" ]) [ "b" "a" ] ];
    "sortOn of lists" = [ (lib.sortOn (x: [ x.a x.b ]) [ { a = 2; b = 1; } { a = 1; b = 2; } ]) [ { a = 1; b = 2; } { a = 2; b = 1; } ] ];
  })
  (equal "compareLists" {
    "equal" = [ (compareLists compare [ 1 2 ] [ 1 2 ]) 0 ];
    "the first difference decides" = [ (compareLists compare [ 1 3 ] [ 1 2 9 ]) 1 ];
    "the shorter one is less" = [ (compareLists compare [ 1 ] [ 1 2 ]) (-1) ];
    "the longer one is greater" = [ (compareLists compare [ 1 2 ] [ 1 ]) 1 ];
    "of nothing" = [ (compareLists (throw "x") [ ] [ ]) 0 ];
    "nothing is less than something" = [ (compareLists (throw "x") [ ] [ "a" ]) (-1) ];
    "looks no further" = [ (compareLists compare [ 1 (throw "x") ] [ 2 (throw "y") ]) (-1) ];
  })
  (equal "naturalSort" {
    "numbers in text" = [ (naturalSort [ "disk11" "disk8" "disk100" "disk9" ]) [ "disk8" "disk9" "disk11" "disk100" ] ];
    "addresses" = [ (naturalSort [ "10.46.133.149" "10.5.16.62" "10.54.16.25" ]) [ "10.5.16.62" "10.46.133.149" "10.54.16.25" ] ];
    "versions" = [ (naturalSort [ "v0.2" "v0.15" "v0.0.9" ]) [ "v0.0.9" "v0.2" "v0.15" ] ];
    "plain words" = [ (naturalSort [ "b" "a" ]) [ "a" "b" ] ];
  })
  (equal "listDfs" {
    "follows what comes before" = [ (listDfs true inside [ "/home/user" "other" "/" "/home" ]) { minimal = "/"; visited = [ "/home/user" ]; rest = [ "/home" "other" ]; } ];
    "reports a loop" = [ (listDfs true inside [ "/home/user" "other" "/" "/home" "/" ]) { cycle = "/"; loops = [ "/" ]; visited = [ "/" "/home/user" ]; rest = [ "/home" "other" ]; } ];
    "of one" = [ (listDfs true inside [ "a" ]) { minimal = "a"; visited = [ ]; rest = [ ]; } ];
  })
  (equal "toposort" {
    "directories before what is in them" = [ (toposort inside [ "/home/user" "other" "/" "/home" ]) { result = [ "/" "/home" "/home/user" "other" ]; } ];
    "numbers" = [ (toposort (a: b: a < b) [ 3 2 1 ]) { result = [ 1 2 3 ]; } ];
    "of nothing" = [ (toposort (throw "x") [ ]) { result = [ ]; } ];
    "of one" = [ (toposort (throw "x") [ 1 ]) { result = [ 1 ]; } ];
    "a graph" = [ (toposort (needs { net = [ ]; ssh = [ "net" ]; web = [ "net" "db" ]; db = [ ]; }) [ "web" "ssh" "db" "net" ]).result [ "db" "net" "web" "ssh" ] ];
    "a loop is reported" = [ (toposort inside [ "/home/user" "other" "/" "/home" "/" ]) { cycle = [ "/home/user" "/" "/" ]; loops = [ "/" ]; } ];
    "a loop of two" = [ (toposort (needs { a = [ "b" ]; b = [ "a" ]; }) [ "a" "b" ] ? cycle) true ];
  })
]
