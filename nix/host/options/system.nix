# Which system a container runs: `config` evaluated in a universe, or a finished `path`, or a `flake`.
{
  lib,
  name,
  config,
  options,
  pkgs,
  closureOf,
  hostSystem,
  defaultNixpkgs,
  ...
}:

let
  inherit (lib) mkOption types;

  # What every container's system is told about itself, whichever universe evaluates it. Defaults are marked by our own
  # library, because a set without arguments needs nothing of a tree's; the mark is the same in all of them.
  guestModule = {
    _file = "module at nixos-containers/nix/host/options/system.nix";
    networking.hostName = lib.mkDefault name;
    networking.useDHCP = lib.mkDefault false;
  };

  evalEmbedded =
    modules:
    import ../../nixos/lib/eval-config.nix {
      inherit lib pkgs;
      inherit (config) specialArgs;
      system = hostSystem;
      prefix = [
        "containers"
        name
        "config"
      ];
      modules = modules ++ [
        guestModule
        {
          _file = "module at nixos-containers/nix/host/options/system.nix";
          boot.isNspawnContainer = true;
          system.archive.closure = closureOf name;
        }
      ];
    };

  evalNixpkgs =
    modules:
    (import ../nixpkgs.nix { inherit lib; }).evaluate {
      inherit modules guestModule;
      inherit (config) nixpkgs specialArgs;
      where = "containers.${name}.nixpkgs";
      system = hostSystem;
      prefix = [
        "containers"
        name
      ];
    };

  # Upstream has a conflict of definitions here, which mkForce decides as well.
  insteadOfConfig =
    option: value:
    if value == null || !options.config.isDefined || options.${option}.highestPrio < 100 then
      value
    else
      throw (
        "containers.${name} has two systems: `${option}` in ${lib.showFiles options.${option}.files}, "
        + "and `config` in ${lib.showFiles options.config.files}. Take one away, or write `${option} = lib.mkForce ...`."
      );

  evaluate =
    definitions:
    (if config.nixpkgs == null then evalEmbedded else evalNixpkgs) (
      map (definition: lib.setDefaultModuleLocation definition.file definition.value) definitions
    );
in
{
  options = {
    config = mkOption {
      description = ''
        The system of the container: a NixOS module, or several that are merged.
      '';
      example = lib.literalExpression ''
        { pkgs, ... }: {
          services.openssh.enable = true;
          environment.systemPackages = [ pkgs.vim ];
        }
      '';
      type = lib.mkOptionType {
        name = "Toplevel NixOS config";
        description = "NixOS module";
        # As upstream: other containers may read `config.containers.<name>.config`.
        merge = _loc: defs: (evaluate defs).config;
      };
    };

    evaluate = mkOption {
      internal = true;
      readOnly = true;
      type = types.raw;
      # The spec takes a few strings from a whole system. If it read `config`, all systems of a definition would stay in
      # memory, because an option keeps its value; what a function returns can be forgotten.
      default = _: if options.config.isDefined then evaluate options.config.definitionsWithLocations else config.config;
      description = "A function of anything to the whole evaluation of `config`, made anew at each call.";
    };

    path = mkOption {
      type = types.nullOr types.path;
      default = null;
      apply = insteadOfConfig "path";
      example = "/nix/var/nix/profiles/per-container/webserver/system";
      description = ''
        A finished system instead of `config` (both are refused): a store path or a profile with `init` in it, or a derivation, which is
        then built. A profile is followed: each start runs what it points at by then.
      '';
    };

    flake = mkOption {
      type = types.nullOr types.str;
      default = null;
      apply = insteadOfConfig "flake";
      example = "github:example/systems#web";
      description = ''
        A flake whose `nixosConfigurations.<attr>` is the container's system; `#attr` is `container` when not given.
        It is read again at every `switch` and `update`; what moves its inputs is its own lock file.
        A relative path is taken from the directory of the definition file.
      '';
    };

    flakeOptions = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [
        "--override-input"
        "nixpkgs"
        "/root/nixpkgs"
      ];
      description = "Options for Nix whenever it evaluates `flake`, such as `--impure` or `--no-write-lock-file`.";
    };

    nixpkgs = mkOption {
      type = types.nullOr types.path;
      default = defaultNixpkgs;
      example = lib.literalExpression "<nixpkgs>";
      defaultText = lib.literalExpression "null, or the tree of --nixos-path";
      description = ''
        A nixpkgs tree whose own `nixos/lib/eval-config.nix` evaluates `config`: the container is real NixOS then, and its
        packages are nixpkgs'. Null: the embedded universe, whose packages are the Debian archive's.
      '';
    };

    specialArgs = mkOption {
      type = types.attrsOf types.unspecified;
      default = { };
      description = "Extra arguments for the modules in `config`, usable in their `imports` too.";
    };

    pkgs = mkOption {
      visible = false;
      apply = _: throw (
        "The option definition `containers.${name}.pkgs' in ${lib.showFiles options.pkgs.files} no longer has any effect; "
        + "please remove it. Use `containers.${name}.nixpkgs' or `containers.${name}.config.nixpkgs.pkgs' instead."
      );
      description = "Removed: use `nixpkgs` or `config.nixpkgs.pkgs`.";
    };
  };
}
