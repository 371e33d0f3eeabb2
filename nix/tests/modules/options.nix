# lib.options: making options, writing them down, merge functions.
{ lib }:

let
  inherit (lib) mkEnableOption mkOption mkPackageOption mkSinkUndeclaredOptions types;
  inherit (lib.options) showDefs showFiles showOption showOptionWithDefLocs;
  inherit (import ./support/eval.nix { inherit lib; }) configOf declare from;
  drv = name: { type = "derivation"; pname = name; inherit name; outPath = "${builtins.storeDir}/0fb3ykw9r5hpayd05sr0cizwadzq1d8q-${name}"; };
  pkgs = { hello = drv "hello"; nested.inner = drv "inner"; };
  defs = map (value: { file = "f"; inherit value; });
  package = name: args: (configOf [ { options.p = mkPackageOption pkgs name args; } ]).p;
in
{
  "mkOption tags its fields and adds none" = { expr = mkOption { default = 1; }; expected = { _type = "option"; default = 1; }; };
  "mkOption of nothing" = { expr = mkOption { }; expected = { _type = "option"; }; };
  "mkOption takes these fields" = {
    expr = builtins.attrNames (builtins.functionArgs mkOption);
    expected = [ "apply" "default" "defaultText" "description" "example" "internal" "readOnly" "relatedPackages" "type" "visible" ];
  };
  "mkOption refuses others" = { expr = mkOption { descripton = "x"; }; error = "unexpected argument 'descripton'"; };
  "isOption" = { expr = map lib.isOption [ (mkOption { }) { } 1 types.int ]; expected = [ true false false false ]; };

  "mkEnableOption" = {
    expr = builtins.removeAttrs (mkEnableOption "the thing") [ "type" ];
    expected = { _type = "option"; default = false; example = true; description = "Whether to enable the thing."; };
  };
  "mkEnableOption is a boolean" = { expr = (mkEnableOption "x").type.name; expected = "bool"; };
  "mkEnableOption can be extended" = { expr = (mkEnableOption "x" // { default = true; }).default; expected = true; };

  "mkPackageOption by name" = { expr = (package "hello" { }).pname; expected = "hello"; };
  "mkPackageOption by path" = { expr = (package [ "nested" "inner" ] { }).pname; expected = "inner"; };
  "mkPackageOption with a display name" = { expr = (package "Hello" { default = "hello"; }).pname; expected = "hello"; };
  "mkPackageOption with a default path" = { expr = (package "X" { default = [ "nested" "inner" ]; }).pname; expected = "inner"; };
  "mkPackageOption without a default" = { expr = package "hello" { default = null; }; error = "The option `p' was accessed but has no value defined."; };
  "mkPackageOption, null as default" = { expr = package "hello" { nullable = true; default = null; }; expected = null; };
  "mkPackageOption, nullable with a default" = { expr = (package "hello" { nullable = true; }).pname; expected = "hello"; };
  "mkPackageOption, nullable, in words" = { expr = (mkPackageOption pkgs "hello" { nullable = true; }).type.description; expected = "null or package"; };
  "mkPackageOption: description" = { expr = (mkPackageOption pkgs "hello" { }).description; expected = "The hello package to use."; };
  "mkPackageOption: description of a path" = { expr = (mkPackageOption pkgs [ "nested" "inner" ] { }).description; expected = "The inner package to use."; };
  "mkPackageOption: more description" = { expr = (mkPackageOption pkgs "hello" { extraDescription = "More."; }).description; expected = "The hello package to use. More."; };
  "mkPackageOption: defaultText" = { expr = (mkPackageOption pkgs "hello" { }).defaultText; expected = { _type = "literalExpression"; text = "pkgs.hello"; }; };
  "mkPackageOption: defaultText with pkgsText" = { expr = (mkPackageOption pkgs "hello" { pkgsText = "myPkgs"; }).defaultText.text; expected = "myPkgs.hello"; };
  "mkPackageOption: example as text" = { expr = (mkPackageOption pkgs "hello" { example = "pkgs.hello.override { }"; }).example.text; expected = "pkgs.hello.override { }"; };
  "mkPackageOption: example as a path" = { expr = (mkPackageOption pkgs "hello" { example = [ "nested" "inner" ]; }).example.text; expected = "pkgs.nested.inner"; };
  "mkPackageOption: no example" = { expr = mkPackageOption pkgs "hello" { } ? example; expected = false; };
  "mkPackageOption of a package that is not there" = { expr = package "nope" { }; error = "nope cannot be found in pkgs"; };
  "mkPackageOption only looks when the default is used" = {
    expr = (configOf [ { options.p = mkPackageOption pkgs "nope" { }; } { p = drv "own"; } ]).p.pname;
    expected = "own";
  };

  "mkSinkUndeclaredOptions takes anything" = { expr = (configOf [ { options.sink = mkSinkUndeclaredOptions { }; options.v = mkOption { default = 1; }; } { sink.a.b = 1; } { sink = [ ]; } ]).v; expected = 1; };
  "mkSinkUndeclaredOptions has no value" = {
    expr = (configOf [ { options.sink = mkSinkUndeclaredOptions { }; } ]).sink;
    error = "Option value is not readable because the option is not declared.";
  };

  "showOption joins with dots" = { expr = showOption [ "foo" "bar" "baz" ]; expected = "foo.bar.baz"; };
  "showOption quotes names that need it" = { expr = showOption [ "foo" "bar.baz" "tux" ]; expected = "foo.\"bar.baz\".tux"; };
  "showOption quotes names that begin with a digit" = { expr = showOption [ "windowManager" "2bwm" "enable" ]; expected = "windowManager.\"2bwm\".enable"; };
  "showOption leaves placeholders alone" = { expr = showOption [ "foo" "*" "<name>" "<function body>" ]; expected = "foo.*.<name>.<function body>"; };
  "showOption of nothing" = { expr = showOption [ ]; expected = ""; };
  "showFiles" = { expr = showFiles [ "a.nix" "b.nix" ]; expected = "`a.nix' and `b.nix'"; };
  "showFiles of one" = { expr = showFiles [ "a.nix" ]; expected = "`a.nix'"; };
  "showDefs" = { expr = showDefs (defs [ 1 "x" ]); expected = "\n- In `f': 1\n- In `f': \"x\""; };
  "showDefs of many lines" = { expr = showDefs (defs [ { a = 1; b = 2; } ]); expected = "\n- In `f':\n    {\n      a = 1;\n      b = 2;\n    }"; };
  "showDefs cuts" = { expr = lib.hasSuffix "..." (showDefs (defs [ (lib.range 1 20) ])); expected = true; };
  "showDefs of something that fails" = { expr = showDefs (defs [ (throw "x") ]); expected = "\n- In `f'"; };
  "showDefs of a function" = { expr = showDefs (defs [ (x: x) ]); expected = "\n- In `f': <function>"; };
  "showOptionWithDefLocs" = { expr = showOptionWithDefLocs { loc = [ "x" "y" ]; files = [ "foo.nix" "bar.nix" ]; }; expected = "x.y, with values defined in:\n  - foo.nix\n  - bar.nix\n"; };
  "the file of nobody" = { expr = lib.options.unknownModule; expected = "<unknown-file>"; };

  "getValues" = { expr = lib.getValues (defs [ 1 2 ]); expected = [ 1 2 ]; };
  "getFiles" = { expr = lib.getFiles (defs [ 1 2 ]); expected = [ "f" "f" ]; };
  "mergeOneOption" = { expr = lib.mergeOneOption [ "v" ] (defs [ 1 ]); expected = 1; };
  "mergeOneOption of two" = { expr = lib.mergeOneOption [ "v" ] (defs [ 1 1 ]); error = "The option `v' is defined multiple times while it's expected to be unique."; };
  "mergeEqualOption" = { expr = lib.mergeEqualOption [ "v" ] (defs [ 1 1 1 ]); expected = 1; };
  "mergeEqualOption of one function" = { expr = lib.mergeEqualOption [ "v" ] (defs [ (x: x) ]) 3; expected = 3; };
  "mergeEqualOption shows the two that differ" = { expr = lib.mergeEqualOption [ "v" ] (defs [ 1 1 2 ]); error = "The option `v' has conflicting definition values: - In `f': 1 - In `f': 2 Use"; };
  "mergeUniqueOption with a merge" = { expr = lib.mergeUniqueOption { message = ""; merge = _: d: (builtins.head d).value + 1; } [ "v" ] (defs [ 1 ]); expected = 2; };
  "mergeDefaultOption of lists" = { expr = lib.mergeDefaultOption [ "v" ] (defs [ [ 1 ] [ 2 ] ]); expected = [ 1 2 ]; };
  "mergeDefaultOption of booleans" = { expr = lib.mergeDefaultOption [ "v" ] (defs [ false true ]); expected = true; };
  "mergeDefaultOption of strings" = { expr = lib.mergeDefaultOption [ "v" ] (defs [ "a" "b" ]); expected = "ab"; };
  "mergeDefaultOption of one" = { expr = lib.mergeDefaultOption [ "v" ] (defs [ null ]); expected = null; };

  "mkLuaInline is not merged" = {
    expr = (configOf [ (declare "v" { type = types.luaInline; }) { v = lib.generators.mkLuaInline "f()"; } ]).v.expr;
    expected = "f()";
  };
}
