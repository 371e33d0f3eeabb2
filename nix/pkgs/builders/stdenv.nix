# stdenv, platforms and callPackage: what package expressions ask for by name.
# Not for: building (derivation.nix).
{
  lib,
  system,
  mkDerivation,
  final,
}:
let
  platform =
    if lib ? systems && lib.systems ? elaborate then
      lib.systems.elaborate system
    else
      {
        inherit system;
        isLinux = true;
      };

  stdenv = {
    inherit mkDerivation system;
    name = "stdenv-linux";
    shell = "${final.staticBusybox}/bin/sh";
    hostPlatform = platform;
    buildPlatform = platform;
    targetPlatform = platform;
    isLinux = true;
    isDarwin = false;
    is64bit = platform.is64bit or true;
    isx86_64 = platform.isx86_64 or (system == "x86_64-linux");
    isAarch64 = platform.isAarch64 or (system == "aarch64-linux");
    hasCC = false;
    cc = final.gcc or null;
    # A few expressions ask the standard environment for its tools.
    initialPath = [ final.staticBusybox ];
    override = _: stdenv;
  };
in
{
  inherit stdenv system;
  stdenvNoCC = stdenv;
  hostPlatform = platform;
  buildPlatform = platform;
  targetPlatform = platform;
  buildPackages = final;
  targetPackages = final;
  pkgsBuildBuild = final;
  pkgsBuildHost = final;
  pkgsHostTarget = final;

  callPackage = lib.callPackageWith final;
  callPackages = lib.callPackagesWith final;
  newScope = extra: lib.callPackageWith (final // extra);

  # Functions of the shell in every build; naming them as inputs changes nothing.
  makeWrapper = null;
  makeBinaryWrapper = null;
  installShellFiles = null;

  fetchpatch = final.fetchurl;
  nixos =
    configuration:
    import ../../nixos/lib/eval-config.nix {
      inherit lib system;
      pkgs = final;
      modules = lib.toList configuration;
    };
}
