# Systems under the names that people use for cross compilation.
#
# Not for: a complete list; every triple can be given directly.
{ lib }:

let
  inherit (lib.systems) platforms;

  gnu = cpu: { config = "${cpu}-unknown-linux-gnu"; };

  # Bare metal, with newlib.
  bare = config: {
    inherit config;
    libc = "newlib";
  };

  ios =
    cpu: xcodePlatform:
    {
      config = "${cpu}-apple-ios";
      sdkVer = "14.3";
      xcodeVer = "12.3";
      inherit xcodePlatform;
      useiOSPrebuilt = true;
    }
    // lib.optionalAttrs (xcodePlatform == "iPhoneSimulator") { darwinPlatform = "ios-simulator"; };

  mac = cpu: {
    config = "${cpu}-apple-darwin";
    xcodePlatform = "MacOSX";
    platform = { };
  };
in
rec {
  # Linux on PCs
  gnu64 = gnu "x86_64";
  gnu64_simplekernel = gnu64 // platforms.pc_simplekernel;
  gnu32 = gnu "i686";
  musl64 = {
    config = "x86_64-unknown-linux-musl";
  };
  musl32 = {
    config = "i686-unknown-linux-musl";
  };
  gnullvm64 = {
    config = "x86_64-unknown-linux-gnu";
    useLLVM = true;
    linker = "lld";
  };

  # Linux on PowerPC
  powernv = gnu "powerpc64le";
  musl-power = {
    config = "powerpc64le-unknown-linux-musl";
  };
  ppc32 = gnu "powerpc";
  ppc64 = {
    config = "powerpc64-unknown-linux-gnuabielfv2";
  };
  ppc64-elfv1 = {
    config = "powerpc64-unknown-linux-gnuabielfv1";
  };
  ppc64-elfv2 = ppc64;
  ppc64-musl = {
    config = "powerpc64-unknown-linux-musl";
    gcc.abi = "elfv2";
  };

  # Linux on ARM
  sheevaplug = {
    config = "armv5tel-unknown-linux-gnueabi";
  }
  // platforms.sheevaplug;
  pogoplug4 = {
    config = "armv5tel-unknown-linux-gnueabi";
  }
  // platforms.pogoplug4;
  raspberryPi = {
    config = "armv6l-unknown-linux-gnueabihf";
  }
  // platforms.raspberrypi;
  muslpi = raspberryPi // {
    config = "armv6l-unknown-linux-musleabihf";
  };
  armv7l-hf-multiplatform = {
    config = "armv7l-unknown-linux-gnueabihf";
  };
  remarkable1 = armv7l-hf-multiplatform // platforms.zero-gravitas;
  remarkable2 = armv7l-hf-multiplatform // platforms.zero-sugar;
  scaleway-c1 = armv7l-hf-multiplatform // platforms.scaleway-c1;
  aarch64-multiplatform = gnu "aarch64";
  aarch64-multiplatform-musl = {
    config = "aarch64-unknown-linux-musl";
  };
  bluefield2 = gnu "aarch64" // platforms.bluefield2;

  # Android
  armv7a-android-prebuilt = {
    config = "armv7a-unknown-linux-androideabi";
    rust.rustcTarget = "armv7-linux-androideabi";
    androidSdkVersion = "35";
    androidNdkVersion = "27";
    useAndroidPrebuilt = true;
  }
  // platforms.armv7a-android;
  aarch64-android-prebuilt = {
    config = "aarch64-unknown-linux-android";
    rust.rustcTarget = "aarch64-linux-android";
    androidSdkVersion = "35";
    androidNdkVersion = "27";
    useAndroidPrebuilt = true;
  };
  aarch64-android = {
    config = "aarch64-unknown-linux-android";
    androidSdkVersion = "35";
    androidNdkVersion = "27";
    libc = "bionic";
    useAndroidPrebuilt = false;
    useLLVM = true;
  };

  # Linux on MIPS; n32 is a 64-bit processor with 32-bit pointers
  ben-nanonote = {
    config = "mipsel-unknown-linux-uclibc";
  }
  // platforms.ben_nanonote;
  fuloongminipc = gnu "mipsel" // platforms.fuloong2f_n32;
  mips-linux-gnu = gnu "mips" // platforms.gcc_mips32r2_o32;
  mipsel-linux-gnu = gnu "mipsel" // platforms.gcc_mips32r2_o32;
  mips64-linux-gnuabin32 = {
    config = "mips64-unknown-linux-gnuabin32";
  }
  // platforms.gcc_mips64r2_n32;
  mips64el-linux-gnuabin32 = {
    config = "mips64el-unknown-linux-gnuabin32";
  }
  // platforms.gcc_mips64r2_n32;
  mips64-linux-gnuabi64 = {
    config = "mips64-unknown-linux-gnuabi64";
  }
  // platforms.gcc_mips64r2_64;
  mips64el-linux-gnuabi64 = {
    config = "mips64el-unknown-linux-gnuabi64";
  }
  // platforms.gcc_mips64r2_64;

  # Linux elsewhere
  riscv64 = gnu "riscv64";
  riscv64-musl = {
    config = "riscv64-unknown-linux-musl";
  };
  riscv32 = gnu "riscv32";
  loongarch64-linux = gnu "loongarch64";
  m68k = gnu "m68k";
  s390 = gnu "s390";
  s390x = gnu "s390x";

  # without an operating system
  aarch64-embedded = bare "aarch64-none-elf" // {
    rust.rustcTarget = "aarch64-unknown-none";
  };
  aarch64be-embedded = bare "aarch64_be-none-elf";
  arm-embedded = bare "arm-none-eabi";
  arm-embedded-nano = bare "arm-none-eabi" // {
    libc = "newlib-nano";
  };
  armhf-embedded = bare "arm-none-eabihf" // {
    # GCC does not build without these.
    gcc = {
      arch = "armv5t";
      fpu = "vfp";
    };
  };
  avr = {
    config = "avr";
  };
  i686-embedded = bare "i686-elf";
  x86_64-embedded = bare "x86_64-elf";
  microblaze-embedded = bare "microblazeel-none-elf";
  mips-embedded = bare "mips-none-elf";
  mips64-embedded = bare "mips64-none-elf";
  mmix = bare "mmix-unknown-mmixware";
  msp430 = bare "msp430-elf";
  or1k = bare "or1k-elf";
  ppc-embedded = bare "powerpc-none-eabi";
  ppcle-embedded = bare "powerpcle-none-eabi";
  riscv32-embedded = bare "riscv32-none-elf";
  riscv64-embedded = bare "riscv64-none-elf";
  rx-embedded = bare "rx-none-elf";
  vc4 = bare "vc4-elf";

  # Apple
  iphone64 = ios "aarch64" "iPhoneOS";
  iphone32 = ios "armv7a" "iPhoneOS";
  iphone64-simulator = ios "x86_64" "iPhoneSimulator";
  iphone32-simulator = ios "i686" "iPhoneSimulator";
  aarch64-darwin = mac "aarch64";
  x86_64-darwin = mac "x86_64";

  # Windows
  mingw32 = {
    config = "i686-w64-mingw32";
    libc = "msvcrt";
  };
  mingwW64 = {
    config = "x86_64-w64-mingw32";
    libc = "msvcrt";
  };
  ucrt64 = {
    config = "x86_64-w64-mingw32";
    libc = "ucrt";
  };
  ucrtAarch64 = {
    config = "aarch64-w64-mingw32";
    libc = "ucrt";
    rust.rustcTarget = "aarch64-pc-windows-gnullvm";
    useLLVM = true;
  };
  x86_64-windows = {
    config = "x86_64-pc-windows-msvc";
    useLLVM = true;
  };
  aarch64-windows = {
    config = "aarch64-pc-windows-msvc";
    useLLVM = true;
  };
  x86_64-cygwin = {
    config = "x86_64-pc-cygwin";
  };

  # BSD and others
  aarch64-freebsd = {
    config = "aarch64-unknown-freebsd";
    useLLVM = true;
  };
  x86_64-freebsd = {
    config = "x86_64-unknown-freebsd";
    useLLVM = true;
  };
  x86_64-netbsd = {
    config = "x86_64-unknown-netbsd";
  };
  x86_64-netbsd-llvm = x86_64-netbsd // {
    useLLVM = true;
  };
  x86_64-openbsd = {
    config = "x86_64-unknown-openbsd";
    useLLVM = true;
  };
  x86_64-unknown-redox = {
    config = "x86_64-unknown-redox";
    libc = "relibc";
  };

  # virtual machines of languages
  wasi32 = {
    config = "wasm32-unknown-wasi";
    useLLVM = true;
  };
  wasm32-unknown-none = {
    config = "wasm32-unknown-none";
    rust.rustcTarget = "wasm32-unknown-unknown";
    useLLVM = true;
  };
  ghcjs = {
    # GHC's own word; autotools do not know it.
    config = "javascript-unknown-ghcjs";
  };
}
