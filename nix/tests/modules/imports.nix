# imports, keys, disabledModules, classes.
{ lib }:

let
  inherit (lib) evalModules mkOption types;
  inherit (import ./support/eval.nix { inherit lib; }) configOf declare from;
  list = declare "v" { type = types.listOf types.str; default = [ ]; };
  named = key: { inherit key; v = [ key ]; };
  declareEnable = ./fixtures/declare-enable.nix;
  defineEnable = ./fixtures/define-enable.nix;
  within = modules: evalModules { inherit modules; specialArgs.modulesPath = ./fixtures; };
  classed = class: modules: (evalModules { inherit class modules; }).config;
in
{
  "imports of paths" = { expr = configOf [ ./fixtures/import-enable.nix ]; expected = { enable = true; }; };
  "imports of sets, functions and paths together" = {
    expr = configOf [ { imports = [ list declareEnable ({ ... }: { v = [ "f" ]; }) { v = [ "s" ]; } ]; } ];
    expected = { enable = false; v = [ "s" "f" ]; };
  };
  "imports of imports" = {
    expr = (configOf [ list { imports = [ { imports = [ { imports = [ { v = [ "deep" ]; } ]; } ]; } ]; } ]).v;
    expected = [ "deep" ];
  };
  "a path imported twice counts once" = {
    expr = (configOf [ declareEnable declareEnable defineEnable defineEnable ]).enable;
    expected = true;
  };
  "a key seen twice counts once" = { expr = (configOf [ list (named "a") (named "a") ]).v; expected = [ "a" ]; };
  "a key seen twice at different depths counts once" = {
    expr = (configOf [ list { imports = [ (named "a") ]; } (named "a") ]).v;
    expected = [ "a" ];
  };
  "the first with a key wins" = {
    expr = (configOf [ list { key = "k"; v = [ "first" ]; } { key = "k"; v = [ "second" ]; } ]).v;
    expected = [ "first" ];
  };
  "modules without a key are all different" = {
    expr = (configOf [ list { v = [ "x" ]; } { v = [ "x" ]; } ]).v;
    expected = [ "x" "x" ];
  };
  "_file is not a key" = {
    expr = (configOf [ list (from "f.nix" { v = [ "x" ]; }) (from "f.nix" { v = [ "x" ]; }) ]).v;
    expected = [ "x" "x" ];
  };
  "a key may be anything that becomes a string" = {
    expr = (configOf [ list { key = 12; v = [ "x" ]; } { key = "12"; v = [ "y" ]; } ]).v;
    expected = [ "x" ];
  };
  "a file that imports itself counts once" = {
    expr = configOf [ ./fixtures/imports-itself.nix ];
    expected = { times = [ "once" ]; };
  };
  "two files that import each other count once each" = {
    expr = configOf [ ./fixtures/imports-other.nix ];
    expected = { ping = true; pong = true; };
  };
  "a store path can be imported" = {
    expr = configOf [ (builtins.toPath declareEnable) ];
    expected = { enable = false; };
  };

  "disabledModules by path" = {
    expr = (configOf [ declareEnable defineEnable { disabledModules = [ defineEnable ]; } ]).enable;
    expected = false;
  };
  "disabledModules by a string under modulesPath" = {
    expr = (within [ declareEnable defineEnable { disabledModules = [ "define-enable.nix" ]; } ]).config.enable;
    expected = false;
  };
  "disabledModules by an absolute string" = {
    expr = (configOf [ declareEnable defineEnable { disabledModules = [ (toString defineEnable) ]; } ]).enable;
    expected = false;
  };
  "disabledModules by a set with a key" = {
    expr = (configOf [ list (named "a") (named "b") { disabledModules = [ { key = "a"; } ]; } ]).v;
    expected = [ "b" ];
  };
  "disabledModules by a number that is a key" = {
    expr = (configOf [ list { key = 123; v = [ "x" ]; } { disabledModules = [ 123 ]; } ]).v;
    expected = [ ];
  };
  "disabledModules reaches imports of imports" = {
    expr = (configOf [ list { imports = [ { imports = [ (named "a") ]; } ]; } { disabledModules = [ { key = "a"; } ]; } ]).v;
    expected = [ ];
  };
  "disabling a module disables what only it imports" = {
    expr = (configOf [ list { key = "a"; imports = [ (named "b") ]; } { disabledModules = [ { key = "a"; } ]; } ]).v;
    expected = [ ];
  };
  "what another module imports too stays" = {
    expr = (configOf [ list { key = "a"; imports = [ (named "b") ]; } { imports = [ (named "b") ]; disabledModules = [ { key = "a"; } ]; } ]).v;
    expected = [ "b" ];
  };
  "a disabled module can still disable others" = {
    expr = (configOf [
      list
      (named "a")
      { key = "off"; disabledModules = [ { key = "a"; } ]; v = [ "off" ]; }
      { disabledModules = [ { key = "off"; } ]; }
    ]).v;
    expected = [ ];
  };
  "disabling the declaration makes the definition an error" = {
    expr = (configOf [ declareEnable defineEnable { disabledModules = [ declareEnable ]; } ]).enable;
    error = "The option `enable' does not exist. Definition values:";
  };
  "disabling what is not there does nothing" = {
    expr = (configOf [ declareEnable { disabledModules = [ "nowhere.nix" { key = "nobody"; } ]; } ]).enable;
    expected = false;
  };
  "disabledModules in a submodule" = {
    expr = (configOf [
      (declare "sub" {
        default = { };
        type = types.submodule { imports = [ list (named "a") ]; disabledModules = [ { key = "a"; } ]; };
      })
    ]).sub.v;
    expected = [ ];
  };
  "disabledModules with a set that has no key" = {
    expr = configOf [ (from "bad.nix" { disabledModules = [ { config = { }; } ]; }) ];
    error = "Module `bad.nix` contains a disabledModules item that is an attribute set, presumably a module, that does not have a `key` attribute.";
  };
  "disabledModules with a key and another string" = {
    expr = configOf [ (from "bad.nix" { disabledModules = [ { key = "a"; outPath = "/b"; } ]; }) ];
    error = "This makes it ambiguous which module should be disabled";
  };
  "disabledModules with a function" = {
    expr = configOf [ { disabledModules = [ (x: x) ]; } ];
    error = "Each disabledModules item must be a path, string, or a attribute set with a key attribute";
  };

  "a module of the same class" = { expr = classed "c" [ { _class = "c"; } ]; expected = { }; };
  "a module without a class fits everywhere" = { expr = classed "c" [ { } ]; expected = { }; };
  "an evaluation without a class takes all" = { expr = classed null [ { _class = "c"; } { _class = "d"; } ]; expected = { }; };
  "the class is in the result" = { expr = (evalModules { modules = [ ]; class = "c"; }).class; expected = "c"; };
  "modules are told the class" = {
    expr = (evalModules { class = "c"; modules = [ (declare "v" { }) ({ _class, ... }: { v = _class; }) ]; }).config.v;
    expected = "c";
  };
  "a module of another class" = {
    expr = classed "nixos" [ (from "foo.nix" { _class = "darwin"; }) ];
    error = [
      "The module `foo.nix` (class: \"darwin\") cannot be imported into a module evaluation that expects class \"nixos\"."
      "Ensure that you are importing the correct module."
    ];
  };
  "an imported module of another class" = {
    expr = classed "nixos" [ { imports = [ (from "foo.nix" { _class = "darwin"; }) ]; } ];
    error = "(class: \"darwin\") cannot be imported into a module evaluation that expects class \"nixos\"";
  };
  "submodules have a class too" = {
    expr = (configOf [
      (declare "sub" { type = types.submoduleWith { class = "nixos"; modules = [ ]; }; })
      { sub = { _file = "foo.nix"; _class = "darwin"; }; }
    ]).sub;
    error = "expects class \"nixos\"";
  };
  "submodules of the right class" = {
    expr = (configOf [
      (declare "sub" { type = types.submoduleWith { class = "nixos"; modules = [ ]; }; })
      { sub = { _class = "nixos"; }; }
    ]).sub;
    expected = { };
  };
  "two declarations of a submodule with different classes" = {
    expr = (configOf [
      (declare "sub" { type = types.submoduleWith { class = "nixos"; modules = [ ]; }; })
      (declare "sub" { type = types.submoduleWith { class = "darwin"; modules = [ ]; }; })
      { sub = { }; }
    ]).sub;
    error = "A submoduleWith option is declared multiple times with conflicting class values \"darwin\" and \"nixos\".";
  };

  "importApply passes an argument and keeps the file" = {
    expr =
      let
        e = evalModules { modules = [ (lib.modules.importApply ./fixtures/apply.nix "hello") ]; };
      in
      {
        inherit (e.config) word;
        declaredIn = map baseNameOf e.options.word.declarations;
      };
    expected = { word = "hello"; declaredIn = [ "apply.nix" ]; };
  };
  "importJSON" = {
    expr = configOf [ (declare "v" { type = types.int; }) (lib.modules.importJSON ./fixtures/value.json) ];
    expected = { v = 42; };
  };
  "importTOML" = {
    expr = configOf [ (declare "v" { type = types.int; }) (lib.modules.importTOML ./fixtures/value.toml) ];
    expected = { v = 42; };
  };
  "importJSON names its file in errors" = {
    expr = configOf [ (declare "v" { type = types.str; }) (lib.modules.importJSON ./fixtures/value.json) ];
    error = [ "is not of type `string'" "fixtures/value.json': 42" ];
  };
  "setDefaultModuleLocation names the file" = {
    expr = configOf [ (declare "v" { type = types.str; }) (lib.setDefaultModuleLocation "here.nix" { v = 1; }) ];
    error = "In `here.nix': 1";
  };
  "setDefaultModuleLocation gives way to _file" = {
    expr = configOf [ (declare "v" { type = types.str; }) (lib.setDefaultModuleLocation "here.nix" (from "there.nix" { v = 1; })) ];
    error = "In `there.nix': 1";
  };
}
