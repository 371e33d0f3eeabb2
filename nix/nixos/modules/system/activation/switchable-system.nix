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
      example = lib.literalExpression "[ config.systemd.package ]";
      description = ''
        Packages that must be the same in the running system and in this one. When one differs, a switch is refused before
        anything is stopped, and a restart of the container is what helps. `NIXOS_NO_CHECK=1` switches nevertheless.
      '';
    };
  };

  config.system.preSwitchChecks = lib.mkIf (config.system.switch.inhibitors != [ ]) {
    switchInhibitors = ''
      if [ "''${2:-}" = switch ] || [ "''${2:-}" = test ]; then
        running=/run/current-system/switch-inhibitors
        if [ -e "$running" ] && ! cmp -s "$running" "$1/switch-inhibitors"; then
          echo "These differ from the running system's, and system.switch.inhibitors says that none of them may:"
          grep -v -x -F -f "$running" "$1/switch-inhibitors" || true
          echo "Restart the container with the new system, or switch nevertheless with NIXOS_NO_CHECK=1."
          exit 1
        fi
      fi
    '';
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
