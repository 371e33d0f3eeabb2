# Machines: what a name such as "x86_64-linux" means, and which names exist: `lib.systems`.
#
# A *double* is Nix's short name (cpu-kernel), a *triple* the GNU one
# (cpu-vendor-kernel-abi); *elaborated* is the set with everything known about one.
#
# Not for: building for foreign machines.  The attributes are those that modules and
# packages ask for; kernel build settings are only named, not spelt out.
{ lib }:

let
  load = file: import file { inherit lib; };

  inherit (import ./elaborate.nix { inherit lib; }) elaborate functionNames;

  # Functions are never equal to anything, so they are left out.  They follow from the rest.
  dataOf = lib.filterAttrs (_name: value: !lib.isFunction value);
in
rec {
  architectures = load ./architectures.nix;
  doubles = load ./doubles.nix;
  examples = load ./examples.nix;
  inspect = load ./inspect.nix;
  parse = load ./parse.nix;
  platforms = load ./platforms.nix;
  supported = import ./supported.nix;

  # The systems for which a flake of the package set would have attributes.
  flakeExposed = import ./flake-systems.nix { };

  # A system may be given by name or as a set with at least `system` or `config`.
  systemToAttrs = system: if lib.isAttrs system then system else { inherit system; };

  inherit elaborate functionNames;

  # Whether two elaborated systems are the same.
  equals = a: b: dataOf a == dataOf b;

  # The double that elaborates to just this system, or null if more was said about it.
  toLosslessStringMaybe =
    system:
    if lib.isString system then
      system
    else if equals system (elaborate system.system) then
      system.system
    else
      null;
}
