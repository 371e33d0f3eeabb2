# The files a container sees beyond its own root.
{ lib, ... }:

let
  inherit (lib) mkOption types;

  bind =
    { name, ... }:
    {
      options = {
        mountPoint = mkOption {
          type = types.str;
          default = name;
          defaultText = lib.literalMD "the attribute name";
          example = "/mnt/usb";
          description = "Where the directory or file appears in the container.";
        };
        hostPath = mkOption {
          type = types.nullOr types.str;
          default = null;
          example = "/home/alice";
          description = "What is shown there; null means the same path on the host.";
        };
        isReadOnly = mkOption {
          type = types.bool;
          default = true;
          description = "Whether the container may only read it.";
        };
        create = mkOption {
          type = types.bool;
          default = false;
          example = true;
          description = "Whether a start makes the directory on the host when it is missing; otherwise the start is refused.";
        };
        recursive = mkOption {
          type = types.bool;
          default = true;
          example = false;
          description = "Whether what is mounted below it on the host appears as well.";
        };
        idmap = mkOption {
          type = types.enum [
            "idmap"
            "rootidmap"
            "noidmap"
          ];
          default = "idmap";
          description = ''
            Whose files they are to a container with private users (systemd-nspawn(1), `--bind=`). `idmap`: user N inside is user N outside, so
            that root's files are root's on both sides. `rootidmap`: root inside is the owner of the directory outside, and nobody else
            owns anything. `noidmap`: as they are, which makes all of it nobody's inside.
          '';
        };
      };
    };

  overlay.options = {
    lower = mkOption {
      type = types.listOf types.str;
      example = [
        "/srv/patches"
        "/srv/base"
      ];
      description = "Directories of the host that are shown as one and never written to; the first is the topmost.";
    };
    upper = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "/srv/changes";
      description = "A directory of the host that takes what the container writes, in `upper` below it; null means memory, gone after a stop.";
    };
  };
in
{
  imports = [
    # The seed document's name for `ephemeral`.
    (lib.mkAliasOptionModule [ "ephemeralRootfs" ] [ "ephemeral" ])
  ];

  options = {
    ephemeral = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the root is empty at every start and gone after every stop.";
    };

    bindMounts = mkOption {
      type = types.attrsOf (types.submodule bind);
      default = { };
      example = lib.literalExpression ''{ "/home" = { hostPath = "/home/alice"; isReadOnly = false; }; }'';
      description = "Directories and files of the host that appear in the container.";
    };

    overlays = mkOption {
      type = types.attrsOf (types.submodule overlay);
      default = { };
      example = lib.literalExpression ''{ "/srv/www" = { lower = [ "/srv/base" ]; upper = "/srv/changes"; }; }'';
      description = "Directories of the host, one over the other, by the place where they appear in the container (overlayfs).";
    };

    persistentPaths = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "/var/lib/postgresql" ];
      description = "Directories of an ephemeral container that are kept: in its state, which goes with `destroy` or `--purge` only.";
    };

    keepJournal = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = ''
        Whether the journal of an ephemeral container is kept on the host's disk, in /var/lib/nixos-containers/.journals, so that `logs` can show it after the
        container's end. Otherwise it is kept in memory and ends with the container.
      '';
    };

    volumes = mkOption {
      type = types.attrsOf types.str;
      default = { };
      example = {
        "/data" = "shop-data";
      };
      description = ''
        Volumes by the place where they appear: directories that are made when they are first used, outlive containers, and may be
        shared by several. Only `volume remove` deletes them.
      '';
    };

    tmpfs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "/var" ];
      description = "Paths where an empty file system in memory is mounted: `PATH` or `PATH:mount-options`.";
    };
  };
}
