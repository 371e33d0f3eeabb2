# The package set of the embedded universe: `pkgs`.
#
#   import ./nix/pkgs { lib, index, lock, system ? "x86_64-linux", overlays ? [ ] }
#
# index   absolute path (a string) of a package index, or null
# lock    the parsed lock file, or { }
#
# A fixed point of layers, the later ones winning: the archive's packages,
# nixpkgs' names for some of them, the builders, the caller's overlays.
# Not for: implementations.
{
  lib,
  index ? null,
  lock ? { },
  system ? "x86_64-linux",
  overlays ? [ ],
}:
let
  bootstrap = import ./archive/bootstrap.nix { inherit lock system; };

  archive = import ./archive {
    inherit
      lib
      index
      lock
      system
      bootstrap
      ;
  };

  layers = [
    (import ./aliases { inherit lib archive; })
    (import ./builders {
      inherit
        lib
        system
        bootstrap
        archive
        lock
        ;
    })
    (_final: _prev: {
      inherit lib overlays;
      archivePackages = archive.packages;
      config = { };
      path = toString ../..;
      archiveLock = lock;
    })
  ]
  ++ overlays;

  build =
    layers:
    let
      final = lib.foldl' (prev: layer: prev // layer final prev) archive.packages layers // {
        pkgs = final;
        appendOverlays = more: build (layers ++ more);
        extend = overlay: build (layers ++ [ overlay ]);
      };
    in
    final;
in
build layers
