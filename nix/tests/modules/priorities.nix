# Priorities: mkOverride and its names.
{ lib }:

let
  inherit (lib)
    mkDefault
    mkForce
    mkIf
    mkImageMediaOverride
    mkMerge
    mkOption
    mkOptionDefault
    mkOverride
    mkVMOverride
    types
    ;
  inherit (import ./support/eval.nix { inherit lib; }) configOf declare optionsOf valueOf;

  int = valueOf types.int;
  withDefault = defs: (configOf ([ (declare "v" { type = types.int; default = 0; }) ] ++ map (v: { inherit v; }) defs)).v;
  prio = defs: (optionsOf ([ (declare "v" { type = types.int; default = 0; }) ] ++ map (v: { inherit v; }) defs)).v.highestPrio;

  sub = types.attrsOf (types.submodule { options.on = mkOption { type = types.bool; default = false; }; });
in
{
  "the default holds when nothing is defined" = { expr = withDefault [ ]; expected = 0; };
  "a plain definition beats the default" = { expr = withDefault [ 1 ]; expected = 1; };
  "mkDefault beats the default" = { expr = withDefault [ (mkDefault 1) ]; expected = 1; };
  "mkOptionDefault is as strong as the default, so they conflict" = {
    expr = withDefault [ (mkOptionDefault 1) ];
    error = "has conflicting definition values";
  };
  "mkOverride 1600 is weaker than the default" = { expr = withDefault [ (mkOverride 1600 1) ]; expected = 0; };
  "a plain definition beats mkDefault" = { expr = int [ (mkDefault 1) 2 ]; expected = 2; };
  "mkForce beats a plain definition" = { expr = int [ (mkForce 1) 2 ]; expected = 1; };
  "mkForce beats mkImageMediaOverride" = { expr = int [ (mkImageMediaOverride 1) (mkForce 2) ]; expected = 2; };
  "mkImageMediaOverride beats a plain definition" = { expr = int [ (mkImageMediaOverride 1) 2 ]; expected = 1; };
  "mkVMOverride beats mkForce" = { expr = int [ (mkVMOverride 1) (mkForce 2) ]; expected = 1; };
  "two mkForce that differ conflict" = { expr = int [ (mkForce 1) (mkForce 2) ]; error = "has conflicting definition values"; };
  "two mkForce that agree do not" = { expr = int [ (mkForce 1) (mkForce 1) 2 ]; expected = 1; };
  "two mkDefault that differ do not matter when a plain one exists" = { expr = int [ (mkDefault 1) (mkDefault 2) 3 ]; expected = 3; };
  "mkOverride takes any number" = { expr = int [ (mkOverride 3 1) (mkOverride 2 2) (mkOverride 4 3) ]; expected = 2; };
  "the order of modules does not matter" = { expr = int [ 2 (mkForce 1) ]; expected = 1; };
  "mkIf around mkForce" = { expr = int [ (mkIf true (mkForce 1)) 2 ]; expected = 1; };
  "mkIf false takes mkForce away" = { expr = int [ (mkIf false (mkForce 1)) 2 ]; expected = 2; };
  "mkMerge around mkForce" = { expr = int [ (mkMerge [ (mkForce 1) 2 ]) 3 ]; expected = 1; };
  "losing definitions are not evaluated" = { expr = int [ (mkDefault (throw "lost")) 2 ]; expected = 2; };
  "the default is not evaluated when it loses" = {
    expr = (configOf [ (declare "v" { type = types.int; default = throw "lost"; }) { v = 1; } ]).v;
    expected = 1;
  };

  "highestPrio of the default" = { expr = prio [ ]; expected = 1500; };
  "highestPrio of a plain definition" = { expr = prio [ 1 ]; expected = 100; };
  "highestPrio of mkDefault" = { expr = prio [ (mkDefault 1) ]; expected = 1000; };
  "highestPrio of mkForce" = { expr = prio [ (mkForce 1) 2 ]; expected = 50; };
  "highestPrio of mkImageMediaOverride" = { expr = prio [ (mkImageMediaOverride 1) ]; expected = 60; };
  "highestPrio of mkVMOverride" = { expr = prio [ (mkVMOverride 1) ]; expected = 10; };
  "highestPrio does not force the value" = { expr = prio [ (mkForce (throw "forced")) ]; expected = 50; };
  "highestPrio of the default does not force it" = {
    expr = (optionsOf [ (declare "v" { default = throw "forced"; }) ]).v.highestPrio;
    expected = 1500;
  };
  "highestPrio of nothing" = { expr = (optionsOf [ (declare "v" { }) ]).v.highestPrio; expected = 9999; };
  "the plain priority has a name" = { expr = lib.modules.defaultOverridePriority; expected = 100; };

  "mkForce on a set of options reaches each option" = {
    expr = (configOf [
      { options.a.x = mkOption { type = types.int; }; options.a.y = mkOption { type = types.int; }; }
      { config.a = mkForce { x = 1; y = 1; }; }
      { config.a = { x = 2; y = 2; }; }
    ]).a;
    expected = { x = 1; y = 1; };
  };
  "mkDefault on a whole config reaches each option" = {
    expr = (configOf [ (declare "v" { type = types.int; }) { config = mkDefault { v = 1; }; } { v = 2; } ]).v;
    expected = 2;
  };
  "mkForce on an attrsOf drops the other attributes" = {
    expr = valueOf (types.attrsOf types.int) [ { a = 1; } (mkForce { b = 2; }) ];
    expected = { b = 2; };
  };
  "mkForce on one attribute keeps the others" = {
    expr = valueOf (types.attrsOf types.int) [ { a = 1; b = 1; } { b = mkForce 2; } ];
    expected = { a = 1; b = 2; };
  };
  "mkForce on a list drops the other elements" = {
    expr = valueOf (types.listOf types.int) [ [ 1 ] (mkForce [ 2 ]) ];
    expected = [ 2 ];
  };
  "mkForce inside a submodule" = {
    expr = (valueOf sub [ { foo.on = true; } { foo.on = mkForce false; } ]).foo.on;
    expected = false;
  };
  "mkForce around a submodule" = {
    expr = (valueOf sub [ { foo.on = true; } { foo = mkForce { on = false; }; } ]).foo.on;
    expected = false;
  };
  "mkForce around the set of submodules drops the others" = {
    expr = builtins.attrNames (valueOf sub [ { bar.on = true; } (mkForce { foo.on = false; }) ]);
    expected = [ "foo" ];
  };
  "mkForce around one submodule keeps the others" = {
    expr = builtins.attrNames (valueOf sub [ { bar.on = true; } { foo = mkForce { on = false; }; } ]);
    expected = [ "bar" "foo" ];
  };

  "filterOverrides keeps the strongest and unwraps it" = {
    expr = lib.modules.filterOverrides [
      { file = "1"; value = mkOverride 10 "a"; }
      { file = "2"; value = mkOverride 20 "b"; }
      { file = "3"; value = "z"; }
      { file = "4"; value = mkOverride 10 "d"; }
    ];
    expected = [
      { file = "1"; value = "a"; }
      { file = "4"; value = "d"; }
    ];
  };
  "filterOverrides of nothing" = { expr = lib.modules.filterOverrides [ ]; expected = [ ]; };
  "filterOverrides' tells the priority" = {
    expr = (lib.modules.filterOverrides' [ { value = mkDefault 1; } ]).highestPrio;
    expected = 1000;
  };

  "mergeAttrDefinitionsWithPrio keeps priorities of attributes apart" = {
    expr = builtins.mapAttrs (_: x: x.highestPrio) (
      lib.modules.mergeAttrDefinitionsWithPrio (optionsOf [
        (declare "v" { type = types.attrsOf types.int; })
        { v = { a = mkDefault 1; b = 2; c = mkForce 3; }; }
      ]).v
    );
    expected = { a = 1000; b = 100; c = 50; };
  };
  "mergeAttrDefinitionsWithPrio gives values" = {
    expr = builtins.mapAttrs (_: x: x.value) (
      lib.modules.mergeAttrDefinitionsWithPrio (optionsOf [
        (declare "v" { type = types.lazyAttrsOf types.int; })
        { v = { a = mkDefault 1; b = 2; }; }
        { v = { a = 5; }; }
      ]).v
    );
    expected = { a = 5; b = 2; };
  };
  "mergeAttrDefinitionsWithPrio forces no value for a priority" = {
    expr = (lib.modules.mergeAttrDefinitionsWithPrio (optionsOf [
      (declare "v" { type = types.lazyAttrsOf types.int; })
      { v.a = mkForce (throw "forced"); v.b = throw "forced"; }
    ]).v).a.highestPrio;
    expected = 50;
  };
}
