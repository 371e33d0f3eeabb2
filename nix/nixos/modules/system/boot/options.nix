# `boot.*`: what has a meaning in a container (kernel settings, /tmp, being a container), and the options that shared
# configurations set for machines and that have none (inert.nix).
{ config, lib, ... }:

let
  inherit (lib) mkOption types;
  cfg = config.boot;

  sysctlValue = types.mkOptionType {
    name = "sysctl option value";
    check = value: lib.isBool value || lib.isInt value || lib.isString value || value == null;
    # Higher limits win, as on NixOS, for the few settings that several modules raise.
    merge = loc: defs: lib.mergeOneOption loc (lib.filterOverrides defs);
  };
  highest = types.nullOr types.ints.unsigned // {
    merge = _loc: defs: lib.foldl' (a: b: if b == null then null else lib.max a b) 0 (map (def: def.value) (lib.filterOverrides defs));
  };

  text = value: if value == true then "1" else if value == false then "0" else toString value;
in
{
  options.boot = {
    isContainer = mkOption {
      type = types.bool;
      # Everything that this tree evaluates runs in some container.
      default = true;
      description = "Whether this system runs in a container.";
    };
    isNspawnContainer = mkOption {
      type = types.bool;
      default = false;
      internal = true;
      description = "Whether systemd-nspawn runs the container.";
    };

    kernel.sysctl = mkOption {
      default = { };
      example = lib.literalExpression ''{ "net.ipv4.ip_forward" = true; "net.core.somaxconn" = 1024; }'';
      description = ''
        Kernel settings, applied when the system starts. Inside a container only those of its own network
        can be changed; others are left alone without an error.
      '';
      type = types.submodule {
        freeformType = types.attrsOf sysctlValue;
        options = {
          "net.core.rmem_max" = mkOption {
            type = highest;
            default = null;
            description = "Largest receive buffer; the highest of several definitions wins.";
          };
          "net.core.wmem_max" = mkOption {
            type = highest;
            default = null;
            description = "Largest send buffer; the highest of several definitions wins.";
          };
        };
      };
    };

    tmp = {
      useTmpfs = mkOption {
        type = types.bool;
        default = false;
        description = "Whether {file}`/tmp` is in memory.";
      };
      tmpfsSize = mkOption {
        type = types.oneOf [ types.str types.ints.positive ];
        default = "50%";
        description = "Size of a {file}`/tmp` in memory.";
      };
      tmpfsHugeMemoryPages = mkOption {
        type = types.enum [ "never" "always" "within_size" "advise" ];
        default = "never";
        description = "Huge pages for a {file}`/tmp` in memory.";
      };
      cleanOnBoot = mkOption {
        type = types.bool;
        default = false;
        description = "Whether {file}`/tmp` is emptied when the system starts.";
      };
    };
  };

  imports = [
    (lib.mkRenamedOptionModule [ "boot" "cleanTmpDir" ] [ "boot" "tmp" "cleanOnBoot" ])
    (lib.mkRenamedOptionModule [ "boot" "tmpOnTmpfs" ] [ "boot" "tmp" "useTmpfs" ])
    (lib.mkRenamedOptionModule [ "boot" "tmpOnTmpfsSize" ] [ "boot" "tmp" "tmpfsSize" ])
  ];

  config = {
    boot.isContainer = lib.mkIf cfg.isNspawnContainer true;

    # The minus: a setting that this container may not change is no failure.
    environment.etc."sysctl.d/60-nixos.conf".text = lib.concatStrings (
      lib.mapAttrsToList (name: value: lib.optionalString (value != null) "-${name}=${text value}\n") cfg.kernel.sysctl
    );
    systemd.services.systemd-sysctl.restartTriggers = [ config.environment.etc."sysctl.d/60-nixos.conf".text ];

    systemd.mounts = lib.mkIf cfg.tmp.useTmpfs [
      {
        what = "tmpfs";
        where = "/tmp";
        type = "tmpfs";
        conflicts = [ "umount.target" ];
        before = [ "local-fs.target" "umount.target" ];
        wantedBy = [ "local-fs.target" ];
        unitConfig.DefaultDependencies = false;
        mountConfig.Options = lib.concatStringsSep "," [
          "mode=1777"
          "strictatime"
          "rw"
          "nosuid"
          "nodev"
          "size=${toString cfg.tmp.tmpfsSize}"
        ];
      }
    ];
    systemd.tmpfiles.rules = lib.optional cfg.tmp.cleanOnBoot "D! /tmp 1777 root root";
  };
}
