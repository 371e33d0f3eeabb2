# The certificate authorities that programs trust: security.pki, and the bundle in its usual places.
#
# The bundle itself is the package `cacert`; here are its places.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkIf mkOption types;
  cfg = config.security.pki;

  bundle = pkgs.cacert.override {
    blacklist = cfg.caCertificateBlacklist;
    extraCertificateFiles = cfg.certificateFiles;
    extraCertificateStrings = cfg.certificates;
  };
  bundleFile = "${bundle}/etc/ssl/certs/ca-bundle.crt";

  # The archive's OpenSSL looks for one file, which the archive itself does not ship, and for a directory with names made of
  # hashes, which a maintainer script fills. With the file, every program that uses the default finds the bundle.
  opensslDefault = pkgs.runCommand "openssl-default-certificates" { } ''
    mkdir -p $out/usr/lib/ssl
    ln -s usr/lib $out/lib
    ln -s /etc/ssl/certs/ca-certificates.crt $out/usr/lib/ssl/cert.pem
    # Where other distributions have the bundle.
    mkdir -p $out/etc/pki/tls/certs
    ln -s /etc/ssl/certs/ca-certificates.crt $out/etc/pki/tls/certs/ca-bundle.crt
  '';
in
{
  options.security.pki = {
    installCACerts = mkOption {
      type = types.bool;
      default = true;
      description = "Whether to install the bundle of trusted certificate authorities.";
    };

    useCompatibleBundle = mkOption {
      type = types.bool;
      default = false;
      description = "Accepted for compatibility: the bundle has no trust rules that some programs cannot read.";
    };

    certificateFiles = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "Files with further trusted certificates in PEM format.";
    };

    certificates = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Further trusted certificates in PEM format.";
    };

    caCertificateBlacklist = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "WoSign" "CA WoSign ECC Root" ];
      description = "Names of certificate authorities of the archive's bundle that are not trusted.";
    };

    caBundle = mkOption {
      type = types.path;
      readOnly = true;
      default = bundleFile;
      defaultText = lib.literalMD "the bundle made from the options above";
      description = "The bundle, in PEM format.";
    };
  };

  config = mkIf cfg.installCACerts {
    environment.etc = {
      "ssl/certs/ca-certificates.crt".source = bundleFile;
      "ssl/certs/ca-bundle.crt".source = bundleFile;
    };
    # openssl for its openssl.cnf in /etc.
    environment.systemPackages = [ bundle opensslDefault pkgs.openssl ];
  };
}
