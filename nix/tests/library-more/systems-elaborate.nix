# lib.systems.elaborate: everything that is known about a system.
{ lib }:

let
  inherit (lib.systems) elaborate equals;
  pc = elaborate "x86_64-linux";
  arm = elaborate "aarch64-linux";
  pick = names: system: lib.getAttrs names (elaborate system);
in
{
  "the names of a PC" = {
    expr = pick [ "system" "config" "libc" "libDir" "linuxArch" "qemuArch" "ubootArch" "efiArch" "linker" ] "x86_64-linux";
    expected = {
      system = "x86_64-linux";
      config = "x86_64-unknown-linux-gnu";
      libc = "glibc";
      libDir = "lib64";
      linuxArch = "x86_64";
      qemuArch = "x86_64";
      ubootArch = "x86_64";
      efiArch = "x64";
      linker = "bfd";
    };
  };
  "the names of other machines" = {
    expr = map (pick [ "linuxArch" "qemuArch" "efiArch" ]) [
      "aarch64-linux"
      "armv7l-linux"
      "i686-linux"
      "riscv64-linux"
      "powerpc64le-linux"
      "mips64el-linux"
      "s390x-linux"
      "loongarch64-linux"
    ];
    expected = [
      { linuxArch = "arm64"; qemuArch = "aarch64"; efiArch = "aa64"; }
      { linuxArch = "arm"; qemuArch = "arm"; efiArch = "arm"; }
      { linuxArch = "i386"; qemuArch = "i386"; efiArch = "ia32"; }
      { linuxArch = "riscv"; qemuArch = "riscv64"; efiArch = "riscv64"; }
      { linuxArch = "powerpc"; qemuArch = "ppc64le"; efiArch = "powerpc64le"; }
      { linuxArch = "mips"; qemuArch = "mips64el"; efiArch = "mips64el"; }
      { linuxArch = "s390"; qemuArch = "s390x"; efiArch = "s390x"; }
      { linuxArch = "loongarch"; qemuArch = "loongarch64"; efiArch = "loongarch64"; }
    ];
  };
  "uname" = {
    expr = map (system: (elaborate system).uname) [
      "x86_64-linux"
      "aarch64-darwin"
      "powerpc64le-linux"
      "x86_64-freebsd"
      "avr"
    ];
    expected = [
      { system = "Linux"; processor = "x86_64"; release = null; }
      { system = "Darwin"; processor = "arm64"; release = null; }
      { system = "Linux"; processor = "ppc64le"; release = null; }
      { system = "FreeBSD"; processor = "x86_64"; release = null; }
      { system = null; processor = "avr"; release = null; }
    ];
  };
  "the C library" = {
    expr = map (config: (elaborate { inherit config; }).libc) [
      "x86_64-unknown-linux-gnu"
      "x86_64-unknown-linux-musl"
      "mipsel-unknown-linux-uclibc"
      "aarch64-unknown-linux-android"
      "arm64-apple-darwin"
      "x86_64-w64-mingw32"
      "x86_64-pc-windows-msvc"
      "x86_64-pc-cygwin"
      "x86_64-unknown-freebsd"
      "x86_64-unknown-netbsd"
      "x86_64-unknown-openbsd"
      "x86_64-unknown-redox"
      "wasm32-unknown-wasi"
      "avr"
      "arm-none-eabi"
      "javascript-unknown-ghcjs"
    ];
    expected = [
      "glibc"
      "musl"
      "uclibc"
      "bionic"
      "libSystem"
      "msvcrt"
      "ucrt"
      "cygwin"
      "fblibc"
      "nblibc"
      "oblibc"
      "relibc"
      "wasilibc"
      "avrlibc"
      "newlib"
      null
    ];
  };
  "file name extensions" = {
    expr = map (system: (elaborate system).extensions) [
      "x86_64-linux"
      "aarch64-darwin"
      "x86_64-windows"
    ];
    expected = [
      { sharedLibrary = ".so"; staticLibrary = ".a"; library = ".so"; executable = ""; }
      { sharedLibrary = ".dylib"; staticLibrary = ".a"; library = ".dylib"; executable = ""; }
      { sharedLibrary = ".dll"; staticLibrary = ".lib"; library = ".dll"; executable = ".exe"; }
    ];
  };
  "a static system has no shared libraries" = {
    expr =
      let
        system = elaborate {
          system = "x86_64-linux";
          isStatic = true;
        };
      in
      [
        system.hasSharedLibraries
        system.extensions.library
        (system.extensions ? sharedLibrary)
      ];
    expected = [
      false
      ".a"
      false
    ];
  };
  "questions are answered on the top level" = {
    expr = pick [ "isLinux" "isx86_64" "isAarch64" "isDarwin" "is64bit" "isGnu" "isMusl" "isStatic" "avxSupport" ] "x86_64-linux";
    expected = {
      isLinux = true;
      isx86_64 = true;
      isAarch64 = false;
      isDarwin = false;
      is64bit = true;
      isGnu = true;
      isMusl = false;
      isStatic = false;
      avxSupport = false;
    };
  };
  "features of a model" = {
    expr = pick [ "avxSupport" "avx2Support" "avx512Support" "aesSupport" "sse4_2Support" ] {
      system = "x86_64-linux";
      gcc.arch = "skylake";
    };
    expected = {
      avxSupport = true;
      avx2Support = true;
      avx512Support = false;
      aesSupport = true;
      sse4_2Support = true;
    };
  };
  "what is given wins" = {
    expr = pick [ "libc" "isStatic" "linker" ] {
      system = "x86_64-linux";
      libc = "dietlibc";
      isStatic = true;
      linker = "gold";
    };
    expected = {
      libc = "dietlibc";
      isStatic = true;
      linker = "gold";
    };
  };
  "what follows from it follows" = {
    expr =
      (elaborate {
        system = "x86_64-linux";
        useLLVM = true;
      }).linker;
    expected = "lld";
  };
  "config wins over system and parsed" = {
    expr =
      map
        (more: (elaborate ({ config = "i686-unknown-linux-gnu"; } // more)).system)
        [
          { system = "x86_64-linux"; }
          { inherit (pc) parsed; }
        ];
    expected = [
      "i686-linux"
      "i686-linux"
    ];
  };
  "system wins over parsed" = {
    expr =
      (elaborate {
        system = "i686-linux";
        inherit (pc) parsed;
      }).parsed.cpu.arch;
    expected = "i686";
  };
  "elaborating twice changes nothing" = {
    expr = equals pc (elaborate pc);
    expected = true;
  };

  "compiler flags by machine" = {
    expr = map (system: (elaborate system).gcc) [
      "x86_64-linux"
      "aarch64-linux"
      "armv7l-linux"
      "armv6l-linux"
    ];
    expected = [
      { }
      { arch = "armv8-a"; }
      {
        arch = "armv7-a";
        fpu = "vfpv3-d16";
      }
      {
        arch = "armv6kz";
        fpu = "vfpv2";
      }
    ];
  };
  "the kernel's image" = {
    expr = map (system: (elaborate system).linux-kernel.target) [
      "x86_64-linux"
      "aarch64-linux"
    ];
    expected = [
      "bzImage"
      "Image"
    ];
  };
  "what can run what" = {
    expr = map ({ host, program }: (elaborate host).canExecute (elaborate program)) [
      { host = "x86_64-linux"; program = "x86_64-linux"; }
      { host = "x86_64-linux"; program = "i686-linux"; }
      { host = "i686-linux"; program = "x86_64-linux"; }
      { host = "x86_64-linux"; program = "aarch64-linux"; }
      { host = "x86_64-linux"; program = "x86_64-darwin"; }
      { host = "x86_64-linux"; program.config = "x86_64-unknown-linux-musl"; }
      { host = "aarch64-linux"; program.config = "aarch64-unknown-linux-android"; }
    ];
    expected = [
      true
      true
      false
      false
      false
      true
      false
    ];
  };
  "models within a family" = {
    expr =
      let
        model =
          arch:
          elaborate {
            system = "x86_64-linux";
            gcc = { inherit arch; };
          };
      in
      [
        ((model "skylake").canExecute (model "haswell"))
        ((model "haswell").canExecute (model "skylake"))
        ((model "haswell").canExecute pc)
        (pc.canExecute (model "haswell"))
      ];
    expected = [
      true
      false
      true
      false
    ];
  };
  "models and their ancestors" = {
    expr = with lib.systems.architectures; [
      (canExecute "x86-64-v3" "x86-64")
      (canExecute "x86-64" "x86-64-v3")
      (canExecute "x86-64" "x86-64")
      (hasInferior "x86-64" "x86-64")
      (hasInferior "unknown" "x86-64")
    ];
    expected = [
      true
      false
      true
      false
      false
    ];
  };
  "all ancestors of a model" = {
    expr = lib.sort lib.lessThan lib.systems.architectures.inferiors.haswell;
    expected = [
      "ivybridge"
      "nehalem"
      "sandybridge"
      "westmere"
      "x86-64"
      "x86-64-v2"
      "x86-64-v3"
    ];
  };

  # --- mistakes -------------------------------------------------------------

  "isCompatible is gone" = {
    expr = pc.isCompatible arm;
    error = "isCompatible has been removed in favor of canExecute";
  };
  "plain gnu on 32-bit ARM" = {
    expr = (elaborate { config = "armv7l-unknown-linux-gnu"; }).system;
    error = "The \"gnu\" ABI is ambiguous on 32-bit ARM. Use \"gnueabi\" or \"gnueabihf\" instead.";
  };
  "plain gnu on big-endian PowerPC" = {
    expr = (elaborate { config = "powerpc64-unknown-linux-gnu"; }).system;
    error = "The \"gnu\" ABI is ambiguous on big-endian 64-bit PowerPC. Use \"gnuabielfv2\" or \"gnuabielfv1\" instead.";
  };
  "plain android on 32-bit ARM" = {
    expr = (elaborate { config = "armv7a-unknown-linux-android"; }).system;
    error = "The \"android\" ABI is not for 32-bit ARM. Use \"androideabi\" instead.";
  };
}
