# lib.systems.parse and inspect: reading system names, and questions about them.
{ lib }:

let
  inherit (lib.systems) inspect parse;
  read = parse.mkSystemFromString;
  words =
    name:
    let
      system = read name;
    in
    [
      system.cpu.name
      system.vendor.name
      system.kernel.name
      system.abi.name
    ];
  round = name: parse.tripleFromSystem (read name);
in
{
  "doubles are completed" = {
    expr = map words [
      "x86_64-linux"
      "aarch64-darwin"
      "armv6l-linux"
      "armv5tel-linux"
      "powerpc64-linux"
      "x86_64-windows"
      "x86_64-cygwin"
      "i686-freebsd"
      "avr"
    ];
    expected = [
      [ "x86_64" "unknown" "linux" "gnu" ]
      [ "aarch64" "apple" "darwin" "unknown" ]
      [ "armv6l" "unknown" "linux" "gnueabihf" ]
      [ "armv5tel" "unknown" "linux" "gnueabi" ]
      [ "powerpc64" "unknown" "linux" "gnuabielfv2" ]
      [ "x86_64" "pc" "windows" "msvc" ]
      [ "x86_64" "pc" "cygwin" "unknown" ]
      [ "i686" "unknown" "freebsd" "unknown" ]
      [ "avr" "unknown" "none" "unknown" ]
    ];
  };
  "triples of three and four words" = {
    expr = map words [
      "x86_64-unknown-linux-musl"
      "aarch64-linux-gnu"
      "x86_64-apple-darwin20"
      "i686-w64-mingw32"
      "arm-none-eabi"
      "riscv64-none-elf"
      "wasm32-unknown-wasi"
      "x86_64-unknown-netbsd9"
      "javascript-unknown-ghcjs"
      "msp430-elf"
    ];
    expected = [
      [ "x86_64" "unknown" "linux" "musl" ]
      [ "aarch64" "unknown" "linux" "gnu" ]
      [ "x86_64" "apple" "darwin" "unknown" ]
      [ "i686" "w64" "windows" "gnu" ]
      [ "arm" "unknown" "none" "eabi" ]
      [ "riscv64" "unknown" "none" "elf" ]
      [ "wasm32" "unknown" "wasi" "unknown" ]
      [ "x86_64" "unknown" "netbsd" "unknown" ]
      [ "javascript" "unknown" "ghcjs" "unknown" ]
      [ "msp430" "unknown" "none" "elf" ]
    ];
  };
  "writing triples" = {
    expr = map round [
      "x86_64-linux"
      "aarch64-darwin"
      "armv7l-linux"
      "x86_64-windows"
      "i686-netbsd"
      "x86_64-netbsd"
    ];
    expected = [
      "x86_64-unknown-linux-gnu"
      "arm64-apple-darwin"
      "armv7l-unknown-linux-gnueabihf"
      "x86_64-pc-windows-msvc"
      "i686-unknown-netbsdelf"
      "x86_64-unknown-netbsd"
    ];
  };
  "writing doubles" = {
    expr = map (name: parse.doubleFromSystem (read name)) [
      "x86_64-unknown-linux-musl"
      "arm64-apple-darwin"
      "aarch64-apple-ios"
      "i686-w64-mingw32"
      "x86_64-elf"
    ];
    expected = [
      "x86_64-linux"
      "aarch64-darwin"
      "aarch64-darwin"
      "i686-windows"
      "x86_64-none"
    ];
  };
  "a processor says what it is" = {
    expr = parse.cpuTypes.x86_64;
    expected = {
      _type = "cpu-type";
      name = "x86_64";
      bits = 64;
      significantByte = {
        _type = "significant-byte";
        name = "littleEndian";
      };
      family = "x86";
      arch = "x86-64";
    };
  };
  "a kernel says what it is" = {
    expr = parse.kernels.freebsd;
    expected = {
      _type = "kernel";
      name = "freebsd";
      execFormat = {
        _type = "exec-format";
        name = "elf";
      };
      families.bsd = {
        _type = "exec-format";
        name = "bsd";
      };
    };
  };
  "words that mean the same are the same" = {
    expr = [
      (parse.kernels.darwin == parse.kernels.macos)
      (parse.kernels.win32 == parse.kernels.windows)
      (parse.cpuTypes.arm64 == parse.cpuTypes.aarch64)
    ];
    expected = [
      true
      true
      true
    ];
  };
  "what is a system" = {
    expr = map parse.isSystem [
      (read "x86_64-linux")
      { }
      "x86_64-linux"
    ];
    expected = [
      true
      false
      false
    ];
  };
  "older processors' programs run on newer ones" = {
    expr = map ({ on, built }: parse.isCompatible parse.cpuTypes.${on} parse.cpuTypes.${built}) [
      { on = "x86_64"; built = "i686"; }
      { on = "x86_64"; built = "i386"; }
      { on = "i686"; built = "x86_64"; }
      { on = "armv7l"; built = "armv6l"; }
      { on = "armv6l"; built = "armv7l"; }
      { on = "aarch64"; built = "armv7l"; }
      { on = "aarch64"; built = "armv8a"; }
      { on = "riscv64"; built = "riscv32"; }
      { on = "mips"; built = "mips"; }
      { on = "x86_64"; built = "aarch64"; }
    ];
    expected = [
      true
      true
      false
      true
      false
      false
      true
      true
      true
      false
    ];
  };
  "types check the parts" = {
    expr = [
      (parse.types.cpuType.check parse.cpuTypes.x86_64)
      (parse.types.cpuType.check { })
      (parse.types.parsedPlatform.check (read "x86_64-linux"))
      (parse.types.openCpuType.check {
        bits = 7;
        significantByte = parse.significantBytes.bigEndian;
      })
    ];
    expected = [
      true
      false
      true
      false
    ];
  };

  "an unknown processor" = {
    expr = read "z80-linux";
    error = "Unknown CPU type: z80";
  };
  "an unknown kernel" = {
    expr = read "x86_64-minix";
    error = "Unknown kernel: minix";
  };
  "an unknown vendor" = {
    expr = read "x86_64-acme-linux-gnu";
    error = "Unknown vendor: acme";
  };
  "an unknown ABI" = {
    expr = read "x86_64-unknown-linux-dietlibc";
    error = "Unknown ABI: dietlibc";
  };
  "one word is not enough" = {
    expr = read "x86_64";
    error = "system string 'x86_64' with 1 component is ambiguous";
  };
  "three words that could mean anything" = {
    expr = read "x86_64-foo-bar";
    error = "system string 'x86_64-foo-bar' with 3 components is ambiguous";
  };
  "too many words" = {
    expr = read "a-b-c-d-e";
    error = "system string 'a-b-c-d-e' has invalid number of hyphen-separated components";
  };

  # --- patterns -------------------------------------------------------------

  "predicates" = {
    expr = map (predicate: inspect.predicates.${predicate} (read "x86_64-linux")) [
      "isLinux"
      "isx86_64"
      "isx86"
      "is64bit"
      "isLittleEndian"
      "isGnu"
      "isUnix"
      "isElf"
      "isEfi"
      "isDarwin"
      "isAarch64"
      "isMusl"
      "isBigEndian"
    ];
    expected = lib.replicate 9 true ++ lib.replicate 4 false;
  };
  "predicates of an unusual machine" = {
    expr = lib.attrNames (
      lib.filterAttrs (_: predicate: predicate (read "mips64el-unknown-linux-gnuabin32")) inspect.predicates
    );
    expected = [
      "is64bit"
      "isElf"
      "isGnu"
      "isILP32"
      "isLinux"
      "isLittleEndian"
      "isMips"
      "isMips64"
      "isMips64n32"
      "isUnix"
    ];
  };
  "predicates of a PC with musl" = {
    expr = lib.attrNames (
      lib.filterAttrs (_: predicate: predicate (read "x86_64-unknown-linux-musl")) inspect.predicates
    );
    expected = [
      "is64bit"
      "isEfi"
      "isElf"
      "isLinux"
      "isLittleEndian"
      "isMusl"
      "isUnix"
      "isx86"
      "isx86_64"
    ];
  };
  "predicates of a Mac" = {
    expr = lib.attrNames (
      lib.filterAttrs (_: predicate: predicate (read "aarch64-darwin")) inspect.predicates
    );
    expected = [
      "is64bit"
      "isAarch"
      "isAarch64"
      "isDarwin"
      "isEfi"
      "isLittleEndian"
      "isMacOS"
      "isMacho"
      "isUnix"
    ];
  };
  "predicates of MinGW" = {
    expr = lib.attrNames (
      lib.filterAttrs (_: predicate: predicate (read "x86_64-w64-mingw32")) inspect.predicates
    );
    expected = [
      "is64bit"
      "isEfi"
      "isGnu"
      "isLittleEndian"
      "isMinGW"
      "isWindows"
      "isx86"
      "isx86_64"
    ];
  };
  "a pattern is data" = {
    expr = inspect.patterns.isx86_64;
    expected.cpu = {
      family = "x86";
      bits = 64;
    };
  };
  "patterns can be joined" = {
    expr = inspect.patternLogicalAnd { cpu.bits = 64; } [
      { kernel.name = "linux"; }
      { kernel.name = "netbsd"; }
    ];
    expected = [
      {
        cpu.bits = 64;
        kernel.name = "linux";
      }
      {
        cpu.bits = 64;
        kernel.name = "netbsd";
      }
    ];
  };
  "a pattern for the whole platform is marked" = {
    expr = inspect.platformPatterns.isStatic;
    expected = {
      parsed = { };
      isStatic = true;
    };
  };
}
