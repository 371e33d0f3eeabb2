# The options of the web server nginx: services.nginx. What becomes of them is in configuration.nix and service.nix.
{ config, lib, pkgs, ... }:

let
  inherit (lib) literalExpression mkEnableOption mkOption types;
  cfg = config.services.nginx;

  switch = default: description: mkOption {
    type = types.bool;
    inherit default description;
  };
  lines = description: mkOption {
    type = types.lines;
    default = "";
    inherit description;
  };
  maybe = type: description: mkOption {
    type = types.nullOr type;
    default = null;
    inherit description;
  };

  upstream = {
    options = {
      servers = mkOption {
        type = types.attrsOf (types.submodule {
          freeformType = types.attrsOf (types.oneOf [ types.bool types.int types.str ]);
          options.backup = switch false "Whether the server is asked only when the others do not answer.";
        });
        default = { };
        example = { "127.0.0.1:8000" = { }; };
        description = "Servers, by address, and their parameters.";
      };
      extraConfig = lines "Text for the end of the block.";
    };
  };

  cachePath = { name, ... }: {
    options = {
      enable = mkEnableOption "this cache";
      keysZoneName = mkOption {
        type = types.str;
        default = "cache";
        description = "Name of the memory zone of the keys.";
      };
      keysZoneSize = mkOption {
        type = types.str;
        default = "10m";
        description = "Size of the memory zone of the keys.";
      };
      levels = mkOption {
        type = types.str;
        default = "1:2";
        description = "Levels of directories.";
      };
      useTempPath = switch false "Whether answers are collected in a directory for temporary files first.";
      inactive = mkOption {
        type = types.str;
        default = "10m";
        description = "Time after which an answer that nobody asked for is deleted.";
      };
      maxSize = mkOption {
        type = types.str;
        default = "1g";
        description = "Size of the cache.";
      };
    };
  };
in
{
  options.services.nginx = {
    enable = mkEnableOption "the web server nginx";

    package = mkOption {
      type = types.package;
      default = pkgs.nginx;
      defaultText = literalExpression "pkgs.nginx";
      description = "The package of nginx.";
    };
    additionalModules = mkOption {
      type = types.listOf types.package;
      default = [ ];
      example = literalExpression "[ pkgs.libnginx-mod-http-brotli-filter ]";
      description = "Packages of the archive with modules to load (`libnginx-mod-...`).";
    };

    user = mkOption {
      type = types.str;
      default = "nginx";
      description = "User who runs the server.";
    };
    group = mkOption {
      type = types.str;
      default = "nginx";
      description = "Group of the server.";
    };

    statusPage = switch false "Whether {file}`/nginx_status` tells local clients how busy the server is.";
    recommendedTlsSettings = switch false "Whether to use well-tried settings for encryption.";
    recommendedOptimisation = switch false "Whether to use well-tried settings for throughput.";
    recommendedGzipSettings = switch false "Whether to compress answers with gzip.";
    recommendedBrotliSettings = switch false "Whether to compress answers with brotli.";
    recommendedZstdSettings = switch false "Accepted for compatibility: the archive has no such module.";
    experimentalZstdSettings = switch false "Accepted for compatibility: the archive has no such module.";
    recommendedProxySettings = switch false "Whether proxied servers are told host, address and protocol of the client.";
    recommendedUwsgiSettings = switch false "Whether uWSGI servers get the usual parameters.";
    proxyTimeout = mkOption {
      type = types.str;
      default = "60s";
      example = "20s";
      description = "Timeouts of proxied connections, with recommendedProxySettings.";
    };

    defaultListen = mkOption {
      type = types.listOf (types.submodule {
        options = {
          addr = mkOption { type = types.str; description = "Address to listen on."; };
          port = maybe types.port "Port to listen on; the usual ones without.";
          ssl = maybe types.bool "Whether connections are encrypted; decided by the host's options without.";
          proxyProtocol = switch false "Whether connections begin with the PROXY protocol.";
          extraParameters = mkOption {
            type = types.listOf types.str;
            default = [ ];
            description = "Further words of the listen directive.";
          };
        };
      });
      default = [ ];
      example = [ { addr = "10.0.0.12"; } ];
      description = "Where virtual hosts listen that do not say it themselves. Overrides defaultListenAddresses.";
    };
    defaultListenAddresses = mkOption {
      type = types.listOf types.str;
      default = [ "0.0.0.0" ] ++ lib.optional config.networking.enableIPv6 "[::0]";
      defaultText = literalExpression ''[ "0.0.0.0" ] ++ lib.optional config.networking.enableIPv6 "[::0]"'';
      description = "Addresses on which virtual hosts listen that do not say it themselves.";
    };
    defaultHTTPListenPort = mkOption {
      type = types.port;
      default = 80;
      description = "The usual port without encryption.";
    };
    defaultSSLListenPort = mkOption {
      type = types.port;
      default = 443;
      description = "The usual port with encryption.";
    };
    defaultMimeTypes = mkOption {
      type = types.path;
      default = "${pkgs.nginx-common}/etc/nginx/mime.types";
      defaultText = literalExpression ''"''${pkgs.nginx-common}/etc/nginx/mime.types"'';
      description = "File that says which content types file names stand for.";
    };

    logError = mkOption {
      type = types.str;
      default = "stderr";
      example = "/var/log/nginx/error.log info";
      description = "Where errors are logged, and from which severity on. `stderr` is the journal.";
    };
    preStart = lines "Shell commands to run before the server starts.";

    prependConfig = lines "Text for the beginning of the file.";
    config = lines "The whole configuration but user and process settings, instead of what the other options say.";
    appendConfig = lines "Text for the end of the file, outside every block.";
    commonHttpConfig = mkOption {
      type = types.lines;
      default = "";
      example = "log_format myformat '$remote_addr';";
      description = "Text for the beginning of the http block, which virtual hosts rely on.";
    };
    httpConfig = lines "The whole http block, instead of the virtual hosts.";
    appendHttpConfig = lines "Text for the end of the http block.";
    streamConfig = lines "Text of a stream block, which forwards TCP and UDP.";
    eventsConfig = lines "Text of the events block.";

    enableReload = switch false "Whether a change of the configuration reloads the server instead of restarting it.";
    validateConfigFile = switch true "Accepted for compatibility: the file is checked before every start and reload.";
    enableQuicBPF = switch false "Accepted for compatibility: needs a privilege that containers do not have.";

    serverTokens = switch false "Whether answers tell the version of the server.";
    clientMaxBodySize = mkOption {
      type = types.str;
      default = "10m";
      description = "Largest body of a request.";
    };
    sslCiphers = mkOption {
      type = types.nullOr types.str;
      # The "intermediate" list of Mozilla's generator: what every browser of the last ten years can do.
      default = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384";
      description = "Ciphers for TLS 1.2.";
    };
    sslProtocols = mkOption {
      type = types.str;
      default = "TLSv1.2 TLSv1.3";
      description = "Versions of TLS.";
    };
    sslDhparam = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = "/path/to/dhparams.pem";
      description = "File of Diffie-Hellman parameters.";
    };

    mapHashBucketSize = maybe (types.enum [ 32 64 128 ]) "Bucket size of the hash tables of maps.";
    mapHashMaxSize = maybe types.ints.positive "Largest size of the hash tables of maps.";
    serverNamesHashBucketSize = maybe types.ints.positive "Bucket size of the hash tables of server names.";
    serverNamesHashMaxSize = maybe types.ints.positive "Largest size of the hash tables of server names.";
    typesHashMaxSize = maybe types.ints.positive "Largest size of the hash tables of content types." // {
      default = 2688;
    };

    proxyCachePath = mkOption {
      type = types.attrsOf (types.submodule cachePath);
      default = { };
      description = "Caches for proxied answers, by the name of a directory in {file}`/var/cache/nginx`.";
    };
    proxyResolveWhileRunning = switch false "Whether names of proxied hosts are looked up again while the server runs.";

    resolver = {
      addresses = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = literalExpression ''[ "[::1]" "127.0.0.1:5353" ]'';
        description = "Name servers that nginx asks.";
      };
      valid = mkOption {
        type = types.str;
        default = "";
        example = "30s";
        description = "How long answers are kept.";
      };
      ipv4 = switch true "Whether to look for IPv4 addresses.";
      ipv6 = switch config.networking.enableIPv6 "Whether to look for IPv6 addresses." // {
        defaultText = literalExpression "config.networking.enableIPv6";
      };
    };

    upstreams = mkOption {
      type = types.attrsOf (types.submodule upstream);
      default = { };
      description = "Groups of servers, for use in proxyPass.";
    };

    virtualHosts = mkOption {
      type = types.attrsOf (types.submodule (import ./virtual-host.nix { inherit config lib; }));
      default = { localhost = { }; };
      example = literalExpression ''
        {
          "hydra.example.com" = {
            forceSSL = true;
            sslCertificate = "/var/certs/hydra.pem";
            sslCertificateKey = "/var/certs/hydra.key";
            locations."/".proxyPass = "http://localhost:3000";
          };
        }
      '';
      description = "Virtual hosts, by name.";
    };
  };

  config.assertions = lib.mkIf cfg.enable (lib.concatLists (lib.mapAttrsToList (name: host:
    let
      count = builtins.length (builtins.filter (x: x) [ host.addSSL host.onlySSL host.forceSSL host.rejectSSL ]);
    in
    [
      {
        assertion = count <= 1;
        message = ''
          Options services.nginx.service.virtualHosts.<name>.addSSL,
          services.nginx.virtualHosts.<name>.onlySSL,
          services.nginx.virtualHosts.<name>.forceSSL and
          services.nginx.virtualHosts.<name>.rejectSSL are mutually exclusive.
        '';
      }
      {
        assertion = !host.enableACME && host.useACMEHost == null;
        message = ''
          services.nginx.virtualHosts."${name}" asks for an ACME certificate. Containers built from archive packages cannot get
          one: set sslCertificate and sslCertificateKey, or end encryption at a proxy in front.
        '';
      }
      {
        assertion = !host.quic || lib.versionAtLeast cfg.package.version "1.25";
        message = ''services.nginx.virtualHosts."${name}".quic needs nginx 1.25; this is ${cfg.package.version}.'';
      }
      {
        assertion = builtins.all (l: !(l.root != null && l.alias != null)) (builtins.attrValues host.locations);
        message = "Only one of nginx root or alias can be specified on a location.";
      }
    ]) cfg.virtualHosts));
}
