# nginx and the Apache HTTP server.
{ lib }:
let
  inherit (import ./support/eval.nix { inherit lib; }) configOf failures lines pkgs service;
  text = module:
    let c = configOf { services.nginx = { enable = true; } // module; };
    in import ../../nixos/modules/services/web-servers/nginx/configuration.nix {
      inherit lib pkgs;
      cfg = c.services.nginx;
      enableIPv6 = c.networking.enableIPv6;
    };
  host = options: text { virtualHosts."example.org" = options; };
  ssl = { sslCertificate = "/c.pem"; sslCertificateKey = "/k.pem"; };
  # Do these lines follow each other?
  sequence = text: wanted: lib.hasInfix (lib.concatStringsSep "\n" wanted) (lib.concatStringsSep "\n" (lines text));
  says = text: wanted: { expr = sequence text wanted; expected = true; };
  silent = text: part: { expr = lib.hasInfix part text; expected = false; };
in
{
  "a virtual host listens on port 80 of both families" = says (host { root = "/srv/www"; }) [
    "server {" "listen 0.0.0.0:80;" "listen [::0]:80;" "server_name example.org;" "root /srv/www;" "}"
  ];
  "names and aliases" = says (host { serverName = "a"; serverAliases = [ "b" "c" ]; }) [ "server_name a b c;" ];
  "the default host" = says (host { default = true; }) [ "listen 0.0.0.0:80 default_server;" ];
  "listening where it is told" = says (host { listen = [ { addr = "127.0.0.1"; port = 8080; extraParameters = [ "backlog=5" ]; } ]; }) [
    "server {" "listen 127.0.0.1:8080 backlog=5;" "server_name example.org;"
  ];
  "forced encryption redirects" = says (host (ssl // { forceSSL = true; })) [
    "listen [::0]:80;" "server_name example.org;" "location / {" "return 301 https://$host$request_uri;" "}" "}"
    "server {" "listen 0.0.0.0:443 ssl http2;" "listen [::0]:443 ssl http2;" "server_name example.org;" "ssl_certificate /c.pem;" "ssl_certificate_key /k.pem;"
  ];
  "added encryption serves both" = says (host (ssl // { addSSL = true; })) [
    "listen 0.0.0.0:443 ssl http2;" "listen 0.0.0.0:80;"
  ];
  "encryption alone" = silent (host (ssl // { onlySSL = true; })) ":80;";
  "two kinds of encryption exclude each other" = {
    expr = map (lib.hasInfix "are mutually exclusive") (failures { services.nginx = { enable = true; virtualHosts.x = ssl // { addSSL = true; forceSSL = true; }; }; });
    expected = [ true ];
  };
  "a certificate by ACME is refused" = {
    expr = map (lib.hasInfix "set sslCertificate and sslCertificateKey") (failures { services.nginx = { enable = true; virtualHosts.x.enableACME = true; }; });
    expected = [ true ];
  };
  "everything to another host" = says (host { globalRedirect = "new.example.org"; redirectCode = 308; }) [
    "location / {" "return 308 http://new.example.org$request_uri;" "}"
  ];

  "a proxied location" = says (host { locations."/api/" = { proxyPass = "http://127.0.0.1:3000"; proxyWebsockets = true; }; }) [
    "location /api/ {" "proxy_pass http://127.0.0.1:3000;" "proxy_http_version 1.1;"
    "proxy_set_header Upgrade $http_upgrade;" "proxy_set_header Connection $connection_upgrade;" "}"
  ];
  "with the recommended headers" = {
    expr = lib.hasInfix "include /nix/store/" (host { locations."/" = { proxyPass = "http://x"; recommendedProxySettings = true; }; });
    expected = true;
  };
  "locations in order of priority" = says (host { locations = { "/a".return = 404; "/b" = { return = "301 /c"; priority = 500; }; }; }) [
    "location /b {" "return 301 /c;" "}" "location /a {" "return 404;" "}"
  ];
  "files of a location" = says (host { locations."/" = { root = "/srv"; index = "a.html"; tryFiles = "$uri =404"; extraConfig = "autoindex on;"; }; }) [
    "location / {" "index a.html;" "try_files $uri =404;" "root /srv;" "autoindex on;" "}"
  ];
  "root and alias exclude each other" = {
    expr = failures { services.nginx = { enable = true; virtualHosts.x.locations."/" = { root = "/a"; alias = "/b"; }; }; };
    expected = [ "Only one of nginx root or alias can be specified on a location." ];
  };
  "passwords" = says (host { basicAuthFile = "/run/htpasswd"; }) [ "auth_basic secured;" "auth_basic_user_file /run/htpasswd;" ];
  "FastCGI parameters are added to the usual ones" = says (host { locations."~ \\.php$" = { fastcgiParams.X = "y"; extraConfig = "fastcgi_pass unix:/s;"; }; }) [ ''fastcgi_param X "y";'' "fastcgi_pass unix:/s;" ];

  "a group of servers" = says (text { upstreams.app = { servers."10.0.0.1:80" = { weight = 5; backup = true; }; extraConfig = "keepalive 8;"; }; }) [
    "upstream app {" "server 10.0.0.1:80 backup weight=5;" "keepalive 8;" "}"
  ];
  "the version is not told" = says (text { }) [ "server_tokens off;" ];
  "a body may be ten megabytes" = says (text { }) [ "client_max_body_size 10m;" ];
  "settings for compression" = says (text { recommendedGzipSettings = true; }) [ "gzip on;" ];
  "not unless asked for" = silent (text { }) "gzip on";
  "text for all hosts, before and after" = {
    expr = let t = text { commonHttpConfig = "log_format a 'b';"; appendHttpConfig = "map $a $b { }"; }; in [ (sequence t [ "http {" "log_format a 'b';" ]) (sequence t [ "map $a $b { }" "}" ]) ];
    expected = [ true true ];
  };
  "a status page for this machine" = says (text { statusPage = true; }) [ "stub_status on;" "access_log off;" "allow 127.0.0.1;" ];
  "a whole configuration of the user's" = silent (text { config = "events {}\nhttp {}"; }) "server {";
  "without IPv6" = {
    expr = (configOf { networking.enableIPv6 = false; services.nginx.enable = true; }).services.nginx.defaultListenAddresses;
    expected = [ "0.0.0.0" ];
  };
  "the server's package has its files, and is the program that runs" = {
    expr =
      let module.services.nginx.enable = true; package = (configOf module).services.nginx.package;
      in [ (package == pkgs.nginx) package.archiveNames package.version (lib.hasPrefix "${package}/usr/sbin/nginx " (service "nginx" module).serviceConfig.ExecStart) ];
    expected = [ true [ "nginx" "nginx-common" ] "1.22.1" true ];
  };
  "its other names are the same package" = { expr = [ "${pkgs.nginxStable}" "${pkgs.nginxMainline}" ] == [ "${pkgs.nginx}" "${pkgs.nginx}" ]; expected = true; };
  "nginx is not root, and may use port 80" = {
    expr = let s = (service "nginx" { services.nginx.enable = true; }).serviceConfig; in [ s.User (builtins.elem "CAP_NET_BIND_SERVICE" s.AmbientCapabilities) ];
    expected = [ "nginx" true ];
  };
  "nginx can be reloaded instead of restarted" = {
    expr = map (reload: builtins.length (service "nginx" { services.nginx = { enable = true; enableReload = reload; }; }).reloadTriggers) [ true false ];
    expected = [ 1 0 ];
  };
  "its logs are rotated" = { expr = (configOf { services.nginx.enable = true; }).services.logrotate.enable; expected = true; };
  "without log files nothing is rotated" = { expr = (configOf { }).services.logrotate.enable; expected = false; };
  "an unknown option of a host is an error that names it" = {
    expr = host { docroot = "/srv"; };
    error = [ "services.nginx.virtualHosts.\"example.org\".docroot" "does not exist" ];
  };

  "httpd: one server, one administrator" = {
    expr = let c = configOf { services.httpd = { enable = true; adminAddr = "a@example.org"; virtualHosts.localhost.documentRoot = "/srv"; }; }; in [ c.services.httpd.user (c.systemd.services ? httpd) (map (a: a.message) (builtins.filter (a: !a.assertion) c.assertions)) ];
    expected = [ "wwwrun" true [ ] ];
  };
}
