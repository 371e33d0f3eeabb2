# Evaluates guests for the tables of this folder: the services' support, and what only the core's tests look at.
{ lib }:

let
  base = import ../../nixos-services/support/eval.nix { inherit lib; };
in
base
// rec {
  # The text of a unit, by its full name.
  unit = name: module: (base.configOf { systemd = module; }).systemd.units.${name}.text;
  unitLines = name: module: base.lines (unit name module);
  # One service called x.
  serviceLines = service: unitLines "x.service" { services.x = service; };

  warnings = module: (base.configOf module).warnings;
  failuresWith = part: module: builtins.filter (lib.hasInfix part) (base.failures module);

  # eval-config.nix as a user would call it.
  evalConfig = arguments: import ../../../nixos/lib/eval-config.nix ({ inherit lib; inherit (base) pkgs; } // arguments);
  minimal = { system.stateVersion = "24.11"; networking.hostName = "web"; };
  toplevel = module: (base.configOf module).system.build.toplevel.name;
}
