# lib.attrsets: merging, zipping, comparing.
{ lib }:
let
  inherit (import ./rows) equal fails join prints;
  inherit (lib) attrNames recursiveUpdate recursiveUpdateUntil matchAttrs;
  bad = throw "must not be forced";
in
join [
  (equal "zipAttrs" {
    "all names" = [ (lib.zipAttrs [ { a = 1; } { a = 2; b = 3; } ]) { a = [ 1 2 ]; b = [ 3 ]; } ];
    "of nothing" = [ (lib.zipAttrs [ ]) { } ];
    "zipAttrsWith gets name and values" = [ (lib.zipAttrsWith (n: vs: "${n}${toString (builtins.length vs)}") [ { a = bad; } { a = bad; b = bad; } ]) { a = "a2"; b = "b1"; } ];
    "zipAttrsWith is lazy in the function" = [ (attrNames (lib.zipAttrsWith (_: _: bad) [ { a = 1; } ])) [ "a" ] ];
    "zipAttrsWithNames only the given names" = [ (lib.zipAttrsWithNames [ "a" ] (_: vs: vs) [ { a = 1; b = bad; } { a = 2; } ]) { a = [ 1 2 ]; } ];
    "zipAttrsWithNames with a name that nobody has" = [ (lib.zipAttrsWithNames [ "z" ] (_: vs: vs) [ { a = 1; } ]) { z = [ ]; } ];
  })
  (prints "zipAttrs" {
    "zip is an old name" = [ (lib.zip (_: vs: vs) [ { a = 1; } ]) { a = [ 1 ]; } "lib.zip is a deprecated alias of lib.zipAttrsWith" ];
    "zipWithNames is an old name" = [ (lib.zipWithNames [ "a" ] (_: vs: vs) [ { a = 1; } ]) { a = [ 1 ]; } "lib.zipWithNames is a deprecated alias of lib.zipAttrsWithNames" ];
  })
  (equal "mergeAttrsList" {
    "of nothing" = [ (lib.mergeAttrsList [ ]) { } ];
    "of one" = [ (lib.mergeAttrsList [ { a = 1; } ]) { a = 1; } ];
    "the later wins" = [ (lib.mergeAttrsList [ { a = 1; b = 1; } { b = 2; } { b = 3; c = 3; } ]) { a = 1; b = 3; c = 3; } ];
    "is lazy in values" = [ (lib.mergeAttrsList [ { a = bad; } { b = 1; } ]).b 1 ];
    "as a fold, for many" = [
      (lib.mergeAttrsList (lib.genList (n: { "k${toString (lib.mod n 7)}" = n; "own${toString n}" = n; }) 50))
      (builtins.foldl' (a: b: a // b) { } (lib.genList (n: { "k${toString (lib.mod n 7)}" = n; "own${toString n}" = n; }) 50))
    ];
  })
  (equal "recursiveUpdate" {
    "merges below" = [ (recursiveUpdate { a = { x = 1; y = 1; }; b = 1; } { a.y = 2; c = 3; }) { a = { x = 1; y = 2; }; b = 1; c = 3; } ];
    "a value replaces a set" = [ (recursiveUpdate { a.b = 1; } { a = 2; }) { a = 2; } ];
    "a set replaces a value" = [ (recursiveUpdate { a = 2; } { a.b = 1; }) { a.b = 1; } ];
    "lists are replaced whole" = [ (recursiveUpdate { a = [ 1 2 ]; } { a = [ 3 ]; }) { a = [ 3 ]; } ];
    "with nothing on the left" = [ (recursiveUpdate { } { a.b = 1; }) { a.b = 1; } ];
    "with nothing on the right" = [ (recursiveUpdate { a.b = 1; } { }) { a.b = 1; } ];
    "values on one side stay unforced" = [ (attrNames (recursiveUpdate { a = bad; } { b = bad; })) [ "a" "b" ] ];
    "overridden values stay unforced" = [ (recursiveUpdate { a.b = bad; c = 1; } { c = 2; }).c 2 ];
    "null on the right counts" = [ (recursiveUpdate { a.b = 1; } { a = null; }) { a = null; } ];
  })
  (equal "recursiveUpdateUntil" {
    "stops where the predicate holds" = [
      (recursiveUpdateUntil (path: _: _: path == [ "stop" ]) { stop = { a = 1; b = 1; }; go = { a = 1; }; } { stop.b = 2; go = 5; } // { go = null; })
      { stop.b = 2; go = null; }
    ];
    "the predicate gets old and new" = [ (recursiveUpdateUntil (_: old: new: old == 1 && new == 2) { a = 1; } { a = 2; }) { a = 2; } ];
    "deep paths" = [
      (recursiveUpdateUntil (path: l: r: path == [ "a" "b" ] || !(lib.isAttrs l && lib.isAttrs r)) { a = { b.old = 1; c.old = 1; }; } { a = { b.new = 2; c.new = 2; }; })
      { a = { b.new = 2; c = { old = 1; new = 2; }; }; }
    ];
  })
  (equal "matchAttrs" {
    "contained" = [ (matchAttrs { a.b = 1; } { a = { b = 1; c = 2; }; d = 3; }) true ];
    "the empty pattern" = [ (matchAttrs { } { a = 1; }) true ];
    "an empty set inside" = [ (matchAttrs { cpu = { }; } { cpu = { bits = 64; }; }) true ];
    "missing" = [ (matchAttrs { a = 1; } { b = 1; }) false ];
    "different" = [ (matchAttrs { a = 1; } { a = 2; }) false ];
    "a set against a value" = [ (matchAttrs { a = { }; } { a = 1; }) false ];
    "values outside the pattern stay unforced" = [ (matchAttrs { a = 1; } { a = 1; b = bad; }) true ];
  })
  (equal "overrideExisting" {
    "only known names" = [ (lib.overrideExisting { a = 1; b = 2; } { b = 3; c = 4; }) { a = 1; b = 3; } ];
    "nothing known" = [ (lib.overrideExisting { } { a = 1; }) { } ];
    "nothing new" = [ (lib.overrideExisting { a = 1; } { }) { a = 1; } ];
    "is lazy in values" = [ (lib.overrideExisting { a = bad; b = 1; } { a = bad; }).b 1 ];
  })
  (equal "unionOfDisjoint" {
    "both" = [ (lib.attrsets.unionOfDisjoint { a = 1; } { b = 2; }) { a = 1; b = 2; } ];
    "other names are fine after a collision" = [ (lib.attrsets.unionOfDisjoint { a = 1; x = 1; } { b = 2; x = 2; }).a 1 ];
  })
  (fails "unionOfDisjoint" {
    "a name on both sides" = [ (lib.attrsets.unionOfDisjoint { x = 1; y = 1; } { x = 2; y = 2; }).x "unionOfDisjoint: collision on x; complete list: x y" ];
  })
]
