# One evaluation: a definition file in, the versioned JSON spec of its containers out.
#
# This is the only door between Nix and Python: `request` is JSON text that the evaluate room writes, the
# result is what its decoder reads (src/nixos_containers/declare). Not for building anything: every system
# leaves as the path of its derivation.
{ request }:

let
  lib = import ../lib;
  ask = builtins.fromJSON request;

  lock =
    if ask.lock != null && builtins.pathExists ask.lock then
      builtins.fromJSON (builtins.readFile ask.lock)
    else
      { };

  pkgs = import ../pkgs {
    inherit lib lock;
    inherit (ask) index system;
  };

  # The packages that apt chose for this container's system, from the lock; empty before the first resolution.
  closureOf =
    name:
    let
      key = lock.systems.${name}.closure or null;
    in
    if key == null then [ ] else lock.closures.${key} or [ ];

  evaluated = import ./evaluate.nix {
    inherit lib pkgs closureOf;
    inherit (ask) modules;
    hostSystem = ask.system;
    defaultNixpkgs = (import ./nixpkgs.nix { inherit lib; }).resolve ask.nixpkgs;
  };

  all = evaluated.config.containers;
  named = if ask.names == null then all else lib.filterAttrs (name: _: lib.elem name ask.names) all;

  # Many containers are shared among processes: every `of`-th of them, from `number` on, is this one's.
  share = ask.share or { number = 0; of = 1; };
  ours = lib.ifilter0 (position: _: lib.mod position share.of == share.number) (lib.attrNames named);
  wanted = lib.getAttrs ours named;

  specOf = import ./spec.nix {
    inherit lib;
    shared = evaluated.config.networking.containers;
    inherit (evaluated.config.systemd) services;
  };
in
{
  version = 1;
  declared = builtins.attrNames all;
  warnings = evaluated.config.warnings;
  busybox = {
    path = builtins.unsafeDiscardStringContext "${pkgs.staticBusybox}/bin/busybox";
    drv = builtins.unsafeDiscardStringContext pkgs.staticBusybox.drvPath;
  };
  inherit (evaluated.config.networking.containers) addressPool addressPool6;
  containers = lib.mapAttrs (
    name: container:
    let
      # What a system throws (a failed assertion, for one) does not say whose it is: Python reads it from here.
      attributed = builtins.addErrorContext "while evaluating the container `${name}':";
    in
    attributed (lib.mapAttrs (_: value: attributed (builtins.deepSeq value value)) (specOf name container))
  ) wanted;
}
