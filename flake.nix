# nixos-containers for flakes: a module for NixOS hosts, and the tool as a package.
{
  description = "NixOS-style declarative system containers on any Linux host";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      forEach = nixpkgs.lib.genAttrs systems;
    in
    {
      nixosModules.default = ./nix/nixos-module;
      nixosModules.nixos-containers = self.nixosModules.default;

      packages = forEach (system: rec {
        nixos-containers = nixpkgs.legacyPackages.${system}.callPackage ./nix/nixos-module/package.nix { };
        default = nixos-containers;
      });

      overlays.default = final: _prev: {
        nixos-containers = final.callPackage ./nix/nixos-module/package.nix { };
      };
    };
}
