# The words that system names are made of, and what is known about each: processors,
# vendors, executable formats, kernels, ABIs.
#
# Each value carries its name and a type tag, so that it explains itself when printed
# and two equal words are equal values.  Not for: putting words together (./parse.nix).
{ lib }:

let
  inherit (lib) mapAttrs;

  tag = _type: mapAttrs (name: facts: { inherit _type name; } // facts);

  inherit (significantBytes) bigEndian littleEndian;
  inherit (execFormats)
    elf
    macho
    pe
    wasm
    ;
  inherit (kernelFamilies) bsd darwin;

  significantBytes = tag "significant-byte" {
    bigEndian = { };
    littleEndian = { };
  };

  execFormats = tag "exec-format" {
    aout = { };
    elf = { };
    macho = { };
    pe = { };
    wasm = { };
    unknown = { };
  };

  kernelFamilies = tag "exec-format" {
    bsd = { };
    darwin = { };
  };

  # Rows of the processor table.
  cpu = bits: significantByte: family: { inherit bits significantByte family; };
  big = bits: cpu bits bigEndian;
  little = bits: cpu bits littleEndian;
  arm = version: arch: little 32 "arm" // { inherit version arch; };
  x86 = bits: arch: little bits "x86" // { inherit arch; };

  processors = tag "cpu-type" {
    arm = little 32 "arm";
    armv5tel = arm "5" "armv5t";
    armv6m = arm "6" "armv6-m";
    armv6l = arm "6" "armv6";
    armv7a = arm "7" "armv7-a";
    armv7r = arm "7" "armv7-r";
    armv7m = arm "7" "armv7-m";
    armv7l = arm "7" "armv7";
    armv8a = arm "8" "armv8-a";
    armv8r = arm "8" "armv8-a";
    armv8m = arm "8" "armv8-m";
    aarch64 = arm "8" "armv8-a" // { bits = 64; };
    aarch64_be = arm "8" "armv8-a" // {
      bits = 64;
      significantByte = bigEndian;
    };

    i386 = x86 32 "i386";
    i486 = x86 32 "i486";
    i586 = x86 32 "i586";
    i686 = x86 32 "i686";
    x86_64 = x86 64 "x86-64";

    alpha = little 64 "alpha";
    arc = little 32 "arc";
    # One byte wide, so there is no order of bytes.
    avr = {
      bits = 8;
      family = "avr";
    };
    javascript = little 32 "javascript";
    loongarch64 = little 64 "loongarch";
    m68k = big 32 "m68k";
    microblaze = big 32 "microblaze";
    microblazeel = little 32 "microblaze";
    mips = big 32 "mips";
    mips64 = big 64 "mips";
    mips64el = little 64 "mips";
    mipsel = little 32 "mips";
    mmix = big 64 "mmix";
    msp430 = little 16 "msp430";
    or1k = big 32 "or1k";
    powerpc = big 32 "power";
    powerpc64 = big 64 "power";
    powerpc64le = little 64 "power";
    powerpcle = little 32 "power";
    riscv32 = little 32 "riscv";
    riscv64 = little 64 "riscv";
    rx = little 32 "rx";
    s390 = big 32 "s390";
    s390x = big 64 "s390";
    sh4 = little 32 "sh4";
    sparc = big 32 "sparc";
    sparc64 = big 64 "sparc";
    vc4 = little 32 "vc4";
    wasm32 = little 32 "wasm";
    wasm64 = little 64 "wasm";
  };

  kernel = execFormat: families: { inherit execFormat families; };
  plain = execFormat: kernel execFormat { };

  ownKernels = tag "kernel" {
    # Apple's name for it has always been Darwin.
    macos = kernel macho { inherit darwin; } // {
      name = "darwin";
    };
    ios = kernel macho { inherit darwin; };
    freebsd = kernel elf { inherit bsd; };
    netbsd = kernel elf { inherit bsd; };
    openbsd = kernel elf { inherit bsd; };
    cygwin = plain pe;
    genode = plain elf;
    ghcjs = plain execFormats.unknown;
    linux = plain elf;
    mmixware = plain execFormats.unknown;
    none = plain execFormats.unknown;
    redox = plain elf;
    solaris = plain elf;
    uefi = plain pe;
    wasi = plain wasm;
    windows = plain pe;
  };

  soft.float = "soft";
  hard.float = "hard";
  variant = abi: { inherit abi; };

  # Asked by `elaborate`: the plain GNU word leaves something open on these machines.
  must = message: assertion: { inherit assertion message; };
in
{
  inherit significantBytes execFormats kernelFamilies;

  cpuTypes = processors // {
    # What Apple and LLVM call it.
    arm64 = processors.aarch64;
  };

  vendors = tag "vendor" {
    apple = { };
    knuth = { };
    none = { };
    pc = { };
    unknown = { };
    # MinGW-w64; GCC treats it differently from pc.
    w64 = { };
  };

  kernels = ownKernels // {
    darwin = ownKernels.macos;
    tvos = ownKernels.ios;
    watchos = ownKernels.ios;
    win32 = ownKernels.windows;
  };

  abis = tag "abi" {
    android.assertions = [
      (must "The \"android\" ABI is not for 32-bit ARM. Use \"androideabi\" instead.\n" (
        platform: !platform.isAarch32
      ))
    ];
    androideabi = { };
    # Bare metal: on ARM and PowerPC these two, elsewhere plain ELF.
    eabi = soft;
    eabihf = hard;
    elf = { };

    gnu.assertions = [
      (must "The \"gnu\" ABI is ambiguous on 32-bit ARM. Use \"gnueabi\" or \"gnueabihf\" instead.\n" (
        platform: !platform.isAarch32
      ))
      (must
        "The \"gnu\" ABI is ambiguous on big-endian 64-bit PowerPC. Use \"gnuabielfv2\" or \"gnuabielfv1\" instead.\n"
        (platform: !(platform.isPower64 && platform.isBigEndian))
      )
    ];
    gnueabi = soft;
    gnueabihf = hard;
    # MIPS: 64 has 64-bit pointers, n32 has 32-bit pointers on a 64-bit processor.
    gnuabi64 = variant "64";
    gnuabin32 = variant "n32";
    # PowerPC.
    gnuabielfv1 = variant "elfv1";
    gnuabielfv2 = variant "elfv2";

    llvm = { };
    mlibc = { };
    msvc = { };

    musl = { };
    muslabi64 = variant "64";
    muslabin32 = variant "n32";
    musleabi = soft;
    musleabihf = hard;

    uclibc = { };
    uclibceabi = soft;
    uclibceabihf = hard;

    unknown = { };
  };
}
