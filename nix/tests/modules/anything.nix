# types.anything: merges by what the values are.
{ lib }:

let
  inherit (lib) mkBefore mkDefault mkForce mkIf mkMerge types;
  inherit (import ./support/eval.nix { inherit lib; }) valueFrom valueOf;
  any = valueOf types.anything;
  drv = n: { type = "derivation"; outPath = "/x/${n}"; name = n; };
in
{
  "sets are merged at any depth" = { expr = any [ { a.b.c = 1; } { a.b.d = 2; a.e = 3; } ]; expected = { a = { b = { c = 1; d = 2; }; e = 3; }; }; };
  "equal integers agree" = { expr = any [ 1 1 ]; expected = 1; };
  "equal strings agree" = { expr = any [ "a" "a" ]; expected = "a"; };
  "equal floats agree" = { expr = any [ 0.5 0.5 ]; expected = 0.5; };
  "equal booleans agree" = { expr = any [ false false ]; expected = false; };
  "null agrees with null" = { expr = any [ null null ]; expected = null; };
  "equal paths agree" = { expr = any [ ./anything.nix ./anything.nix ] == ./anything.nix; expected = true; };
  "different integers conflict" = { expr = any [ 1 2 ]; error = "The option `v' has conflicting definition values"; };
  "lists are not concatenated" = { expr = any [ [ 1 ] [ 2 ] ]; error = "The option `v' has conflicting definition values"; };
  "equal lists agree" = { expr = any [ [ 1 ] [ 1 ] ]; expected = [ 1 ]; };
  "different kinds conflict" = { expr = valueFrom types.anything [ 1 "x" ]; error = "The option `v' has conflicting option types in `b.nix' and `a.nix'"; };
  "null and a value conflict" = { expr = any [ null 1 ]; error = "has conflicting option types"; };
  "a package is one value" = { expr = (any [ (drv "a") ]).name; expected = "a"; };
  "two packages conflict" = { expr = any [ (drv "a") (drv "a") ]; error = "is defined multiple times while it's expected to be unique"; };
  "a set with __toString is one value" = { expr = any [ { __toString = _: "x"; a = 1; } { __toString = _: "x"; } ]; error = "is defined multiple times"; };
  "a package inside a set" = { expr = (any [ { p = drv "a"; } { q = drv "b"; } ]).q.name; expected = "b"; };
  "a function stays a function" = { expr = any [ (x: x + 1) ] 1; expected = 2; };
  "functions are merged by result" = { expr = any [ (x: { inherit x; }) (y: { inherit y; }) ] 1; expected = { x = 1; y = 1; }; };
  "results of different kinds conflict" = { expr = any [ (x: { }) (x: [ ]) ] 1; error = "The option `v.<function body>' has conflicting option types"; };
  "mkIf false removes" = { expr = any [ { a = mkIf false 1; b = 2; } ]; expected = { b = 2; }; };
  "mkIf true stays" = { expr = any [ { a = mkIf true { }; } ]; expected = { a = { }; }; };
  "mkDefault gives way" = { expr = any [ { a = mkDefault 1; } { a = 2; } ]; expected = { a = 2; }; };
  "mkForce wins at depth" = { expr = any [ { a.b = 1; } { a.b = mkForce 2; } ]; expected = { a.b = 2; }; };
  "mkMerge merges" = { expr = any [ (mkMerge [ { a = 1; } (mkMerge [ { b = 2; } ]) ]) ]; expected = { a = 1; b = 2; }; };
  "mkBefore is taken off" = { expr = any [ { a = mkBefore true; } ]; expected = { a = true; }; };
  "conditions inside nested sets" = { expr = any [ { n.foo = mkDefault 1; n.bar = mkMerge [ { baz = "baz"; } ]; } { n.foo = mkIf false 2; } ]; expected = { n = { foo = 1; bar.baz = "baz"; }; }; };
  "a conflict names its path" = { expr = any [ { a.b = 1; } { a.b = 2; } ]; error = "The option `v.a.b' has conflicting definition values"; };
  "the description" = { expr = types.anything.description; expected = "anything"; };
}
