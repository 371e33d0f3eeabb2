# lib.systems.doubles: the groups of known systems; and the other lists.
{ lib }:

let
  inherit (lib.systems) doubles;
  sorted = lib.sort lib.lessThan;
  same = group: members: {
    expr = sorted group;
    expected = sorted members;
  };
  on = kernel: cpus: map (cpu: "${cpu}-${kernel}") (lib.splitString " " cpus);
in
{
  "every system has a kernel" = same doubles.all (
    with doubles;
    linux
    ++ darwin
    ++ freebsd
    ++ openbsd
    ++ netbsd
    ++ illumos
    ++ wasi
    ++ windows
    ++ cygwin
    ++ embedded
    ++ mmix
    ++ js
    ++ genode
    ++ redox
  );
  "no system is listed twice" = {
    expr = lib.allUnique doubles.all;
    expected = true;
  };
  "every system is read and written as it is" = {
    expr = map (
      double: lib.systems.parse.doubleFromSystem (lib.systems.parse.mkSystemFromString double)
    ) doubles.all;
    expected = doubles.all;
  };
  "lib.platforms is the same" = {
    expr = lib.platforms.linux;
    expected = doubles.linux;
  };

  "arm" = same doubles.arm (
    on "linux" "armv5tel armv6l armv7a armv7l" ++ on "netbsd" "armv6l armv7a armv7l" ++ on "none" "arm armv6l"
  );
  "armv7" = same doubles.armv7 (on "linux" "armv7a armv7l" ++ on "netbsd" "armv7a armv7l");
  "i686" = same doubles.i686 (
    map (kernel: "i686-${kernel}") [
      "linux"
      "freebsd"
      "genode"
      "netbsd"
      "openbsd"
      "cygwin"
      "windows"
      "none"
    ]
  );
  "x86_64" = same doubles.x86_64 (
    map (kernel: "x86_64-${kernel}") [
      "linux"
      "darwin"
      "freebsd"
      "genode"
      "redox"
      "openbsd"
      "netbsd"
      "cygwin"
      "solaris"
      "windows"
      "none"
    ]
  );
  "x86 is both" = same doubles.x86 (doubles.i686 ++ doubles.x86_64);
  "aarch is both" = same doubles.aarch (doubles.arm ++ doubles.aarch64);
  "mips" = same doubles.mips (
    on "none" "mips mips64" ++ on "linux" "mips mips64 mips64el mipsel" ++ on "netbsd" "mipsel"
  );
  "mmix" = same doubles.mmix [ "mmix-mmixware" ];
  "power" = same doubles.power (
    on "linux" "powerpc powerpc64 powerpc64le" ++ on "netbsd" "powerpc" ++ on "none" "powerpc powerpcle"
  );
  "riscv" = same doubles.riscv (doubles.riscv32 ++ doubles.riscv64);
  "riscv64" = same doubles.riscv64 [
    "riscv64-linux"
    "riscv64-netbsd"
    "riscv64-none"
  ];
  "s390x" = same doubles.s390x [
    "s390x-linux"
    "s390x-none"
  ];
  "loongarch64" = same doubles.loongarch64 [ "loongarch64-linux" ];
  "js" = same doubles.js [ "javascript-ghcjs" ];

  "linux" = same doubles.linux (
    on "linux" "aarch64 armv5tel armv6l armv7a armv7l i686 loongarch64 m68k microblaze microblazeel mips mips64 mips64el mipsel powerpc powerpc64 powerpc64le riscv32 riscv64 s390 s390x x86_64"
  );
  "gnu is all Linux" = same doubles.gnu doubles.linux;
  "darwin" = same doubles.darwin (on "darwin" "x86_64 aarch64");
  "cygwin" = same doubles.cygwin (on "cygwin" "i686 x86_64");
  "windows" = same doubles.windows (on "windows" "aarch64 i686 x86_64");
  "freebsd" = same doubles.freebsd (on "freebsd" "aarch64 i686 x86_64");
  "netbsd" = same doubles.netbsd (
    on "netbsd" "aarch64 armv6l armv7a armv7l i686 m68k mipsel powerpc riscv32 riscv64 x86_64"
  );
  "openbsd" = same doubles.openbsd (on "openbsd" "i686 x86_64");
  "genode" = same doubles.genode (on "genode" "aarch64 i686 x86_64");
  "redox" = same doubles.redox [ "x86_64-redox" ];
  "illumos" = same doubles.illumos [ "x86_64-solaris" ];
  "wasi" = same doubles.wasi [
    "wasm32-wasi"
    "wasm64-wasi"
  ];
  "unix" = same doubles.unix (
    with doubles; linux ++ darwin ++ freebsd ++ openbsd ++ netbsd ++ illumos ++ cygwin ++ redox
  );
  "none" = same doubles.none [ ];
  "both byte orders together are all but the smallest" = same (
    doubles.bigEndian ++ doubles.littleEndian
  ) (lib.remove "avr-none" doubles.all);

  "flakes have outputs for the usual systems" = {
    expr = lib.all (system: lib.elem system lib.systems.flakeExposed) [
      "x86_64-linux"
      "aarch64-linux"
      "x86_64-darwin"
      "aarch64-darwin"
    ];
    expected = true;
  };
  "tiers" = {
    expr = lib.systems.supported.tier1 ++ lib.systems.supported.tier2;
    expected = [
      "x86_64-linux"
      "aarch64-linux"
      "x86_64-darwin"
    ];
  };
  "every example can be elaborated" = {
    expr = lib.all (example: builtins.deepSeq (lib.systems.elaborate example) true) (
      lib.attrValues lib.systems.examples
    );
    expected = true;
  };
}
