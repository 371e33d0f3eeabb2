# `nix.*`: settings of Nix inside the container, /etc/nix/nix.conf.
#
# The store is the host's and read-only; a Nix in the container works through the host's daemon if there is one
# (NIX_REMOTE). Options about a daemon of the container's own have no effect.
{ config, lib, pkgs, ... }:

let
  inherit (lib) isBool isList mkDefault mkIf mkOption types;
  cfg = config.nix;

  atom = types.nullOr (types.oneOf [ types.bool types.int types.float types.str types.path types.package ]);
  inert = type: default: mkOption {
    inherit type default;
    description = "Accepted for compatibility; has no effect in a container.";
  };
  anything = inert (types.submodule { freeformType = types.lazyAttrsOf types.anything; }) { };

  word = value: if value == null then "" else if isBool value then lib.boolToString value else toString value;
  line = name: value: "${name} = ${if isList value then toString (map word value) else word value}\n";
in
{
  options.nix = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether Nix is configured in this system.";
    };
    package = mkOption {
      type = types.raw;
      default = pkgs.nix-bin or null;
      defaultText = lib.literalExpression "pkgs.nix-bin";
      description = "The Nix package; installed only if something asks for it.";
    };
    settings = mkOption {
      type = types.submodule { freeformType = types.attrsOf (types.either atom (types.listOf atom)); };
      default = { };
      example = { experimental-features = [ "nix-command" "flakes" ]; };
      description = "Settings of {file}`/etc/nix/nix.conf`.";
    };
    extraOptions = mkOption {
      type = types.lines;
      default = "";
      description = "Lines for {file}`/etc/nix/nix.conf`.";
    };
    checkConfig = inert types.bool true;
    checkAllErrors = inert types.bool true;
    nixPath = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "The variable NIX_PATH.";
    };
    registry = inert (types.attrsOf types.raw) { };
    channel.enable = inert types.bool true;
    gc = anything;
    optimise = anything;
    sshServe = anything;
    buildMachines = inert (types.listOf types.raw) [ ];
    distributedBuilds = inert types.bool false;
    nrBuildUsers = inert types.int 0;
    daemonCPUSchedPolicy = inert types.str "other";
    daemonIOSchedClass = inert types.str "best-effort";
    daemonIOSchedPriority = inert types.int 4;
    envVars = inert (types.attrsOf types.str) { };
    firewall = anything;
  };

  imports =
    map (names: lib.mkRenamedOptionModule [ "nix" (builtins.head names) ] [ "nix" "settings" (lib.last names) ]) [
      [ "maxJobs" "max-jobs" ]
      [ "buildCores" "cores" ]
      [ "useSandbox" "sandbox" ]
      [ "trustedUsers" "trusted-users" ]
      [ "allowedUsers" "allowed-users" ]
      [ "autoOptimiseStore" "auto-optimise-store" ]
      [ "systemFeatures" "system-features" ]
      [ "binaryCaches" "substituters" ]
      [ "trustedBinaryCaches" "trusted-substituters" ]
      [ "binaryCachePublicKeys" "trusted-public-keys" ]
      [ "requireSignedBinaryCaches" "require-sigs" ]
      [ "sandboxPaths" "extra-sandbox-paths" ]
    ];

  config = mkIf cfg.enable {
    environment.etc."nix/nix.conf".text =
      "# Made from the system's configuration: changes here are lost.\n"
      + lib.concatStrings (lib.mapAttrsToList line cfg.settings)
      + cfg.extraOptions;

    environment.variables = {
      NIX_REMOTE = mkIf config.boot.isContainer (mkDefault "daemon");
    }
    // lib.optionalAttrs (cfg.nixPath != [ ]) { NIX_PATH = cfg.nixPath; };
  };
}
