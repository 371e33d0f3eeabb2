# The certificate authorities that programs trust: security.pki, and the bundle in its usual places.
#
# The archive's ca-certificates package makes the bundle in a maintainer script; here a derivation puts the same
# certificates one after another.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings escapeShellArg mkIf mkOption types;
  cfg = config.security.pki;

  extra = pkgs.writeText "extra-certificates.pem" (concatMapStrings (text: text + "\n") cfg.certificates);
  files =
    cfg.certificateFiles ++ lib.optional (cfg.certificates != [ ]) extra;

  # A blacklisted name is compared with the file's name, in which the package writes blanks as underscores.
  blacklist = concatMapStrings (name: ''
    rm -f ${escapeShellArg (lib.replaceStrings [ " " ] [ "_" ] name)}.crt
  '') cfg.caCertificateBlacklist;

  bundle = pkgs.runCommand "ca-bundle" { } ''
    mkdir -p $out/etc/ssl/certs work
    cp ${pkgs.ca-certificates}/usr/share/ca-certificates/mozilla/*.crt work/
    cd work
    ${blacklist}
    # A file without a newline at its end must not run into the next one.
    for certificate in *.crt ${toString files}; do
      awk 1 "$certificate"
    done > $out/etc/ssl/certs/ca-bundle.crt
    # Where other distributions have it.
    mkdir -p $out/etc/pki/tls/certs
    ln -s /etc/ssl/certs/ca-certificates.crt $out/etc/pki/tls/certs/ca-bundle.crt
  '';
  bundleFile = "${bundle}/etc/ssl/certs/ca-bundle.crt";

  # The archive's OpenSSL looks for one file, which the archive itself does not ship, and for a directory with names made of
  # hashes, which a maintainer script fills. With the file, every program that uses the default finds the bundle.
  opensslDefault = pkgs.runCommand "openssl-default-certificates" { } ''
    mkdir -p $out/usr/lib/ssl
    ln -s usr/lib $out/lib
    ln -s /etc/ssl/certs/ca-certificates.crt $out/usr/lib/ssl/cert.pem
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
