# Module arguments: _module.args, and what goes wrong with them.
{ lib }:

let
  inherit (lib) evalModules mkDefault mkForce mkOption types;
  inherit (import ./support/eval.nix { inherit lib; }) configOf declare from;
  int = declare "v" { type = types.int; };
in
{
  "_module.args reaches modules" = { expr = (configOf [ int { _module.args.n = 5; } ({ n, ... }: { v = n; }) ]).v; expected = 5; };
  "_module.args may depend on the configuration" = {
    expr = (configOf [ int (declare "w" { default = 2; }) ({ config, ... }: { _module.args.n = config.w; }) ({ n, ... }: { v = n; }) ]).v;
    expected = 2;
  };
  "_module.args obeys priorities" = {
    expr = (configOf [ int { _module.args.n = mkDefault 1; } { _module.args.n = 2; } ({ n, ... }: { v = n; }) ]).v;
    expected = 2;
  };
  "_module.args is not merged" = {
    expr = (configOf [ int { _module.args.n = 1; } { _module.args.n = 2; } ({ n, ... }: { v = n; }) ]).v;
    error = "The option `_module.args.n' is defined multiple times while it's expected to be unique.";
  };
  "_module.args is lazy" = {
    expr = (configOf [ int { _module.args.bad = throw "used"; } ({ bad, ... }: { v = 1; }) ]).v;
    expected = 1;
  };
  "a module that takes everything gets no _module.args" = {
    expr = (configOf [ (declare "v" { }) { _module.args.n = 1; } (args: { v = args ? n; }) ]).v;
    expected = false;
  };
  "specialArgs come before _module.args" = {
    expr = (evalModules { modules = [ int { _module.args.n = 1; } ({ n, ... }: { v = n; }) ]; specialArgs.n = 2; }).config.v;
    expected = 2;
  };
  "an argument with a default gets the real one" = {
    expr = (configOf [ int { _module.args.n = 5; } ({ n ? 6, ... }: { v = n; }) ]).v;
    expected = 5;
  };
  "lib, config and options are there" = {
    expr = (configOf [ (declare "v" { }) ({ lib, config, options, ... }: { v = [ (lib ? mkOption) (config ? v) (options ? v) ]; }) ]).v;
    expected = [ true true true ];
  };
  "options tell about definitions" = {
    expr = (configOf [ int (declare "defined" { }) ({ options, ... }: { defined = options.v.isDefined; }) ]).defined;
    expected = false;
  };
  "configuration may depend on which options exist" = {
    expr = (configOf [ int ({ options, ... }: { config = if options ? nope then { nope = 1; } else { v = 1; }; }) ]).v;
    expected = 1;
  };
  "submodules get their name" = {
    expr = (configOf [ (declare "s" { type = types.attrsOf (types.submodule ({ name, ... }: { options.n = mkOption { default = name; }; })); }) { s.a = { }; s."b.c" = { }; } ]).s;
    expected = { a.n = "a"; "b.c".n = "b.c"; };
  };
  "submodules in lists get a made-up name" = {
    expr = (builtins.head (configOf [ (declare "s" { type = types.listOf (types.submodule ({ name, ... }: { options.n = mkOption { default = name; }; })); }) { s = [ { } ]; } ]).s).n;
    expected = "[definition 1-entry 1]";
  };
  "submodules do not inherit arguments" = {
    expr = (configOf [
      { _module.args.n = 5; }
      (declare "s" { type = types.submodule ({ n, ... }: { options.x = mkOption { default = n; }; }); })
      { s = { }; }
    ]).s.x;
    error = [ "while evaluating the module argument `n'" "attribute 'n' missing" ];
  };
  "arguments of a submodule can be set from inside" = {
    expr = (configOf [
      (declare "s" { type = types.submodule [ { _module.args.n = 5; } ({ n, ... }: { options.x = mkOption { default = n; }; }) ]; })
      { s = { }; }
    ]).s.x;
    expected = 5;
  };
  "the name of a submodule can be overridden" = {
    expr = (configOf [
      (declare "s" { type = types.submodule ({ name, ... }: { config._module.args.name = mkForce "other"; options.n = mkOption { default = name; }; }); })
      { s = { }; }
    ]).s.n;
    expected = "other";
  };

  "an argument that nobody provides" = {
    expr = (configOf [ int ({ custom, ... }: { _file = "m.nix"; v = custom; }) ]).v;
    error = [
      "attribute 'custom' missing"
      "while evaluating the module argument `custom' in \":anon-2\":"
      "noting that argument `custom` is not externally provided, so querying `_module.args` instead, requiring `config`"
    ];
  };
  "the file of a module shows in the trace" = {
    expr = (configOf [ int (lib.setDefaultModuleLocation "x" ./fixtures/declare-enable.nix) { v = "wrong"; } ]).v;
    error = "while evaluating the option `v':";
  };
  "_module.args cannot be used for imports" = {
    expr = (configOf [ int { _module.args.m = { v = 1; }; } ({ m, ... }: { imports = [ m ]; }) ]).v;
    error = [ "infinite recursion encountered" "while evaluating the module argument `m' in" ];
  };
  "config cannot be used for imports" = {
    expr = (configOf [ int ({ config, ... }: { imports = if config.v == 1 then [ ] else [ ]; v = 1; }) ]).v;
    error = [ "infinite recursion encountered" "if you get an infinite recursion here, you probably reference `config` in `imports`" ];
  };
  "a definition in a file says so in the trace" = {
    expr = (configOf [ int (from "trace.nix" { v = lib.mkIf (throw "boom") 1; }) ]).v;
    error = [ "boom" "while evaluating definitions from `trace.nix':" "while evaluating the option `v':" ];
  };
}
