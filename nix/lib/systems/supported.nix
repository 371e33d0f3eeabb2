# Systems by support tier, as in Nix RFC 46.
#
# Not for: what this project runs on; that is any Linux whose archive has packages.
rec {
  tier1 = [ "x86_64-linux" ];

  tier2 = [
    "aarch64-linux"
    "x86_64-darwin"
  ];

  tier3 = [
    "armv6l-linux"
    "armv7l-linux"
    "i686-linux"
    "mipsel-linux"
  ];

  # What a build farm would build.
  hydra = tier1 ++ tier2 ++ tier3 ++ [ "aarch64-darwin" ];
}
