# The monitoring server Prometheus: services.prometheus.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkEnableOption mkIf mkOption types;
  cfg = config.services.prometheus;

  configuration = lib.filterAttrs (_: value: value != { } && value != [ ]) {
    global = lib.filterAttrs (_: value: value != null) cfg.globalConfig;
    scrape_configs = cfg.scrapeConfigs;
    remote_write = cfg.remoteWrite;
    remote_read = cfg.remoteRead;
    rule_files = cfg.ruleFiles ++ lib.optional (cfg.rules != [ ]) (pkgs.writeText "prometheus.rules" (lib.concatStringsSep "\n" cfg.rules));
    alerting = lib.optionalAttrs (cfg.alertmanagers != [ ]) { inherit (cfg) alertmanagers; };
  };
  # JSON is YAML.
  file = if cfg.configText != null then pkgs.writeText "prometheus.yml" cfg.configText else pkgs.writeText "prometheus.yml" (builtins.toJSON configuration);

  attrs = description: mkOption { type = types.attrsOf types.anything; default = { }; inherit description; };
  list = type: description: mkOption { type = types.listOf type; default = [ ]; inherit description; };
in
{
  options.services.prometheus = {
    enable = mkEnableOption "the monitoring server Prometheus";
    package = mkOption {
      type = types.package;
      default = pkgs.prometheus;
      defaultText = lib.literalExpression "pkgs.prometheus";
      description = "The package of Prometheus.";
    };
    port = mkOption { type = types.port; default = 9090; description = "Port to listen on."; };
    listenAddress = mkOption { type = types.str; default = "0.0.0.0"; description = "Address to listen on."; };
    stateDir = mkOption { type = types.str; default = "prometheus2"; description = "Directory of the data, below {file}`/var/lib`."; };
    extraFlags = list types.str "Further arguments.";
    checkConfig = mkOption { type = types.either types.bool (types.enum [ "syntax-only" ]); default = true; description = "Whether the configuration is checked before every start."; };
    enableReload = mkOption { type = types.bool; default = false; description = "Whether a change of the configuration reloads the server instead of restarting it."; };
    configText = mkOption { type = types.nullOr types.lines; default = null; description = "The whole configuration, instead of what the other options say."; };
    globalConfig = attrs "Settings of all jobs." // { example = { scrape_interval = "15s"; }; };
    scrapeConfigs = list (types.attrsOf types.anything) "Jobs." // { example = [ { job_name = "node"; static_configs = [ { targets = [ "localhost:9100" ]; } ]; } ]; };
    remoteWrite = list (types.attrsOf types.anything) "Servers to which samples are sent.";
    remoteRead = list (types.attrsOf types.anything) "Servers from which samples are read.";
    rules = list types.str "Rules, as texts in YAML.";
    ruleFiles = list types.path "Files of rules.";
    alertmanagers = list (types.attrsOf types.anything) "Servers to which alerts are sent.";
    retentionTime = mkOption { type = types.nullOr types.str; default = null; example = "15d"; description = "How long samples are kept."; };
    webExternalUrl = mkOption { type = types.nullOr types.str; default = null; description = "URL under which others reach this server."; };
  };

  config = mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    environment.etc."prometheus/prometheus.yaml" = mkIf cfg.enableReload { source = file; };
    users.users.prometheus = { uid = config.ids.uids.prometheus or 255; group = "prometheus"; description = "Prometheus daemon user"; isSystemUser = true; };
    users.groups.prometheus.gid = config.ids.gids.prometheus or 255;
    systemd.services.prometheus = {
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      description = "Prometheus";
      reloadTriggers = lib.optional cfg.enableReload file;
      serviceConfig = {
        ExecStartPre = mkIf (cfg.checkConfig != false) "${cfg.package}/usr/bin/promtool check config ${file}";
        ExecStart =
          "${cfg.package}/usr/bin/prometheus --storage.tsdb.path=/var/lib/${cfg.stateDir}/data/"
          + " --config.file=${if cfg.enableReload then "/etc/prometheus/prometheus.yaml" else file}"
          + " --web.listen-address=${cfg.listenAddress}:${toString cfg.port}"
          + lib.optionalString (cfg.retentionTime != null) " --storage.tsdb.retention.time=${cfg.retentionTime}"
          + lib.optionalString (cfg.webExternalUrl != null) " --web.external-url=${cfg.webExternalUrl}"
          + lib.concatMapStrings (flag: " ${flag}") cfg.extraFlags;
        ExecReload = "${pkgs.staticBusybox}/bin/kill -HUP $MAINPID";
        User = "prometheus";
        Restart = "always";
        StateDirectory = cfg.stateDir;
        StateDirectoryMode = "0700";
        WorkingDirectory = "/var/lib/${cfg.stateDir}";
        NoNewPrivileges = true;
        PrivateTmp = true;
        ProtectHome = true;
        ProtectSystem = "full";
      };
    };
  };
}
