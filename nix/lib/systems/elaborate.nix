# Everything that is known about a system, from its name: `lib.systems.elaborate`.
#
# Every attribute is derived lazily from the parsed name, and every one can be set in
# the argument; whatever depends on it follows.  What only one tool asks for is in
# ./names.nix (other projects' names for the machine) and ./emulators.nix.
#
# Not for: reading names, see ./parse.nix.
{ lib }:

let
  inherit (lib) mapAttrs optionalAttrs;
  inherit (lib.systems)
    architectures
    inspect
    parse
    platforms
    ;

  names = import ./names.nix { inherit lib; };
  emulators = import ./emulators.nix { inherit lib; };

  # Kernel name -> what `uname -s` says.
  unameSystem = {
    linux = "Linux";
    windows = "Windows";
    cygwin = "CYGWIN_NT";
    darwin = "Darwin";
    netbsd = "NetBSD";
    freebsd = "FreeBSD";
    openbsd = "OpenBSD";
    wasi = "Wasi";
    redox = "Redox";
    genode = "Genode";
  };

  # The first condition that holds decides.
  firstOf =
    choices: default:
    let
      found = lib.lists.findFirst (choice: choice.when) null choices;
    in
    if found == null then default else found.value;
  choice = when: value: { inherit when value; };

  libcOf =
    system:
    firstOf [
      (choice system.isDarwin "libSystem")
      (choice system.isMsvc "ucrt")
      (choice system.isMinGW "msvcrt")
      (choice system.isCygwin "cygwin")
      (choice system.isWasi "wasilibc")
      (choice system.isWasm null)
      (choice system.isRedox "relibc")
      (choice system.isMusl "musl")
      (choice system.isUClibc "uclibc")
      (choice system.isAndroid "bionic")
      (choice system.isLLVMLibc "llvm")
      (choice system.isLinux "glibc")
      (choice system.isFreeBSD "fblibc")
      (choice system.isOpenBSD "oblibc")
      (choice system.isNetBSD "nblibc")
      (choice system.isAvr "avrlibc")
      (choice system.isGhcjs null)
      (choice system.isNone "newlib")
    ] "native/impure";

  extensionsOf =
    system:
    let
      dll = system.isWindows || system.isCygwin;
      shared =
        if system.isDarwin then
          ".dylib"
        else if dll then
          ".dll"
        else
          ".so";
    in
    # Static systems have no shared libraries, and neither has bare metal.
    optionalAttrs system.hasSharedLibraries { sharedLibrary = shared; }
    // rec {
      staticLibrary = if system.isWindows then ".lib" else ".a";
      library = system.extensions.sharedLibrary or staticLibrary;
      executable = if dll then ".exe" else "";
    };

  # Whether `host` can run programs that were built for `program`.
  runs =
    host: program:
    let
      hostArch = host.gcc.arch or null;
      programArch = program.gcc.arch or null;
    in
    host.isAndroid == program.isAndroid
    && parse.isCompatible host.parsed.cpu program.parsed.cpu
    && host.parsed.kernel == program.parsed.kernel
    # Of the same processor family there are better and lesser models; a program for
    # an unknown model is taken to be for the least, a host of unknown model too.
    && (
      host.parsed.cpu != program.parsed.cpu
      || programArch == null
      || (hostArch != null && architectures.canExecute hostArch programArch)
    )
    && (!host.isDarwin || host.darwinPlatform == program.darwinPlatform);

  # The facts that do not need to be looked up elsewhere.
  derive = args: final: {
    # The triple says more than the double, so it is preferred.
    system = parse.doubleFromSystem final.parsed;
    config = parse.tripleFromSystem final.parsed;

    canExecute = runs final;
    isCompatible =
      _system:
      throw "2022-05-23: isCompatible has been removed in favor of canExecute, refer to the 22.11 changelog for details";

    libc = libcOf final;
    useLLVM = final.isFreeBSD || final.isOpenBSD;
    linker =
      if final.useLLVM then
        "lld"
      else if final.isDarwin then
        "cctools"
      else
        "bfd";

    # Where the machine's own distributions keep libraries.
    libDir =
      if !final.isLinux then
        null
      else if final.isx86_64 || final.isMips64 || final.isPower64 then
        "lib64"
      else
        "lib";

    extensions = extensionsOf final;

    # There is a dynamic loader, and the system is not deliberately without one.
    hasSharedLibraries =
      !final.isStatic
      && lib.any (name: final.${name}) [
        "isAndroid"
        "isGnu"
        "isMusl"
        "isDarwin"
        "isSunOS"
        "isOpenBSD"
        "isFreeBSD"
        "isNetBSD"
        "isCygwin"
        "isMinGW"
        "isWindows"
        "isWasm"
      ];
    isStatic = final.isWasi || final.isRedox;

    useAndroidPrebuilt = false;
    useiOSPrebuilt = false;
    androidSdkVersion = args.androidSdkVersion or null;
    androidNdkVersion = args.androidNdkVersion or null;

    darwinArch = parse.darwinArch final.parsed.cpu;
    darwinPlatform =
      if final.isMacOS then
        "macos"
      else if final.isiOS then
        "ios"
      else
        null;
    darwinSdkVersion = final.sdkVer or "14.4";
    darwinMinVersion = "14.0";
    darwinMinVersionVariable =
      if final.isMacOS then
        "MACOSX_DEPLOYMENT_TARGET"
      else if final.isiOS then
        "IPHONEOS_DEPLOYMENT_TARGET"
      else
        null;

    uname = {
      # -s, -m and -r; the release cannot be known.
      system = unameSystem.${final.parsed.kernel.name} or null;
      processor = names.unameProcessor final;
      release = null;
    };

    linuxArch = names.linuxArch final;
    ubootArch = names.ubootArch final;
    qemuArch = names.qemuArch final;
    efiArch = names.efiArch final;

    rustc = args.rustc or { };
  };

  # Attributes which hold functions.  `equals` cannot compare them, and tools that
  # print a system have to leave them out.
  functionNames = [
    "canExecute"
    "emulator"
    "emulatorAvailable"
    "isCompatible"
    "staticEmulatorAvailable"
  ];

  check =
    final:
    assert final.useAndroidPrebuilt -> final.isAndroid;
    lib.foldl' (
      passed: { assertion, message }: if assertion final then passed else throw message
    ) true (final.parsed.abi.assertions or [ ]);
in
{
  inherit functionNames;

  elaborate =
    system:
    let
      given = lib.systems.systemToAttrs system;

      # Both follow from `config`, so what was given for them must not win in the end.
      args = removeAttrs given [
        "parsed"
        "system"
        "_withoutFunctions"
      ];

      machine = {
        linux-kernel = args.linux-kernel or { };
        gcc = args.gcc or { };
      }
      // platforms.select final;

      final = {
        parsed = parse.mkSystemFromString (args.config or given.system);
        inherit (machine) linux-kernel gcc;
      }
      // derive args final
      // emulators final
      // mapAttrs (_name: predicate: predicate final.parsed) inspect.predicates
      // mapAttrs (_name: predicate: predicate (final.gcc.arch or "default")) architectures.predicates
      // args
      // {
        rust = names.rust args final;
        go = names.go final;
        node = names.node final;

        # For comparing and printing.
        _withoutFunctions = removeAttrs final (functionNames ++ [ "_withoutFunctions" ]);
      };
    in
    assert check final;
    final;
}
