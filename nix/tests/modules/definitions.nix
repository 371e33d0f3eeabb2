# Definitions: values, what options tell about them, and their errors.
{ lib }:

let
  inherit (lib) mkDefault mkDefinition mkForce mkIf mkMerge mkOption types;
  inherit (import ./support/eval.nix { inherit lib; }) configOf declare from optionsOf valueFrom;
  opt = fields: modules: (optionsOf ([ (from "decl.nix" (declare "v" fields)) ] ++ modules)).v;
  int = opt { type = types.int; };
  list = opt { type = types.listOf types.int; };
in
{
  "isDefined of nothing" = { expr = (int [ ]).isDefined; expected = false; };
  "isDefined of a definition" = { expr = (int [ { v = 1; } ]).isDefined; expected = true; };
  "isDefined of a default" = { expr = (opt { default = 1; } [ ]).isDefined; expected = true; };
  "isDefined does not force the value" = { expr = (int [ { v = mkForce (throw "forced"); } ]).isDefined; expected = true; };
  "isDefined of mkIf false" = { expr = (int [ { v = mkIf false 1; } ]).isDefined; expected = false; };

  "definitions are what counts" = { expr = (list [ { v = [ 1 ]; } { v = mkForce [ 2 ]; } ]).definitions; expected = [ [ 2 ] ]; };
  "definitions of a default" = { expr = (opt { default = 1; } [ ]).definitions; expected = [ 1 ]; };
  "definitions of nothing" = { expr = (int [ ]).definitions; expected = [ ]; };
  "files are those of what counts" = {
    expr = (list [ (from "a.nix" { v = [ 1 ]; }) (from "b.nix" { v = [ 2 ]; }) (from "c.nix" { v = mkDefault [ 3 ]; }) ]).files;
    expected = [ "b.nix" "a.nix" ];
  };
  "the file of a default is the declaration's" = { expr = (opt { default = 1; } [ ]).files; expected = [ "decl.nix" ]; };
  "definitionsWithLocations has both" = {
    expr = (list [ (from "a.nix" { v = [ 1 ]; }) (from "b.nix" { v = mkMerge [ [ 2 ] (mkIf false [ 3 ]) ]; }) ]).definitionsWithLocations;
    expected = [ { file = "b.nix"; value = [ 2 ]; } { file = "a.nix"; value = [ 1 ]; } ];
  };
  "mkDefinition brings its file" = {
    expr = (list [ { v = mkMerge [ (mkDefinition { file = "far.nix"; value = [ 1 ]; }) ]; } ]).files;
    expected = [ "far.nix" ];
  };
  "mkDefinition may carry a priority" = {
    expr = (int [ { v = mkDefinition { file = "far.nix"; value = mkForce 1; }; } { v = 2; } ]).value;
    expected = 1;
  };
  "mkDefinition in a set of options" = {
    expr = (configOf [
      { options.a = mkOption { type = types.listOf types.int; }; options.b = mkOption { type = types.listOf types.int; }; }
      (from "x.nix" { a = [ 1 ]; })
      ({ options, ... }: { b = mkMerge (map mkDefinition options.a.definitionsWithLocations); })
    ]).b;
    expected = [ 1 ];
  };
  "an error in a mkDefinition names its file" = {
    expr = (int [ { v = mkDefinition { file = "far.nix"; value = "x"; }; } ]).value;
    error = "In `far.nix': \"x\"";
  };
  "a file without a name" = { expr = (int [ { v = 1; } ]).files; expected = [ "<unknown-file>" ]; };
  "a path as _file becomes a string" = {
    expr = builtins.typeOf (builtins.head (int [ { _file = ./definitions.nix; v = 1; } ]).files);
    expected = "string";
  };

  "apply changes the value" = { expr = (opt { apply = x: x + 1; } [ { v = 1; } ]).value; expected = 2; };
  "apply gets the merged value" = {
    expr = (opt { type = types.listOf types.int; apply = builtins.length; } [ { v = [ 1 ]; } { v = [ 2 ]; } ]).value;
    expected = 2;
  };
  "apply gets the default" = { expr = (opt { default = 1; apply = x: x + 1; } [ ]).value; expected = 2; };
  "apply does not change definitions" = { expr = (opt { apply = x: x + 1; } [ { v = 1; } ]).definitions; expected = [ 1 ]; };
  "the default is checked like any value" = {
    expr = (opt { type = types.int; default = "x"; } [ ]).value;
    error = [ "is not of type `signed integer'" "In `decl.nix': \"x\"" ];
  };
  "a default is a value, not a definition: mkMerge is not one" = {
    expr = (opt { type = types.listOf types.int; default = mkMerge [ [ 1 ] [ 2 ] ]; } [ ]).value;
    error = "is not of type `list of signed integer'";
  };
  "the default of an attrsOf may hold conditions" = {
    expr = (opt { type = types.attrsOf types.int; default = { a = mkIf false 1; b = 2; }; } [ ]).value;
    expected = { b = 2; };
  };

  "readOnly may be set once" = { expr = (opt { readOnly = true; } [ { v = 1; } ]).value; expected = 1; };
  "readOnly may have a default" = { expr = (opt { readOnly = true; default = 1; } [ ]).value; expected = 1; };
  "readOnly with a default cannot be set" = {
    expr = (opt { readOnly = true; default = 1; type = types.int; } [ (from "a.nix" { v = 2; }) ]).value;
    error = [
      "The option `v' is read-only, but it's set multiple times. Definition values:"
      "- In `decl.nix': 1"
      "- In `a.nix': 2"
    ];
  };
  "readOnly cannot be set twice, even to the same" = {
    expr = (opt { readOnly = true; type = types.int; } [ { v = 1; } { v = 1; } ]).value;
    error = "is read-only, but it's set multiple times";
  };
  "readOnly counts definitions before priorities" = {
    expr = (opt { readOnly = true; type = types.int; } [ { v = 1; } { v = mkForce 2; } ]).value;
    error = "is read-only, but it's set multiple times";
  };

  "no value" = { expr = (int [ ]).value; error = "The option `v' was accessed but has no value defined. Try setting the option."; };
  "no value in a submodule" = {
    expr = (configOf [ (declare "s" { type = types.attrsOf (types.submodule { options.x = mkOption { type = types.int; }; }); }) { s.a = { }; } ]).s.a.x;
    error = "The option `s.a.x' was accessed but has no value defined.";
  };
  "a value of the wrong type" = {
    expr = valueFrom types.int [ "x" ];
    error = "A definition for option `v' is not of type `signed integer'. Definition values: - In `a.nix': \"x\"";
  };
  "only wrong definitions are shown" = {
    expr = valueFrom types.int [ 1 "x" 3 ];
    error = "Definition values: - In `b.nix': \"x\"";
    without = [ "a.nix" "c.nix" ];
  };
  "all wrong definitions are shown" = {
    expr = valueFrom types.int [ "x" 1 "y" ];
    error = [ "- In `a.nix': \"x\"" "- In `c.nix': \"y\"" ];
  };
  "a wrong element names its place in the list" = {
    expr = valueFrom (types.listOf types.int) [ [ 1 "x" ] ];
    error = "A definition for option `v.\"[definition 1-entry 2]\"' is not of type `signed integer'.";
  };
  "a wrong attribute names its path" = {
    expr = valueFrom (types.attrsOf types.int) [ { a = "x"; } ];
    error = "A definition for option `v.a' is not of type `signed integer'.";
  };
  "conflicting values" = {
    expr = valueFrom types.int [ 1 2 ];
    error = [
      "The option `v' has conflicting definition values:"
      "- In `a.nix': 1"
      "- In `b.nix': 2"
      "Use `lib.mkForce value` or `lib.mkDefault value` to change the priority on any of these definitions."
    ];
  };
  "more than one where one is allowed" = {
    expr = valueFrom types.raw [ 1 1 ];
    error = [ "The option `v' is defined multiple times while it's expected to be unique." "- In `a.nix': 1" "- In `b.nix': 1" ];
  };
  "long values are cut after five lines" = {
    expr = valueFrom types.int [ "a\nb\nc\nd\ne\nf\ng" ];
    error = "'' a b c d ...";
  };
  "values that fail are left out" = {
    expr = valueFrom types.int [ { a = throw "boom"; } ];
    error = "Definition values: - In `a.nix'";
  };

  "files of a module are shown as they were given" = {
    expr = (configOf [ ./fixtures/declare-enable.nix ./fixtures/define-enable-typed.nix ]).enable;
    error = "fixtures/define-enable-typed.nix': \"yes\"";
  };
}
