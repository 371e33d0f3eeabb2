# `init`: the first program of a system; lays out the root file system, activates, becomes systemd.
#
# The script itself is init.sh. Nothing here depends on how the container was started: systemd-nspawn, an OCI runtime and
# an empty root directory all work.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkOption types;
  cfg = config.boot;
  busybox = pkgs.staticBusybox;

  script = ''
    #!${busybox}/bin/sh
    # Starts the system @out@. Arguments are handed on to systemd.

    systemConfig=@out@
    busybox=${busybox}
    postBootCommands=${
      if cfg.postBootCommands == "" then "" else pkgs.writeScript "post-boot-commands" "#!${pkgs.runtimeShell}\n${cfg.postBootCommands}"
    }
    systemdExecutable=${lib.escapeShellArg cfg.systemdExecutable}
    hostName=${lib.escapeShellArg config.networking.hostName}
    ${lib.optionalString (cfg.extraSystemdUnitPaths != [ ]) ''
      export SYSTEMD_UNIT_PATH=${lib.escapeShellArg (lib.concatStringsSep ":" cfg.extraSystemdUnitPaths + ":")}
    ''}
    . ${./init.sh}
  '';
in
{
  options.boot = {
    postBootCommands = mkOption {
      type = types.lines;
      default = "";
      example = "rm -f /var/log/messages";
      description = "Shell commands that run after activation, just before systemd starts.";
    };
    systemdExecutable = mkOption {
      type = types.str;
      default = "/usr/lib/systemd/systemd";
      description = "The program that becomes the first process, with its arguments.";
    };
    extraSystemdUnitPaths = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Further directories with units, which win over the others.";
    };
  };

  config.system.build.initScript = script;
}
