# Conditions and merging: mkIf, mkMerge, mkAssert, mapDefinitionValue.
{ lib }:

let
  inherit (lib) mkAssert mkBefore mkDefault mkForce mkIf mkMerge mkOption types;
  inherit (lib.modules) mapDefinitionValue;
  inherit (import ./support/eval.nix { inherit lib; }) configOf declare optionsOf valueOf;
  enable = declare "enable" { type = types.bool; default = false; };
  int = fields: declare "v" ({ type = types.int; } // fields);
  sub = declare "sub" {
    type = types.attrsOf (types.submodule { options.on = mkOption { type = types.bool; default = false; }; });
    default = { };
  };
in
{
  "mkIf true defines" = { expr = (configOf [ (int { }) { v = mkIf true 1; } ]).v; expected = 1; };
  "mkIf false leaves the default" = { expr = (configOf [ (int { default = 0; }) { v = mkIf false 1; } ]).v; expected = 0; };
  "mkIf false defines nothing" = {
    expr = (optionsOf [ (int { }) { v = mkIf false 1; } ]).v.isDefined;
    expected = false;
  };
  "mkIf false does not look at the content" = {
    expr = (configOf [ (int { default = 0; }) { v = mkIf false (throw "looked"); } ]).v;
    expected = 0;
  };
  "nested mkIf are all asked" = {
    expr = map (c: (configOf [ (int { default = 0; }) { v = mkIf c.a (mkIf c.b 1); } ]).v) [
      { a = true; b = true; }
      { a = true; b = false; }
      { a = false; b = throw "asked"; }
    ];
    expected = [ 1 0 0 ];
  };
  "the condition may read the configuration that it is part of" = {
    expr = (configOf [ enable (int { default = 0; }) ({ config, ... }: { config = mkIf config.enable { v = 1; }; }) { enable = true; } ]).v;
    expected = 1;
  };
  "a condition on a whole config that is false" = {
    expr = (configOf [ enable (int { default = 0; }) ({ config, ... }: { config = mkIf config.enable { v = 1; }; }) ]).v;
    expected = 0;
  };
  "a module that is an mkIf" = {
    expr = (configOf [ (int { default = 0; }) { imports = [ (mkIf true { v = 1; }) ]; } ]).v;
    expected = 1;
  };
  "a module that is an mkForce" = {
    expr = (configOf [ (int { }) (mkForce { v = 1; }) { v = 2; } ]).v;
    expected = 1;
  };
  "a function that returns an mkIf" = {
    expr = (configOf [ enable (int { default = 0; }) ({ config, ... }: mkIf config.enable { v = 1; }) { enable = true; } ]).v;
    expected = 1;
  };
  "a function that returns an mkIf which is false" = {
    expr = (configOf [ enable (int { default = 0; }) ({ config, ... }: mkIf config.enable { v = 1; }) ]).v;
    expected = 0;
  };
  "a function that returns an mkMerge" = {
    expr = configOf [ enable (int { }) ({ ... }: mkMerge [ { v = 1; } { enable = true; } ]) ];
    expected = { v = 1; enable = true; };
  };
  "a function that returns an mkForce" = {
    expr = (configOf [ (int { }) ({ ... }: mkForce { v = 1; }) { v = 2; } ]).v;
    expected = 1;
  };
  "mkIf with something else than a Boolean" = {
    expr = (configOf [ (int { }) { v = mkIf 1 2; } ]).v;
    error = "‘mkIf’ called with a non-Boolean condition";
  };
  "a false condition around an undeclared option is still an error" = {
    expr = configOf [ enable (mkIf false { nope = 1; }) ];
    error = "The option `nope' does not exist";
  };

  "mkMerge of sets" = {
    expr = configOf [ (int { }) enable { config = mkMerge [ { v = 1; } { enable = true; } ]; } ];
    expected = { v = 1; enable = true; };
  };
  "mkMerge of conditions" = {
    expr = (configOf [ (int { }) { config = mkMerge [ (mkIf false { v = 1; }) (mkIf true { v = 2; }) ]; } ]).v;
    expected = 2;
  };
  "mkMerge of nothing" = { expr = (optionsOf [ (int { }) { v = mkMerge [ ]; } ]).v.isDefined; expected = false; };
  "mkMerge inside mkMerge" = {
    expr = valueOf (types.listOf types.int) [ (mkMerge [ [ 1 ] (mkMerge [ [ 2 ] (mkIf false [ 3 ]) ]) ]) ];
    expected = [ 1 2 ];
  };
  "mkMerge at depth" = {
    expr = (configOf [
      { options.a.b.c = mkOption { type = types.listOf types.int; }; }
      { config.a = mkMerge [ { b = mkIf true { c = [ 1 ]; }; } { b.c = mkMerge [ [ 2 ] ]; } ]; }
    ]).a.b.c;
    expected = [ 1 2 ];
  };

  "mkIf false around an attribute removes it" = {
    expr = valueOf (types.attrsOf types.int) [ { a = mkIf false 1; b = 2; } ];
    expected = { b = 2; };
  };
  "mkIf false around a submodule removes it" = {
    expr = (configOf [ sub { sub.foo = mkIf false { on = true; }; } ]).sub;
    expected = { };
  };
  "mkIf false inside a submodule keeps it" = {
    expr = (configOf [ sub { sub.foo.on = mkIf false true; } ]).sub;
    expected = { foo.on = false; };
  };
  "mkIf around the set of submodules" = {
    expr = (configOf [ enable sub ({ config, ... }: { sub = mkIf config.enable { foo.on = true; }; }) { enable = true; } ]).sub;
    expected = { foo.on = true; };
  };
  "mkIf false in a list drops the element" = {
    expr = valueOf (types.listOf types.int) [ [ 1 (mkIf false 2) (mkIf true 3) ] ];
    expected = [ 1 3 ];
  };

  "mkAssert that holds" = { expr = (configOf [ (int { }) { v = mkAssert true "no" 1; } ]).v; expected = 1; };
  "mkAssert that fails" = {
    expr = (configOf [ (int { }) { v = mkAssert false "it rains" 1; } ]).v;
    error = "Failed assertion: it rains";
  };
  "mkAssert asks only when the option is read" = {
    expr = (configOf [ enable (int { }) { v = mkAssert false "it rains" 1; } ]).enable;
    expected = false;
  };

  "mkFixStrictness returns its argument, and warns" = { expr = lib.mkFixStrictness 1; expected = 1; trace = "has no effect"; };

  "mapDefinitionValue on a plain value" = { expr = mapDefinitionValue (x: x + 1) 1; expected = 2; };
  "mapDefinitionValue inside mkForce" = { expr = mapDefinitionValue (x: x + 1) (mkForce 1); expected = mkForce 2; };
  "mapDefinitionValue inside mkIf" = { expr = mapDefinitionValue (x: x + 1) (mkIf true 1); expected = mkIf true 2; };
  "mapDefinitionValue inside mkMerge" = {
    expr = mapDefinitionValue (x: x + 1) (mkMerge [ 1 (mkDefault 2) ]);
    expected = mkMerge [ 2 (mkDefault 3) ];
  };
  "mapDefinitionValue inside mkBefore" = { expr = mapDefinitionValue (x: x + 1) (mkBefore 1); expected = mkBefore 2; };
  "mapDefinitionValue inside mkDefinition" = {
    expr = mapDefinitionValue (x: x + 1) (lib.mkDefinition { file = "f"; value = mkForce 1; });
    expected = lib.mkDefinition { file = "f"; value = mkForce 2; };
  };
  "mapDefinitionValue leaves other tags to the function" = {
    expr = mapDefinitionValue (x: x._type) { _type = "other"; };
    expected = "other";
  };

  "mkIf has this shape" = { expr = mkIf true 1; expected = { _type = "if"; condition = true; content = 1; }; };
  "mkMerge has this shape" = { expr = mkMerge [ 1 ]; expected = { _type = "merge"; contents = [ 1 ]; }; };
  "mkForce has this shape" = { expr = mkForce 1; expected = { _type = "override"; priority = 50; content = 1; }; };
}
