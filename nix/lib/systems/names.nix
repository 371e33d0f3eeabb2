# What other projects call a machine: uname, Linux, U-Boot, QEMU, UEFI, Rust, Go, Node.js.
#
# Every function takes an elaborated system.  Not for: Nix's and GNU's names, see ./parse.nix.
{ lib }:

let
  inherit (lib) optional optionalString;
  cpuName = system: system.parsed.cpu.name;
  little = system: suffix: optionalString system.isLittleEndian suffix;
in
rec {
  # uname -m
  unameProcessor =
    system:
    if system.isPower64 then
      "ppc64" + little system "le"
    else if system.isPower then
      "ppc" + little system "le"
    # The kernel does not tell the byte order of these.
    else if system.isMips64 then
      "mips64"
    else if system.isDarwin then
      system.darwinArch
    else
      cpuName system;

  # arch/* in the kernel's sources
  linuxArch =
    system:
    if system.isAarch32 then
      "arm"
    else if system.isAarch64 then
      "arm64"
    else if system.isx86_32 then
      "i386"
    else if system.isx86_64 then
      "x86_64"
    else if system.isMicroBlaze then
      "microblaze"
    else if system.isMips then
      "mips"
    else if system.isPower then
      "powerpc"
    else if system.isRiscV then
      "riscv"
    else if system.isS390 then
      "s390"
    else if system.isLoongArch64 then
      "loongarch"
    else
      cpuName system;

  # common/image.c in U-Boot's sources: as Linux, but for these two
  ubootArch =
    system:
    if system.isx86_32 then
      "x86"
    else if system.isMips64 then
      "mips64"
    else
      system.linuxArch;

  # qemu-<name>; null if there is none
  qemuArch =
    system:
    if system.isAarch32 then
      "arm"
    else if system.isAarch64 then
      "aarch64"
    else if system.isS390 && !system.isS390x then
      null
    else if system.isx86_64 then
      "x86_64"
    else if system.isx86 then
      "i386"
    else if system.isMips64n32 then
      "mipsn32" + little system "el"
    else if system.isMips64 then
      "mips64" + little system "el"
    else
      system.uname.processor;

  # the middle of boot<name>.efi
  efiArch =
    system:
    if system.isx86_32 then
      "ia32"
    else if system.isx86_64 then
      "x64"
    else if system.isAarch32 then
      "arm"
    else if system.isAarch64 then
      "aa64"
    else
      cpuName system;

  # Rust: target names, and the conditions of conditional compilation.
  rust =
    args: system:
    let
      given = args.rust or args.rustc or { };
      platform = given.platform or { };
      # A custom platform says itself what it is.
      custom = given ? platform;

      targetCpu = {
        armv7a = "armv7";
        armv7l = "armv7";
        armv6l = "arm";
        armv5tel = "armv5te";
        riscv32 = "riscv32gc";
        riscv64 = "riscv64gc";
      };

      inherit (system.parsed) abi cpu kernel;
      targetAbi =
        # Rust leaves the version of PowerPC's ELF ABI to the C library.
        if lib.hasPrefix "powerpc" cpu.name && lib.hasPrefix "gnuabielfv" abi.name then
          "gnu"
        else
          abi.name;

      target =
        let
          name = platform.arch or targetCpu.${cpu.name} or cpu.name;
          vendor = system.rust.platform.vendor;
          suffix = optionalString (abi.name != "unknown") "-${targetAbi}";
        in
        # Of several versions of WASI this is the one that everything supports.
        if system.isWasi then "${name}-wasip1" else "${name}-${vendor}-${kernel.name}${suffix}";

      families = platform.target-family or null;
    in
    given
    // {
      platform = platform // {
        # cfg(target_arch)
        arch =
          if custom then
            platform.arch
          else if system.isAarch32 then
            "arm"
          else if system.isMips64 then
            "mips64"
          else if system.isPower64 then
            "powerpc64"
          else
            cpu.name;

        # cfg(target_os)
        os =
          if custom then
            platform.os or "none"
          else if system.isDarwin then
            "macos"
          else if system.isWasm && !system.isWasi then
            "unknown"
          else
            kernel.name;

        # cfg(target_family), a list; a single word is the older form
        target-family =
          if families == null then
            optional system.isUnix "unix"
            ++ optional system.isWindows "windows"
            ++ optional system.isWasm "wasm"
          else
            lib.toList families;

        # cfg(target_vendor)
        vendor =
          platform.vendor or (if system.parsed.vendor.name == "w64" then "pc" else system.parsed.vendor.name);
      };

      rustcTarget = args.rust.rustcTarget or args.rustc.config or target;

      # The target's name, or for a custom platform the file that describes it.
      rustcTargetSpec =
        given.rustcTargetSpec or (
          if custom then
            builtins.toFile "${system.rust.rustcTarget}.json" (builtins.toJSON platform)
          else
            system.rust.rustcTarget
        );

      # Cargo's directory for the target's output.
      cargoShortTarget = lib.removeSuffix ".json" (baseNameOf "${system.rust.rustcTargetSpec}");

      # The same as a part of names of environment variables.
      cargoEnvVarTarget = lib.replaceStrings [ "-" ] [ "_" ] (lib.toUpper system.rust.cargoShortTarget);

      isNoStdTarget = lib.any (part: lib.hasInfix part system.rust.rustcTarget) [
        "-none"
        "nvptx"
        "switch"
        "-uefi"
      ];
    };

  # Go: the environment that selects a target, see its package internal/platform.
  go = system: {
    GOARCH =
      {
        aarch64 = "arm64";
        arm = "arm";
        armv5tel = "arm";
        armv6l = "arm";
        armv7l = "arm";
        i686 = "386";
        loongarch64 = "loong64";
        mips = "mips";
        mips64el = "mips64le";
        mipsel = "mipsle";
        powerpc64 = "ppc64";
        powerpc64le = "ppc64le";
        riscv64 = "riscv64";
        s390x = "s390x";
        wasm32 = "wasm";
        x86_64 = "amd64";
      }
      .${cpuName system} or null;

    GOOS = if system.isWasi then "wasip1" else system.parsed.kernel.name;

    GOARM =
      let
        version = system.parsed.cpu.version or "";
      in
      optionalString (lib.elem version [
        "5"
        "6"
        "7"
      ]) version;
  };

  # Node.js: process.arch and process.platform.
  node = system: {
    arch =
      if system.isAarch then
        "arm" + optionalString system.is64bit "64"
      else if system.isMips32 then
        "mips" + little system "el"
      else if system.isMips64 && system.isLittleEndian then
        "mips64el"
      else if system.isPower then
        "ppc" + optionalString system.is64bit "64"
      else if system.isx86_64 then
        "x64"
      else if system.isx86_32 then
        "ia32"
      else if system.isS390x then
        "s390x"
      else if system.isRiscV64 then
        "riscv64"
      else if system.isLoongArch64 then
        "loong64"
      else
        null;

    platform =
      if system.isAndroid then
        "android"
      else if system.isDarwin then
        "darwin"
      else if system.isFreeBSD then
        "freebsd"
      else if system.isLinux then
        "linux"
      else if system.isOpenBSD then
        "openbsd"
      else if system.isSunOS then
        "sunos"
      else if system.isWindows || system.isCygwin then
        "win32"
      else
        null;
  };
}
