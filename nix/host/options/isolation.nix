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
        a user namespace, where root inside still has the number of the host's root and is not held by it; `no` turns it off. A container on the host's network could not use ports below 1024 with private users: there
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

    dropCapabilities = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "CAP_NET_RAW" ];
      description = "Capabilities of systemd-nspawn's default set that the container does not have.";
    };

    noNewPrivileges = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether nothing in the container can gain rights by executing a file: set-uid programs such as `sudo` and `su` then work for
        nobody but root.
      '';
    };

    systemCallFilter = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "~@obsolete" ];
      description = ''
        System calls or groups of them (systemd.exec(5), SystemCallFilter=) that are let through beyond systemd-nspawn's list, or, with
        a `~` in front of the first, that are taken from it.
      '';
    };

    devices = mkOption {
      type = types.attrsOf (
        types.submodule {
          options = {
            permissions = mkOption {
              type = types.strMatching "[rw]+";
              default = "rw";
              description = "What is allowed: `r`, `w` or both.";
            };
            user = mkOption {
              type = types.ints.u32;
              default = 0;
              description = "The owner's id inside.";
            };
            group = mkOption {
              type = types.ints.u32;
              default = 0;
              description = "The group's id inside.";
            };
            mode = mkOption {
              type = types.nullOr (types.strMatching "0?[0-7]{3}");
              default = null;
              example = "0660";
              description = "The node's mode; null is what it is on the host.";
            };
          };
        }
      );
      default = { };
      example = lib.literalExpression ''{ "/dev/ttyUSB0" = { group = 20; mode = "0660"; }; }'';
      description = ''
        Device nodes of the host that the container gets: each is there inside, is allowed to it, and belongs to whom this says. The node is
        the container's own, so that the host's keeps its owner. A start fails when the host has no such device.
      '';
    };

    credentials = mkOption {
      type = types.attrsOf (
        types.submodule {
          options = {
            file = mkOption {
              type = types.nullOr types.str;
              default = null;
              example = "/root/secrets/database";
              description = "A file of the host. Write its path as a string: a Nix path would put the secret into the store.";
            };
            command = mkOption {
              type = types.nullOr types.str;
              default = null;
              example = "pass show web/database";
              description = "A command for /bin/sh, run on the host as root at every start, whose output is the secret.";
            };
            encrypted = mkOption {
              type = types.nullOr types.str;
              default = null;
              example = "/root/secrets/database.cred";
              description = "A file of the host that systemd-creds(1) encrypted under the credential's name, and decrypts at every start.";
            };
          };
        }
      );
      default = { };
      example = lib.literalExpression ''{ database.file = "/root/secrets/database"; }'';
      description = ''
        Secrets that are handed to the container's systemd at every start, each from one source. A unit inside that says
        `LoadCredential=NAME` finds its own copy in `$CREDENTIALS_DIRECTORY` (systemd.exec(5)); other units and users do not.
        They never stand in the store, in a command line, in a log or in a record.
      '';
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
