# Databases, resolvers, proxies, monitoring, cron, logrotate, tunnels: what their options become.
{ lib }:
let
  inherit (import ./support/eval.nix { inherit lib; }) configOf etc failures hasLine pkgs service;
  setting = module: (configOf module).services;
  exec = name: module: toString (service name module).serviceConfig.ExecStart;
  hasUnit = name: module: (configOf module).systemd.services ? ${name};
  key = "MMMM+key=";
  phpPackages = [ pkgs."php8.2-fpm" pkgs.php pkgs.php82 (pkgs.php.withExtensions ({ enabled, all }: enabled ++ [ all.gd ])) (pkgs.php.buildEnv { extraConfig = "x = 1"; }) ];
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
  "Unbound: lists of several definitions are joined, the later one first, in clauses and of them" = {
    expr =
      let
        part = number: {
          server = { access-control = [ "10.0.${number}.0/24 allow" ]; interface = [ "10.0.${number}.1" ]; };
          forward-zone = [ { name = "${number}.example.org"; forward-addr = [ "192.0.2.${number}" ]; } ];
        };
        s = (setting { services.unbound = { enable = true; settings = lib.mkMerge [ (part "1") (part "2") ]; }; }).unbound.settings;
      in
      [ s.server.access-control s.server.interface (map (zone: zone.name) s.forward-zone) ];
    expected = [
      [ "10.0.2.0/24 allow" "10.0.1.0/24 allow" ]
      [ "10.0.2.1" "10.0.1.1" ]
      [ "2.example.org" "1.example.org" ]
    ];
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
  "PHP: the program has the version in its name, whichever package it comes from" = {
    expr = map (package: builtins.match "(.*/usr/sbin/php-fpm8.2) -y .*" (exec "phpfpm-web" { services.phpfpm.pools.web = { user = "nginx"; phpPackage = package; }; }))
      phpPackages == map (package: [ "${package}/usr/sbin/php-fpm8.2" ]) phpPackages;
    expected = true;
  };
  "PHP: settings in the package come before the pool's" = {
    expr =
      let
        pre = (service "phpfpm-web" {
          services.phpfpm.pools.web = { user = "nginx"; phpPackage = pkgs.php.buildEnv { extraConfig = "memory_limit = 1G"; }; phpOptions = "expose_php = off\n"; };
        }).preStart;
        file = builtins.head (builtins.match ".*ln -sfn ([^ ]*php-web.ini) .*" pre);
      in
      file == "${pkgs.writeText "php-web.ini" "memory_limit = 1G\nexpose_php = off\n"}";
    expected = true;
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
  "git: sets of several modules are one, of which the higher priority wins; lists follow" = {
    expr = (configOf {
      programs.git = {
        enable = true;
        config = lib.mkMerge [
          { user = { name = "a"; email = "e"; }; }
          { user.name = lib.mkForce "b"; }
          [ { include.path = "/x"; } { user.name = "c"; } ]
        ];
      };
    }).programs.git.config;
    expected = [ { user = { name = "b"; email = "e"; }; } { include.path = "/x"; } { user.name = "c"; } ];
  };
  "git: nothing said, nothing written" = { expr = (configOf { programs.git.enable = true; }).environment.etc ? gitconfig; expected = false; };
  "git: a section is a set" = { expr = etc "gitconfig" { programs.git = { enable = true; config.user = "a"; }; }; error = [ "programs.git.config" "is not of type" ]; };
  "aliases of all shells are bash's" = {
    expr = hasLine (etc "bashrc" { environment.shellAliases.ll = "ls -l"; }) "alias -- ll='ls -l'";
    expected = true;
  };
  "and zsh's, where it is enabled" = { expr = hasLine (etc "zsh/zshrc" { programs.zsh.enable = true; environment.shellAliases.ll = "ls -l"; }) "alias -- ll='ls -l'"; expected = true; };
  "zsh: where suggestions come from, and what is coloured" = {
    expr =
      let
        text = etc "zsh/zshrc" {
          programs.zsh = {
            enable = true;
            autosuggestions = { enable = true; strategy = [ "match_prev_cmd" "completion" ]; async = false; extraConfig.ZSH_AUTOSUGGEST_USE_X = "1"; };
            syntaxHighlighting = { enable = true; highlighters = [ "main" "brackets" ]; patterns."rm -rf *" = "bg=red"; styles.alias = "bold"; };
          };
        };
      in
      builtins.filter (line: !hasLine text line) [
        "ZSH_AUTOSUGGEST_STRATEGY=(match_prev_cmd completion)" "unset ZSH_AUTOSUGGEST_USE_ASYNC" ''ZSH_AUTOSUGGEST_USE_X="1"'' "ZSH_HIGHLIGHT_HIGHLIGHTERS=(main brackets)"
        "ZSH_HIGHLIGHT_PATTERNS+=('rm -rf *' 'bg=red')" "ZSH_HIGHLIGHT_STYLES[alias]='bold'"
      ];
    expected = [ ];
  };
  "Caddy reads variables from a file, if there is one" = {
    expr = map (module: (service "caddy" { services.caddy = { enable = true; } // module; }).serviceConfig.EnvironmentFile) [ { environmentFile = "/run/secrets/x"; } { } ];
    expected = [ [ "/run/secrets/x" ] [ ] ];
  };
  "an editor may be the default" = { expr = (configOf { programs.neovim = { enable = true; defaultEditor = true; }; }).environment.variables.EDITOR; expected = "nvim"; };
  "nano is the editor, unless another one is" = {
    expr = map (module: (configOf module).environment.variables.EDITOR) [ { } { programs.vim = { enable = true; defaultEditor = true; }; } { environment.variables.EDITOR = "ed"; } { programs.nano.enable = false; } ];
    expected = [ "nano" "vim" "ed" "vi" ];
  };
  "mtr may use raw sockets" = { expr = (configOf { programs.mtr.enable = true; }).security.wrappers.mtr-packet.capabilities; expected = "cap_net_raw+p"; };
}
