# Evaluates a system: user modules and the guest module tree in, `config`, `options` and `pkgs` out.
#
# The arguments and the result are those of nixpkgs' file of the same name, so that `import eval-config.nix` in
# other people's code keeps working. Not for: building (see system.build) or knowing about containers.
evalConfigArgs@{
  # An older way to say nixpkgs.system; null leaves the choice to the modules.
  system ? null,
  # A ready package set, the default of nixpkgs.pkgs.
  pkgs ? null,
  lib ? import ../../lib,
  baseModules ? import ../modules/module-list.nix,
  extraModules ?
    let
      path = builtins.getEnv "NIXOS_EXTRA_MODULE_PATH";
    in
    if path == "" then [ ] else [ (import path) ],
  modules,
  modulesLocation ? (builtins.unsafeGetAttrPos "modules" evalConfigArgs).file or null,
  # Visible while imports are resolved; extraArgs and _module.args only later.
  specialArgs ? { },
  extraArgs ? { },
  check ? true,
  prefix ? [ ],
}:

let
  inherit (lib) mkDefault mkIf;

  # Everything that comes as an argument rather than as a module.
  argumentsModule = {
    _file = ./eval-config.nix;
    key = ./eval-config.nix;
    config = {
      _module.args = extraArgs;
      _module.check = check;
      nixpkgs.system = mkIf (system != null) (mkDefault system);
      # nixpkgs forces its own `pkgs` argument here and then ignores nixpkgs.overlays. A package set that everybody
      # shares is only a starting point: modules may lay overlays on it or bring another one.
      nixpkgs.pkgs = mkIf (pkgs != null) (mkDefault pkgs);
    };
  };

  # A module given as a function or a set has no file of its own: name the caller's in error messages.
  located =
    if modulesLocation == null then
      modules
    else
      map (lib.setDefaultModuleLocation modulesLocation) modules;

  withoutUser = lib.evalModules {
    inherit prefix;
    class = "nixos";
    modules = baseModules ++ extraModules ++ [ argumentsModule ];
    specialArgs = {
      modulesPath = toString ../modules;
    }
    // specialArgs;
  };

  evaluated = withoutUser.extendModules { modules = located; };

  withNotes =
    result:
    lib.warnIf (evalConfigArgs ? extraArgs)
      "The extraArgs argument to eval-config.nix is deprecated. Please set config._module.args instead."
      (
        lib.warnIf (evalConfigArgs ? check)
          "The check argument to eval-config.nix is deprecated. Please set config._module.check instead."
          result
      );
in
withNotes {
  inherit (evaluated)
    _module
    class
    config
    extendModules
    options
    type
    ;
  inherit (evaluated._module.args) pkgs;
  inherit lib;
  extraArgs = extraArgs // evaluated._module.args;
}
