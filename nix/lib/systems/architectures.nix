# Processor models by their GCC name (-march): features, and which model can stand in
# for which.
#
# Not for: processor families (see ./parse.nix); these are models within one.
{ lib }:

let
  inherit (lib) elem unique;
  split = text: lib.filter (word: word != "") (lib.splitString " " text);

  # Feature levels, each including the one before.
  v2 = "sse3 ssse3 sse4_1 sse4_2";
  v2aes = "${v2} aes";
  v3 = "${v2} avx avx2 fma";
  v3aes = "${v2aes} avx avx2 fma";
  v4 = "${v2} avx avx2 avx512 fma";
  v4aes = "${v2aes} avx avx2 avx512 fma";
  bulldozer = "${v2} sse4a aes avx fma fma4";
  zen = "${v2} sse4a aes avx avx2 fma";

  # The whole ancestry of direct ancestors, each once.
  withInferiors = direct: unique (direct ++ lib.concatMap (name: inferiors.${name}) direct);

  inferiors = lib.mapAttrs (_name: direct: withInferiors (split direct)) {
    default = "";

    # Levels of the x86-64 psABI.
    x86-64 = "";
    x86-64-v2 = "x86-64";
    x86-64-v3 = "x86-64-v2";
    x86-64-v4 = "x86-64-v3";

    # Intel
    nehalem = "x86-64-v2";
    westmere = "nehalem";
    sandybridge = "westmere";
    ivybridge = "sandybridge";
    haswell = "ivybridge x86-64-v3";
    broadwell = "haswell";
    skylake = "broadwell";
    skylake-avx512 = "skylake x86-64-v4";
    cannonlake = "skylake-avx512";
    icelake-client = "cannonlake";
    icelake-server = "icelake-client";
    cascadelake = "cannonlake";
    cooperlake = "cascadelake";
    tigerlake = "icelake-server";
    sapphirerapids = "tigerlake";
    emeraldrapids = "sapphirerapids";
    # It lacks an instruction that nearly all others have.
    alderlake = "";
    silvermont = "";

    # AMD; the older ones have never been compared.
    btver1 = "";
    btver2 = "";
    bdver1 = "";
    bdver2 = "";
    bdver3 = "";
    bdver4 = "";
    znver1 = "skylake";
    znver2 = "znver1";
    znver3 = "znver2";
    znver4 = "znver3 x86-64-v4";
    znver5 = "znver4";

    # ARM, 64 bits
    armv8-a = "";
    "armv8.1-a" = "armv8-a";
    "armv8.2-a" = "armv8.1-a";
    "armv8.3-a" = "armv8.2-a";
    "armv8.4-a" = "armv8.3-a";
    "armv8.5-a" = "armv8.4-a";
    "armv8.6-a" = "armv8.5-a";
    "armv8.7-a" = "armv8.6-a";
    "armv8.8-a" = "armv8.7-a";
    "armv8.9-a" = "armv8.8-a";
    armv9-a = "armv8.5-a";
    "armv9.1-a" = "armv9-a armv8.6-a";
    "armv9.2-a" = "armv9.1-a armv8.7-a";
    "armv9.3-a" = "armv9.2-a armv8.8-a";
    "armv9.4-a" = "armv9.3-a";
    cortex-a53 = "armv8-a";
    cortex-a72 = "armv8-a";
    cortex-a55 = "armv8.2-a cortex-a53 cortex-a72";
    cortex-a76 = "armv8.2-a cortex-a53 cortex-a72";
    ampere1 = "armv8.6-a cortex-a55 cortex-a76";
    ampere1a = "ampere1";
    ampere1b = "ampere1a";

    # LoongArch
    loongarch64 = "";
    "la64v1.0" = "loongarch64";
    la464 = "la64v1.0";
    "la64v1.1" = "la64v1.0";
    la664 = "la464 la64v1.1";

    # others
    armv5te = "";
    armv6 = "";
    armv7-a = "";
    mips32 = "";
    loongson2f = "";
  };
in
rec {
  # GCC's name -> features, as in /proc/cpuinfo.
  features = lib.mapAttrs (_name: split) {
    default = "";

    x86-64 = "";
    x86-64-v2 = v2;
    x86-64-v3 = v3;
    x86-64-v4 = v4;

    nehalem = v2;
    westmere = v2;
    silvermont = v2;
    sandybridge = "${v2} avx";
    ivybridge = "${v2} avx";
    haswell = v3;
    broadwell = v3;
    skylake = v3aes;
    skylake-avx512 = v4aes;
    cannonlake = v4aes;
    icelake-client = v4aes;
    icelake-server = v4aes;
    cascadelake = v4aes;
    cooperlake = v4aes;
    tigerlake = v4aes;
    alderlake = v3aes;
    sapphirerapids = v4aes;
    emeraldrapids = v4aes;

    btver1 = v2;
    btver2 = "${v2aes} avx";
    bdver1 = bulldozer;
    bdver2 = bulldozer;
    bdver3 = bulldozer;
    bdver4 = "${v2} sse4a aes avx avx2 fma fma4";
    znver1 = zen;
    znver2 = zen;
    znver3 = zen;
    znver4 = "${v2} sse4a aes avx avx2 avx512 fma";
    znver5 = "${v2} sse4a aes avx avx2 avx512 fma";

    armv5te = "";
    armv6 = "";
    armv7-a = "";
    armv8-a = "";
    mips32 = "";
    loongson2f = "";

    loongarch64 = "fpu ual";
    "la64v1.0" = "fpu ual lsx";
    la464 = "fpu ual lsx lasx";
    "la64v1.1" = "fpu ual lsx";
    la664 = "fpu ual lsx lasx";
  };

  # GCC's name -> the models whose programs it can run too, besides its own.
  inherit inferiors;

  hasInferior = arch: other: elem other (inferiors.${arch} or [ ]);

  # hasInferior, or the same.
  canExecute = arch: other: arch == other || hasInferior arch other;

  # Whether a model has a feature; an unknown model has none.
  predicates =
    let
      has = feature: arch: elem feature (features.${arch} or [ ]);
    in
    {
      sse3Support = has "sse3";
      ssse3Support = has "ssse3";
      sse4_1Support = has "sse4_1";
      sse4_2Support = has "sse4_2";
      sse4_aSupport = has "sse4a";
      avxSupport = has "avx";
      avx2Support = has "avx2";
      avx512Support = has "avx512";
      aesSupport = has "aes";
      fmaSupport = has "fma";
      fma4Support = has "fma4";
      lsxSupport = has "lsx";
      lasxSupport = has "lasx";
    };
}
