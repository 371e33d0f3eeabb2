# nixpkgs' `cacert`: the bundle of trusted certificate authorities as one file.
#
# The archive's ca-certificates makes the bundle in a maintainer script; here a derivation puts the same certificates one
# after another. `override` takes nixpkgs' arguments, which security.pki passes on.
# Not for: where programs look for the bundle (nixos/modules/security/ca.nix).
{
  lib,
  runCommand,
  writeText,
  ca-certificates,
}:
let
  make =
    {
      # Names of authorities to leave out. A file's name has underscores where the authority's has blanks.
      blacklist ? [ ],
      extraCertificateFiles ? [ ],
      extraCertificateStrings ? [ ],
    }:
    let
      texts = writeText "extra-certificates.pem" (lib.concatMapStrings (text: text + "\n") extraCertificateStrings);
      files = extraCertificateFiles ++ lib.optional (extraCertificateStrings != [ ]) texts;
    in
    # A version of Debian may have a tilde, which a store path may not.
    runCommand (lib.strings.sanitizeDerivationName "cacert-${ca-certificates.version}")
      {
        pname = "cacert";
        inherit (ca-certificates) version;
        preferLocalBuild = true;
        allowSubstitutes = false;
        archiveTools = false;
        meta = { inherit (ca-certificates.meta) description homepage; };
      }
      ''
        mkdir -p $out/etc/ssl/certs work
        cp ${ca-certificates}/usr/share/ca-certificates/mozilla/*.crt work/
        cd work
        ${lib.concatMapStrings (name: ''
          rm -f ${lib.escapeShellArg (lib.replaceStrings [ " " ] [ "_" ] name)}.crt
        '') blacklist}
        # A file without a newline at its end must not run into the next one.
        for certificate in *.crt ${toString files}; do
          awk 1 "$certificate"
        done > $out/etc/ssl/certs/ca-bundle.crt
        # There are no trust rules in the first one, either.
        ln -s ca-bundle.crt $out/etc/ssl/certs/ca-no-trust-rules-bundle.crt
      '';
in
lib.makeOverridable make { }
