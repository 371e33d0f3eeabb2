# Modules, types and options as values: deferredModule, optionType,
# optionDeclaration.
{ lib }:

let
  inherit (lib) mkOption types;
  inherit (import ./support/eval.nix { inherit lib; }) accepts configOf declare from optionsOf refuses valueOf;
  nodes = [
    ({ config, ... }: {
      options.default = mkOption { type = types.deferredModule; default = { }; };
      options.nodes = mkOption { type = types.lazyAttrsOf (types.submodule { imports = [ config.default ]; }); default = { }; };
    })
  ];
in
accepts {
  "deferredModule" = [ types.deferredModule { } ({ ... }: { }) ./fixtures/apply.nix "/a/path.nix" ];
  "optionType" = [ types.optionType types.int (types.listOf types.str) ];
  "optionDeclaration" = [ types.optionDeclaration (mkOption { }) ];
}
// refuses {
  "deferredModule" = [ types.deferredModule 1 "relative" [ ] ];
  "optionType" = [ types.optionType { } 1 (mkOption { }) ];
  "optionDeclaration" = [ types.optionDeclaration { } types.int (mkOption { } // { value = 1; }) ];
}
// {
  "a deferred module is merged where it is imported" = {
    expr = (configOf (nodes ++ [
      { default = { options.d = mkOption { type = types.attrsOf types.str; default = { }; }; }; }
      { default.d.a = "alpha"; }
      { nodes.foo.d.b = "beta"; }
    ])).nodes.foo.d;
    expected = { a = "alpha"; b = "beta"; };
  };
  "its errors name file and option" = {
    expr = (configOf (nodes ++ [
      { default = { options.bottom = mkOption { type = types.enum [ ]; }; }; }
      (from "bad.nix" { default.bottom = "bogus"; })
      { nodes.foo = { }; }
    ])).nodes.foo.bottom;
    error = "In `bad.nix, via option default': \"bogus\"";
  };
  "a deferred module that is no module" = {
    expr = (configOf (nodes ++ [ { default = { ... }: 1; } { nodes.foo = { }; } ])).nodes.foo;
    error = ", via option default (:anon-";
  };
  "the value is a module with imports" = { expr = builtins.attrNames (valueOf types.deferredModule [ { a = 1; } ]); expected = [ "imports" ]; };
  "one import per definition" = { expr = builtins.length (valueOf types.deferredModule [ { } { } ]).imports; expected = 2; };
  "static modules come along" = {
    expr = (configOf [ (valueOf (types.deferredModuleWith { staticModules = [ (declare "v" { default = 3; }) ]; }) [ { } ]) ]).v;
    expected = 3;
  };
  "static modules are documented" = {
    expr = builtins.attrNames (builtins.removeAttrs ((types.deferredModuleWith { staticModules = [ (declare "v" { }) ]; }).getSubOptions [ ]) [ "_module" ]);
    expected = [ "v" ];
  };
  "static modules of two declarations add up" = {
    expr = (configOf [
      (configOf [
        (declare "m" { type = types.deferredModuleWith { staticModules = [ (declare "a" { default = 1; }) ]; }; })
        (declare "m" { type = types.deferredModuleWith { staticModules = [ (declare "b" { default = 2; }) ]; }; })
        { m = { }; }
      ]).m
    ]);
    expected = { a = 1; b = 2; };
  };
  "its description" = { expr = types.deferredModule.description; expected = "module"; };

  "one optionType is left as it is" = {
    expr = (valueOf types.optionType [ (types.int // { mark = true; }) ]).mark;
    expected = true;
  };
  "two equal optionTypes" = { expr = (valueOf types.optionType [ types.int types.int ]).description; expected = "signed integer"; };
  "two optionTypes are merged" = {
    expr = (valueOf types.optionType [ (types.enum [ "a" ]) (types.enum [ "b" ]) ]).description;
    expected = "one of \"b\", \"a\"";
  };
  "two optionTypes that do not merge" = {
    expr = (valueOf types.optionType [ types.int types.str ]).description;
    error = "The option `v' in `<unknown-file>' is already declared in `<unknown-file>'.";
  };
  "submodules in optionTypes are merged, with their files" = {
    expr =
      let
        type = (configOf [
          (declare "t" { type = types.optionType; })
          (from "a.nix" { t = types.submodule { options.x = mkOption { }; }; })
          (from "b.nix" { t = types.submodule { options.y = mkOption { }; }; })
        ]).t;
        sub = type.getSubOptions [ ];
      in
      { x = sub.x.declarations; y = sub.y.declarations; };
    expected = { x = [ "a.nix" ]; y = [ "b.nix" ]; };
  };
  "an optionType that declares the same twice" = {
    expr = (configOf [
      ({ config, ... }: { options.t = mkOption { type = types.optionType; }; options.o = mkOption { type = config.t; default = { }; }; })
      (from "a.nix" { t = types.submodule { options.x = mkOption { default = 1; }; }; })
      (from "b.nix" { t = types.submodule { options.x = mkOption { default = 2; }; }; })
    ]).o.x;
    error = "The option `o.x' in `a.nix' is already declared in `b.nix'.";
  };
  "a type can be an option's own type by way of config" = {
    expr = (configOf [
      ({ config, ... }: { options.t = mkOption { type = types.optionType; }; options.o = mkOption { type = config.t; }; })
      { t = types.int; o = 10; }
    ]).o;
    expected = 10;
  };
  "an optionDeclaration can be declared" = {
    expr = (configOf [ { options.v = valueOf types.optionDeclaration [ (mkOption { default = 5; }) ]; } ]).v;
    expected = 5;
  };
}
