# Prometheus' exporter of PostgreSQL: services.prometheus.exporters.postgres.
{ lib, pkgs, ... }@args:

let
  inherit (lib) mkIf mkOption types;
in
import ./exporter.nix {
  name = "postgres";
  port = 9187;
  telemetry = true;
  options = {
    dataSourceName = mkOption {
      type = types.str;
      default = "user=postgres database=postgres host=/run/postgresql sslmode=disable";
      example = "postgresql://username:password@localhost:5432/postgres?sslmode=disable";
      description = "The server, as URI or as words. Readable in the store: a password belongs into {option}`environmentFile`.";
    };
    runAsLocalSuperUser = mkOption { type = types.bool; default = false; description = "Whether the exporter runs as the user `postgres`."; };
    environmentFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = "/root/prometheus-postgres-exporter.env";
      description = "File of environment variables. `DATA_SOURCE_NAME` there is used instead of {option}`dataSourceName`.";
    };
  };
} args (cfg: {
  command =
    "${pkgs.prometheus-postgres-exporter}/usr/bin/prometheus-postgres-exporter --web.listen-address ${cfg.listenAddress}:${toString cfg.port}"
    + " --web.telemetry-path ${cfg.telemetryPath}";
  service = {
    environment.DATA_SOURCE_NAME = cfg.dataSourceName;
    serviceConfig = {
      User = mkIf cfg.runAsLocalSuperUser (lib.mkForce "postgres");
      EnvironmentFile = mkIf (cfg.environmentFile != null) [ cfg.environmentFile ];
    };
  };
})
