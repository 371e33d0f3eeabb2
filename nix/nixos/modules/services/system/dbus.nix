# The system message bus: services.dbus.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkIf mkOption types;
  cfg = config.services.dbus;

  # Files of the packages that offer something on the bus, in one tree that the configuration names.
  servicedirs = lib.concatMapStrings (package: ''
    <includedir>${package}/share/dbus-1/system.d</includedir>
    <includedir>${package}/etc/dbus-1/system.d</includedir>
    <servicedir>${package}/share/dbus-1/system-services</servicedir>
  '') cfg.packages;
in
{
  options.services.dbus = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether to run the system message bus, which logins, timedatectl and many services use.";
    };

    dbusPackage = mkOption {
      type = types.package;
      default = pkgs.dbus;
      defaultText = lib.literalExpression "pkgs.dbus";
      internal = true;
      description = "The package of the message bus.";
    };

    implementation = mkOption {
      type = types.enum [ "dbus" "broker" ];
      default = "dbus";
      description = "The program of the bus. Only `dbus` is available.";
    };

    packages = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "Packages whose services and policies belong to the bus. Those in the system's path do already.";
    };

    apparmor = mkOption {
      type = types.enum [ "enabled" "disabled" "required" ];
      default = "disabled";
      description = "Accepted for compatibility: AppArmor is the host's.";
    };
  };

  config = mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.implementation == "dbus";
        message = ''services.dbus.implementation = "broker" is not available here; use "dbus".'';
      }
    ];

    environment.systemPackages = [ cfg.dbusPackage pkgs.dbus-daemon pkgs.dbus-system-bus-common pkgs.dbus-bin ];
    environment.etc."dbus-1/system-local.conf" = mkIf (cfg.packages != [ ]) {
      text = "<busconfig>\n${servicedirs}</busconfig>\n";
    };

    users.users.messagebus = {
      uid = config.ids.uids.messagebus or 4;
      description = "D-Bus system message bus daemon user";
      home = "/run/dbus";
      group = "messagebus";
      isSystemUser = true;
    };
    users.groups.messagebus.gid = config.ids.gids.messagebus or 4;

    # The package's units start it: a socket, and the service behind it.
  };
}
