# Declarations: several of one option, and what cannot be together.
{ lib }:

let
  inherit (lib) mkOption types;
  inherit (import ./support/eval.nix { inherit lib; }) configOf declare from optionsOf;
  two = a: b: (configOf [ (from "a.nix" (declare "v" a)) (from "b.nix" (declare "v" b)) { v = 1; } ]).v;
  already = "The option `v' in `a.nix' is already declared in `b.nix'.";
  opts = (optionsOf [ ./fixtures/positions.nix ]);
  line = opt: (builtins.head opt.declarationPositions).line;
in
{
  "an option without a type takes anything" = { expr = (configOf [ (declare "v" { }) { v = { a = 1; }; } ]).v; expected = { a = 1; }; };
  "an option without a type merges by what it gets" = {
    expr = (configOf [ (declare "v" { }) { v = [ 1 ]; } { v = [ 2 ]; } ]).v;
    expected = [ 2 1 ];
  };
  "declared twice with the same type" = { expr = two { type = types.int; } { type = types.int; }; expected = 1; };
  "declared twice, the type once" = { expr = two { } { type = types.int; }; expected = 1; };
  "declared twice, the default once" = { expr = two { type = types.int; default = 3; } { type = types.int; }; expected = 1; };
  "declared twice, each with something of its own" = {
    expr =
      let
        opt = (optionsOf [
          (declare "v" { type = types.int; description = "d"; })
          (declare "v" { default = 1; example = 2; })
        ]).v;
      in
      { inherit (opt) description default example value; };
    expected = { description = "d"; default = 1; example = 2; value = 1; };
  };
  "two types that do not merge" = { expr = two { type = types.int; } { type = types.str; }; error = already; };
  "two defaults" = { expr = two { default = 1; } { default = 1; }; error = already; };
  "two descriptions" = { expr = two { description = "a"; } { description = "a"; }; error = already; };
  "two examples" = { expr = two { example = 1; } { example = 1; }; error = already; };
  "two apply functions" = { expr = two { apply = x: x; } { apply = x: x; }; error = already; };
  "three declarations name the earlier two" = {
    expr = (configOf (map (f: from f (declare "v" (if f == "a.nix" then { default = 1; } else if f == "b.nix" then { } else { default = 2; }))) [ "a.nix" "b.nix" "c.nix" ])).v;
    error = "The option `v' in `a.nix' is already declared in `c.nix' and `b.nix'.";
  };
  "declarations are all listed" = {
    expr = (optionsOf [ (from "a.nix" (declare "v" { })) (from "b.nix" (declare "v" { })) ]).v.declarations;
    expected = [ "b.nix" "a.nix" ];
  };
  "internal of one declaration counts" = {
    expr = (optionsOf [ (declare "v" { internal = true; }) (declare "v" { }) ]).v.internal;
    expected = true;
  };

  "a submodule declared twice has both sets of options" = {
    expr = (configOf [
      (declare "s" { type = types.submodule { options.a = mkOption { default = 1; }; }; default = { }; })
      (declare "s" { type = types.submodule { options.b = mkOption { default = 2; }; }; })
    ]).s;
    expected = { a = 1; b = 2; };
  };
  "a set of options below a submodule option joins it" = {
    expr = (configOf [
      (declare "s" { type = types.submodule { options.a = mkOption { default = 1; }; }; default = { }; })
      { options.s.b = mkOption { default = 2; }; }
    ]).s;
    expected = { a = 1; b = 2; };
  };
  "and can be defined" = {
    expr = (configOf [
      (declare "s" { type = types.submodule { options.a = mkOption { default = 1; }; }; default = { }; })
      { options.s.b.c = mkOption { default = 2; }; }
      { s.b.c = 3; s.a = 4; }
    ]).s;
    expected = { a = 4; b.c = 3; };
  };
  "several sets of options join one submodule" = {
    expr = (configOf [
      (declare "s" { type = types.submodule { }; default = { }; })
      { options.s.x = mkOption { default = 1; }; }
      { options.s.y = mkOption { default = 2; }; }
    ]).s;
    expected = { x = 1; y = 2; };
  };
  "the same option in both is a conflict" = {
    expr = (configOf [
      (from "a.nix" (declare "s" { type = types.submodule { _file = "in.nix"; options.a = mkOption { default = 1; }; }; default = { }; }))
      (from "b.nix" { options.s.a = mkOption { default = 2; }; })
    ]).s.a;
    error = "The option `s.a' in `in.nix' is already declared in `b.nix'";
  };
  "an option below an option of another type" = {
    expr = (configOf [
      (from "set.nix" (declare "set" { type = types.attrsOf types.int; }))
      (from "enable.nix" { options.set.enable = mkOption { }; })
    ]).set;
    error = [
      "The option `set' in module `set.nix' would be a parent of the following options, but its type `attribute set of signed integer' does not support nested options."
      "- option(s) with prefix `set.enable' in module `enable.nix'"
    ];
  };
  "an option below an option without a type" = {
    expr = (configOf [ (declare "group" { }) { options.group.enable = mkOption { }; } ]).group.enable;
    error = "would be a parent of the following options, but its type `<no description>' does not support nested options.";
  };
  "all the prefixes are listed, sorted" = {
    expr = (configOf [
      (declare "g" { })
      (from "z.nix" { options.g.b = mkOption { }; })
      (from "y.nix" { options.g.a = mkOption { }; })
    ]).g;
    error = "- option(s) with prefix `g.a' in module `y.nix' - option(s) with prefix `g.b' in module `z.nix'";
  };

  "a bare type where an option should be" = {
    expr = (configOf [ (from "t.nix" { options.result = types.int; }) ]).result;
    error = [
      "In module t.nix: expected an option declaration at option path `result` but got an attribute set with type option-type"
      "When declaring an option, you must wrap the type in a `mkOption` call. It should look somewhat like:"
      "result = lib.mkOption {"
    ];
  };
  "a bare type at depth" = {
    expr = (configOf [ (from "t.nix" { options.a.here = types.int; }) ]).a.here;
    error = [ "expected an option declaration at option path `a.here` but got an attribute set with type option-type" "# a.here" ];
  };
  "another tagged set where an option should be" = {
    expr = (configOf [ (from "t.nix" { options.result = lib.evalModules { modules = [ ]; }; }) ]).result;
    error = "expected an option declaration at option path `result` but got an attribute set with type configuration";
  };
  "something that is no set where options should be" = {
    expr = configOf [ { options = 1; } ];
    error = [ "An option declaration for `' has type" "`int' rather than an attribute set." "Did you mean to define this outside of `options'?" ];
  };
  "something that is no set below options" = {
    expr = (configOf [ { options.a = 1; } ]).a;
    error = "An option declaration for `a' has type `int' rather than an attribute set.";
  };

  "a definition that is no set where there are options" = {
    expr = (configOf [ { options.a.b = mkOption { default = 1; }; } (from "d.nix" { a = true; }) ]).a.b;
    error = [
      "In module `d.nix', you're trying to define a value of type `bool'"
      "rather than an attribute set for the option `a'!"
    ];
  };
  "a submodule definition whose config is no set" = {
    expr = (configOf [
      (declare "s" { type = types.submoduleWith { modules = [ { options.config = mkOption { default = 1; }; } ]; }; })
      (from "d.nix" { s.config = true; })
    ]).s.config;
    error = "In module `d.nix', you're trying to define a value of type `bool'";
  };

  "the line of an option" = { expr = line opts.line4; expected = 4; };
  "the line of a nested option" = { expr = line opts.nested.line5; expected = 5; };
  "the line of an option in a submodule" = {
    expr = line (opts.sub.type.getSubOptions [ ]).line8;
    expected = 8;
  };
  "the file of an option" = {
    expr = baseNameOf (builtins.head opts.line4.declarationPositions).file;
    expected = "positions.nix";
  };
  "a generated option has a file and no line" = {
    expr = builtins.head (optionsOf [ (from "g.nix" { options = builtins.zipAttrsWith (_: _: mkOption { }) [ { v = 1; } ]; }) ]).v.declarationPositions;
    expected = { file = "g.nix"; line = null; column = null; };
  };
  "loc is the path" = { expr = (optionsOf [ { options.a."b.c".d = mkOption { }; } ]).a."b.c".d.loc; expected = [ "a" "b.c" "d" ]; };
  "an option can be written as a string" = { expr = "${(optionsOf [ { options.a."b.c" = mkOption { }; } ]).a."b.c"}"; expected = "a.\"b.c\""; };
}
