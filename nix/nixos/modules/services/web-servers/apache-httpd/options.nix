# The options of the Apache HTTP server: services.httpd. service.nix makes the configuration and runs the server.
{ config, lib, pkgs, ... }:

let
  inherit (lib) literalExpression mkEnableOption mkOption types;
  cfg = config.services.httpd;

  switch = default: description: mkOption { type = types.bool; inherit default description; };
  lines = description: mkOption { type = types.lines; default = ""; inherit description; };
  maybe = type: description: mkOption { type = types.nullOr type; default = null; inherit description; };
  list = type: description: mkOption { type = types.listOf type; default = [ ]; inherit description; };

  listen = {
    options = {
      ip = mkOption { type = types.str; default = "*"; description = "Address to listen on."; };
      port = mkOption { type = types.port; description = "Port to listen on."; };
      ssl = switch false "Whether connections are encrypted.";
    };
  };

  location = {
    options = {
      proxyPass = maybe types.str "URL to which requests are passed.";
      index = maybe types.str "Files that are served for a directory.";
      alias = maybe types.path "Directory or file that stands for the location.";
      extraConfig = lines "Text for the end of the location.";
      priority = mkOption { type = types.int; default = 1000; description = "Place of the location: smaller numbers come first."; };
    };
  };

  pair = what: {
    options = {
      ${what} = mkOption { type = types.path; description = "What is served."; };
      urlPath = mkOption { type = types.str; description = "Path under which it is served."; };
    };
  };

  virtualHost = { name, ... }: {
    options = {
      hostName = mkOption { type = types.str; default = name; description = "Name of the server."; };
      serverAliases = list types.str "Further names.";
      listen = list (types.submodule listen) "Addresses and ports to listen on, instead of the usual ports.";
      listenAddresses = mkOption {
        type = types.nonEmptyListOf types.str;
        default = [ "*" ];
        description = "Addresses on which to listen on the usual ports.";
      };
      enableSSL = mkOption { type = types.bool; default = false; visible = false; description = "Old name of onlySSL."; };
      addSSL = switch false "Whether to listen with and without encryption.";
      onlySSL = switch false "Whether to listen with encryption only.";
      forceSSL = switch false "Whether to listen with encryption, and to send everybody else there.";
      enableACME = switch false "Whether to get a certificate from an ACME server (not available here).";
      useACMEHost = maybe types.str "Certificate of another host to use (not available here).";
      acmeRoot = mkOption { type = types.nullOr types.str; default = "/var/lib/acme/acme-challenge"; description = "Directory of ACME challenges."; };
      sslServerCert = mkOption { type = types.path; description = "The certificate."; };
      sslServerKey = mkOption { type = types.path; description = "The key of the certificate."; };
      sslServerChain = maybe types.path "Certificates between this one and the authority.";
      http2 = switch true "Whether to offer HTTP/2.";
      adminAddr = maybe types.str "Mail address of the administrator.";
      documentRoot = maybe types.path "Directory of the files. An empty page is served without.";
      servedDirs = list (types.submodule (pair "dir")) "Further directories to serve.";
      servedFiles = list (types.submodule (pair "file")) "Single files to serve.";
      extraConfig = lines "Text for the virtual host.";
      enableUserDir = switch false "Whether {file}`~/public_html` is served as {file}`/~user`.";
      globalRedirect = maybe types.str "URL to which every request is sent.";
      logFormat = mkOption { type = types.str; default = "common"; description = "Format of the access log."; };
      robotsEntries = lines "Contents of {file}`/robots.txt`.";
      locations = mkOption {
        type = types.attrsOf (types.submodule location);
        default = { };
        description = "Locations, by path.";
      };
    };
  };
in
{
  options.services.httpd = {
    enable = mkEnableOption "the Apache HTTP server";
    package = mkOption {
      type = types.package;
      default = pkgs.apache2-bin;
      defaultText = literalExpression "pkgs.apache2-bin";
      description = "The package of the server.";
    };
    configFile = maybe types.path "The whole configuration, instead of what the other options say.";
    extraConfig = lines "Text for the end of the configuration.";
    extraModules = mkOption {
      type = types.listOf types.unspecified;
      default = [ ];
      example = literalExpression ''[ "proxy_connect" { name = "php"; path = "''${pkgs.libapache2-mod-php}/usr/lib/apache2/modules/libphp.so"; } ]'';
      description = "Further modules, by name, or with `name` and `path`.";
    };
    adminAddr = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "admin@example.org";
      description = "Mail address of the administrator.";
    };
    logFormat = mkOption { type = types.str; default = "common"; description = "Format of the access log."; };
    logPerVirtualHost = switch true "Whether every virtual host has log files of its own.";
    logDir = mkOption { type = types.path; default = "/var/log/httpd"; description = "Directory of the logs."; };
    user = mkOption { type = types.str; default = "wwwrun"; description = "User who serves requests."; };
    group = mkOption { type = types.str; default = "wwwrun"; description = "Group of the server."; };
    virtualHosts = mkOption {
      type = types.attrsOf (types.submodule virtualHost);
      default.localhost = { };
      example = literalExpression ''{ "example.org" = { adminAddr = "admin@example.org"; documentRoot = "/srv/www"; }; }'';
      description = "Virtual hosts, by name.";
    };
    mpm = mkOption {
      type = types.enum [ "event" "prefork" "worker" ];
      default = "event";
      description = "How the server handles several requests at once.";
    };
    maxClients = mkOption { type = types.int; default = 150; description = "Largest number of requests at once."; };
    maxRequestsPerChild = mkOption { type = types.int; default = 0; description = "Requests after which a process is replaced; 0 for never."; };
    sslCiphers = mkOption { type = types.str; default = "HIGH:!aNULL:!MD5:!EXP"; description = "Ciphers."; };
    sslProtocols = mkOption {
      type = types.str;
      default = "All -SSLv2 -SSLv3 -TLSv1 -TLSv1.1";
      description = "Versions of TLS.";
    };
  };

  imports = [
    (lib.mkRenamedOptionModule [ "services" "httpd" "multiProcessingModel" ] [ "services" "httpd" "mpm" ])
    (lib.mkRemovedOptionModule [ "services" "httpd" "documentRoot" ] "Please define a virtual host using `services.httpd.virtualHosts`.")
    (lib.mkRemovedOptionModule [ "services" "httpd" "enablePHP" ] "Add the archive's PHP module to services.httpd.extraModules, or use php-fpm.")
  ];

  config.assertions = lib.mkIf cfg.enable (lib.concatLists (lib.mapAttrsToList (name: host: [
    {
      assertion = builtins.length (builtins.filter (x: x) [ host.addSSL (host.onlySSL || host.enableSSL) host.forceSSL ]) <= 1;
      message = ''
        Options `services.httpd.virtualHosts.<name>.addSSL`,
        `services.httpd.virtualHosts.<name>.onlySSL` and `services.httpd.virtualHosts.<name>.forceSSL`
        are mutually exclusive.
      '';
    }
    {
      assertion = !host.enableACME && host.useACMEHost == null;
      message = ''services.httpd.virtualHosts."${name}" asks for an ACME certificate, which is not available here: set sslServerCert and sslServerKey.'';
    }
  ]) cfg.virtualHosts));
}
