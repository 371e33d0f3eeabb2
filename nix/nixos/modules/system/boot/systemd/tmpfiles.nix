# `systemd.tmpfiles.*`: directories and files that are made when the system starts, and those that are made when a user's
# manager does (`systemd.user.tmpfiles`).
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkOption types;
  cfg = config.systemd.tmpfiles;
  userRules = config.systemd.user.tmpfiles.rules;

  field = default: description: mkOption {
    type = types.str;
    inherit default description;
  };

  rule = types.submodule (
    { name, ... }:
    {
      options = {
        type = field name "Letter of the kind, see tmpfiles.d(5); the name of the attribute by default.";
        mode = field "-" "Access mode.";
        user = field "-" "Owner.";
        group = field "-" "Group.";
        age = field "-" "Things older than this are removed.";
        argument = field "" "Argument of the kind, such as the target of a link.";
      };
    }
  );

  # tmpfiles.d unescapes C-style; blanks separate the fields, and at the end of a line they are lost.
  escaped = lib.strings.escapeC [ "\t" "\n" "\r" " " "\\" ];
  lines =
    paths:
    lib.concatStrings (
      lib.mapAttrsToList (
        where: rules:
        lib.concatStrings (
          lib.mapAttrsToList (_: r: "${r.type} ${escaped where} ${r.mode} ${r.user} ${r.group} ${r.age} ${escaped r.argument}\n") rules
        )
      ) paths
    );

  text =
    {
      # Ours first: the first line for a path wins.
      "00-nixos.conf" = ''
        # Written from systemd.tmpfiles.rules.
        ${lib.concatStringsSep "\n" cfg.rules}
      '';
      # The archive's file of this name empties /tmp whenever tmpfiles runs with --remove, so at every switch.
      "tmp.conf" = ''
        q /tmp 1777 root root 10d
        q /var/tmp 1777 root root 30d
        x /tmp/systemd-private-%b-*
        X /tmp/systemd-private-%b-*/tmp
        x /var/tmp/systemd-private-%b-*
        X /var/tmp/systemd-private-%b-*/tmp
        R! /tmp/systemd-private-*
        R! /var/tmp/systemd-private-*
      '';
    }
    // lib.mapAttrs' (name: paths: lib.nameValuePair "${name}.conf" (lines paths)) cfg.settings;
in
{
  options.systemd.tmpfiles = {
    rules = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "d /tmp 1777 root root 10d" ];
      description = "Lines as in tmpfiles.d(5).";
    };

    settings = mkOption {
      type = types.attrsOf (types.attrsOf (types.attrsOf rule));
      default = { };
      example = {
        "10-mypackage"."/var/lib/my-service/statefolder".d = {
          mode = "0755";
          user = "root";
          group = "root";
        };
      };
      description = "The same as values: file name, path, kind, fields.";
    };

    packages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      apply = map lib.getLib;
      description = "Packages with {file}`lib/tmpfiles.d/*.conf`.";
    };
  };

  options.systemd.user.tmpfiles.rules = mkOption {
    type = types.listOf types.str;
    default = [ ];
    example = [ "D %C - - - 7d" ];
    description = "Lines as in tmpfiles.d(5), for every user, with their rights.";
  };

  config = {
    environment.etc =
      lib.mapAttrs' (name: content: lib.nameValuePair "tmpfiles.d/${name}" { text = content; }) text
      // lib.optionalAttrs (userRules != [ ]) {
        "xdg/user-tmpfiles.d/00-nixos.conf".text = ''
          # Written from systemd.user.tmpfiles.rules.
          ${lib.concatStringsSep "\n" userRules}
        '';
      };
    # The archive's units, which nothing in a user's manager asks for by itself.
    systemd.user.targets = lib.mkIf (userRules != [ ]) {
      basic.wants = [ "systemd-tmpfiles-setup.service" ];
      timers.wants = [ "systemd-tmpfiles-clean.timer" ];
    };

    # /usr/lib/tmpfiles.d of the system holds what packages bring.
    environment.systemPackages = cfg.packages;
    environment.pathsToLink = [ "/lib/tmpfiles.d" ];

    systemd.tmpfiles.rules = [
      "d /run/lock 1777 root root -"
      "d /var/db 0755 root root -"
      "L /var/lock - - - - ../run/lock"
    ];

    # A switch restarts this target before it starts anything: what belongs to the first steps of a boot can be required by it.
    systemd.targets.sysinit-reactivation.description = "Reactivate sysinit units";
    systemd.services.systemd-tmpfiles-resetup = {
      description = "Re-setup tmpfiles on a system that is already running.";
      requiredBy = [ "sysinit-reactivation.target" ];
      after = [ "local-fs.target" "systemd-sysusers.service" "systemd-journald.service" ];
      before = [ "sysinit-reactivation.target" "shutdown.target" ];
      conflicts = [ "shutdown.target" ];
      unitConfig.DefaultDependencies = false;
      serviceConfig = {
        Type = "oneshot";
        ExecStart = "/usr/bin/systemd-tmpfiles --create --remove --exclude-prefix=/dev";
        # Some lines were bad or could not be done, the rest was.
        SuccessExitStatus = "DATAERR CANTCREAT";
      };
    };
  };
}
