# Prometheus' Alertmanager, which sends alerts to people: services.prometheus.alertmanager.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings mkEnableOption mkIf mkOption optional optionalString types;
  cfg = config.services.prometheus.alertmanager;

  # JSON is YAML.
  file = pkgs.writeText "alertmanager.yml" (if cfg.configText != null then cfg.configText else builtins.toJSON cfg.configuration);
  # With the values of the environment's variables, which only the service knows.
  finished = "/run/alertmanager/alertmanager.yml";
  maybe = type: description: mkOption { type = types.nullOr type; default = null; inherit description; };
in
{
  imports = [
    (lib.mkRemovedOptionModule [ "services" "prometheus" "alertmanager" "user" ] "The service has a user of its own.")
    (lib.mkRemovedOptionModule [ "services" "prometheus" "alertmanager" "group" ] "The service has a group of its own.")
  ];

  options.services.prometheus.alertmanager = {
    enable = mkEnableOption "the Alertmanager of Prometheus";
    package = mkOption {
      type = types.package;
      default = pkgs.prometheus-alertmanager;
      defaultText = lib.literalExpression "pkgs.prometheus-alertmanager";
      description = "The package of the Alertmanager.";
    };
    configuration = maybe types.attrs "The configuration, as a set." // {
      example = { route.receiver = "me"; receivers = [ { name = "me"; webhook_configs = [ { url = "http://localhost/"; } ]; } ]; };
    };
    configText = maybe types.lines "The configuration as text in YAML, instead.";
    checkConfig = mkOption { type = types.bool; default = true; description = "Whether the configuration is checked before every start, with the variables' values."; };
    logFormat = maybe types.str "Format of the log: `logfmt` or `json`.";
    logLevel = mkOption { type = types.enum [ "debug" "info" "warn" "error" "fatal" ]; default = "warn"; description = "What is logged: this and what is worse."; };
    webExternalUrl = maybe types.str "URL under which others reach this server.";
    listenAddress = mkOption { type = types.str; default = ""; description = "Address to listen on; empty for all."; };
    port = mkOption { type = types.port; default = 9093; description = "Port to listen on."; };
    openFirewall = mkOption { type = types.bool; default = false; description = "Whether to allow the port in the firewall."; };
    clusterPeers = mkOption { type = types.listOf types.str; default = [ ]; description = "Other Alertmanagers, so that each alert is sent once."; };
    extraFlags = mkOption { type = types.listOf types.str; default = [ ]; description = "Further arguments."; };
    environmentFile = maybe types.path "File of environment variables, whose values replace `$NAME` and `\${NAME}` in the configuration." // {
      example = "/root/alertmanager.env";
    };
  };

  config = mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.configuration != null || cfg.configText != null;
        message = "Can not enable alertmanager without a configuration. Set either the `configuration` or `configText` attribute.";
      }
    ];
    networking.firewall.allowedTCPPorts = optional cfg.openFirewall cfg.port;
    environment.systemPackages = [ cfg.package pkgs.gettext-base ];
    users.users.alertmanager = { isSystemUser = true; group = "alertmanager"; description = "Prometheus Alertmanager user"; };
    users.groups.alertmanager = { };
    systemd.services.alertmanager = {
      description = "Prometheus Alertmanager";
      wantedBy = [ "multi-user.target" ];
      wants = [ "network-online.target" ];
      after = [ "network-online.target" ];
      preStart = ''
        (umask 077; envsubst < ${file} > ${finished})
        ${optionalString cfg.checkConfig "${cfg.package}/usr/bin/amtool check-config ${finished}"}
      '';
      serviceConfig = {
        ExecStart =
          "${cfg.package}/usr/bin/prometheus-alertmanager" + concatMapStrings (flag: " ${flag}") (
            cfg.extraFlags
            ++ [
              "--config.file ${finished}"
              "--web.listen-address ${cfg.listenAddress}:${toString cfg.port}"
              "--log.level ${cfg.logLevel}"
              "--storage.path /var/lib/alertmanager"
            ]
            ++ map (peer: "--cluster.peer ${peer}:9094") cfg.clusterPeers
            ++ optional (cfg.webExternalUrl != null) "--web.external-url ${cfg.webExternalUrl}"
            ++ optional (cfg.logFormat != null) "--log.format ${cfg.logFormat}"
          );
        ExecReload = "${pkgs.staticBusybox}/bin/kill -HUP $MAINPID";
        EnvironmentFile = mkIf (cfg.environmentFile != null) cfg.environmentFile;
        User = "alertmanager";
        Group = "alertmanager";
        Restart = "always";
        StateDirectory = "alertmanager";
        RuntimeDirectory = "alertmanager";
        RuntimeDirectoryMode = "0700";
        WorkingDirectory = "/var/lib/alertmanager";
        NoNewPrivileges = true;
        PrivateTmp = true;
        ProtectHome = true;
        ProtectSystem = "strict";
      };
    };
  };
}
