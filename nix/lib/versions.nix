# Taking version strings apart: "1.2.3" -> "1", "2", "3", "1.2", "1.2.0".
#
# Not for: comparing (versionOlder, versionAtLeast: strings/package.nix).
{ lib }:

let
  inherit (builtins) splitVersion;
in
rec {
  inherit splitVersion;

  major = version: builtins.elemAt (splitVersion version) 0;

  minor = version: builtins.elemAt (splitVersion version) 1;

  patch = version: builtins.elemAt (splitVersion version) 2;

  majorMinor = version: builtins.concatStringsSep "." (lib.take 2 (splitVersion version));

  # Exactly `n` components: cut off what is too much, fill up with zeros.
  pad =
    n: version:
    let
      numeric = builtins.head (lib.splitString "-" version);
      suffix = lib.removePrefix numeric version;
      components = lib.take n (splitVersion numeric);
      missing = n - builtins.length components;
    in
    builtins.concatStringsSep "." (components ++ builtins.genList (_: "0") (lib.max 0 missing)) + suffix;
}
