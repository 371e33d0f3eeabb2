# Prometheus' exporter of nginx: services.prometheus.exporters.nginx. It reads services.nginx.statusPage.
{ config, lib, pkgs, ... }@args:

let
  inherit (lib) mkIf mkOption types;
in
import ./exporter.nix {
  name = "nginx";
  port = 9113;
  telemetry = true;
  options = {
    scrapeUri = mkOption {
      type = types.str;
      default = "http://localhost/nginx_status";
      description = "Address of nginx' status, which {option}`services.nginx.statusPage` provides.";
    };
    sslVerify = mkOption { type = types.bool; default = true; description = "Whether the certificate of an https address is verified."; };
    constLabels = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "label1=value1" ];
      description = "Labels of every metric.";
    };
  };
} args (cfg: {
  # The archive's version takes switches as Go's library does: there is no "--no-…".
  command =
    "${pkgs.prometheus-nginx-exporter}/usr/bin/prometheus-nginx-exporter --nginx.scrape-uri='${cfg.scrapeUri}'"
    + " --nginx.ssl-verify=${lib.boolToString cfg.sslVerify} --web.listen-address=${cfg.listenAddress}:${toString cfg.port}"
    + " --web.telemetry-path=${cfg.telemetryPath}";
  service = lib.mkMerge [
    { environment.CONST_LABELS = lib.concatStringsSep "," cfg.constLabels; }
    (mkIf config.services.nginx.enable { after = [ "nginx.service" ]; requires = [ "nginx.service" ]; })
  ];
})
