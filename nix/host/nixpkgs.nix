# Evaluates a container's system with a nixpkgs tree's own machinery: the result is real NixOS.
#
# Trees from 2014 to today differ in what eval-config.nix accepts and which options exist; arguments are given
# only where the tree's function takes them, options only where they are declared.
{
  lib,
  nixpkgs,
  modules,
  guestModule,
  specialArgs,
  system,
  prefix,
}:

let
  evalConfig = import (toString nixpkgs + "/nixos/lib/eval-config.nix");
  accepted = builtins.functionArgs evalConfig;
  release = lib.fileContents (toString nixpkgs + "/.version");
  modern = builtins.compareVersions release "25.11" >= 0;

  containerModule = {
    _file = "module at nixos-containers/nix/host/nixpkgs.nix";
    # `isNspawnContainer` came with 25.11; before it `isContainer` meant the same.
    boot = if modern then { isNspawnContainer = true; } else { isContainer = true; };
  };

  arguments = {
    inherit
      modules
      prefix
      specialArgs
      system
      ;
  };
in
evalConfig (
  builtins.intersectAttrs accepted arguments
  // {
    modules = modules ++ [
      guestModule
      containerModule
    ];
  }
)
