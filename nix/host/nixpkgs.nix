# Evaluates a container's system with a nixpkgs tree's own machinery: the result is real NixOS.
#
# Trees from 2014 to today differ in what eval-config.nix accepts and in which options exist; arguments are given only
# where the tree's function takes them, options only where the tree declares them. Not for building, and not for
# choosing a tree: that is containers.<name>.nixpkgs.
{ lib }:

let
  # A person may name the tree itself, or its `nixos` directory as upstream's --nixos-path did.
  nixosDirectory =
    where: tree:
    let
      given = toString tree;
      found = lib.findFirst (directory: builtins.pathExists (directory + "/lib/eval-config.nix")) null [
        (given + "/nixos")
        given
      ];
    in
    if found != null then
      found
    else
      throw "${where}: ${given} is not a nixpkgs tree: it has no nixos/lib/eval-config.nix";

  releaseOf =
    where: tree:
    let
      file = nixosDirectory where tree + "/../.version";
    in
    if builtins.pathExists file then lib.fileContents file else null;
in
{
  # `<nixpkgs>` as text (--nixos-path, where no Nix expression is read) is looked up as Nix does, in NIX_PATH.
  resolve =
    text:
    let
      searched = if text == null then null else builtins.match "<(.+)>" text;
    in
    if searched == null then text else builtins.findFile builtins.nixPath (lib.head searched);

  release = releaseOf;

  evaluate =
    {
      where,
      nixpkgs,
      modules,
      guestModule,
      specialArgs,
      system,
      prefix,
    }:
    let
      evalConfig = import (nixosDirectory where nixpkgs + "/lib/eval-config.nix");
      accepts = builtins.functionArgs evalConfig;
      release = releaseOf where nixpkgs;

      # From 22.11 on a system belongs to the modules (nixpkgs.hostPlatform) and the argument may be null. A tree
      # without a release is somebody's cut of a recent one.
      platformIsModular = release == null || builtins.compareVersions release "22.11" >= 0;

      containerModule =
        { options, ... }:
        {
          _file = "module at nixos-containers/nix/host/nixpkgs.nix";
          # Since 25.11 `isContainer` says what every kind of container has in common, and another option says that it is
          # nspawn's; before it the one option meant both.
          boot = if options.boot ? isNspawnContainer then { isNspawnContainer = true; } else { isContainer = true; };
          nixpkgs = lib.optionalAttrs (platformIsModular && options.nixpkgs ? hostPlatform) {
            hostPlatform = lib.mkDefault system;
          };
        };

      arguments = {
        inherit prefix;
        modules = [
          guestModule
          containerModule
        ]
        ++ modules;
        system = if platformIsModular then null else system;
      }
      // (
        # Before specialArgs there were extraArgs: every module sees them, only `imports` may not depend on them.
        if accepts ? specialArgs then
          { inherit specialArgs; }
        else if specialArgs == { } then
          { }
        else
          { extraArgs = specialArgs; }
      );
    in
    evalConfig (builtins.intersectAttrs accepts arguments);
}
