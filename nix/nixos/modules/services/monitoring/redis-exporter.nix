# Prometheus' exporter of Redis: services.prometheus.exporters.redis. The server's address is one of extraFlags.
{ pkgs, ... }@args:

import ./exporter.nix { name = "redis"; port = 9121; } args (cfg: {
  command = "${pkgs.prometheus-redis-exporter}/usr/bin/prometheus-redis-exporter -web.listen-address ${cfg.listenAddress}:${toString cfg.port}";
})
