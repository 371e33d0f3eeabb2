# Prometheus' exporters and its Alertmanager.
{ lib }:
let
  inherit (import ./support/eval.nix { inherit lib; }) configOf failures service;
  exporter = name: settings: { services.prometheus.exporters.${name} = { enable = true; } // settings; };
  unit = name: settings: service "prometheus-${name}-exporter" (exporter name settings);
  exec = name: settings: toString (unit name settings).serviceConfig.ExecStart;
  alerts = settings: { services.prometheus.alertmanager = { enable = true; } // settings; };
  needed = { mysqld.configFile = "/etc/my.cnf"; blackbox.configFile = "/etc/blackbox.yml"; };
in
{
  "nothing of all this runs unless asked for" = {
    expr = builtins.filter (lib.hasPrefix "prometheus-") (builtins.attrNames (configOf { }).systemd.services);
    expected = [ ];
  };
  "each has its port, which it opens if asked for" = {
    expr = map (name: (configOf (exporter name ({ openFirewall = true; } // needed.${name} or { }))).networking.firewall.allowedTCPPorts)
      [ "node" "postgres" "nginx" "redis" "mysqld" "blackbox" ];
    expected = [ [ 9100 ] [ 9187 ] [ 9113 ] [ 9121 ] [ 9104 ] [ 9115 ] ];
  };
  "each has a user of its own, or the one that is named" = {
    expr = map (module: let c = configOf module; in [ c.systemd.services.prometheus-redis-exporter.serviceConfig.User (c.users.users ? redis-exporter) ])
      [ (exporter "redis" { }) (exporter "redis" { user = "nobody"; group = "nogroup"; }) ];
    expected = [ [ "redis-exporter" true ] [ "nobody" false ] ];
  };
  "further arguments come last" = {
    expr = lib.hasSuffix "-web.listen-address 127.0.0.1:1 -redis.addr redis://db:6379" (exec "redis" { listenAddress = "127.0.0.1"; port = 1; extraFlags = [ "-redis.addr redis://db:6379" ]; });
    expected = true;
  };
  "collectors of the machine's exporter" = {
    expr = lib.hasSuffix " --collector.systemd --no-collector.timex --x" (exec "node" { enabledCollectors = [ "systemd" ]; disabledCollectors = [ "timex" ]; extraFlags = [ "--x" ]; });
    expected = true;
  };
  "PostgreSQL is asked on its socket, by its superuser if wanted" = {
    expr = let u = unit "postgres" { runAsLocalSuperUser = true; }; in [ u.environment.DATA_SOURCE_NAME u.serviceConfig.User ];
    expected = [ "user=postgres database=postgres host=/run/postgresql sslmode=disable" "postgres" ];
  };
  "nginx' exporter needs nginx where it is, and nothing where it is not" = {
    expr = map (on: (service "prometheus-nginx-exporter" { services = { nginx.enable = on; prometheus.exporters.nginx.enable = true; }; }).requires) [ true false ];
    expected = [ [ "nginx.service" ] [ ] ];
  };
  "a certificate is verified unless told otherwise" = {
    expr = map (sslVerify: lib.hasInfix "--nginx.ssl-verify=true" (exec "nginx" { inherit sslVerify; })) [ true false ];
    expected = [ true false ];
  };
  "MariaDB's password does not pass the store" = {
    expr = (unit "mysqld" needed.mysqld).serviceConfig.LoadCredential;
    expected = "config:/etc/my.cnf";
  };
  "MariaDB's user without MariaDB is refused" = {
    expr = failures (exporter "mysqld" (needed.mysqld // { runAsLocalSuperUser = true; }));
    expected = [ "services.prometheus.exporters.mysqld.runAsLocalSuperUser needs services.mysql.enable." ];
  };
  "the prober's file is checked, unless told otherwise" = {
    expr = map (enableConfigCheck: (unit "blackbox" (needed.blackbox // { inherit enableConfigCheck; })).serviceConfig ? ExecStartPre) [ true false ];
    expected = [ true false ];
  };

  "an Alertmanager without a configuration is refused" = {
    expr = map (lib.hasInfix "Set either the `configuration` or `configText` attribute.") (failures (alerts { }));
    expected = [ true ];
  };
  "the Alertmanager's port" = { expr = (configOf (alerts { openFirewall = true; configText = "x"; })).networking.firewall.allowedTCPPorts; expected = [ 9093 ]; };
  "the Alertmanager's peers" = {
    expr = lib.hasInfix " --cluster.peer a:9094 --cluster.peer b:9094" (service "alertmanager" (alerts { configText = "x"; clusterPeers = [ "a" "b" ]; })).serviceConfig.ExecStart;
    expected = true;
  };
}
