# What separates a container from the host, and what is let through.
{ lib, config, ... }:

let
  inherit (lib) mkOption types;
in
{
  options = {
    privateUsers = mkOption {
      type = types.nullOr (
        types.either types.ints.u32 (
          types.enum [
            "no"
            "identity"
            "pick"
          ]
        )
      );
      default = null;
      defaultText = lib.literalMD "`\"pick\"`, or `\"no\"` on the host's network";
      description = ''
        Whether root inside is another user outside. `pick` gives the container a range of 65536 user ids of its own, which is
        recorded and kept as long as its state exists; a number is the first id of the range; `identity` maps ids to themselves in
        a user namespace; `no` turns it off. A container on the host's network could not use ports below 1024 with private users: there
        the default is `no`.
      '';
    };

    additionalCapabilities = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [
        "CAP_NET_ADMIN"
        "CAP_MKNOD"
      ];
      description = "Capabilities (capabilities(7)) that the container has beyond systemd-nspawn's default set.";
    };

    allowedDevices = mkOption {
      type = types.listOf (
        types.submodule {
          options = {
            node = mkOption {
              type = types.str;
              example = "/dev/net/tun";
              description = "Path of the device node, or a class such as `char-pts`.";
            };
            modifier = mkOption {
              type = types.str;
              example = "rw";
              description = "What is allowed: any of `r`, `w` and `m` (mknod).";
            };
          };
        }
      );
      default = [ ];
      description = "Device nodes that the container may use.";
    };

    nixStore = mkOption {
      type = types.enum [
        "closure"
        "shared"
      ];
      default = if config.nixDaemon then "shared" else "closure";
      defaultText = lib.literalMD "`\"closure\"`, or `\"shared\"` with `nixDaemon`";
      example = "shared";
      description = ''
        What the container sees in `/nix/store`: the `closure` of its own system, to which a live switch adds the new one, or the
        whole store of the host, `shared` as upstream's containers have it. It may only read either.
      '';
    };

    nixDaemon = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether the container gets the database and the daemon socket of the host's Nix, so that `nix` works inside. What it builds
        stands in the host's store. Without private users its root is a trusted user of the daemon, which amounts to being root
        of the host.
      '';
    };

    extraFlags = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "--drop-capability=CAP_SYS_CHROOT" ];
      description = ''
        Further arguments for systemd-nspawn(1). `--memory-limit=SIZE` and `--cpu-limit=PERCENT`, which systemd-nspawn does not have, are
        understood as limits of the container.
      '';
    };
  };
}
