# lib.fixedPoints, and the extensibility of `lib` itself.
{ lib }:
let
  inherit (import ./rows) equal join throws;
  inherit (lib)
    composeExtensions
    composeManyExtensions
    converge
    extends
    fix
    fix'
    makeExtensible
    makeExtensibleWithCustomName
    toExtension
    ;

  shop = makeExtensible (self: {
    apple = 2;
    pear = 3;
    total = self.apple + self.pear;
  });
  cheaper = _final: prev: { pear = prev.pear - 1; };
  more = final: prev: {
    apple = prev.apple + 10;
    double = final.total * 2;
  };
in
join [
  (equal "fix" {
    "attributes see the final set" = [ (fix (self: { a = 1; b = self.a + 1; })).b 2 ];
    "works for lists too" = [ (fix (self: [ 1 (builtins.head self) ])) [ 1 1 ] ];
    "forces nothing by itself" = [ (fix (self: { a = 1; b = throw "forced"; })).a 1 ];
  })
  (equal "fix'" {
    "remembers its function" = [ ((fix' (self: { a = 1; })).__unfix__ { }) { a = 1; } ];
    "has the same attributes" = [ (fix' (self: { a = 1; b = self.a; })).b 1 ];
  })
  (equal "converge" {
    "halves down to zero" = [ (converge (x: x / 2) 16) 0 ];
    "stops at once where nothing changes" = [ (converge (x: x) "same") "same" ];
    "compares sets deeply" = [ (converge (s: s // { n = if s.n < 3 then s.n + 1 else 3; }) { n = 0; }) { n = 3; } ];
  })
  (equal "extends" {
    "the overlay wins" = [ (fix (extends cheaper (_: { pear = 3; }))) { pear = 2; } ];
    "the base sees the overlay's values" = [
      (fix (extends (final: prev: { b = "new"; }) (self: { a = self.b; b = "old"; }))).a
      "new"
    ];
    "prev is the base before the overlay" = [
      (fix (extends (final: prev: { b = prev.b + "+"; }) (self: { b = "old"; }))).b
      "old+"
    ];
    "attributes of the base that stay unused stay unforced" = [
      (fix (extends (_: _: { b = 1; }) (_: { a = throw "forced"; }))).b
      1
    ];
  })
  (equal "composeExtensions" {
    "left first" = [ (shop.extend (composeExtensions cheaper more)).total 14 ];
    "the second sees the first's result as prev" = [
      (fix (extends (composeExtensions (_: _: { a = 1; }) (_: prev: { b = prev.a; })) (_: { }))).b
      1
    ];
    "final is the end result in both" = [
      (fix (extends (composeExtensions (final: _: { x = final.y; }) (_: _: { y = 5; })) (_: { }))).x
      5
    ];
  })
  (equal "composeManyExtensions" {
    "of nothing changes nothing" = [ (shop.extend (composeManyExtensions [ ])).total 5 ];
    "of one is that one" = [ (shop.extend (composeManyExtensions [ cheaper ])).total 4 ];
    "of three, in order" = [ (shop.extend (composeManyExtensions [ cheaper more cheaper ])).total 13 ];
    "is composeExtensions in a row" = [
      (shop.extend (composeManyExtensions [ cheaper more cheaper ])).double
      (shop.extend (composeExtensions cheaper (composeExtensions more cheaper))).double
    ];
  })
  (equal "makeExtensible" {
    "ties the set" = [ shop.total 5 ];
    "extend changes dependents" = [ (shop.extend more).total 15 ];
    "extend again and again" = [ ((shop.extend more).extend cheaper).total 14 ];
    "the original is untouched" = [ (builtins.seq (shop.extend more).total shop.total) 5 ];
    "new attributes appear" = [ (shop.extend more).double 30 ];
    "is lazy in attributes" = [ (builtins.attrNames (removeAttrs (makeExtensible (_: { a = throw "forced"; })) [ "__unfix__" ])) [ "a" "extend" ] ];
  })
  (equal "makeExtensibleWithCustomName" {
    "the extender has the name" = [
      ((makeExtensibleWithCustomName "patch" (self: { a = 1; b = self.a; })).patch (_: _: { a = 2; })).b
      2
    ];
    "there is no extend then" = [ (makeExtensibleWithCustomName "patch" (_: { }) ? extend) false ];
    "stays extensible by that name" = [
      (((makeExtensibleWithCustomName "patch" (_: { a = 1; })).patch (_: p: { a = p.a + 1; })).patch (_: p: { a = p.a + 1; })).a
      3
    ];
  })
  (equal "toExtension" {
    "of a set" = [ (fix (extends (toExtension { a = 2; }) (_: { a = 1; }))) { a = 2; } ];
    "of a function of prev" = [ (fix (extends (toExtension (prev: { a = prev.a + 1; })) (_: { a = 1; }))) { a = 2; } ];
    "of a function of final and prev" = [
      (fix (extends (toExtension (final: prev: { a = prev.a + final.b; })) (_: { a = 1; b = 5; }))).a
      6
    ];
    "of a functor" = [ (toExtension { __functor = _: final: prev: { c = final + prev; }; } 1 2) { c = 3; } ];
  })
  (equal "lib.extend" {
    "adds a function" = [ (lib.extend (_: _: { three = 3; })).three 3 ];
    "reaches the flat names" = [
      ((lib.extend (_: prev: { trivial = prev.trivial // { id = _: "changed"; }; })).id 1)
      "changed"
    ];
    "keeps everything else" = [ ((lib.extend (_: _: { three = 3; })).take 1 [ 1 2 ]) [ 1 ] ];
  })
  (throws "fix" {
    "an attribute that throws, when asked" = (fix (_: { a = throw "asked"; })).a;
  })
]
