# polkit: who may ask system services for what. Off unless asked for, as in most containers.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkEnableOption mkIf mkOption types;
  cfg = config.security.polkit;
in
{
  options.security.polkit = {
    enable = mkEnableOption "polkit, which decides who may ask system services for what";
    package = mkOption {
      type = types.package;
      default = pkgs.polkitd;
      defaultText = lib.literalExpression "pkgs.polkitd";
      description = "The package of polkit.";
    };
    debug = mkEnableOption "messages for finding mistakes in rules";
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = "polkit.addRule(function(action, subject) { return polkit.Result.YES; });";
      description = "Rules, in JavaScript.";
    };
    adminIdentities = mkOption {
      type = types.listOf types.str;
      default = [ "unix-group:wheel" ];
      example = [ "unix-user:alice" ];
      description = "Who counts as administrator.";
    };
  };

  config = mkIf cfg.enable {
    environment.systemPackages = [ cfg.package pkgs.pkexec ];
    environment.etc."polkit-1/rules.d/10-nixos.rules".text = ''
      polkit.addAdminRule(function(action, subject) {
        return [${lib.concatMapStringsSep ", " (identity: ''"${identity}"'') cfg.adminIdentities}];
      });
      ${cfg.extraConfig}
    '';
    users.users.polkitd = { isSystemUser = true; group = "polkitd"; home = "/"; };
    users.groups.polkitd = { };
    security.pam.services.polkit-1 = { };
    security.wrappers = {
      pkexec = { setuid = true; owner = "root"; group = "root"; source = "${pkgs.pkexec}/usr/bin/pkexec"; };
      polkit-agent-helper-1 = {
        setuid = true; owner = "root"; group = "root";
        source = "${cfg.package}/usr/lib/polkit-1/polkit-agent-helper-1";
      };
    };
    systemd.packages = [ cfg.package ];
    systemd.services.polkit = {
      restartTriggers = [ config.environment.etc."polkit-1/rules.d/10-nixos.rules".source ];
      serviceConfig.ExecStart = [ "" "${cfg.package}/usr/lib/polkit-1/polkitd ${lib.optionalString (!cfg.debug) "--no-debug"}" ];
    };
    systemd.tmpfiles.rules = [ "d /var/lib/polkit-1 0700 polkitd polkitd -" ];
  };
}
