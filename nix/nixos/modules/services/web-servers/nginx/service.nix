# Runs nginx as a user of its own: unit, user, directories, log rotation.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkIf;
  cfg = config.services.nginx;

  text = import ./configuration.nix { inherit lib pkgs cfg; inherit (config.networking) enableIPv6; };
  file = pkgs.writeText "nginx.conf" text;
  path = if cfg.enableReload then "/etc/nginx/nginx.conf" else file;

  nginx = "${cfg.package}/usr/sbin/nginx";
  # Errors before the configuration is read go to the journal, not to a path that the archive's build has in it.
  run = "${nginx} -e stderr -c ${path}";
in
{
  config = mkIf cfg.enable {
    environment.etc."nginx/nginx.conf" = mkIf cfg.enableReload { source = file; };

    users.users = lib.optionalAttrs (cfg.user == "nginx") {
      nginx = {
        group = cfg.group;
        isSystemUser = true;
        uid = config.ids.uids.nginx or 60;
      };
    };
    users.groups = lib.optionalAttrs (cfg.group == "nginx") {
      nginx.gid = config.ids.gids.nginx or 60;
    };

    systemd.services.nginx = {
      description = "Nginx Web Server";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      stopIfChanged = false;
      startLimitIntervalSec = 60;
      reloadTriggers = lib.optionals cfg.enableReload [ file ];
      preStart = ''
        ${cfg.preStart}
        ${run} -t
      '';
      serviceConfig = {
        ExecStart = run;
        ExecReload = [
          "${run} -t"
          "${pkgs.staticBusybox}/bin/kill -HUP $MAINPID"
        ];
        Restart = "always";
        RestartSec = "10s";
        User = cfg.user;
        Group = cfg.group;
        # Where the archive's build keeps its temporary files: /var/lib/nginx.
        StateDirectory = "nginx";
        StateDirectoryMode = "0750";
        CacheDirectory = "nginx";
        CacheDirectoryMode = "0750";
        LogsDirectory = "nginx";
        LogsDirectoryMode = "0750";
        RuntimeDirectory = "nginx";
        RuntimeDirectoryMode = "0750";
        UMask = "0027";
        # Ports below 1024, and more open files than the soft limit, without being root.
        AmbientCapabilities = [ "CAP_NET_BIND_SERVICE" "CAP_SYS_RESOURCE" ];
        CapabilityBoundingSet = [ "CAP_NET_BIND_SERVICE" "CAP_SYS_RESOURCE" ];
        NoNewPrivileges = true;
        ProtectSystem = "strict";
        ProtectHome = lib.mkDefault true;
        PrivateTmp = true;
        RestrictAddressFamilies = [ "AF_UNIX" "AF_INET" "AF_INET6" ];
        RestrictNamespaces = true;
        LockPersonality = true;
        RestrictRealtime = true;
        RestrictSUIDSGID = true;
      };
    };

    services.logrotate.settings.nginx = {
      files = "/var/log/nginx/*.log";
      frequency = "weekly";
      su = "${cfg.user} ${cfg.group}";
      rotate = 26;
      compress = true;
      delaycompress = true;
      postrotate = "[ ! -f /run/nginx/nginx.pid ] || kill -USR1 `cat /run/nginx/nginx.pid`";
    };
  };
}
