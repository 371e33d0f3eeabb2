# Makes the configuration of the Apache HTTP server and runs it.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings mapAttrsToList mkIf optional optionals optionalString unique;
  cfg = config.services.httpd;
  hosts = builtins.attrValues cfg.virtualHosts;

  hasSSL = host: host.addSSL || host.onlySSL || host.enableSSL || host.forceSSL;
  listens = host:
    if host.listen != [ ] then host.listen
    else
      optionals (hasSSL host) (map (ip: { inherit ip; port = 443; ssl = true; }) host.listenAddresses)
      ++ optionals (!host.onlySSL && !host.enableSSL) (map (ip: { inherit ip; port = 80; ssl = false; }) host.listenAddresses);
  allListens = unique (lib.concatMap listens hosts);
  anySSL = builtins.any (l: l.ssl) allListens;
  anyProxy = builtins.any (host: builtins.any (l: l.proxyPass != null) (builtins.attrValues host.locations)) hosts;

  modules = unique (
    [
      "authn_core" "authz_core" "authz_host" "authz_user" "authn_file" "auth_basic" "autoindex" "alias" "dir" "env" "mime" "mime_magic"
      "expires" "headers" "negotiation" "reqtimeout" "rewrite" "setenvif" "status" "deflate" "filter" "mpm_${cfg.mpm}"
    ]
    ++ optionals anySSL [ "ssl" "socache_shmcb" ]
    ++ optional (builtins.any (host: host.http2) hosts && cfg.mpm != "prefork") "http2"
    ++ optional (builtins.any (host: host.enableUserDir) hosts) "userdir"
    ++ optionals anyProxy [ "proxy" "proxy_http" ]
    ++ cfg.extraModules
  );
  load = module:
    if builtins.isString module then "LoadModule ${module}_module ${cfg.package}/usr/lib/apache2/modules/mod_${module}.so\n"
    else "LoadModule ${module.name}_module ${module.path}\n";

  allowed = directory: options: ''
    <Directory "${directory}">
      Options ${options}
      AllowOverride None
      Require all granted
    </Directory>
  '';

  location = path: l: ''
    ${optionalString (l.proxyPass != null) ''
      <Location "${path}">
        ProxyPass ${l.proxyPass}
        ProxyPassReverse ${l.proxyPass}
      </Location>
    ''}${optionalString (l.alias != null) ''
      Alias ${path} "${l.alias}"
    ''}<Location "${path}">
      ${optionalString (l.index != null) "DirectoryIndex ${l.index}"}
      ${l.extraConfig}
    </Location>
  '';
  locations = set:
    concatMapStrings ({ name, value }: location name value)
      (lib.sort (a: b: a.value.priority < b.value.priority) (mapAttrsToList lib.nameValuePair set));

  logs = host:
    optionalString cfg.logPerVirtualHost ''
      ErrorLog ${cfg.logDir}/error-${host.hostName}.log
      CustomLog ${cfg.logDir}/access-${host.hostName}.log ${host.logFormat}
    '';

  emptyRoot = pkgs.runCommand "empty-document-root" { } "mkdir $out";

  common = host: ''
    ${concatMapStrings (name: "ServerAlias ${name}\n") host.serverAliases}
    ${optionalString (host.adminAddr != null) "ServerAdmin ${host.adminAddr}"}
    ${logs host}
    ${optionalString (host.robotsEntries != "") "Alias /robots.txt ${pkgs.writeText "robots.txt" host.robotsEntries}"}
    DocumentRoot "${if host.documentRoot != null then host.documentRoot else emptyRoot}"
    ${allowed (if host.documentRoot != null then host.documentRoot else emptyRoot) "Indexes FollowSymLinks"}
    ${optionalString host.enableUserDir ''
      UserDir public_html
      UserDir disabled root
      <Directory "/home/*/public_html">
        AllowOverride FileInfo AuthConfig Limit Indexes
        Options MultiViews Indexes SymLinksIfOwnerMatch IncludesNoExec
        Require all granted
      </Directory>
    ''}
    ${optionalString (host.globalRedirect != null) "RedirectPermanent / ${host.globalRedirect}"}
    ${concatMapStrings ({ file, urlPath }: "Alias ${urlPath} ${file}\n${allowed (builtins.dirOf file) "None"}") host.servedFiles}
    ${concatMapStrings ({ dir, urlPath }: "Alias ${urlPath} ${dir}/\n${allowed dir "Indexes FollowSymLinks"}") host.servedDirs}
    ${locations host.locations}
    ${host.extraConfig}
  '';

  block = host: ls: body: ''
    <VirtualHost ${concatMapStrings (l: "${l.ip}:${toString l.port} ") ls}>
    ServerName ${host.hostName}
    ${body}
    </VirtualHost>
  '';

  virtualHost = host:
    let
      plain = builtins.filter (l: !l.ssl) (listens host);
      encrypted = builtins.filter (l: l.ssl) (listens host);
    in
    optionalString (plain != [ ]) (block host plain (
      if host.forceSSL then ''
        RewriteEngine on
        RewriteRule ^/?(.*)$ https://%{HTTP_HOST}/$1 [R=301,L]
      '' else common host
    ))
    + optionalString (encrypted != [ ]) (block host encrypted ''
      SSLEngine on
      SSLCertificateFile ${host.sslServerCert}
      SSLCertificateKeyFile ${host.sslServerKey}
      ${optionalString (host.sslServerChain != null) "SSLCertificateChainFile ${host.sslServerChain}"}
      ${optionalString host.http2 "Protocols h2 http/1.1"}
      ${common host}
    '');

  text = ''
    ServerName ${config.networking.fqdnOrHostName}
    DefaultRuntimeDir /run/httpd/runtime
    PidFile /run/httpd/httpd.pid
    ${optionalString (cfg.mpm != "prefork") "ServerLimit ${toString (cfg.maxClients / 25 + 1)}"}
    MaxRequestWorkers ${toString cfg.maxClients}
    MaxConnectionsPerChild ${toString cfg.maxRequestsPerChild}
    ${concatMapStrings (l: "Listen ${l.ip}:${toString l.port} ${if l.ssl then "https" else "http"}\n") allListens}
    User ${cfg.user}
    Group ${cfg.group}
    ${concatMapStrings load modules}
    ${optionalString (cfg.adminAddr != null) "ServerAdmin ${cfg.adminAddr}"}
    ErrorLog ${if cfg.logPerVirtualHost then "${cfg.logDir}/error.log" else "${cfg.logDir}/error.log"}
    LogLevel notice
    LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"" combined
    LogFormat "%h %l %u %t \"%r\" %>s %b" common
    LogFormat "%{Referer}i -> %U" referer
    LogFormat "%{User-agent}i" agent
    CustomLog ${cfg.logDir}/access.log ${cfg.logFormat}

    <Directory />
      Options FollowSymLinks
      AllowOverride None
      Require all denied
    </Directory>
    <Files ~ "^\.ht">
      Require all denied
    </Files>

    TypesConfig ${pkgs.media-types}/etc/mime.types
    DirectoryIndex index.html
    TraceEnable off
    ${optionalString anySSL ''
      SSLSessionCache shmcb:/run/httpd/ssl_scache(512000)
      Mutex posixsem
      SSLRandomSeed startup builtin
      SSLProtocol ${cfg.sslProtocols}
      SSLCipherSuite ${cfg.sslCiphers}
      SSLHonorCipherOrder on
    ''}
    ${concatMapStrings virtualHost hosts}
    ${cfg.extraConfig}
  '';

  file =
    if cfg.configFile != null then cfg.configFile
    else pkgs.writeText "httpd.conf" (concatMapStrings (line: line + "\n") (builtins.filter (line: lib.trim line != "") (lib.splitString "\n" text)));
  httpd = "${cfg.package}/usr/sbin/apache2";
in
{
  config = mkIf cfg.enable {
    users.users = lib.optionalAttrs (cfg.user == "wwwrun") {
      wwwrun = {
        group = cfg.group;
        description = "Apache httpd user";
        uid = config.ids.uids.wwwrun or 54;
        isSystemUser = true;
      };
    };
    users.groups = lib.optionalAttrs (cfg.group == "wwwrun") { wwwrun.gid = config.ids.gids.wwwrun or 54; };

    environment.systemPackages = [ cfg.package ];
    environment.etc."httpd/httpd.conf".source = file;
    systemd.tmpfiles.rules = [ "d '${cfg.logDir}' 0700 ${cfg.user} ${cfg.group} -" ];

    services.logrotate.settings.httpd = {
      files = "${cfg.logDir}/*.log";
      su = "${cfg.user} ${cfg.group}";
      frequency = "daily";
      rotate = 28;
      sharedscripts = true;
      compress = true;
      delaycompress = true;
      postrotate = "systemctl reload httpd.service > /dev/null 2>/dev/null || true";
    };

    systemd.services.httpd = {
      description = "Apache HTTPD";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      restartTriggers = [ file ];
      preStart = "mkdir -p /run/httpd/runtime";
      serviceConfig = {
        ExecStart = "@${httpd} httpd -f /etc/httpd/httpd.conf -DFOREGROUND";
        ExecReload = "${httpd} -f /etc/httpd/httpd.conf -k graceful";
        KillMode = "mixed";
        Restart = "always";
        RestartSec = "5s";
        RuntimeDirectory = "httpd httpd/runtime";
        RuntimeDirectoryMode = "0750";
        User = "root";
        Group = cfg.group;
        PrivateTmp = true;
      };
    };
  };
}
