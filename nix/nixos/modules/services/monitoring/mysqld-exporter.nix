# Prometheus' exporter of MariaDB: services.prometheus.exporters.mysqld.
{ config, lib, pkgs, ... }@args:

let
  inherit (lib) mkIf mkOption types;
in
import ./exporter.nix {
  name = "mysqld";
  port = 9104;
  telemetry = true;
  options = {
    runAsLocalSuperUser = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the exporter runs as {option}`services.mysql.user`.";
    };
    configFile = mkOption {
      type = types.path;
      example = "/var/lib/prometheus-mysqld-exporter.cnf";
      description = "File with a section `[client]`: who logs in, and where. A password has to stand there, also if the server does not ask for it. Name the file as a string, so that it does not get into the store.";
    };
  };
} args (cfg: {
  command =
    "${pkgs.prometheus-mysqld-exporter}/usr/bin/prometheus-mysqld-exporter --web.listen-address=${cfg.listenAddress}:${toString cfg.port}"
    + " --web.telemetry-path=${cfg.telemetryPath} --config.my-cnf=\${CREDENTIALS_DIRECTORY}/config";
  service.serviceConfig = {
    User = mkIf cfg.runAsLocalSuperUser (lib.mkForce config.services.mysql.user);
    LoadCredential = "config:${cfg.configFile}";
  };
  config.assertions = [
    {
      assertion = cfg.runAsLocalSuperUser -> config.services.mysql.enable;
      message = "services.prometheus.exporters.mysqld.runAsLocalSuperUser needs services.mysql.enable.";
    }
  ];
})
