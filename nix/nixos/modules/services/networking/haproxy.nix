# The load balancer HAProxy: services.haproxy.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkEnableOption mkIf mkOption types;
  cfg = config.services.haproxy;

  file = pkgs.writeText "haproxy.conf" ''
    global
      # Where the statistics, and a reload, find the running server.
      stats socket /run/haproxy/haproxy.sock mode 600 expose-fd listeners level user
    ${cfg.config}
  '';
  haproxy = "${cfg.package}/usr/sbin/haproxy";
in
{
  options.services.haproxy = {
    enable = mkEnableOption "the load balancer HAProxy";
    package = mkOption {
      type = types.package;
      default = pkgs.haproxy;
      defaultText = lib.literalExpression "pkgs.haproxy";
      description = "The package of HAProxy.";
    };
    user = mkOption { type = types.str; default = "haproxy"; description = "User who runs the server."; };
    group = mkOption { type = types.str; default = "haproxy"; description = "Group of the server."; };
    config = mkOption {
      type = types.nullOr types.lines;
      default = null;
      description = "Contents of the configuration file.";
    };
  };

  config = mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.config != null;
        message = "You must provide services.haproxy.config.";
      }
    ];
    environment.etc."haproxy.cfg".source = file;
    users.users = lib.optionalAttrs (cfg.user == "haproxy") { haproxy = { group = cfg.group; isSystemUser = true; }; };
    users.groups = lib.optionalAttrs (cfg.group == "haproxy") { haproxy = { }; };

    systemd.services.haproxy = {
      description = "HAProxy";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      reloadTriggers = [ file ];
      serviceConfig = {
        Type = "notify";
        ExecStartPre = [
          "${haproxy} -c -f /etc/haproxy.cfg"
        ];
        ExecStart = "${haproxy} -Ws -f /etc/haproxy.cfg -p /run/haproxy/haproxy.pid";
        ExecReload = [
          "${haproxy} -c -f /etc/haproxy.cfg"
          "${pkgs.staticBusybox}/bin/kill -USR2 $MAINPID"
        ];
        User = cfg.user;
        Group = cfg.group;
        RuntimeDirectory = "haproxy";
        KillMode = "mixed";
        SuccessExitStatus = "143";
        Restart = "always";
        NoNewPrivileges = true;
        ProtectHome = true;
        ProtectSystem = "strict";
        AmbientCapabilities = "CAP_NET_BIND_SERVICE";
      };
    };
  };
}
