# Definitions that no option takes.
{ lib }:

let
  inherit (lib) mkOption types;
  inherit (import ./support/eval.nix { inherit lib; }) configOf declare from;
  fruit = { options.fruit = lib.genAttrs [ "apple" "banana" "cherry" ] (_: mkOption { default = 0; }); };
  many = { options.many = lib.genAttrs (map (n: "option-number-${toString n}") (lib.range 1 150)) (_: mkOption { default = 0; }); };
in
{
  "one that does not exist" = {
    expr = configOf [ fruit (from "a.nix" { zebra.stripes = 3; }) ];
    error = "The option `zebra' does not exist. Definition values: - In `a.nix': { stripes = 3; }";
  };
  "the option is named where it leaves the tree" = {
    expr = configOf [ fruit { fruit.durian.smell = 1; } ];
    error = "The option `fruit.durian' does not exist.";
  };
  "only the first is shown" = {
    expr = configOf [ fruit { fruit.durian = 1; fruit.elder = 2; } ];
    error = "The option `fruit.durian' does not exist.";
    without = "elder";
  };
  "a misspelt name" = {
    expr = configOf [ fruit { fruit.aple = 1; } ];
    error = "Did you mean `fruit.apple', `fruit.banana' or `fruit.cherry'?";
  };
  "the best match comes first" = {
    expr = configOf [ fruit { fruit.chery = 1; } ];
    error = "Did you mean `fruit.cherry', `fruit.";
  };
  "a misspelt name at the top" = {
    expr = configOf [ fruit { friut.apple = 1; } ];
    error = "Did you mean `fruit'?";
  };
  "two candidates" = {
    expr = configOf [ { options = { ab = mkOption { default = 1; }; abc = mkOption { default = 1; }; }; } { abcd = 1; } ];
    error = "Did you mean `abc' or `ab'?";
  };
  "in a large set only near misses are shown" = {
    expr = configOf [ many { many."option-number-1x" = 1; } ];
    error = "Did you mean `many.option-number-1";
  };
  "in a large set nothing is shown when nothing is near" = {
    expr = configOf [ many { many.zebra = 1; } ];
    error = "The option `many.zebra' does not exist.";
    without = "Did you mean";
  };
  "a misspelt name in a submodule" = {
    expr = (configOf [ (declare "s" { type = types.attrsOf (types.submodule fruit); }) { s.x.fruit.aple = 1; } ]).s.x.fruit.apple;
    error = [ "The option `s.x.fruit.aple' does not exist." "Did you mean `s.x.fruit.apple'" ];
  };
  "a submodule without options" = {
    expr = (configOf [ (declare "s" { type = types.submodule { }; }) { s.x = 1; } ]).s.x;
    error = [
      "The option `s.x' does not exist."
      "However there are no options defined in `s'. Are you sure you've declared your options properly?"
    ];
  };
  "an option declared under config" = {
    expr = configOf [ { foo = mkOption { }; } ];
    error = "It seems as if you're trying to declare an option by placing it into `config' rather than `options'!";
  };
  "an option of a submodule declared under config" = {
    expr = (configOf [ (declare "s" { type = types.submodule { wrong = mkOption { }; }; default = { }; }) ]).s;
    error = [ "The option `s.wrong' does not exist." "This can happen if you e.g. declared your options in `types.submodule' under `config' rather than `options'." ];
  };
  "reading any option fails" = {
    expr = (configOf [ fruit { zebra = 3; } ]).fruit.apple;
    error = "The option `zebra' does not exist";
  };
  "reading options fails too" = {
    expr = (lib.evalModules { modules = [ fruit { zebra = 3; } ]; }).options.fruit.apple.value;
    error = "The option `zebra' does not exist";
  };
  "a value that fails does not hide the message" = {
    expr = configOf [ fruit (from "a.nix" { zebra = throw "boom"; }) ];
    error = "The option `zebra' does not exist. Definition values: - In `a.nix'";
  };
  "a value that aborts says where" = {
    expr = configOf [ fruit (from "a.nix" { zebra = abort "boom"; }) ];
    error = [
      "while evaluating a definition from `a.nix'"
      "while evaluating the error message for definitions for `zebra', which is an option that does not exist"
    ];
  };
  "the prefix is part of the name" = {
    expr = (lib.evalModules { modules = [ fruit { zebra = 3; } ]; prefix = [ "zoo" ]; }).config;
    error = "The option `zoo.zebra' does not exist.";
  };
  "_module is not suggested" = {
    expr = configOf [ (declare "v" { }) { modul = 1; } ];
    error = "Did you mean `v'?";
    without = "`_module'";
  };
}
