# Questions about a parsed system: is it Linux, is it 64 bits wide, ...
#
# A *pattern* is a set that has to be found in the system, or a list of which one has to
# be.  Patterns may be written in `meta.platforms`; `predicates` are the same as functions.
#
# Not for: facts about one machine, see ./elaborate.nix.
{ lib }:

let
  inherit (builtins) attrValues filter mapAttrs;

  inherit (lib.systems.parse)
    cpuTypes
    execFormats
    kernelFamilies
    kernels
    significantBytes
    ;

  # The assertions are functions, which would make every comparison false.
  abis = mapAttrs (_name: abi: removeAttrs abi [ "assertions" ]) lib.systems.parse.abis;

  family = name: { cpu.family = name; };
  familyBits = name: bits: {
    cpu = {
      family = name;
      inherit bits;
    };
  };
  kernel = name: { kernel = kernels.${name}; };
  anyAbi = map (name: {
    abi = abis.${name};
  });
in
rec {
  patterns = rec {
    # processors
    isi686 = {
      cpu = cpuTypes.i686;
    };
    isx86_32 = familyBits "x86" 32;
    isx86_64 = familyBits "x86" 64;
    isx86 = family "x86";
    isAarch32 = familyBits "arm" 32;
    isAarch64 = familyBits "arm" 64;
    isAarch = family "arm";
    isArmv7 = map (cpu: { cpu = { inherit (cpu) arch; }; }) (
      filter (cpu: lib.hasPrefix "armv7" (cpu.arch or "")) (attrValues cpuTypes)
    );
    isPower = family "power";
    isPower64 = familyBits "power" 64;
    isMips = family "mips";
    isMips32 = familyBits "mips" 32;
    isMips64 = familyBits "mips" 64;
    isMips64n32 = isMips64 // {
      abi.abi = "n32";
    };
    isMips64n64 = isMips64 // {
      abi.abi = "64";
    };
    isRiscV = family "riscv";
    isRiscV32 = familyBits "riscv" 32;
    isRiscV64 = familyBits "riscv" 64;
    isSparc = family "sparc";
    isSparc64 = familyBits "sparc" 64;
    isS390 = family "s390";
    isS390x = familyBits "s390" 64;
    isLoongArch64 = familyBits "loongarch" 64;
    isAlpha = family "alpha";
    isArc = family "arc";
    isAvr = family "avr";
    isM68k = family "m68k";
    isMicroBlaze = family "microblaze";
    isMmix = family "mmix";
    isMsp430 = family "msp430";
    isOr1k = family "or1k";
    isRx = family "rx";
    isSh4 = family "sh4";
    isVc4 = family "vc4";
    isWasm = family "wasm";
    isJavaScript = {
      cpu = cpuTypes.javascript;
    };

    # widths and byte order
    is32bit = {
      cpu.bits = 32;
    };
    is64bit = {
      cpu.bits = 64;
    };
    # 32-bit pointers, whatever the registers are.
    isILP32 = [
      (familyBits "wasm" 32)
    ]
    ++ map (abi: { abi = { inherit abi; }; }) [
      "n32"
      "ilp32"
      "x32"
    ];
    isBigEndian = {
      cpu.significantByte = significantBytes.bigEndian;
    };
    isLittleEndian = {
      cpu.significantByte = significantBytes.littleEndian;
    };

    # kernels
    isBSD = {
      kernel.families = {
        inherit (kernelFamilies) bsd;
      };
    };
    isDarwin = {
      kernel.families = {
        inherit (kernelFamilies) darwin;
      };
    };
    isUnix = [
      isBSD
      isDarwin
      isLinux
      isSunOS
      isCygwin
      isRedox
    ];
    isMacOS = kernel "macos";
    isiOS = kernel "ios";
    isLinux = kernel "linux";
    isSunOS = kernel "solaris";
    isFreeBSD = {
      kernel.name = "freebsd";
    };
    isNetBSD = kernel "netbsd";
    isOpenBSD = kernel "openbsd";
    isWindows = kernel "windows";
    isCygwin = kernel "cygwin";
    isMinGW = isWindows // {
      abi = abis.gnu;
    };
    isMsvc = isWindows // {
      abi = abis.msvc;
    };
    isWasi = kernel "wasi";
    isRedox = kernel "redox";
    isGhcjs = kernel "ghcjs";
    isGenode = kernel "genode";
    isUefi = kernel "uefi";
    isNone = kernel "none";

    # C libraries and binary interfaces
    isAndroid = anyAbi [
      "android"
      "androideabi"
    ];
    isGnu = anyAbi [
      "gnuabi64"
      "gnuabin32"
      "gnu"
      "gnueabi"
      "gnueabihf"
      "gnuabielfv1"
      "gnuabielfv2"
    ];
    isMusl = anyAbi [
      "musl"
      "musleabi"
      "musleabihf"
      "muslabin32"
      "muslabi64"
    ];
    isUClibc = anyAbi [
      "uclibc"
      "uclibceabi"
      "uclibceabihf"
    ];
    isLLVMLibc = {
      abi = abis.llvm;
    };
    isMlibc = {
      abi = abis.mlibc;
    };
    isAbiElfv1 = {
      abi.abi = "elfv1";
    };
    # musl has never had the first version.
    isAbiElfv2 = [
      { abi.abi = "elfv2"; }
      (isPower64 // { abi.name = "musl"; })
    ];

    # Machines that UEFI is specified for.
    isEfi =
      map
        (version: {
          cpu = {
            family = "arm";
            inherit version;
          };
        })
        [
          "6"
          "7"
          "8"
        ]
      ++ [
        (family "riscv")
        (family "x86")
        (family "loongarch")
      ];

    isElf = {
      kernel.execFormat = execFormats.elf;
    };
    isMacho = {
      kernel.execFormat = execFormats.macho;
    };
  };

  # A pattern that matches where both do.
  patternLogicalAnd =
    left: right:
    let
      merge =
        a: b:
        lib.recursiveUpdateUntil (
          path: inA: inB:
          if inA == inB || builtins.intersectAttrs inA inB == { } then
            true
          else
            throw ''
              pattern conflict at path ${toString path}:
                ${builtins.toJSON inA}
                ${builtins.toJSON inB}
            ''
        ) a b;
    in
    lib.concatMap (a: map (merge a) (lib.toList right)) (lib.toList left);

  matchAnyAttrs =
    pattern:
    if builtins.isList pattern then
      system: lib.any (one: lib.matchAttrs one system) pattern
    else
      lib.matchAttrs pattern;

  predicates = mapAttrs (_name: matchAnyAttrs) patterns;

  # For the whole elaborated system instead of its parsed name; the empty `parsed`
  # is the sign by which the two kinds are told apart.
  platformPatterns = mapAttrs (_name: pattern: { parsed = { }; } // pattern) {
    isStatic.isStatic = true;
  };
}
