# Renamed, removed, changed and merged options; aliases.
{ lib }:

let
  inherit (lib)
    doRename mkAfter mkAliasAndWrapDefinitions mkAliasDefinitions mkAliasOptionModule mkBefore
    mkChangedOptionModule mkDefault mkDerivedConfig mkForce mkIf mkMerge mkMergedOptionModule mkOption
    mkRemovedOptionModule mkRenamedOptionModule mkRenamedOptionModuleWith types
    ;
  inherit (import ./support/eval.nix { inherit lib; }) configOf declare from optionsOf;
  warnings = declare "warnings" { type = types.listOf types.str; default = [ ]; };
  assertions = declare "assertions" { type = types.listOf types.raw; default = [ ]; };
  target = { options.new.name = mkOption { type = types.int; default = 0; }; };
  renamed = [ warnings target (mkRenamedOptionModule [ "old" "name" ] [ "new" "name" ]) ];
  alias = [ target (mkAliasOptionModule [ "old" "name" ] [ "new" "name" ]) ];
  removed = [ assertions (mkRemovedOptionModule [ "old" "name" ] "Use a pen.") ];
  failing = modules: builtins.filter (a: !a.assertion) (configOf modules).assertions;
in
{
  "renamed: the definition arrives" = { expr = (configOf (renamed ++ [ { old.name = 5; } ])).new.name; expected = 5; };
  "renamed: no definition, no change" = { expr = (configOf renamed).new.name; expected = 0; };
  "renamed: a warning names both" = {
    expr = (configOf (renamed ++ [ (from "user.nix" { old.name = 5; }) ])).warnings;
    expected = [ "The option `old.name' defined in `user.nix' has been renamed to `new.name'." ];
  };
  "renamed: no warning when not used" = { expr = (configOf renamed).warnings; expected = [ ]; };
  "renamed: reading the old name prints" = {
    expr = (configOf (renamed ++ [ { new.name = 3; } ])).old.name;
    expected = 3;
    trace = "Obsolete option `old.name' is used. It was renamed to `new.name'.";
  };
  "renamed: mkForce stays mkForce" = { expr = (configOf (renamed ++ [ { old.name = mkForce 5; } { new.name = 6; } ])).new.name; expected = 5; };
  "renamed: mkDefault stays mkDefault" = { expr = (configOf (renamed ++ [ { old.name = mkDefault 5; } { new.name = 6; } ])).new.name; expected = 6; };
  "renamed: mkIf false stays nothing" = { expr = (configOf (renamed ++ [ { old.name = mkIf false 5; } ])).new.name; expected = 0; };
  "renamed: hidden from documentation" = { expr = (optionsOf renamed).old.name.visible; expected = false; };
  "renamed: the description" = { expr = (optionsOf renamed).old.name.description; expected = "Alias of {option}`new.name`."; };
  "renamed: the type is the new one's" = { expr = (optionsOf renamed).old.name.type.name; expected = "int"; };
  "renamed: a wrong value is found" = { expr = (configOf (renamed ++ [ { old.name = "x"; } ])).new.name; error = "is not of type `signed integer'"; };
  "renamed: works without an option warnings" = {
    expr = (configOf [ target (mkRenamedOptionModule [ "old" "name" ] [ "new" "name" ]) { old.name = 1234; } ]).new.name;
    expected = 1234;
  };
  "renamed: lists from both names" = {
    expr = (configOf [
      { options.new = mkOption { type = types.listOf types.int; default = [ ]; }; }
      (mkRenamedOptionModule [ "old" ] [ "new" ])
      { old = [ 1 ]; }
      { new = [ 2 ]; }
    ]).new;
    expected = [ 2 1 ];
  };
  "renamed: to an option that does not exist" = {
    expr = (configOf [ warnings (mkRenamedOptionModule [ "old" ] [ "nowhere" ]) { old = { }; } ]).warnings;
    error = "The option `nowhere' does not exist";
  };
  "renamedWith: an old release warns" = {
    expr = (configOf [ warnings target (mkRenamedOptionModuleWith { from = [ "old" ]; to = [ "new" "name" ]; sinceRelease = 2111; }) (from "u.nix" { old = 1; }) ]).warnings;
    expected = [ "The option `old' defined in `u.nix' has been renamed to `new.name'." ];
  };
  "renamedWith: a coming release does not" = {
    expr = (configOf [ warnings target (mkRenamedOptionModuleWith { from = [ "old" ]; to = [ "new" "name" ]; sinceRelease = 9999; }) { old = 1; } ]).warnings;
    expected = [ ];
  };

  "alias: the definition arrives" = { expr = (configOf (alias ++ [ { old.name = 5; } ])).new.name; expected = 5; };
  "alias: both names read the same" = { expr = (configOf (alias ++ [ { new.name = 5; } ])).old.name; expected = 5; };
  "alias: it is documented" = { expr = (optionsOf alias).old.name.visible; expected = true; };
  "alias: priorities pass" = { expr = (configOf (alias ++ [ { old.name = mkForce 1; } { new.name = 2; } ])).old.name; expected = 1; };
  "alias: the old name of an MD function" = {
    expr = (configOf [ target (lib.mkAliasOptionModuleMD [ "old" ] [ "new" "name" ]) { old = 5; } ]).new.name;
    expected = 5;
    trace = "mkAliasOptionModuleMD is deprecated";
  };

  "doRename: without priority" = {
    expr = (configOf [ target (doRename { from = [ "old" ]; to = [ "new" "name" ]; visible = true; warn = false; use = x: x; withPriority = false; }) { old = mkForce 1; } { new.name = 1; } ]).new.name;
    expected = 1;
  };
  "doRename: use changes what is read" = {
    expr = (configOf [ target (doRename { from = [ "old" ]; to = [ "new" "name" ]; visible = true; warn = false; use = x: x * 2; }) { old = 4; } ]).old;
    expected = 8;
  };
  "doRename: a false condition makes no entry" = {
    expr = (configOf [
      { options.services = mkOption { type = types.attrsOf (types.submodule { options.x = mkOption { default = 0; }; }); default = { }; }; }
      (doRename { from = [ "old" ]; to = [ "services" "" "x" ]; visible = true; warn = false; use = x: x; condition = false; })
    ]).services;
    expected = { };
  };
  "removed: no definition, no complaint" = { expr = failing removed; expected = [ ]; };
  "removed: a definition fails an assertion" = {
    expr = map (a: a.message) (failing (removed ++ [ (from "user.nix" { old.name = 1; }) ]));
    expected = [ "The option definition `old.name' in `user.nix' no longer has any effect; please remove it.\nUse a pen.\n" ];
  };
  "removed: reading it throws" = {
    expr = (configOf (removed ++ [ { old.name = 1; } ])).old.name;
    error = "The option `old.name' can no longer be used since it's been removed. Use a pen.";
  };
  "removed: hidden from documentation" = { expr = (optionsOf removed).old.name.visible; expected = false; };

  "changed: the value is converted" = {
    expr = (configOf [
      warnings
      { options.level = mkOption { type = types.str; default = "normal"; }; }
      (mkChangedOptionModule [ "old" ] [ "level" ] (config: if config.old > 100 then "high" else "low"))
      { old = 200; }
    ]).level;
    expected = "high";
  };
  "changed: not set, not converted" = {
    expr = (configOf [
      warnings
      { options.level = mkOption { type = types.str; default = "normal"; }; }
      (mkChangedOptionModule [ "old" ] [ "level" ] (config: throw "asked"))
    ]).level;
    expected = "normal";
  };
  "changed: a warning" = {
    expr = (configOf [
      warnings
      { options.level = mkOption { type = types.str; }; }
      (mkChangedOptionModule [ "old" ] [ "level" ] (config: "x"))
      (from "u.nix" { old = 1; })
    ]).warnings;
    expected = [ "The option `old' defined in `u.nix' has been changed to `level' that has a different type. Please read `level' documentation and update your configuration accordingly." ];
  };
  "merged: several into one" = {
    expr = (configOf [
      warnings
      { options.x.y = mkOption { type = types.str; }; }
      (mkMergedOptionModule [ [ "a" "b" ] [ "c" ] ] [ "x" "y" ] (config: if config.c == true then "c" else "a"))
      { a.b = true; }
    ]).x.y;
    expected = "a";
  };
  "merged: one warning per old option" = {
    expr = builtins.length (configOf [
      warnings
      { options.x.y = mkOption { type = types.str; }; }
      (mkMergedOptionModule [ [ "a" "b" ] [ "c" ] ] [ "x" "y" ] (config: "z"))
      { a.b = true; c = true; }
    ]).warnings;
    expected = 2;
  };

  "mkAliasDefinitions forwards" = {
    expr = (configOf [ (declare "a" { type = types.listOf types.int; }) (declare "b" { type = types.listOf types.int; }) ({ options, ... }: { b = mkAliasDefinitions options.a; }) { a = [ 1 ]; } { a = [ 2 ]; } ]).b;
    expected = [ 2 1 ];
  };
  "mkAliasDefinitions of nothing is nothing" = {
    expr = (optionsOf [ (declare "a" { type = types.int; }) (declare "b" { type = types.int; }) ({ options, ... }: { b = mkAliasDefinitions options.a; }) ]).b.isDefined;
    expected = false;
  };
  "mkAliasAndWrapDefinitions wraps" = {
    expr = (configOf [ (declare "a" { type = types.int; }) (declare "b" { type = types.attrsOf types.int; }) ({ options, ... }: { b = mkAliasAndWrapDefinitions (x: { inner = x; }) options.a; }) { a = 1; } ]).b;
    expected = { inner = 1; };
  };
  "mkAliasAndWrapDefsWithPriority keeps the priority" = {
    expr = (configOf [ (declare "a" { type = types.int; }) (declare "b" { type = types.int; }) ({ options, ... }: { b = lib.modules.mkAliasAndWrapDefsWithPriority (x: x) options.a; }) { a = mkForce 1; b = 2; } ]).b;
    expected = 1;
  };
  "mkAliasIfDef is old" = {
    expr = (configOf [ (declare "a" { default = 1; }) (declare "b" { default = 0; }) ({ options, ... }: { b = lib.modules.mkAliasIfDef options.a (mkForce 5); }) ]).b;
    expected = 5;
    trace = "Usage of 'mkAliasIfDef' has been deprecated.";
  };
  "mkDerivedConfig takes value and priority" = {
    expr = (configOf [ (declare "text" { type = types.str; }) (declare "source" { type = types.str; }) ({ options, ... }: { source = mkDerivedConfig options.text (t: "<${t}>"); }) { text = mkForce "hi"; source = "other"; } ]).source;
    expected = "<hi>";
  };
  "mkDerivedConfig of a default gives way" = {
    expr = (configOf [ (declare "text" { default = "d"; }) (declare "source" { type = types.str; }) ({ options, ... }: { source = mkDerivedConfig options.text (t: "<${t}>"); }) { source = "other"; } ]).source;
    expected = "other";
  };
}
