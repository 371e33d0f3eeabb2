# System names and their parts: reading doubles and triples, and writing them.
#
# The result is `{ _type = "system"; cpu; vendor; kernel; abi; }` with the values of
# ./components.nix.  What is not written in a name is inferred, the way GNU's config.sub would.
#
# Not for: questions about a system (./inspect.nix) or further facts (./elaborate.nix).
{ lib }:

let
  components = import ./components.nix { inherit lib; };

  inherit (components)
    abis
    cpuTypes
    execFormats
    kernels
    vendors
    ;

  inherit (lib) elem elemAt hasPrefix;

  lookUp = what: table: name: table.${name} or (throw "Unknown ${what}: ${name}");

  # config.sub does not look at anything from "abi" on, as in "linuxabin32".
  withoutAbi =
    name:
    let
      found = builtins.match "(.*)e?abi.*" name;
    in
    if found == null then name else elemAt found 0;

  # Third words which stand for an operating system, so the second is the vendor.
  namesSystem =
    word:
    elem word [
      "ghcjs"
      "mingw32"
      "mmixware"
      "redox"
    ]
    || lib.any (start: hasPrefix start word) [
      "freebsd"
      "genode"
      "netbsd"
      "openbsd"
    ];

  namesAbi =
    word:
    elem word [
      "eabi"
      "eabihf"
      "elf"
      "gnu"
    ];

  # Programs for one processor run on the next in the chain too: [ newer-runs-older ].
  runsOn = {
    i386 = [ "i486" ];
    i486 = [ "i586" ];
    i586 = [ "i686" ];
    i686 = [ "x86_64" ];
    arm = [ "armv5tel" ];
    armv5tel = [ "armv6l" ];
    armv6l = [ "armv6m" ];
    armv6m = [ "armv7l" ];
    armv7l = [
      "armv7a"
      "armv7r"
      "armv7m"
    ];
    armv8a = [ "aarch64" ];
    armv8r = [ "armv8a" ];
    armv8m = [ "armv8a" ];
    powerpc = [ "powerpc64" ];
    powerpcle = [ "powerpc64le" ];
    mips = [ "mips64" ];
    mipsel = [ "mips64el" ];
    riscv32 = [ "riscv64" ];
    sparc = [ "sparc64" ];
    wasm32 = [ "wasm64" ];
  };
in
components
// rec {
  # Option types for the parts; loaded only when asked for.
  types = import ./types.nix { inherit lib components; };

  # Whether a processor `a` can run what was built for `b`.
  isCompatible =
    a: b:
    a == b
    # These two are names for the same thing, in both directions.
    || (b == cpuTypes.aarch64 && a == cpuTypes.armv8a)
    || lib.any (name: isCompatible a cpuTypes.${name}) (runsOn.${b.name} or [ ]);

  # GNU takes older NetBSD ports for a.out systems and wants ELF spelt out.
  gnuNetBSDDefaultExecFormat =
    cpu:
    if
      cpu.bits == 32
      && elem cpu.family [
        "arm"
        "m68k"
        "sparc"
        "x86"
      ]
    then
      execFormats.aout
    else
      execFormats.elf;

  isSystem = value: (value._type or null) == "system";

  mkSystem =
    {
      cpu,
      vendor,
      kernel,
      abi,
    }@parts:
    assert
      cpu._type == "cpu-type"
      && vendor._type == "vendor"
      && kernel._type == "kernel"
      && abi._type == "abi";
    parts // { _type = "system"; };

  # The words of a name, each in its place; words that are missing stay missing.
  mkSkeletonFromList =
    words:
    let
      name = lib.concatStringsSep "-" words;
      count = builtins.length words;
      word = elemAt words;
      cpu = word 0;
      second = word 1;
      third = word 2;
    in
    if count == 1 then
      if cpu == "avr" then
        {
          inherit cpu;
          kernel = "none";
          abi = "unknown";
        }
      else
        throw "system string '${name}' with 1 component is ambiguous"
    else if count == 2 then
      if second == "cygwin" then
        mkSkeletonFromList [
          cpu
          "pc"
          "cygwin"
        ]
      # The double means Microsoft's ABI; MinGW has names of its own.
      else if second == "windows" then
        {
          inherit cpu;
          kernel = "windows";
          abi = "msvc";
        }
      else if second == "elf" then
        {
          inherit cpu;
          vendor = "unknown";
          kernel = "none";
          abi = "elf";
        }
      else
        {
          inherit cpu;
          kernel = second;
        }
    else if count == 3 then
      # cpu-kernel-abi
      if second == "linux" || namesAbi third then
        {
          inherit cpu;
          vendor = "unknown";
          kernel = second;
          abi = third;
        }
      # cpu-vendor-kernel
      else if second == "apple" || hasPrefix "wasm32" cpu || third == "cygwin" || namesSystem third then
        {
          inherit cpu;
          vendor = second;
          # Autotools cannot cope with "windows".
          kernel = if third == "mingw32" then "windows" else third;
        }
      else
        throw "system string '${name}' with 3 components is ambiguous"
    else if count == 4 then
      {
        inherit cpu;
        vendor = second;
        kernel = third;
        abi = word 3;
      }
    else
      throw "system string '${name}' has invalid number of hyphen-separated components";

  # Words to values.  What is left out is what is usual on the machine.
  mkSystemFromSkeleton =
    {
      cpu,
      vendor ? null,
      kernel,
      abi ? null,
    }@words:
    let
      inherit (lib.systems.inspect.predicates)
        isAarch32
        isBigEndian
        isCygwin
        isDarwin
        isLinux
        isPower64
        isWindows
        ;

      usualVendor =
        if isDarwin parts then
          vendors.apple
        else if isWindows parts || isCygwin parts then
          vendors.pc
        else
          vendors.unknown;

      usualAbi =
        if !(isLinux parts || isWindows parts) then
          abis.unknown
        else if isAarch32 parts then
          if lib.versionAtLeast (parts.cpu.version or "0") "6" then abis.gnueabihf else abis.gnueabi
        else if isPower64 parts && isBigEndian parts then
          abis.gnuabielfv2
        else
          abis.gnu;

      parts = {
        cpu = lookUp "CPU type" cpuTypes cpu;
        vendor = if words ? vendor then lookUp "vendor" vendors vendor else usualVendor;
        # Version numbers at the end of these two are not told apart.
        kernel =
          if hasPrefix "darwin" kernel then
            kernels.darwin
          else if hasPrefix "netbsd" kernel then
            kernels.netbsd
          else
            lookUp "kernel" kernels (withoutAbi kernel);
        abi = if words ? abi then lookUp "ABI" abis abi else usualAbi;
      };
    in
    mkSystem parts;

  mkSystemFromString = name: mkSystemFromSkeleton (mkSkeletonFromList (lib.splitString "-" name));

  kernelName = kernel: kernel.name + toString (kernel.version or "");

  darwinArch = cpu: if cpu.name == "aarch64" then "arm64" else cpu.name;

  # Nix's name: the vendor and the ABI are not part of it.
  doubleFromSystem =
    { cpu, kernel, ... }:
    "${cpu.name}-${if kernel.families ? darwin then "darwin" else kernelName kernel}";

  # GNU's name.
  tripleFromSystem =
    {
      cpu,
      vendor,
      kernel,
      abi,
      ...
    }@system:
    assert isSystem system;
    let
      cpuName = if kernel.families ? darwin then darwinArch cpu else cpu.name;
      format = lib.optionalString (
        kernel.name == "netbsd" && gnuNetBSDDefaultExecFormat cpu != kernel.execFormat
      ) kernel.execFormat.name;
      suffix = lib.optionalString (abi.name != "unknown") "-${abi.name}";
    in
    "${cpuName}-${vendor.name}-${kernelName kernel}${format}${suffix}";
}
