# The host's module evaluation: a definition's modules with the options of this folder. Shared by everything that
# looks at a definition (default.nix for the spec, value.nix for one option, documentation.nix for none).
{
  lib,
  pkgs,
  modules,
  hostSystem,
  closureOf ? _: [ ],
  defaultNixpkgs ? null,
}:

lib.evalModules {
  class = "nixosContainersHost";
  modules = [
    ./containers.nix
    ./host-only.nix
    ./networking.nix
    ./systemd.nix
    { _module.args = { inherit pkgs; }; }
  ]
  ++ modules;
  specialArgs = {
    inherit closureOf hostSystem defaultNixpkgs;
    modulesPath = toString ../nixos/modules;
  };
}
