# Freeform types: a place for definitions without an option.
{ lib }:

let
  inherit (lib) mkDefault mkForce mkIf mkMerge mkOption types;
  inherit (import ./support/eval.nix { inherit lib; }) configOf declare optionsOf;
  free = type: { freeformType = type; };
  strs = free (types.attrsOf types.str);
in
{
  "definitions without an option are kept" = { expr = configOf [ strs { v = "x"; } ]; expected = { v = "x"; }; };
  "none is fine too" = { expr = configOf [ strs ]; expected = { }; };
  "_module.freeformType is the long way" = {
    expr = configOf [ { config._module.freeformType = types.attrsOf types.str; } { v = "x"; } ];
    expected = { v = "x"; };
  };
  "freeformType beside options and config" = {
    expr = configOf [ { freeformType = types.attrsOf types.int; options.w = mkOption { default = 1; }; config.v = 2; } ];
    expected = { v = 2; w = 1; };
  };
  "the type is checked" = {
    expr = (configOf [ strs { v = 1; } ]).v;
    error = "A definition for option `v' is not of type `string'.";
  };
  "properties are applied" = {
    expr = (configOf [ strs { v = mkMerge [ (mkIf false "no") (mkDefault "weak") ]; } { v = "yes"; } ]).v;
    expected = "yes";
  };
  "mkForce works" = { expr = (configOf [ strs { v = mkForce "a"; } { v = "b"; } ]).v; expected = "a"; };
  "declared options may have another type" = {
    expr = configOf [ strs (declare "on" { type = types.bool; default = false; }) { v = "x"; } ];
    expected = { on = false; v = "x"; };
  };
  "declared options stay checked" = {
    expr = (configOf [ strs (declare "on" { type = types.bool; }) { on = "x"; } ]).on;
    error = "is not of type `boolean'";
  };
  "nested: an option and a free value side by side" = {
    expr = configOf [ (free (types.attrsOf (types.attrsOf types.str))) { options.nest.foo = mkOption { type = types.bool; default = false; }; } { nest.bar = "x"; } ];
    expected = { nest = { foo = false; bar = "x"; }; };
  };
  "an option may depend on a free value" = {
    expr = (configOf [ strs (declare "foo" { default = null; }) ({ config, ... }: { foo = mkIf (config ? v) config.v; }) { v = "x"; } ]).foo;
    expected = "x";
  };
  "an option may depend on there being none" = {
    expr = (configOf [ strs (declare "foo" { default = null; }) ({ config, ... }: { foo = mkIf (config ? v) config.v; }) ]).foo;
    expected = null;
  };
  "a free value may depend on an option, if the type is lazy" = {
    expr = (configOf [ (free (types.lazyAttrsOf types.str)) (declare "foo" { type = types.str; default = "y"; }) ({ config, ... }: { v = mkIf (config.foo == "y") "x"; }) ]).v;
    expected = "x";
  };
  "with a strict type it is a loop" = {
    expr = (configOf [ strs (declare "foo" { type = types.str; }) ({ config, ... }: { foo = config.v; v = mkIf (config.foo == "y") "x"; }) ]).foo;
    error = "infinite recursion encountered";
  };
  "a lazy free value that is missing" = {
    expr = (configOf [ (free (types.lazyAttrsOf types.str)) { v = mkIf false "x"; } ]).v;
    error = "The option `v' was accessed but has no value defined.";
  };
  "freeform of anything merges at depth" = {
    expr = configOf [ (free (types.attrsOf types.anything)) { a.b = 1; } { a.c = 2; } ];
    expected = { a = { b = 1; c = 2; }; };
  };
  "freeform of submodules" = {
    expr = configOf [ (free (types.attrsOf (types.submodule { options.x = mkOption { default = 1; }; }))) { a = { }; b.x = 2; } ];
    expected = { a.x = 1; b.x = 2; };
  };
  "two freeform types are merged" = {
    expr = configOf [
      (free (types.attrsOf (types.submodule { options.x = mkOption { default = 1; }; })))
      (free (types.attrsOf (types.submodule { options.y = mkOption { default = 2; }; })))
      { a = { }; }
    ];
    expected = { a = { x = 1; y = 2; }; };
  };
  "two freeform types that do not merge" = {
    expr = configOf [ (free (types.attrsOf types.int)) (free (types.attrsOf types.str)) { a = 1; } ];
    error = "The option `_module.freeformType' in `<unknown-file>' is already declared in `<unknown-file>'.";
  };
  "a single freeform type is used as it is" = {
    expr = configOf [ (free (types.attrsOf types.int // { merge = _: defs: { all = map (d: d.value) defs; }; })) { a = 1; } ];
    expected = { all = [ { a = 1; } ]; };
  };
  "a submodule with a freeform type" = {
    expr = (configOf [ (declare "s" { type = types.submodule { freeformType = types.attrsOf types.int; options.x = mkOption { default = 1; }; }; }) { s.y = 2; } ]).s;
    expected = { x = 1; y = 2; };
  };
  "the freeform type of a submodule is documented" = {
    expr = (types.submodule { freeformType = types.attrsOf types.int; }).nestedTypes.freeformType.description;
    expected = "attribute set of signed integer";
  };
  "sub-options of a freeform type are found" = {
    expr =
      let
        type = types.submodule { freeformType = types.attrsOf (types.submodule { _file = "here.nix"; options.foo = mkOption { }; }); };
      in
      (type.getSubOptions [ ])._freeformOptions.foo.declarations;
    expected = [ "here.nix" ];
  };
  "definitions that are taken by options do not reach the freeform type" = {
    expr = configOf [ (free (types.attrsOf (throw "element type asked"))) (declare "v" { }) { v = 1; } ];
    expected = { v = 1; };
  };
  "free values are shown in options as nothing" = { expr = builtins.attrNames (optionsOf [ strs { v = "x"; } ]); expected = [ "_module" ]; };
  "a free value may have any name" = { expr = (configOf [ strs { "a b" = "x"; } ])."a b"; expected = "x"; };
  "class may be a free value" = { expr = (configOf [ strs { class = "x"; } ]).class; expected = "x"; };
}
