# All known doubles, in groups: `lib.systems.doubles`, also `lib.platforms`.
#
# The groups are found by asking every known system, so a new double only has to be
# written into one table.  Not for: aliases of groups that packages make up.
{ lib }:

let
  inherit (lib.systems.inspect) predicates;

  # kernel -> processors
  table = {
    cygwin = "i686 x86_64";
    darwin = "x86_64 aarch64";
    freebsd = "i686 x86_64 aarch64";
    genode = "aarch64 i686 x86_64";
    solaris = "x86_64";
    ghcjs = "javascript";
    linux = "aarch64 armv5tel armv6l armv7a armv7l i686 loongarch64 m68k microblaze microblazeel mips mips64 mips64el mipsel powerpc powerpc64 powerpc64le riscv32 riscv64 s390 s390x x86_64";
    mmixware = "mmix";
    netbsd = "aarch64 armv6l armv7a armv7l i686 m68k mipsel powerpc riscv32 riscv64 x86_64";
    none = "aarch64_be aarch64 arm armv6l avr i686 microblaze microblazeel mips mips64 msp430 or1k m68k powerpc powerpcle riscv32 riscv64 rx s390 s390x vc4 x86_64";
    openbsd = "i686 x86_64";
    redox = "x86_64";
    wasi = "wasm64 wasm32";
    windows = "aarch64 x86_64 i686";
  };

  # The order of the groups within `all`.
  order = [
    "cygwin"
    "darwin"
    "freebsd"
    "genode"
    "solaris"
    "ghcjs"
    "linux"
    "mmixware"
    "netbsd"
    "none"
    "openbsd"
    "redox"
    "wasi"
    "windows"
  ];

  all = lib.concatMap (
    kernel: map (cpu: "${cpu}-${kernel}") (lib.splitString " " table.${kernel})
  ) order;

  parsed = map (double: {
    inherit double;
    system = lib.systems.parse.mkSystemFromString double;
  }) all;

  having = predicate: map (one: one.double) (lib.filter (one: predicate one.system) parsed);
  group = predicate: having predicates.${predicate};

  # Linux by the ABI that a double stands for.
  linuxWith =
    abi: having (system: predicates.isLinux system && system.abi.name == abi);
in
{
  inherit all;

  none = [ ];

  # by processor
  arm = group "isAarch32";
  armv7 = group "isArmv7";
  aarch = group "isAarch";
  aarch64 = group "isAarch64";
  x86 = group "isx86";
  i686 = group "isi686";
  x86_64 = group "isx86_64";
  microblaze = group "isMicroBlaze";
  mips = group "isMips";
  mmix = group "isMmix";
  power = group "isPower";
  riscv = group "isRiscV";
  riscv32 = group "isRiscV32";
  riscv64 = group "isRiscV64";
  rx = group "isRx";
  vc4 = group "isVc4";
  or1k = group "isOr1k";
  m68k = group "isM68k";
  s390 = group "isS390";
  s390x = group "isS390x";
  loongarch64 = group "isLoongArch64";
  js = group "isJavaScript";
  bigEndian = group "isBigEndian";
  littleEndian = group "isLittleEndian";

  # by kernel
  cygwin = group "isCygwin";
  darwin = group "isDarwin";
  freebsd = group "isFreeBSD";
  genode = group "isGenode";
  illumos = group "isSunOS";
  linux = group "isLinux";
  netbsd = group "isNetBSD";
  openbsd = group "isOpenBSD";
  redox = group "isRedox";
  unix = group "isUnix";
  wasi = group "isWasi";
  windows = group "isWindows";
  embedded = group "isNone";

  # by C library; sorted by ABI
  gnu = lib.concatMap linuxWith [
    "gnu"
    "gnueabi"
    "gnueabihf"
    "gnuabin32"
    "gnuabi64"
    "gnuabielfv1"
    "gnuabielfv2"
  ];
}
