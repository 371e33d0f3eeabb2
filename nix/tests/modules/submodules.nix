# Submodules: submodule, submoduleWith, and their options.
{ lib }:

let
  inherit (lib) mkDefault mkForce mkIf mkMerge mkOption types;
  inherit (types) attrsOf lazyAttrsOf listOf nullOr submodule submoduleWith;
  inherit (import ./support/eval.nix { inherit lib; }) configOf declare from optionsOf valueOf;
  point = { options.x = mkOption { type = types.int; default = 0; }; options.y = mkOption { type = types.int; default = 0; }; };
  confusing = shorthandOnlyDefinesConfig: submoduleWith {
    inherit shorthandOnlyDefinesConfig;
    modules = [ { options.config = mkOption { type = types.bool; default = false; }; } ];
  };
in
{
  "a submodule has its defaults" = { expr = valueOf (submodule point) [ { } ]; expected = { x = 0; y = 0; }; };
  "a submodule is not defined by itself" = { expr = valueOf (submodule { options.x = mkOption { type = types.int; }; }) [ { } ] ? x; expected = true; };
  "definitions merge" = { expr = valueOf (submodule point) [ { x = 1; } { y = 2; } ]; expected = { x = 1; y = 2; }; };
  "a definition may be a function" = { expr = valueOf (submodule point) [ ({ config, ... }: { x = 1; y = config.x + 1; }) ]; expected = { x = 1; y = 2; }; };
  "a definition may be a path" = {
    expr = valueOf (submodule ./fixtures/declare-enable.nix) [ ./fixtures/define-enable.nix ];
    expected = { enable = true; };
  };
  "a function may declare options" = {
    expr = valueOf (submodule { }) [ ({ lib, ... }: { options.z = lib.mkOption { default = 5; }; }) ];
    expected = { z = 5; };
  };
  "a list of modules" = { expr = valueOf (submodule [ point { x = mkDefault 7; } ]) [ { } ]; expected = { x = 7; y = 0; }; };
  "submodules in submodules" = {
    expr = valueOf (submodule { options.p = mkOption { type = submodule point; default = { }; }; }) [ { p.x = 1; } ];
    expected = { p = { x = 1; y = 0; }; };
  };
  "attrsOf submodule" = { expr = valueOf (attrsOf (submodule point)) [ { a.x = 1; } { b = { }; } ]; expected = { a = { x = 1; y = 0; }; b = { x = 0; y = 0; }; }; };
  "listOf submodule" = { expr = valueOf (listOf (submodule point)) [ [ { x = 1; } { } ] ]; expected = [ { x = 1; y = 0; } { x = 0; y = 0; } ]; };
  "nullOr submodule" = { expr = map (v: valueOf (nullOr (submodule point)) [ v ]) [ null { x = 1; } ]; expected = [ null { x = 1; y = 0; } ]; };
  "the empty value of a submodule is its defaults" = {
    expr = (configOf [ (declare "v" { type = lazyAttrsOf (submodule point); }) { v.a = mkIf false { }; } ]).v.a;
    expected = { x = 0; y = 0; };
  };
  "an option of submodule type without definition has the empty value" = { expr = (configOf [ (declare "v" { type = submodule point; }) ]).v; expected = { x = 0; y = 0; }; };
  "not a submodule at all" = { expr = valueOf (submodule point) [ 1 ]; error = "is not of type `submodule'. TypeError: Definition values:"; };
  "definitions of different kinds" = {
    expr = valueOf (submodule point) [ { x = 1; } ({ ... }: { y = 2; }) ];
    expected = { x = 1; y = 2; };
  };

  "shorthand: config is an option when shorthandOnlyDefinesConfig" = {
    expr = (configOf [ (declare "s" { type = confusing true; }) { s.config = true; } ]).s.config;
    expected = true;
  };
  "no shorthand: config is the configuration" = {
    expr = (configOf [ (declare "s" { type = confusing false; }) { s.config.config = true; } ]).s.config;
    expected = true;
  };
  "shorthand and the long form do not agree" = {
    expr = (configOf [ (declare "s" { type = confusing true; }) { s.config.config = true; } ]).s.config;
    error = "is not of type `boolean'";
  };
  "a function is a module even with shorthand" = {
    expr = (configOf [ (declare "s" { type = confusing true; }) { s = { ... }: { config.config = true; }; } ]).s.config;
    expected = true;
  };
  "submodule uses the shorthand" = {
    expr = (configOf [ (declare "s" { type = submodule { options.config = mkOption { default = 1; }; }; }) { s.config = 2; } ]).s.config;
    expected = 2;
  };
  "two declarations with different shorthands" = {
    expr = (configOf [ (declare "s" { type = confusing true; }) (declare "s" { type = submoduleWith { modules = [ ]; shorthandOnlyDefinesConfig = false; }; }) { s = { }; } ]).s;
    error = "A submoduleWith option is declared multiple times with conflicting shorthandOnlyDefinesConfig values";
  };
  "null leaves the shorthand to the other declaration" = {
    expr = (configOf [ (declare "s" { type = confusing true; }) (declare "s" { type = submoduleWith { modules = [ ]; shorthandOnlyDefinesConfig = null; }; }) { s.config = true; } ]).s.config;
    expected = true;
  };

  "specialArgs of submoduleWith" = {
    expr = (configOf [ (declare "s" { type = submoduleWith { specialArgs.n = 5; modules = [ ({ n, ... }: { options.v = mkOption { default = n; }; }) ]; }; }) { s = { }; } ]).s.v;
    expected = 5;
  };
  "specialArgs of two declarations are joined" = {
    expr = (configOf [
      (declare "s" { type = submoduleWith { specialArgs.n = 5; modules = [ ]; }; })
      (declare "s" { type = submoduleWith { specialArgs.m = 6; modules = [ ({ n, m, ... }: { options.v = mkOption { default = n + m; }; }) ]; }; })
      { s = { }; }
    ]).s.v;
    expected = 11;
  };
  "the same specialArgs twice" = {
    expr = (configOf [
      (declare "s" { type = submoduleWith { specialArgs.n = 5; modules = [ ]; }; })
      (declare "s" { type = submoduleWith { specialArgs.n = 5; modules = [ ({ n, ... }: { options.v = mkOption { default = n; }; }) ]; }; })
      { s = { }; }
    ]).s;
    error = "A submoduleWith option is declared multiple times with the same specialArgs \"n\"";
  };
  "a description of submoduleWith" = { expr = (submoduleWith { modules = [ ]; description = "house"; }).description; expected = "house"; };
  "two different descriptions" = {
    expr = (configOf [
      (declare "s" { type = submoduleWith { modules = [ ]; description = "house"; }; })
      (declare "s" { type = submoduleWith { modules = [ ]; description = "tree"; }; })
      { s = 1; }
    ]).s;
    error = "A submoduleWith option is declared multiple times with conflicting descriptions";
  };
  "one description is enough" = {
    expr = (optionsOf [
      (declare "s" { type = submoduleWith { modules = [ ]; description = "house"; }; })
      (declare "s" { type = submoduleWith { modules = [ ]; }; })
    ]).s.type.description;
    expected = "house";
  };

  "the file of a definition is known inside" = {
    expr = (configOf [
      (declare "s" { type = submodule ({ options, ... }: { options.v = mkOption { }; options.files = mkOption { default = options.v.files; }; }); })
      (from "the-file.nix" { s.v = 10; })
    ]).s.files;
    expected = [ "the-file.nix" ];
  };
  "the loc of an option inside" = {
    expr = (configOf [
      (declare "s" { type = attrsOf (submodule ({ options, ... }: { options.v = mkOption { }; options.loc = mkOption { default = options.v.loc; }; })); })
      { s.a = { }; }
    ]).s.a.loc;
    expected = [ "s" "a" "v" ];
  };
  "getSubOptions knows the prefix" = {
    expr = ((attrsOf (submodule point)).getSubOptions [ "top" ]).x.loc;
    expected = [ "top" "<name>" "x" ];
  };
  "getSubOptions of a list" = { expr = ((listOf (submodule point)).getSubOptions [ "top" ]).x.loc; expected = [ "top" "*" "x" ]; };
  "getSubOptions with another placeholder" = {
    expr = ((types.attrsWith { elemType = submodule point; placeholder = "user"; }).getSubOptions [ "top" ]).x.loc;
    expected = [ "top" "<user>" "x" ];
  };
  "getSubOptions through nullOr" = { expr = ((nullOr (submodule point)).getSubOptions [ "p" ]).x.loc; expected = [ "p" "x" ]; };
  "getSubOptions shows a placeholder as name" = {
    expr = ((submodule ({ name, ... }: { options.n = mkOption { default = name; }; })).getSubOptions [ ]).n.default;
    expected = "‹name›";
  };
  "getSubOptions does not check definitions" = {
    expr = ((submodule { imports = [ point ]; nonsense = 1; }).getSubOptions [ ]).x.loc;
    expected = [ "x" ];
  };
  "getSubModules are the modules" = { expr = builtins.length (submodule [ point { } ]).getSubModules; expected = 2; };
  "getSubModules of a type without" = { expr = types.int.getSubModules; expected = null; };
  "getSubModules pass through containers" = { expr = builtins.length (attrsOf (listOf (nullOr (submodule point)))).getSubModules; expected = 1; };
  "substSubModules replaces the modules" = {
    expr = valueOf ((attrsOf (submodule { })).substSubModules [ point ]) [ { a = { }; } ];
    expected = { a = { x = 0; y = 0; }; };
  };
  "substSubModules of a type without" = { expr = types.int.substSubModules [ ]; expected = null; };
  "declarations of a submodule's options name the outer file" = {
    expr = ((optionsOf [ (from "outer.nix" (declare "s" { type = submodule point; })) ]).s.type.getSubOptions [ ]).x.declarations;
    expected = [ "outer.nix" ];
  };

  "valueMeta has the whole evaluation" = {
    expr = (optionsOf [ (declare "s" { type = submodule point; }) { s.x = 4; } ]).s.valueMeta.configuration.options.x.value;
    expected = 4;
  };
  "mkMerge of submodule definitions" = { expr = valueOf (submodule point) [ (mkMerge [ { x = 1; } { y = 2; } ]) ]; expected = { x = 1; y = 2; }; };
  "an option of the parent can be read inside" = {
    expr = (configOf [
      ({ config, ... }: { options.n = mkOption { default = 3; }; options.s = mkOption { type = submodule { options.v = mkOption { default = config.n; }; }; default = { }; }; })
    ]).s.v;
    expected = 3;
  };
  "siblings can read each other" = {
    expr = (configOf [ (declare "s" { type = attrsOf (submodule point); }) ({ config, ... }: { s.a.x = 1; s.b.x = config.s.a.x + 1; }) ]).s.b.x;
    expected = 2;
  };
  "strict attrsOf forces names, not values" = {
    expr = builtins.attrNames (valueOf (attrsOf (submodule point)) [ { a.x = throw "forced"; } ]);
    expected = [ "a" ];
  };
}
