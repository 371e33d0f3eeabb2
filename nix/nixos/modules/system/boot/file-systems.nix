# `fileSystems`: mounts inside the container.
#
# File systems in memory, bind mounts and overlays are mounted when the system starts. Disks are the host's: entries for
# devices, and the root itself, are accepted and left alone.
{ config, lib, ... }:

let
  inherit (lib) mkOption types;

  fileSystem =
    { name, config, ... }:
    {
      options = {
        enable = mkOption {
          type = types.bool;
          default = true;
          description = "Whether the file system is mounted.";
        };
        mountPoint = mkOption {
          type = types.str;
          description = "Where; the name of the attribute by default.";
        };
        device = mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "What.";
        };
        label = mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "Label of the device.";
        };
        fsType = mkOption {
          type = types.str;
          default = "auto";
          description = "Type of the file system.";
        };
        options = mkOption {
          type = types.listOf types.str;
          default = [ "defaults" ];
          description = "Mount options.";
        };
        depends = mkOption {
          type = types.listOf types.str;
          default = [ ];
          description = "Mount points that must be mounted first.";
        };
        neededForBoot = mkOption {
          type = types.bool;
          default = false;
          description = "Accepted for compatibility.";
        };
        noCheck = mkOption {
          type = types.bool;
          default = false;
          description = "Accepted for compatibility.";
        };
        autoFormat = mkOption {
          type = types.bool;
          default = false;
          description = "Accepted for compatibility.";
        };
        autoResize = mkOption {
          type = types.bool;
          default = false;
          description = "Accepted for compatibility.";
        };
        formatOptions = mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "Accepted for compatibility.";
        };
        overlay = {
          lowerdir = mkOption {
            type = types.nullOr (types.listOf types.str);
            default = null;
            description = "Lower directories of an overlay.";
          };
          upperdir = mkOption {
            type = types.nullOr types.str;
            default = null;
            description = "Upper directory of an overlay.";
          };
          workdir = mkOption {
            type = types.nullOr types.str;
            default = null;
            description = "Work directory of an overlay.";
          };
        };
      };
      config.mountPoint = lib.mkDefault name;
    };

  isOverlay = fs: fs.overlay.lowerdir != null;
  isBind = fs: builtins.elem "bind" fs.options || builtins.elem "rbind" fs.options;
  mountable = fs: fs.enable && fs.mountPoint != "/" && (isOverlay fs || isBind fs || builtins.elem fs.fsType [ "tmpfs" "ramfs" ]);
  automatic = fs: !builtins.elem "noauto" fs.options;

  options = fs:
    builtins.filter (option: !builtins.elem option [ "defaults" "noauto" "nofail" "auto" ] && !lib.hasPrefix "x-" option) fs.options
    ++ lib.optionals (isOverlay fs) [
      "lowerdir=${lib.concatStringsSep ":" fs.overlay.lowerdir}"
    ]
    ++ lib.optional (fs.overlay.upperdir != null) "upperdir=${fs.overlay.upperdir}"
    ++ lib.optional (fs.overlay.workdir != null) "workdir=${fs.overlay.workdir}";

  mount = fs: {
    what = if isOverlay fs then "overlay" else if fs.device == null then fs.fsType else fs.device;
    where = fs.mountPoint;
    type = if isOverlay fs then "overlay" else if isBind fs then "none" else fs.fsType;
    options = lib.concatStringsSep "," (options fs);
    wantedBy = lib.optional (automatic fs && builtins.elem "nofail" fs.options) "local-fs.target";
    requiredBy = lib.optional (automatic fs && !builtins.elem "nofail" fs.options) "local-fs.target";
    before = [ "local-fs.target" ];
    unitConfig.RequiresMountsFor = lib.optional (isBind fs && fs.device != null) fs.device ++ fs.depends;
  };
in
{
  options.fileSystems = mkOption {
    type = types.attrsOf (types.submodule fileSystem);
    default = { };
    example = { "/cache" = { fsType = "tmpfs"; options = [ "size=64m" ]; }; };
    description = "File systems by mount point. Only those without a device of their own are mounted.";
  };

  config.systemd.mounts = map mount (builtins.filter mountable (builtins.attrValues config.fileSystems));
}
