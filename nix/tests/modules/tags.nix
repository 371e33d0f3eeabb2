# attrTag: a value that says by its name what it is.
{ lib }:

let
  inherit (lib) mkForce mkMerge mkOption types;
  inherit (types) attrTag attrsOf int str submodule;
  inherit (import ./support/eval.nix { inherit lib; }) accepts configOf declare from optionsOf refuses valueFrom valueOf;
  either = attrTag { left = mkOption { type = int; }; right = mkOption { type = str; }; };
  boom = throw "forced";
in
accepts {
  attrTag = [ either { left = 1; } { right = "x"; } ];
}
// refuses {
  attrTag = [ either 1 { } { middle = 1; } { left = 1; right = "x"; } { left = "x"; } ];
}
// {
  "the value keeps its tag" = { expr = valueOf either [ { left = 1; } ]; expected = { left = 1; }; };
  "values of the same tag are merged" = {
    expr = valueOf (attrTag { l = mkOption { type = types.listOf int; }; }) [ { l = [ 1 ]; } { l = [ 2 ]; } ];
    expected = { l = [ 2 1 ]; };
  };
  "two different tags" = {
    expr = valueFrom either [ { left = 1; } { right = "x"; } ];
    error = "The option `v` is defined both as `right` and `left`, in `b.nix' and `a.nix'.";
  };
  "mkForce decides" = { expr = valueOf either [ { left = 1; } (mkForce { right = "x"; }) ]; expected = { right = "x"; }; };
  "no tag" = { expr = valueFrom either [ { } ]; error = "is not of type `attribute-tagged union with choices: left, right'"; };
  "an unknown tag is not looked into" = {
    expr = valueFrom (attrsOf either) [ { x.rite = boom; } ];
    error = "A definition for option `v.x' is not of type `attribute-tagged union with choices: left, right'";
  };
  "a wrong value names the tag" = { expr = valueOf either [ { left = "x"; } ]; error = "A definition for option `v.left' is not of type `signed integer'."; };
  "a wrong value at depth" = {
    expr = valueOf (attrTag { right = mkOption { type = either; }; }) [ { right.left = "x"; } ];
    error = "A definition for option `v.right.left' is not of type `signed integer'.";
  };
  "submodules as tags" = {
    expr = valueOf (attrTag { s = mkOption { type = submodule { options.x = mkOption { default = 1; }; }; }; }) [ { s = { }; } ];
    expected = { s.x = 1; };
  };
  "apply of a tag" = { expr = valueOf (attrTag { l = mkOption { type = int; apply = x: x + 1; }; }) [ { l = 1; } ]; expected = { l = 2; }; };

  "declarations add tags" = {
    expr = (configOf [
      (declare "v" { type = attrsOf (attrTag { yay = mkOption { type = int; }; }); })
      (declare "v" { type = attrsOf (attrTag { nay = mkOption { type = types.bool; }; }); })
      { v.a.yay = 100; v.b.nay = false; }
    ]).v;
    expected = { a.yay = 100; b.nay = false; };
  };
  "declarations of the same tag merge its type" = {
    expr = (configOf [
      (declare "v" { type = attrTag { e = mkOption { type = types.enum [ "a" ]; }; }; })
      (declare "v" { type = attrTag { e = mkOption { type = types.enum [ "b" ]; }; }; })
      { v.e = "a"; }
    ]).v;
    expected = { e = "a"; };
  };
  "or conflict" = {
    expr = (configOf [
      (declare "v" { type = attrTag { e = mkOption { type = int; }; }; })
      (declare "v" { type = attrTag { e = mkOption { type = str; }; }; })
      { v.e = 1; }
    ]).v.e;
    error = "The option `e' in `<attrTag {...}>' is already declared in `<attrTag {...}>'.";
  };
  "a bare type as a tag" = {
    expr = valueOf (attrTag { left = int; }) [ { left = 1; } ];
    error = [ "In attrTag, each tag value must be an option, but tag left was a bare type, not wrapped in mkOption." "while checking that attrTag tag left is an option with a type at" ];
  };
  "another tagged set as a tag" = {
    expr = valueOf (attrTag { left = { _type = "flake"; }; }) [ { left = 1; } ];
    error = "In attrTag, each tag value must be an option, but tag left was of type \"flake\".";
  };
  "something else as a tag" = { expr = valueOf (attrTag { left = { }; }) [ { left = 1; } ]; error = "each tag value must be an option, but tag left was not."; };
  "sub-options are the tags" = { expr = map (o: o.loc) (builtins.attrValues (either.getSubOptions [ "v" ])); expected = [ [ "v" "left" ] [ "v" "right" ] ]; };
  "nestedTypes are the tags" = { expr = builtins.attrNames either.nestedTypes; expected = [ "left" "right" ]; };
  "tags know where they are declared" = { expr = map baseNameOf either.nestedTypes.left.declarations; expected = [ "tags.nix" ]; };
  "submodules in tags know their file" = {
    expr = ((optionsOf [ (from "outer.nix" (declare "v" { type = attrTag { s = mkOption { type = submodule { options.x = mkOption { }; }; }; }; })) ]).v.type.nestedTypes.s.type.getSubOptions [ ]).x.declarations;
    expected = [ "outer.nix" ];
  };
  "getSubModules without submodules" = { expr = either.getSubModules; expected = null; };
  "names that need quotes" = { expr = (attrTag { "a b" = mkOption { type = int; }; }).description; expected = "attribute-tagged union with choices: \"a b\""; };
}
