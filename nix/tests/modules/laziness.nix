# What may not be looked at: everything here that throws must stay untouched.
{ lib }:

let
  inherit (lib) mkDefault mkForce mkIf mkMerge mkOption types;
  inherit (import ./support/eval.nix { inherit lib; }) configOf declare optionsOf valueOf;
  boom = throw "forced";
  v = declare "v" { type = types.int; default = 1; };
in
{
  "an option nobody reads: its type" = { expr = (configOf [ v (declare "w" { type = boom; }) ]).v; expected = 1; };
  "its default" = { expr = (configOf [ v (declare "w" { default = boom; }) ]).v; expected = 1; };
  "its description" = { expr = (configOf [ (declare "v" { default = 1; description = boom; }) ]).v; expected = 1; };
  "its definition" = { expr = (configOf [ v (declare "w" { }) { w = boom; } ]).v; expected = 1; };
  "its condition" = { expr = (configOf [ v (declare "w" { }) { w = mkIf boom 1; } ]).v; expected = 1; };
  "its definitions' merge" = { expr = (configOf [ v (declare "w" { type = types.int; }) { w = 1; } { w = 2; } ]).v; expected = 1; };
  "its wrong value" = { expr = (configOf [ v (declare "w" { type = types.int; }) { w = "x"; } ]).v; expected = 1; };
  "two declarations that conflict" = { expr = (configOf [ v (declare "w" { default = 1; }) (declare "w" { default = 2; }) ]).v; expected = 1; };
  "a sibling set of options" = { expr = (configOf [ v { options.deep.er = boom; } ]).v; expected = 1; };
  "a submodule nobody reads: its modules" = { expr = (configOf [ v (declare "s" { type = types.submodule boom; }) ]).v; expected = 1; };
  "a submodule nobody defines" = { expr = (configOf [ v (declare "s" { type = types.attrsOf (types.submodule [ boom ]); default = { }; }) ]).s; expected = { }; };
  "the other values of lazyAttrsOf submodules" = {
    expr = (configOf [ (declare "s" { type = types.lazyAttrsOf (types.submodule { options.x = mkOption { }; }); }) { s.a.x = 1; s.b = boom; } ]).s.a.x;
    expected = 1;
  };
  "the other options of a submodule" = {
    expr = (configOf [ (declare "s" { type = types.submodule { options.x = mkOption { }; options.y = mkOption { default = boom; }; }; }) { s.x = 1; } ]).s.x;
    expected = 1;
  };
  "the names of the configuration need no values" = {
    expr = builtins.attrNames (configOf [ (declare "a" { default = boom; }) (declare "b" { type = boom; }) ]);
    expected = [ "a" "b" ];
  };
  "the names of options need no values" = {
    expr = builtins.attrNames (optionsOf [ (declare "a" { default = boom; }) ]);
    expected = [ "_module" "a" ];
  };
  "the elements of a list" = { expr = builtins.length (valueOf (types.listOf types.raw) [ [ { a = boom; } ] ]); expected = 1; };
  "the inside of raw" = { expr = (valueOf types.raw [ { a = boom; b = 1; } ]).b; expected = 1; };
  "the inside of attrs" = { expr = (valueOf types.attrs [ { a = boom; b = 1; } ]).b; expected = 1; };
  "the inside of unspecified" = { expr = (valueOf types.unspecified [ { a = boom; b = 1; } ]).b; expected = 1; };
  "a definition that is overridden" = { expr = valueOf types.int [ (mkForce 1) (mkDefault boom) (mkDefault boom) ]; expected = 1; };
  "the content of a false condition" = { expr = valueOf (types.listOf types.int) [ [ 1 ] (mkIf false boom) (mkMerge [ (mkIf false boom) ]) ]; expected = [ 1 ]; };
  "a module argument nobody uses" = { expr = (configOf [ v { _module.args.x = boom; } ({ x, ... }: { v = 2; }) ]).v; expected = 2; };
  "special arguments nobody uses" = { expr = (lib.evalModules { modules = [ v ({ x, ... }: { v = 2; }) ]; specialArgs.x = boom; }).config.v; expected = 2; };
  "apply of an option nobody reads" = { expr = (configOf [ v (declare "w" { default = 1; apply = boom; }) ]).v; expected = 1; };
  "readOnly of an option nobody reads" = { expr = (configOf [ v (declare "w" { readOnly = boom; default = 1; }) ]).v; expected = 1; };
  "the description of a type" = { expr = valueOf (types.int // { description = boom; }) [ 1 ]; expected = 1; };
  "the emptyValue of a type with a value" = { expr = valueOf (types.int // { emptyValue = boom; }) [ 1 ]; expected = 1; };
  "documentation of an option" = { expr = (optionsOf [ (declare "w" { description = "d"; default = boom; }) ]).w.description; expected = "d"; };
  "valueMeta of an option" = { expr = (optionsOf [ (declare "w" { type = types.int; default = boom; }) ]).w.valueMeta; expected = { }; };
  "the second type of either, if the first fits" = { expr = valueOf (types.either types.int (types.int // { check = boom; merge = boom; })) [ 1 ]; expected = 1; };
  "what a function returns, before it is called" = { expr = builtins.isAttrs (valueOf (types.functionTo types.int) [ (x: boom) ]); expected = true; };
  "the graph of imports needs no configuration" = { expr = builtins.length (lib.evalModules { modules = [ { config = boom; } ]; }).graph; expected = 1; };
  "extendModules evaluates nothing by itself" = { expr = builtins.isFunction (lib.evalModules { modules = boom; }).extendModules; expected = true; };
  "a type made of modules evaluates nothing by itself" = { expr = (lib.evalModules { modules = [ { config = boom; } ]; }).type.name; expected = "submodule"; };
  "an option may depend on another's being defined" = {
    expr = (configOf [ v (declare "w" { type = types.int; }) ({ options, ... }: { v = mkIf (!options.w.isDefined) 7; }) ]).v;
    expected = 7;
  };
  "a definition may depend on its own option's priority elsewhere" = {
    expr = (configOf [ v (declare "w" { default = 0; }) ({ options, ... }: { w = options.v.highestPrio; }) ]).w;
    expected = 1500;
  };
  "configuration that depends on itself in parts" = {
    expr = (configOf [ { options.a = mkOption { }; options.b = mkOption { }; options.c = mkOption { default = 1; }; } ({ config, ... }: { a = config.b; b = config.c + 1; }) ]).a;
    expected = 2;
  };
  "a value that needs itself" = { expr = (configOf [ (declare "a" { type = types.int; }) ({ config, ... }: { a = config.a; }) ]).a; error = "infinite recursion encountered"; };
}
