# `system.switch`: bin/switch-to-configuration, which turns a running system into this one.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkOption types;
in
{
  options.system.switch = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether the running system can be switched to this one.";
    };
    enableNg = mkOption {
      type = types.bool;
      default = true;
      visible = false;
      description = "Accepted for compatibility.";
    };
    inhibitors = mkOption {
      type = types.listOf types.pathInStore;
      default = [ ];
      description = "Accepted for compatibility.";
    };
  };

  config.system.build.switchScript = ''
    #!${pkgs.staticBusybox}/bin/sh
    # Switches the running system to @out@. The rules are in the sourced file.
    toplevel=@out@
    busybox=${pkgs.staticBusybox}
    installBootLoader=${config.system.build.installBootLoader}
    distroId=${lib.escapeShellArg config.system.nixos.distroId}
    classify=${./classify-units.awk}
    . ${./switch-to-configuration.sh}
  '';
}
