# lib.attrsets: choosing, folding, building and mapping.
#
# Paths and merging are in attrsets-paths.nix and attrsets-merge.nix.
{ lib }:
let
  inherit (import ./rows) equal join prints throws;
  inherit (lib) attrNames nameValuePair;
  bad = throw "must not be forced";
  tree = {
    a = 1;
    b = {
      c = 2;
      d.e = 3;
    };
  };
  drv = { type = "derivation"; name = "d"; inner = bad; };
in
join [
  (equal "choosing" {
    "attrVals in the order of the names" = [ (lib.attrVals [ "b" "a" ] { a = 1; b = 2; c = bad; }) [ 2 1 ] ];
    "attrValues in the order of the set" = [ (lib.attrValues { b = 2; a = 1; }) [ 1 2 ] ];
    "getAttrs" = [ (lib.getAttrs [ "a" "c" ] { a = 1; b = bad; c = 3; }) { a = 1; c = 3; } ];
    "getAttrs of nothing" = [ (lib.getAttrs [ ] { a = 1; }) { } ];
    "catAttrs skips sets without it" = [ (lib.catAttrs "a" [ { a = 1; } { b = 0; } { a = 2; } ]) [ 1 2 ] ];
    "filterAttrs" = [ (lib.filterAttrs (n: v: n == "x" || v > 5) { x = 1; y = 9; z = 2; }) { x = 1; y = 9; } ];
    "filterAttrs by name forces no value" = [ (attrNames (lib.filterAttrs (n: _: n == "a") { a = bad; b = bad; })) [ "a" ] ];
    "filterAttrs of nothing" = [ (lib.filterAttrs (_: _: false) { a = 1; }) { } ];
    "filterAttrsRecursive" = [ (lib.filterAttrsRecursive (_: v: v != null) { a = null; b = { c = null; d = 1; }; }) { b.d = 1; } ];
    "filterAttrsRecursive asks outer sets first" = [ (lib.filterAttrsRecursive (n: _: n != "b") { a = 1; b.c = bad; }) { a = 1; } ];
    "filterAttrsRecursive leaves lists" = [ (lib.filterAttrsRecursive (_: v: v != null) { l = [ null { a = null; } ]; }) { l = [ null { a = null; } ]; } ];
    "collect finds at every depth" = [ (lib.collect builtins.isInt tree) [ 1 2 3 ] ];
    "collect stops where the predicate holds" = [ (lib.collect (x: x ? c) tree) [ tree.b ] ];
    "collect of a plain value" = [ (lib.collect (_: false) 1) [ ] ];
    "hasAttr, getAttr, isAttrs" = [ [ (lib.hasAttr "a" tree) (lib.getAttr "a" tree) (lib.isAttrs tree) ] [ true 1 true ] ];
    "intersectAttrs and removeAttrs" = [ [ (lib.intersectAttrs { a = 0; } tree) (lib.removeAttrs { a = 1; b = 2; } [ "b" "z" ]) ] [ { a = 1; } { a = 1; } ] ];
  })
  (throws "choosing" {
    "attrVals gives the values as they are" = lib.attrVals [ "a" ] { a = throw "x"; };
  })
  (equal "folding" {
    "foldlAttrs goes by name" = [ (lib.foldlAttrs (acc: n: v: acc + n + toString v) "" { b = 2; a = 1; }) "a1b2" ];
    "foldlAttrs of nothing" = [ (lib.foldlAttrs bad 5 { }) 5 ];
    "foldlAttrs needs no values" = [ (lib.foldlAttrs (n: _: _: n + 1) 0 { a = bad; b = bad; }) 2 ];
    "foldAttrs collects per name" = [ (lib.foldAttrs (x: acc: [ x ] ++ acc) [ ] [ { a = 1; b = 7; } { a = 2; } { c = 8; } ]) { a = [ 1 2 ]; b = [ 7 ]; c = [ 8 ]; } ];
    "foldAttrs adds up" = [ (lib.foldAttrs (x: acc: x + acc) 0 [ { a = 1; } { a = 2; } { a = 3; } ]) { a = 6; } ];
    "foldAttrs of nothing" = [ (lib.foldAttrs bad 0 [ ]) { } ];
  })
  (equal "building" {
    "nameValuePair" = [ (nameValuePair "n" 1) { name = "n"; value = 1; } ];
    "genAttrs" = [ (lib.genAttrs [ "x" "y" ] (n: n + n)) { x = "xx"; y = "yy"; } ];
    "genAttrs is lazy in values" = [ (attrNames (lib.genAttrs [ "x" ] (_: bad))) [ "x" ] ];
    "genAttrs' names by function" = [ (lib.genAttrs' [ 1 2 ] (n: nameValuePair "n${toString n}" (n * n))) { n1 = 1; n2 = 4; } ];
    "genAttrs' takes the first of equal names" = [ (lib.genAttrs' [ 1 2 ] (n: nameValuePair "n" n)) { n = 1; } ];
    "listToAttrs and attrsToList" = [ (lib.attrsToList (lib.listToAttrs [ { name = "b"; value = 1; } { name = "a"; value = 2; } ])) [ { name = "a"; value = 2; } { name = "b"; value = 1; } ] ];
    "optionalAttrs" = [ [ (lib.optionalAttrs true { a = 1; }) (lib.optionalAttrs false bad) ] [ { a = 1; } { } ] ];
    "cartesianProduct of nothing is one empty row" = [ (lib.cartesianProduct { }) [ { } ] ];
    "cartesianProduct varies the last name fastest" = [ (lib.cartesianProduct { a = [ 1 2 ]; b = [ 3 4 ]; }) [ { a = 1; b = 3; } { a = 1; b = 4; } { a = 2; b = 3; } { a = 2; b = 4; } ] ];
    "cartesianProduct with an empty list" = [ (lib.cartesianProduct { a = [ 1 ]; b = [ ]; }) [ ] ];
    "cartesianProduct of three" = [ (builtins.length (lib.cartesianProduct { a = [ 1 2 ]; b = [ 1 2 3 ]; c = [ 1 2 3 4 ]; })) 24 ];
    "mapCartesianProduct" = [ (lib.mapCartesianProduct ({ a, b }: "${a}${b}") { a = [ "x" "y" ]; b = [ "1" "2" ]; }) [ "x1" "x2" "y1" "y2" ] ];
  })
  (prints "building" {
    "cartesianProductOfSets is an old name" = [ (lib.cartesianProductOfSets { a = [ 1 ]; }) [ { a = 1; } ] "lib.cartesianProductOfSets is a deprecated alias of lib.cartesianProduct" ];
  })
  (equal "mapping" {
    "mapAttrs" = [ (lib.mapAttrs (n: v: n + toString v) { a = 1; }) { a = "a1"; } ];
    "mapAttrs is lazy in values" = [ (lib.mapAttrs (_: v: v) { a = 1; b = bad; }).a 1 ];
    "mapAttrs'" = [ (lib.mapAttrs' (n: v: nameValuePair "x${n}" (v + 1)) { a = 1; b = 2; }) { xa = 2; xb = 3; } ];
    "mapAttrs' is lazy in values" = [ (attrNames (lib.mapAttrs' (n: _: nameValuePair n bad) { a = 1; })) [ "a" ] ];
    "mapAttrs' takes the first of equal names" = [ (lib.mapAttrs' (_: v: nameValuePair "n" v) { a = 1; b = 2; }) { n = 1; } ];
    "mapAttrsToList goes by name" = [ (lib.mapAttrsToList (n: v: "${n}=${v}") { b = "2"; a = "1"; }) [ "a=1" "b=2" ] ];
    "mapAttrsToList is lazy in elements" = [ (builtins.length (lib.mapAttrsToList (_: _: bad) { a = 1; b = 2; })) 2 ];
    "attrsToList" = [ (lib.attrsToList { b = 2; a = 1; }) [ { name = "a"; value = 1; } { name = "b"; value = 2; } ] ];
    "concatMapAttrs" = [ (lib.concatMapAttrs (n: v: { ${n} = v; "${n}2" = v * 2; }) { a = 1; b = 2; }) { a = 1; a2 = 2; b = 2; b2 = 4; } ];
    "concatMapAttrs lets the later name win" = [ (lib.concatMapAttrs (n: _: { same = n; }) { a = 1; b = 2; }) { same = "b"; } ];
    "mapAttrsRecursive gives the path" = [ (lib.mapAttrsRecursive (path: v: lib.concatStringsSep "." path + "=${toString v}") tree) { a = "a=1"; b = { c = "b.c=2"; d.e = "b.d.e=3"; }; } ];
    "mapAttrsRecursive keeps empty sets" = [ (lib.mapAttrsRecursive (_: _: bad) { a = { }; }) { a = { }; } ];
    "mapAttrsRecursive does not enter lists" = [ (lib.mapAttrsRecursive (_: v: v) { a = [ { b = 1; } ]; }) { a = [ { b = 1; } ]; } ];
    "mapAttrsRecursiveCond stops at derivations" = [ ((lib.mapAttrsRecursiveCond (s: !lib.isDerivation s) (_: v: v.name or v) { x.d = drv; y = 1; })) { x.d = "d"; y = 1; } ];
    "mapAttrsRecursiveCond does not ask about the outermost set" = [ (lib.mapAttrsRecursiveCond (_: false) (path: _: path) { a.b = 1; }) { a = [ "a" ]; } ];
    "mapAttrsToListRecursive" = [ (lib.mapAttrsToListRecursive (path: v: "${lib.concatStringsSep "." path}=${toString v}") tree) [ "a=1" "b.c=2" "b.d.e=3" ] ];
    "mapAttrsToListRecursive of nothing" = [ (lib.mapAttrsToListRecursive (_: _: 1) { a = { }; }) [ ] ];
    "mapAttrsToListRecursiveCond gets the path" = [ (lib.mapAttrsToListRecursiveCond (path: _: path != [ "b" "d" ]) (path: v: path ++ [ v ]) tree) [ [ "a" 1 ] [ "b" "c" 2 ] [ "b" "d" { e = 3; } ] ] ];
  })
  (equal "derivations" {
    "isDerivation" = [ (map lib.isDerivation [ drv { } { type = "other"; } "x" null [ ] ]) [ true false false false false false ] ];
    "getOutput that exists" = [ (lib.getOutput "dev" { dev = 1; out = 2; }) 1 ];
    "getOutput falls back to out" = [ (lib.getOutput "dev" { out = 2; }) 2 ];
    "getOutput falls back to the package" = [ (lib.getOutput "dev" { name = "p"; }) { name = "p"; } ];
    "getOutput leaves a chosen output alone" = [ (lib.getOutput "dev" { dev = 1; outputSpecified = true; }) { dev = 1; outputSpecified = true; } ];
    "getOutput with nothing chosen yet" = [ (lib.getOutput "dev" { dev = 1; outputSpecified = false; }) 1 ];
    "getOutput of a path as text" = [ (lib.getOutput "lib" "/usr") "/usr" ];
    "getBin, getLib, getDev, getMan" = [ (let p = { bin = 1; lib = 2; dev = 3; man = 4; out = 5; }; in [ (lib.getBin p) (lib.getLib p) (lib.getDev p) (lib.getMan p) ]) [ 1 2 3 4 ] ];
    "getFirstOutput" = [ (lib.getFirstOutput [ "x" "dev" ] { dev = 1; out = 2; }) 1 ];
    "getFirstOutput without any is the package" = [ (lib.getFirstOutput [ "x" ] { out = 2; }) { out = 2; } ];
    "getFirstOutput leaves a chosen output alone" = [ (lib.getFirstOutput [ "dev" ] { dev = 1; outputSpecified = true; }).outputSpecified true ];
    "getStatic prefers static, then lib, then out" = [ (map lib.getStatic [ { static = 1; lib = 2; } { lib = 2; out = 3; } { out = 3; } ]) [ 1 2 3 ] ];
    "getInclude prefers include, then dev, then out" = [ (map lib.getInclude [ { include = 1; dev = 2; } { dev = 2; out = 3; } { out = 3; } ]) [ 1 2 3 ] ];
    "chooseDevOutputs" = [ (lib.chooseDevOutputs [ { dev = 1; } { out = 2; } ]) [ 1 2 ] ];
    "recurseIntoAttrs" = [ (lib.recurseIntoAttrs { a = 1; }) { a = 1; recurseForDerivations = true; } ];
    "dontRecurseIntoAttrs" = [ (lib.dontRecurseIntoAttrs (lib.recurseIntoAttrs { })) { recurseForDerivations = false; } ];
  })
]
