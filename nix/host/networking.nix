# The host's `networking.containers`: what all containers of a definition share about the network.
#
# Everything else below `networking` is a NixOS host's own, and is left alone like the families of host-only.nix.
{ lib, ... }:

let
  inherit (lib) mkOption types;
in
{
  options.networking = mkOption {
    default = { };
    description = "What all containers share about the network; other options of a NixOS host's `networking` have no effect on this host.";
    type = types.submodule {
      # Contents are never looked at: they may need packages and options that only NixOS has.
      freeformType = types.lazyAttrsOf types.raw;
      imports = [
        ./options/hosts.nix
        ./options/firewalls.nix
        ./options/addresses.nix
        ./options/networks.nix
      ];
    };
  };
}
