# Databases, resolvers, proxies, monitoring, cron, logrotate, tunnels: what their options become.
{ lib }:
let
  inherit (import ./support/eval.nix { inherit lib; }) configOf etc failures hasLine pkgs service;
  setting = module: (configOf module).services;
  exec = name: module: toString (service name module).serviceConfig.ExecStart;
  hasUnit = name: module: (configOf module).systemd.services ? ${name};
  key = "MMMM+key=";
in
{
  "nothing of all this runs unless asked for" = {
    expr = builtins.filter (name: hasUnit name { })
      [ "postgresql" "redis" "mysql" "haproxy" "dnsmasq" "unbound" "caddy" "httpd" "nginx" "prometheus" "tor" "vsftpd" "cron" "logrotate" "memcached" "mosquitto" ];
    expected = [ ];
  };

  "PostgreSQL: the version in the package's name is the schema's" = {
    expr = (setting { services.postgresql.enable = true; }).postgresql.dataDir;
    expected = "/var/lib/postgresql/15";
  };
  "PostgreSQL listens on localhost" = { expr = (setting { services.postgresql.enable = true; }).postgresql.settings.listen_addresses; expected = "localhost"; };
  "PostgreSQL listens everywhere if asked for" = {
    expr = (setting { services.postgresql = { enable = true; enableTCPIP = true; }; }).postgresql.settings.listen_addresses;
    expected = "*";
  };
  "PostgreSQL: rules of the user's come before the usual ones" = {
    expr =
      let found = lib.splitString "\n" (setting { services.postgresql = { enable = true; authentication = "local x x trust"; }; }).postgresql.authentication;
      in lib.lists.findFirstIndex (line: line == "local x x trust") null found < lib.lists.findFirstIndex (line: lib.hasPrefix "local all all" line) null found;
    expected = true;
  };
  "PostgreSQL: an owner without a database is refused" = {
    expr = map (lib.hasInfix "Offender: alice has no database") (failures { services.postgresql = { enable = true; ensureUsers = [ { name = "alice"; ensureDBOwnership = true; } ]; }; });
    expected = [ true ];
  };
  "PostgreSQL: attributes of a user" = {
    expr = lib.hasInfix ''ALTER ROLE "alice" NOLOGIN SUPERUSER'' (service "postgresql-setup" {
      services.postgresql = { enable = true; ensureUsers = [ { name = "alice"; ensureClauses = { superuser = true; login = false; }; } ]; };
    }).script;
    expected = true;
  };
  "PostgreSQL: other modules append to the setup" = {
    expr =
      let script = (service "postgresql-setup" {
        services.postgresql = { enable = true; ensureDatabases = [ "shop" ]; };
        systemd.services.postgresql-setup.script = lib.mkAfter "psql -c mine";
      }).script;
      in map (part: lib.hasInfix part script) [ "CREATE DATABASE \"shop\"" "psql -c mine" ] ++ [ (lib.last (lib.splitString "\n" script)) ];
    expected = [ true true "psql -c mine" ];
  };
  "PostgreSQL: the setup is a unit of its own, and the target means both" = {
    expr =
      let s = (configOf { services.postgresql = { enable = true; settings.port = 5555; }; }).systemd;
      in [ s.targets.postgresql.requires s.targets.postgresql.wantedBy s.services.postgresql.partOf s.services.postgresql-setup.environment.PGPORT s.services.postgresql-setup.serviceConfig.User ];
    expected = [ [ "postgresql.service" "postgresql-setup.service" ] [ "multi-user.target" ] [ "postgresql.target" ] "5555" "postgres" ];
  };
  "PostgreSQL: the package that runs has the server, the client and the extensions" = {
    expr = map (module: map (p: p.pname) (setting { services.postgresql = { enable = true; } // module; }).postgresql.finalPackage.packages)
      [ { } { package = pkgs.postgresql-15; } { extensions = ps: [ ps.pg_semver ]; } { extensions = [ pkgs.postgresql-15-semver ]; } ];
    expected =
      let plain = [ "postgresql-15" "postgresql-client-15" ]; more = plain ++ [ "postgresql-15-semver" ];
      in [ plain plain more more ];
  };
  "PostgreSQL: the old name of the port" = { expr = (setting { services.postgresql = { enable = true; port = 5555; }; }).postgresql.settings.port; expected = 5555; };

  "Redis: the unnamed server has the usual port, others have none" = {
    expr = builtins.mapAttrs (_: server: server.port) (setting { services.redis.servers = { "" = { enable = true; }; cache.enable = true; }; }).redis.servers;
    expected = { "" = 6379; cache = 0; };
  };
  "Redis: units are named after servers" = {
    expr = map (name: hasUnit name { services.redis.servers = { "" = { enable = true; }; cache.enable = true; off.enable = false; }; }) [ "redis" "redis-cache" "redis-off" ];
    expected = [ true true false ];
  };
  "Redis: a password twice is refused" = {
    expr = builtins.length (failures { services.redis.servers.x = { enable = true; requirePass = "a"; requirePassFile = "/b"; }; });
    expected = 1;
  };
  "MariaDB: sections of my.cnf" = {
    expr = (setting { services.mysql = { enable = true; settings.mysqld.key_buffer_size = "6G"; }; }).mysql.settings.mysqld.key_buffer_size;
    expected = "6G";
  };
  "memcached listens on localhost" = { expr = lib.hasInfix "-l 127.0.0.1 -p 11211" (exec "memcached" { services.memcached.enable = true; }); expected = true; };

  "HAProxy without a configuration is refused" = { expr = failures { services.haproxy.enable = true; }; expected = [ "You must provide services.haproxy.config." ]; };
  "dnsmasq is asked by this machine" = {
    expr = with configOf { services.dnsmasq.enable = true; }; [ networking.nameservers networking.resolvconf.useLocalResolver ];
    expected = [ [ "127.0.0.1" ] true ];
  };
  "or not" = { expr = (configOf { services.dnsmasq = { enable = true; resolveLocalQueries = false; }; }).networking.nameservers; expected = [ ]; };
  "dnsmasq: the old option for servers" = {
    expr = (setting { services.dnsmasq = { enable = true; servers = [ "192.0.2.1" ]; }; }).dnsmasq.settings.server;
    expected = [ "192.0.2.1" ];
  };
  "Unbound: settings of both sides are merged" = {
    expr = let s = (setting { services.unbound = { enable = true; settings.server.num-threads = 2; }; }).unbound.settings.server; in [ s.num-threads s.interface ];
    expected = [ 2 [ "127.0.0.1" "::1" ] ];
  };
  "the exporter opens its port if asked for" = {
    expr = (configOf { services.prometheus.exporters.node = { enable = true; openFirewall = true; }; }).networking.firewall.allowedTCPPorts;
    expected = [ 9100 ];
  };
  "Prometheus and its exporter are separate" = { expr = hasUnit "prometheus" { services.prometheus.exporters.node.enable = true; }; expected = false; };
  "Caddy opens its ports if asked for" = {
    expr = (configOf { services.caddy = { enable = true; openFirewall = true; }; }).networking.firewall.allowedTCPPorts;
    expected = [ 80 443 ];
  };
  "Caddy gets its certificates itself" = {
    expr = map (lib.hasInfix "Caddy gets certificates itself") (failures { services.caddy = { enable = true; virtualHosts.x.useACMEHost = "y"; }; });
    expected = [ true ];
  };
  "PHP: a pool tells the web server its socket" = {
    expr = (setting { services.phpfpm.pools.web.user = "nginx"; }).phpfpm.pools.web.socket;
    expected = "/run/phpfpm/web.sock";
  };
  "vsftpd: encryption without a certificate is refused" = {
    expr = builtins.length (failures { services.vsftpd = { enable = true; forceLocalLoginsSSL = true; }; });
    expected = 1;
  };
  "Tor: the archive's own instance is not started" = { expr = (configOf { services.tor.enable = true; }).systemd.generators.tor-generator; expected = "/dev/null"; };

  "a cron job switches cron on" = { expr = hasUnit "cron" { services.cron.systemCronJobs = [ "* * * * * root true" ]; }; expected = true; };
  "a file to rotate switches rotation on" = {
    expr = (configOf { services.logrotate.settings."/var/log/x.log".frequency = "daily"; }).systemd.timers ? logrotate;
    expected = true;
  };
  "settings for all files alone do not" = { expr = (configOf { services.logrotate.settings.header.rotate = 9; }).services.logrotate.enable; expected = false; };

  "WireGuard: peers' addresses are routed to the tunnel" = {
    expr = hasLine (service "wireguard-wg0" {
      networking.wireguard.interfaces.wg0 = { ips = [ "10.9.0.1/24" ]; privateKeyFile = "/k"; peers = [ { publicKey = key; allowedIPs = [ "10.9.0.2/32" ]; } ]; };
    }).script "ip route replace 10.9.0.2/32 dev wg0 table main";
    expected = true;
  };
  "WireGuard without a key is refused" = {
    expr = builtins.length (failures { networking.wireguard.interfaces.wg0.ips = [ "10.9.0.1/24" ]; });
    expected = 1;
  };

  "git's configuration" = {
    expr = lib.hasInfix "defaultBranch = \"main\"" (etc "gitconfig" { programs.git = { enable = true; config.init.defaultBranch = "main"; }; });
    expected = true;
  };
  "aliases of all shells are bash's" = {
    expr = hasLine (etc "bashrc" { environment.shellAliases.ll = "ls -l"; }) "alias -- ll='ls -l'";
    expected = true;
  };
  "and zsh's, where it is enabled" = { expr = hasLine (etc "zsh/zshrc" { programs.zsh.enable = true; environment.shellAliases.ll = "ls -l"; }) "alias -- ll='ls -l'"; expected = true; };
  "an editor may be the default" = { expr = (configOf { programs.neovim = { enable = true; defaultEditor = true; }; }).environment.variables.EDITOR; expected = "nvim"; };
  "nano is the editor, unless another one is" = {
    expr = map (module: (configOf module).environment.variables.EDITOR) [ { } { programs.vim = { enable = true; defaultEditor = true; }; } { environment.variables.EDITOR = "ed"; } { programs.nano.enable = false; } ];
    expected = [ "nano" "vim" "ed" "vi" ];
  };
  "mtr may use raw sockets" = { expr = (configOf { programs.mtr.enable = true; }).security.wrappers.mtr-packet.capabilities; expected = "cap_net_raw+p"; };
}
