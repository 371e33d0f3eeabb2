# Options as documentation: the list, the tree, and the text in them.
{ lib }:

let
  inherit (lib) literalExpression mkOption optionAttrSetToDocList types;
  inherit (lib.options) literalCode literalMD renderOptionValue;
  inherit (types) attrsOf listOf submodule;
  inherit (import ./support/eval.nix { inherit lib; }) declare from optionsOf;
  list = modules: builtins.filter (doc: builtins.head doc.loc != "_module") (optionAttrSetToDocList (optionsOf modules));
  doc = fields: builtins.head (list [ (from "d.nix" (declare "v" fields)) ]);
  names = modules: map (d: d.name) (builtins.filter (d: !lib.hasInfix "_module" d.name) (list modules));
  sub = submodule { options.inner = mkOption { type = types.int; description = "i"; }; };
in
{
  "an entry" = {
    expr = doc { type = types.int; description = "d"; };
    expected = {
      name = "v"; loc = [ "v" ]; description = "d"; declarations = [ "d.nix" ];
      internal = false; visible = true; readOnly = false; type = "signed integer";
    };
  };
  "no description" = { expr = (doc { }).description; expected = null; };
  "no type" = { expr = (doc { }).type; expected = "unspecified value"; };
  "a default is rendered" = { expr = (doc { default = { a = 1; }; }).default; expected = { _type = "literalExpression"; text = "{\n  a = 1;\n}"; }; };
  "a defaultText replaces it" = { expr = (doc { default = throw "asked"; defaultText = literalExpression "pkgs.x"; }).default.text; expected = "pkgs.x"; };
  "a defaultText that is a value is rendered" = { expr = (doc { defaultText = [ 1 ]; }).default.text; expected = "[\n  1\n]"; };
  "an example is rendered" = { expr = (doc { example = "x"; }).example.text; expected = "\"x\""; };
  "an example as text" = { expr = (doc { example = literalMD "see *there*"; }).example; expected = { _type = "literalMD"; text = "see *there*"; }; };
  "no default, no entry" = { expr = doc { type = types.int; } ? default; expected = false; };
  "the empty value is a default" = { expr = (doc { type = listOf types.int; }).default.text; expected = "[ ]"; };
  "but not of submodules" = { expr = doc { type = sub; } ? default; expected = false; };
  "relatedPackages" = { expr = (doc { relatedPackages = [ "hello" ]; }).relatedPackages; expected = [ "hello" ]; };
  "internal" = { expr = (doc { internal = true; }).internal; expected = true; };
  "readOnly" = { expr = (doc { readOnly = true; }).readOnly; expected = true; };
  "unknown files are left out" = { expr = (builtins.head (list [ (declare "v" { }) ])).declarations; expected = [ ]; };
  "a default that fails says which" = { expr = (doc { default = throw "boom"; }).default.text; error = [ "boom" "while evaluating the default value of option `v`" ]; };

  "the parent comes before its sub-options" = { expr = names [ (declare "s" { type = attrsOf sub; }) ]; expected = [ "s" "s.<name>.inner" ]; };
  "sub-options of lists" = { expr = names [ (declare "s" { type = listOf sub; }) ]; expected = [ "s" "s.*.inner" ]; };
  "sub-options of attrTag" = { expr = names [ (declare "s" { type = types.attrTag { a = mkOption { type = types.int; }; b = mkOption { type = sub; }; }; }) ]; expected = [ "s" "s.a" "s.b" "s.b.inner" ]; };
  "visible = false hides sub-options" = { expr = names [ (declare "s" { type = attrsOf sub; visible = false; }) ]; expected = [ "s" ]; };
  "visible = shallow hides sub-options" = { expr = names [ (declare "s" { type = attrsOf sub; visible = "shallow"; }) ]; expected = [ "s" ]; };
  "visible = shallow shows the option" = { expr = (doc { visible = "shallow"; }).visible; expected = true; };
  "visible = transparent shows sub-options" = { expr = names [ (declare "s" { type = attrsOf sub; visible = "transparent"; }) ]; expected = [ "s" "s.<name>.inner" ]; };
  "visible = transparent hides the option" = { expr = (doc { visible = "transparent"; }).visible; expected = false; };
  "nested sets of options" = { expr = names [ { options.a.b.c = mkOption { }; options.a.d = mkOption { }; } ]; expected = [ "a.b.c" "a.d" ]; };
  "names are quoted" = { expr = names [ { options."a.b" = mkOption { }; } ]; expected = [ "\"a.b\"" ]; };
  "a submodule with a strange argument can be documented" = {
    expr = names [ (declare "s" { type = submodule ({ nobody, ... }: { options.x = mkOption { default = nobody; defaultText = "n"; }; }); }) ];
    expected = [ "s" "s.x" ];
  };
  "_module is listed" = {
    expr = map (d: d.name) (builtins.filter (d: builtins.head d.loc == "_module" && !d.internal) (optionAttrSetToDocList (optionsOf [ ])));
    expected = [ "_module.args" ];
  };
  "_module of a submodule is internal" = {
    expr = builtins.all (d: d.internal) (builtins.filter (d: lib.hasInfix "_module" d.name) (list [ (declare "s" { type = sub; }) ]));
    expected = true;
  };

  "literalExpression" = { expr = literalExpression "x"; expected = { _type = "literalExpression"; text = "x"; }; };
  "literalExpression of something else" = { expr = literalExpression 1; error = "literalExpression expects a string."; };
  "literalMD of something else" = { expr = literalMD 1; error = "literalMD expects a string."; };
  "literalCode" = { expr = (literalCode "python" "print()").text; expected = "```python\nprint()\n```\n"; };
  "renderOptionValue leaves text alone" = { expr = renderOptionValue (literalMD "x"); expected = literalMD "x"; };
  "renderOptionValue of a value" = { expr = (renderOptionValue { a = [ true null ]; }).text; expected = "{\n  a = [\n    true\n    null\n  ];\n}"; };
  "mdDoc returns the text, and warns" = { expr = lib.options.mdDoc "x"; expected = "x"; trace = "lib.mdDoc"; };
  "scrubOptionValue hides derivations" = {
    expr = lib.scrubOptionValue { a = [ { type = "derivation"; name = "d"; outPath = throw "built"; drvPath = throw "built"; } ]; b = 1; };
    expected = { a = [ { type = "derivation"; name = "d"; outPath = "d"; drvPath = "d"; } ]; b = 1; };
  };
  "optionToDoc is a tree" = {
    expr =
      let
        tree = (lib.options.optionToDoc { inherit (optionsOf [ { options.a.b = mkOption { type = attrsOf sub; description = "d"; }; } ]) a; }).options;
      in
      [ tree.a.b._type tree.a.b.description tree.a.b."*".inner.type ];
    expected = [ "option" "d" "signed integer" ];
  };
}
