# Order: mkOrder, and the order of modules.
{ lib }:

let
  inherit (lib) mkAfter mkBefore mkForce mkIf mkMerge mkOption mkOrder types;
  inherit (import ./support/eval.nix { inherit lib; }) configOf declare valueOf;
  list = valueOf (types.listOf types.str);
  lines = valueOf types.lines;
in
{
  "mkBefore comes first" = { expr = list [ [ "a" ] (mkBefore [ "b" ]) ]; expected = [ "b" "a" ]; };
  "mkAfter comes last" = { expr = list [ (mkAfter [ "a" ]) [ "b" ] ]; expected = [ "b" "a" ]; };
  "mkOrder sorts by number" = {
    expr = list [ (mkOrder 300 [ "c" ]) (mkOrder 100 [ "a" ]) (mkOrder 200 [ "b" ]) ];
    expected = [ "a" "b" "c" ];
  };
  "a plain definition stands at 1000" = {
    expr = list [ (mkOrder 1001 [ "c" ]) [ "b" ] (mkOrder 999 [ "a" ]) ];
    expected = [ "a" "b" "c" ];
  };
  "equal orders keep the order of the modules, the last first" = {
    expr = list [ (mkBefore [ "a" ]) (mkBefore [ "b" ]) [ "c" ] ];
    expected = [ "b" "a" "c" ];
  };
  "later modules come first" = { expr = list [ [ "a" ] [ "b" ] [ "c" ] ]; expected = [ "c" "b" "a" ]; };
  "what a module imports comes before its own" = {
    expr = (configOf [
      (declare "v" { type = types.listOf types.str; })
      { imports = [ { v = [ "imported" ]; } ]; v = [ "own" ]; }
    ]).v;
    expected = [ "imported" "own" ];
  };
  "two imports: the second first" = {
    expr = (configOf [
      (declare "v" { type = types.listOf types.str; })
      { imports = [ { v = [ "one" ]; } { v = [ "two" ]; } ]; v = [ "own" ]; }
    ]).v;
    expected = [ "two" "one" "own" ];
  };
  "mkMerge keeps its order" = { expr = list [ (mkMerge [ [ "a" ] [ "b" ] ]) ]; expected = [ "a" "b" ]; };
  "mkIf around mkOrder" = { expr = list [ [ "a" ] (mkIf true (mkBefore [ "b" ])) ]; expected = [ "b" "a" ]; };
  "mkForce around mkOrder" = {
    expr = list [ [ "x" ] (mkForce (mkAfter [ "a" ])) (mkForce [ "b" ]) ];
    expected = [ "b" "a" ];
  };
  "mkOrder in a single definition is taken off" = { expr = list [ (mkOrder 7 [ "a" ]) ]; expected = [ "a" ]; };
  "mkBefore on lines" = { expr = lines [ "a" (mkBefore "b") (mkAfter "c") ]; expected = "b\na\nc"; };
  "the default comes first among equals" = {
    expr = (configOf [
      (declare "v" { type = types.listOf types.str; default = [ "default" ]; })
      { v = lib.mkOptionDefault [ "more" ]; }
    ]).v;
    expected = [ "default" "more" ];
  };
  "mkOrder on a definition of a submodule is accepted" = {
    expr = (valueOf (types.submodule { options.v = mkOption { type = types.int; }; }) [ (mkAfter { v = 2; }) ]).v;
    expected = 2;
  };
  "sortProperties unwraps and sorts" = {
    expr = map (d: d.value) (lib.modules.sortProperties [
      { value = mkAfter "c"; }
      { value = "b"; }
      { value = mkBefore "a"; }
    ]);
    expected = [ "a" "b" "c" ];
  };
  "the plain order has a name" = { expr = lib.modules.defaultOrderPriority; expected = 1000; };
  "mkBefore is 500, mkAfter 1500" = {
    expr = [ (mkBefore 1).priority (mkAfter 1).priority ];
    expected = [ 500 1500 ];
  };
}
