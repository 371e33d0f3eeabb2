# nixpkgs' names for packages of the archive that are called differently, as
# one layer of the package set. A name exists only where its target does, and
# wins over a package of the archive that means something else (`docker`).
# The archive's own meaning stays at `pkgs.archivePackages.<name>`.
#
# For: how a table's entry becomes a package.
# Not for: the tables (names.nix, joined.nix, languages.nix).
{ lib, archive }:
final: _prev:
let
  names = archive.packages;

  has = name: names ? ${name};

  # One package under another name.
  same = lib.filterAttrs (_: has) (import ./names.nix);
  renamed = lib.mapAttrs (_: target: names.${target}) same;

  # The first that the release has, for names with a version in them.
  newest = lib.filterAttrs (_: lib.any has) (import ./versions.nix);
  versioned = lib.mapAttrs (_: candidates: names.${lib.findFirst has null candidates}) newest;

  # Several packages, or extra names for programs.
  joinable = lib.filterAttrs (_: entry: has (lib.head entry.packages)) (import ./joined.nix);
  joined = lib.mapAttrs (
    name: entry:
    final.joinArchive (
      {
        inherit name;
      }
      // entry
      // {
        packages = map (package: names.${package}) (lib.filter has entry.packages);
      }
    )
  ) joinable;
in
renamed // versioned // joined // import ./languages.nix { inherit lib names final; }
