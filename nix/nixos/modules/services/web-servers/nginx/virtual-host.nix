# The options of one virtual host: services.nginx.virtualHosts.<name>.
{ config, lib }:

let
  inherit (lib) literalExpression mkOption types;
  switch = description: mkOption {
    type = types.bool;
    default = false;
    inherit description;
  };
  maybe = type: description: mkOption {
    type = types.nullOr type;
    default = null;
    inherit description;
  };

  listen = {
    options = {
      addr = mkOption {
        type = types.str;
        description = "Address to listen on, or `unix:` and a path.";
      };
      port = mkOption {
        type = types.nullOr types.port;
        default = null;
        description = "Port to listen on.";
      };
      ssl = switch "Whether connections here are encrypted.";
      proxyProtocol = switch "Whether connections here begin with the PROXY protocol.";
      extraParameters = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "backlog=1024" "deferred" ];
        description = "Further words of the listen directive.";
      };
    };
  };
in
{
  options = {
    serverName = maybe types.str "Name of the server; the name of the virtual host unless set.";
    serverAliases = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "www.example.org" "example.org" ];
      description = "Further names.";
    };

    listen = mkOption {
      type = types.listOf (types.submodule listen);
      default = [ ];
      example = [ { addr = "192.0.2.154"; port = 443; ssl = true; } { addr = "192.0.2.154"; port = 80; } ];
      description = "Addresses and ports to listen on. Overrides {option}`listenAddresses` and the ports that the SSL options imply.";
    };
    listenAddresses = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "127.0.0.1" "[::1]" ];
      description = "Addresses on which to listen on the usual ports; {option}`services.nginx.defaultListenAddresses` without.";
    };

    enableACME = switch "Whether to get a certificate from an ACME server (not available here: give {option}`sslCertificate`).";
    useACMEHost = maybe types.str "Certificate of another host to use (not available here).";
    acmeRoot = mkOption {
      type = types.nullOr types.str;
      default = "/var/lib/acme/acme-challenge";
      description = "Directory of ACME challenges.";
    };
    acmeFallbackHost = maybe types.str "Host to ask for ACME challenges that are not found here.";

    addSSL = switch "Whether to listen with and without encryption.";
    onlySSL = switch "Whether to listen with encryption only.";
    forceSSL = switch "Whether to listen with encryption, and to send everybody else there.";
    rejectSSL = switch "Whether to refuse encrypted connections to this host.";
    enableSSL = mkOption {
      type = types.bool;
      default = false;
      visible = false;
      description = "Old name of {option}`onlySSL`.";
    };
    kTLS = switch "Whether the kernel encrypts.";
    sslCertificate = mkOption {
      type = types.path;
      example = "/var/host.cert";
      description = "The certificate.";
    };
    sslCertificateKey = mkOption {
      type = types.path;
      example = "/var/host.key";
      description = "The key of the certificate.";
    };
    sslTrustedCertificate = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = "/var/root.cert";
      description = "Certificates to verify client certificates and OCSP answers with.";
    };

    http2 = mkOption {
      type = types.bool;
      default = true;
      description = "Whether to offer HTTP/2 on encrypted connections.";
    };
    http3 = mkOption {
      type = types.bool;
      default = true;
      description = "Whether to offer HTTP/3 where {option}`quic` is on.";
    };
    http3_hq = switch "Whether to offer the protocol of QUIC interoperability tests.";
    quic = switch "Whether to listen for QUIC (needs nginx 1.25).";
    multipath = switch "Whether connections may use Multipath TCP (needs a newer nginx than the archive's).";
    reuseport = switch "Whether each worker has a listening socket of its own.";

    root = maybe types.path "Directory of the files.";
    default = switch "Whether this host answers requests for names that no host has.";
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Text for the end of the server block.";
    };

    globalRedirect = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "newserver.example.org";
      description = "Host to which every request is sent.";
    };
    redirectCode = mkOption {
      type = types.ints.between 300 399;
      default = 301;
      example = 308;
      description = "Status of the answers of globalRedirect and forceSSL.";
    };

    basicAuth = mkOption {
      type = types.attrsOf types.str;
      default = { };
      example = literalExpression ''{ user = "password"; }'';
      description = "Users and passwords that protect the host. They are readable in the store: only for unimportant things.";
    };
    basicAuthFile = maybe types.path "File of users and passwords, as {command}`htpasswd` makes it.";

    locations = mkOption {
      type = types.attrsOf (types.submodule (import ./location.nix { inherit config lib; }));
      default = { };
      example = literalExpression ''{ "/".proxyPass = "http://localhost:3000"; }'';
      description = "Locations, by the path that requests begin with (or a modifier and a pattern).";
    };
  };
}
