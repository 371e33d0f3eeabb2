# evalModules: arguments, result, extending.
{ lib }:

let
  inherit (lib) evalModules mkDefault mkForce mkOption types;
  inherit (import ./support/eval.nix { inherit lib; }) configOf declare from optionsOf;
  int = declare "v" { type = types.int; };
  base = evalModules { modules = [ int { v = mkDefault 1; } ]; };
in
{
  "no modules, no options" = { expr = (evalModules { modules = [ ]; }).config; expected = { }; };
  "the result is a configuration" = { expr = base._type; expected = "configuration"; };
  "the attributes of the result" = {
    expr = builtins.attrNames base;
    expected = [ "_module" "_type" "class" "config" "extendModules" "graph" "options" "type" ];
  };
  "config has no _module" = { expr = base.config; expected = { v = 1; }; };
  "_module stands apart" = {
    expr = builtins.attrNames base._module;
    expected = [ "args" "check" "freeformType" "specialArgs" ];
  };
  "options contain _module" = { expr = base.options ? _module.args; expected = true; };
  "an unknown argument is refused" = { expr = evalModules { modules = [ ]; nope = 1; }; error = "unexpected argument 'nope'"; };

  "a module may be a set" = { expr = configOf [ int { v = 1; } ]; expected = { v = 1; }; };
  "a module may be a function" = { expr = configOf [ int ({ ... }: { v = 1; }) ]; expected = { v = 1; }; };
  "a module may be a function of one name" = { expr = configOf [ int (args: { v = if args ? lib then 1 else 2; }) ]; expected = { v = 1; }; };
  "a module may be a path" = { expr = configOf [ ./fixtures/declare-enable.nix ./fixtures/define-enable.nix ]; expected = { enable = true; }; };
  "a module may be a path as a string" = {
    expr = configOf [ (toString ./fixtures/declare-enable.nix) ];
    expected = { enable = false; };
  };
  "a module may be a callable set" = {
    expr = configOf [ int { __functor = _: { ... }: { v = 3; }; __functionArgs = { }; } ];
    expected = { v = 3; };
  };
  "a set tagged as a module is one" = { expr = configOf [ int { _type = "module"; config.v = 4; } ]; expected = { v = 4; }; };
  "modules may be written in the short form" = { expr = configOf [ { imports = [ int ]; v = 1; } ]; expected = { v = 1; }; };
  "and in the long form" = { expr = configOf [ { imports = [ int ]; config.v = 1; } ]; expected = { v = 1; }; };
  "require is an old name of imports" = { expr = configOf [ { require = [ int ]; v = 1; } ]; expected = { v = 1; }; };
  "meta in the short form is a definition" = {
    expr = configOf [ (declare "meta" { type = types.str; }) { meta = "m"; } ];
    expected = { meta = "m"; };
  };
  "meta beside config is a definition too" = {
    expr = configOf [ (declare "meta" { type = types.str; }) int { meta = "m"; config.v = 1; } ];
    expected = { meta = "m"; v = 1; };
  };
  "meta in the short form is defined once" = {
    expr = configOf [ (declare "meta" { type = types.listOf types.str; }) { meta = [ "m" ]; } ];
    expected = { meta = [ "m" ]; };
  };

  "config and a stray attribute" = {
    expr = configOf [ { config = { }; foo = 1; bar = 2; } ];
    error = [
      "Module `:anon-1' has an unsupported attribute `bar'."
      "This is caused by introducing a top-level `config' or `options' attribute. Add configuration attributes immediately on the top level instead, or move all of them (namely: bar foo) into the explicit `config' attribute."
    ];
  };
  "options and a stray attribute" = {
    expr = configOf [ { options = { }; foo = 1; } ];
    error = "Module `:anon-1' has an unsupported attribute `foo'";
  };
  "something that is no module" = {
    expr = configOf [ ({ ... }: "nope") ];
    error = "does not look like a module";
  };
  "a file that is no module is named" = {
    expr = configOf [ ./fixtures/not-a-module.nix ];
    error = "fixtures/not-a-module.nix) does not look like a module";
  };
  "a flake where a module should be" = {
    expr = configOf [ (from "f.nix" { imports = [ { _type = "flake"; } ]; }) ];
    error = [
      "Expected a module, but found a value of type \"flake\""
      "while trying to load a module into f.nix"
      "Perhaps you forgot to select an attribute name?"
    ];
  };
  "a configuration where a module should be" = {
    expr = configOf [ base ];
    error = [
      "Expected a module, but found a value of type \"configuration\""
      "please only import the modules that make up the configuration"
    ];
  };
  "nested lists of imports" = {
    expr = configOf [ (from "f.nix" { imports = [ [ ] ]; }) ];
    error = [ "Module imports can't be nested lists. Perhaps you meant to remove one level of lists? Definitions:" "f.nix" ];
  };

  "prefix stands before option paths" = {
    expr = (evalModules { modules = [ int ]; prefix = [ "a" "b" ]; }).options.v.loc;
    expected = [ "a" "b" "v" ];
  };
  "prefix shows in messages" = {
    expr = (evalModules { modules = [ int ]; prefix = [ "a" ]; }).config.v;
    error = "The option `a.v' was accessed but has no value defined";
  };
  "modules are told the prefix" = {
    expr = (evalModules { modules = [ (declare "v" { }) ({ _prefix, ... }: { v = _prefix; }) ]; prefix = [ "a" ]; }).config.v;
    expected = [ "a" ];
  };

  "specialArgs reach modules" = {
    expr = (evalModules { modules = [ int ({ n, ... }: { v = n; }) ]; specialArgs.n = 5; }).config.v;
    expected = 5;
  };
  "specialArgs can be used in imports" = {
    expr = (evalModules { modules = [ ({ m, ... }: { imports = [ m ]; v = 1; }) ]; specialArgs.m = int; }).config.v;
    expected = 1;
  };
  "specialArgs are an argument themselves" = {
    expr = (evalModules { modules = [ int ({ specialArgs, ... }: { v = specialArgs.n; }) ]; specialArgs.n = 5; }).config.v;
    expected = 5;
  };
  "specialArgs may replace lib" = {
    expr = (evalModules { modules = [ (declare "v" { }) ({ lib, ... }: { v = lib; }) ]; specialArgs.lib = "mine"; }).config.v;
    expected = "mine";
  };
  "_module.specialArgs can be read" = {
    expr = (evalModules { modules = [ ]; specialArgs.n = 5; })._module.specialArgs.n;
    expected = 5;
  };
  "_module.specialArgs cannot be set" = {
    expr = configOf [ { _module.specialArgs.n = 1; } (declare "v" { default = 1; }) ({ config, ... }: { v = config._module.specialArgs.n; }) ];
    error = "The option `_module.specialArgs' is read-only, but it's set multiple times";
  };

  "the args argument works and warns" = {
    expr = (evalModules { modules = [ int ({ n, ... }: { v = n; }) ]; args.n = 5; }).config.v;
    expected = 5;
    trace = "The args argument to evalModules is deprecated. Please set config._module.args instead.";
  };
  "the check argument works and warns" = {
    expr = (evalModules { modules = [ int { v = 1; nope = 2; } ]; check = false; }).config.v;
    expected = 1;
    trace = "The check argument to evalModules is deprecated. Please set config._module.check instead.";
  };
  "_module.check = false lets unknown definitions pass" = {
    expr = configOf [ int { v = 1; nope = 2; _module.check = false; } ];
    expected = { v = 1; };
  };
  "the args argument survives extendModules" = {
    expr = ((evalModules { modules = [ int ({ n, ... }: { v = n; }) ]; args.n = 5; }).extendModules { }).config.v;
    expected = 5;
    trace = "deprecated";
  };
  "fixMergeModules does not check" = {
    expr = (lib.fixMergeModules [ int { v = 1; nope = 1; } ] { }).config.v;
    expected = 1;
    trace = "deprecated";
  };

  "extendModules adds modules" = { expr = (base.extendModules { modules = [ { v = 2; } ]; }).config.v; expected = 2; };
  "extendModules leaves the original alone" = {
    expr = builtins.seq (base.extendModules { modules = [ { v = 2; } ]; }).config.v base.config.v;
    expected = 1;
  };
  "extendModules can be repeated" = {
    expr = ((base.extendModules { modules = [ { v = 2; } ]; }).extendModules { modules = [ { v = mkForce 3; } ]; }).config.v;
    expected = 3;
  };
  "extendModules adds specialArgs" = {
    expr = ((evalModules { modules = [ int ]; specialArgs = { a = 1; b = 1; }; }).extendModules {
      specialArgs.b = 2;
      modules = [ ({ a, b, ... }: { v = a * 10 + b; }) ];
    }).config.v;
    expected = 12;
  };
  "extendModules changes the prefix" = { expr = (base.extendModules { prefix = [ "p" ]; }).options.v.loc; expected = [ "p" "v" ]; };
  "extendModules keeps the prefix" = {
    expr = ((evalModules { modules = [ int ]; prefix = [ "p" ]; }).extendModules { }).options.v.loc;
    expected = [ "p" "v" ];
  };
  "extendModules keeps the class" = {
    expr = ((evalModules { modules = [ ]; class = "c"; }).extendModules { }).class;
    expected = "c";
  };
  "modules get extendModules as an argument" = {
    expr = (configOf [
      int
      { v = mkDefault 1; }
      ({ extendModules, ... }: { options.other = mkOption { default = (extendModules { modules = [ { v = 9; } ]; }).config.v; }; })
    ]).other;
    expected = 9;
  };
  "an anonymous submodule survives extendModules" = {
    expr = (configOf [
      (declare "sub" {
        default = { };
        type = types.submodule (
          { config, extendModules, ... }:
          {
            options.value = mkOption { type = types.int; };
            options.variant = mkOption {
              inherit (extendModules { modules = [ { variant = mkForce { }; value = mkForce 1; } ]; }) type;
              default = { };
            };
          }
        );
      })
      { sub.value = 7; }
    ]).sub.variant.value;
    expected = 1;
  };

  "type makes a submodule of the modules" = {
    expr = (configOf [ (declare "sub" { inherit (base) type; default = { }; }) ]).sub;
    expected = { v = 1; };
  };
  "definitions join the modules of type" = {
    expr = (configOf [ (declare "sub" { inherit (base) type; }) { sub.v = 2; } ]).sub.v;
    expected = 2;
  };
  "the description of type" = { expr = base.type.description; expected = "submodule"; };
  "modules get their own type as an argument" = {
    expr = (configOf [
      int
      { v = mkDefault 1; }
      ({ moduleType, ... }: { options.sub = mkOption { type = types.attrsOf moduleType; default = { }; }; })
      { sub.x.v = 2; }
    ]).sub.x.v;
    expected = 2;
  };

  "graph tells what imports what" = {
    expr =
      let
        show = node: { inherit (node) key disabled; imports = map show node.imports; };
      in
      map show (evalModules {
        modules = [
          { key = "a"; imports = [ { key = "b"; } { key = "c"; imports = [ { } ]; } ]; }
          { key = "d"; disabledModules = [ { key = "c"; } ]; }
        ];
      }).graph;
    expected = [
      {
        key = "a";
        disabled = false;
        imports = [
          { key = "b"; disabled = false; imports = [ ]; }
          { key = "c"; disabled = true; imports = [ { key = "c:anon-1"; disabled = false; imports = [ ]; } ]; }
        ];
      }
      { key = "d"; disabled = false; imports = [ ]; }
    ];
  };
  "graph tells files" = {
    expr = (builtins.head (evalModules { modules = [ (from "f.nix" { }) ]; }).graph).file;
    expected = "f.nix";
  };

  "an option without a value can be left alone" = {
    expr = (configOf [ int (declare "w" { default = 1; }) ]).w;
    expected = 1;
  };
  "old functions are still there, and warn" = {
    expr = builtins.length (lib.modules.pushDownProperties (lib.mkMerge [ { } { } ]));
    expected = 2;
    trace = "External use of `lib.modules.pushDownProperties` is deprecated";
  };
}
