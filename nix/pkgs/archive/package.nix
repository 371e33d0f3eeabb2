# One package of the archive as a derivation: a fixed-output `src` that is
# already in the store when a build starts (Nix itself never fetches), and an
# input-addressed unpacking of it.
#
# Its derivation carries `archivePackage`, so that a walk over the .drv files
# tells which packages a system needs.
# Not for: versions and hashes (default.nix).
{
  lib,
  system,
  bootstrap,
}:
let
  inherit (builtins) baseNameOf match replaceStrings;

  # Store names know neither `~` nor `:`; importer.py cleans names the same way.
  clean = replaceStrings [ "~" ":" "%" ] [ "-" "-" "-" ];

  # [epoch:]upstream[-revision], Debian policy 5.6.12
  withoutEpoch =
    version:
    let
      m = match "[0-9]+:(.*)" version;
    in
    if m == null then version else builtins.head m;
  upstream =
    version:
    let
      bare = withoutEpoch version;
      m = match "(.*)-[^-]*" bare;
    in
    if m == null then bare else builtins.head m;

  mainPrograms = import ./main-programs.nix;

  script = ./unpack.sh;
  linksAwk = ./links.awk;
  alternativesAwk = ./alternatives.awk;
in
name: entry: described:
let
  version =
    entry.version
      or (throw "the package ‘${name}’ is in the names of the index, but not in its shards; remove the index and run again");

  src = derivation {
    name = clean (baseNameOf entry.file);
    inherit system;
    outputHashMode = "flat";
    outputHashAlgo = "sha256";
    outputHash = entry.sha256;
    builder = "${bootstrap.busybox}/bin/sh";
    # Reached only by a build that was not started by nixos-container.
    args = [
      "-c"
      "echo 'The file ${baseNameOf entry.file} is not in the store. nixos-container fetches such files before it builds: run ‘nixos-container build’ or ‘switch’.' >&2; exit 1"
    ];
    preferLocalBuild = true;
    allowSubstitutes = false;
  };

  drv = derivation {
    name = "${name}-${clean (withoutEpoch version)}";
    pname = name;
    inherit system src linksAwk alternativesAwk;
    version = upstream version;
    archivePackage = name;
    busybox = bootstrap.busybox;
    builder = "${bootstrap.busybox}/bin/sh";
    args = [ script ];
    preferLocalBuild = true;
    allowSubstitutes = false;
  };

  refuse = what: _: throw ''
    ‘${name}’ comes ready-made from the archive, so ${what} cannot change it.
    Wrap it (pkgs.writeShellScriptBin, pkgs.symlinkJoin), or give the container a nixpkgs with its `nixpkgs` option.'';

  # What is said about a package can be changed, what it contains cannot.
  changeable = [
    "meta"
    "passthru"
  ];
  overrideAttrs =
    package: change:
    let
      old = {
        inherit (package)
          pname
          version
          name
          meta
          passthru
          ;
      };
      new = old // lib.toExtension change new old;
      content = removeAttrs new changeable;
      different = lib.filter (attribute: !(old ? ${attribute}) || old.${attribute} != content.${attribute}) (
        lib.attrNames content
      );
      changed =
        package
        // new.passthru
        // {
          inherit (new) meta passthru;
          overrideAttrs = overrideAttrs changed;
        };
    in
    if different == [ ] then
      changed
    else
      refuse "`overrideAttrs` of ${lib.concatStringsSep ", " different}" null;

  package =
    drv
    // {
      inherit src;
      pname = name;
      version = upstream version;
      archive = {
        inherit name version;
        inherit (entry) sha256 size file;
      };
      meta = {
        name = drv.name;
        mainProgram = mainPrograms.${name} or name;
        description = described.description or "";
        homepage = described.homepage or null;
        position = null;
        available = true;
        broken = false;
        unfree = false;
        insecure = false;
        unsupported = false;
        platforms = [ system ];
        outputsToInstall = [ "out" ];
      };
      passthru = { };
      override = refuse "`override`";
      overrideAttrs = overrideAttrs package;
      overrideDerivation = refuse "`overrideDerivation`";
    };
in
package
