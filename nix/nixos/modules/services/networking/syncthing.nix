# Syncthing, which keeps directories of several machines the same: services.syncthing. Devices and folders are set up in its
# own pages, which are at guiAddress.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkEnableOption mkIf mkOption types;
  cfg = config.services.syncthing;
  text = default: description: mkOption { type = types.str; inherit default description; };
in
{
  options.services.syncthing = {
    enable = mkEnableOption "Syncthing";
    package = mkOption {
      type = types.package;
      default = pkgs.syncthing;
      defaultText = lib.literalExpression "pkgs.syncthing";
      description = "The package of Syncthing.";
    };
    user = text "syncthing" "User that Syncthing runs as.";
    group = text "syncthing" "Group that Syncthing runs as.";
    guiAddress = text "127.0.0.1:8384" "Address and port of its pages.";
    dataDir = mkOption {
      type = types.path;
      default = "/var/lib/syncthing";
      description = "Directory in which new folders are made.";
    };
    configDir = mkOption {
      type = types.path;
      default = "${cfg.dataDir}/.config/syncthing";
      defaultText = lib.literalExpression ''"''${config.services.syncthing.dataDir}/.config/syncthing"'';
      description = "Directory of its keys and settings.";
    };
    databaseDir = mkOption {
      type = types.path;
      default = cfg.configDir;
      defaultText = lib.literalExpression "config.services.syncthing.configDir";
      description = "Directory of its index.";
    };
    extraFlags = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "--reset-deltas" ];
      description = "Further options of {manpage}`syncthing(1)`.";
    };
    openDefaultPorts = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the firewall lets other machines in: TCP and UDP port 22000, UDP port 21027.";
    };
    systemService = mkOption {
      type = types.bool;
      default = true;
      description = "Whether Syncthing runs as a service of the system.";
    };
  };

  config = mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    networking.firewall = mkIf cfg.openDefaultPorts {
      allowedTCPPorts = [ 22000 ];
      allowedUDPPorts = [ 21027 22000 ];
    };
    users.users = mkIf (cfg.systemService && cfg.user == "syncthing") {
      syncthing = { isSystemUser = true; group = cfg.group; home = cfg.dataDir; createHome = true; description = "Syncthing daemon user"; };
    };
    users.groups = mkIf (cfg.systemService && cfg.group == "syncthing") { syncthing = { }; };
    systemd.services.syncthing = mkIf cfg.systemService {
      description = "Syncthing service";
      after = [ "network.target" ];
      wantedBy = [ "multi-user.target" ];
      environment = { STNORESTART = "yes"; STNOUPGRADE = "yes"; };
      serviceConfig = {
        User = cfg.user;
        Group = cfg.group;
        ExecStart = lib.escapeShellArgs (
          [
            "${cfg.package}/usr/bin/syncthing"
            "--no-browser"
            "--gui-address=${cfg.guiAddress}"
            "--config=${cfg.configDir}"
            "--data=${cfg.databaseDir}"
          ]
          ++ cfg.extraFlags
        );
        Restart = "on-failure";
        SuccessExitStatus = "3 4";
        RestartForceExitStatus = "3 4";
        NoNewPrivileges = true;
        PrivateTmp = true;
        ProtectSystem = "full";
      };
    };
  };
}
