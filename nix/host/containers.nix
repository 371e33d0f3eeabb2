# The host-side option `containers.<name>`: upstream's names, types and defaults, plus ours.
#
# Not for what is inside a container (see ../nixos) nor for how it is run (the plan room decides that).
{
  lib,
  pkgs,
  closureOf,
  hostSystem,
  defaultNixpkgs,
  ...
}:

{
  options.containers = lib.mkOption {
    type = lib.types.attrsOf (
      lib.types.submoduleWith {
        shorthandOnlyDefinesConfig = true;
        specialArgs = {
          inherit
            pkgs
            closureOf
            hostSystem
            defaultNixpkgs
            ;
        };
        modules = [
          ./options/system.nix
          ./options/life.nix
          ./options/network.nix
          ./options/membership.nix
          ./options/isolation.nix
          ./options/files.nix
          ./options/limits.nix
          ./options/health.nix
          ./options/image.nix
        ];
      }
    );
    default = { };
    example = lib.literalExpression ''
      {
        web = {
          privateNetwork = true;
          hostAddress = "10.100.0.1";
          localAddress = "10.100.0.2";
          config = { pkgs, ... }: {
            services.nginx.enable = true;
          };
        };
      }
    '';
    description = ''
      The containers of this host. Each runs a whole system of its own, with systemd as its first process,
      and shares the kernel and the Nix store with the host.
    '';
  };
}
