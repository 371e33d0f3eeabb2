# Puts the system together: config.system.build.toplevel, the store path that the runtime starts and switches to.
#
# Contents: init, activate, dry-activate, bin/switch-to-configuration, sw, etc, systemd, specialisation/, nixos-version,
# switch-inhibitors, system, init-interface-version, etc-manifest. Assertions and warnings are checked here, before anything is built.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStringsSep concatStringsSep filter mkOption types;
  cfg = config.system;
  fileTree = import ../../../lib/file-tree.nix { inherit lib pkgs; };

  toplevel = fileTree.build {
    name = "nixos-system-${cfg.name}-${cfg.nixos.label}";
    files = {
      init = cfg.build.initScript;
      activate = cfg.activationScript;
      dry-activate = cfg.dryActivationScript;
      nixos-version = cfg.nixos.version;
      system = pkgs.stdenv.hostPlatform.system;
      # Systems with different numbers cannot be switched to each other while running.
      init-interface-version = "archive-systemd-1";
      "users/accounts" = cfg.build.accounts;
      # For a switch: which running programs are not the new system's. Without context: the system's path keeps them
      # alive, and the closure must not count as something that the configuration asked for.
      packages = builtins.unsafeDiscardStringContext (
        lib.concatMapStrings (package: "${package}\n") (config.environment.systemPackages ++ cfg.archive.closurePackages)
      );
    }
    // lib.optionalAttrs (cfg.configurationRevision != null) { configuration-revision = cfg.configurationRevision; }
    // lib.optionalAttrs (cfg.preSwitchChecks != { }) { pre-switch-checks = preSwitchChecks; }
    // lib.optionalAttrs (cfg.switch.inhibitors != [ ]) {
      switch-inhibitors = lib.concatMapStrings (path: "${path}\n") cfg.switch.inhibitors;
    }
    // lib.optionalAttrs cfg.switch.enable { "bin/switch-to-configuration" = cfg.build.switchScript; };
    env = {
      sw = "${cfg.path}";
      etc = "${cfg.build.etc}";
      systemd = "${config.systemd.package}";
      inherit (cfg) extraDependencies;
      passedChecks = concatStringsSep " " (map toString cfg.checks);
      specialisations = lib.mapAttrsToList (name: s: "${name}=${s.configuration.system.build.toplevel}") config.specialisation;
    };
    commands = ''
      for script in init activate dry-activate pre-switch-checks bin/switch-to-configuration; do
        if [ -e "$out/$script" ]; then
          sed -i "s|@out@|$out|g" "$out/$script"
          chmod +x "$out/$script"
        fi
      done
      ln -s "$sw" "$out/sw"
      ln -s "$etc/etc" "$out/etc"
      ln -s "$etc/etc-manifest" "$out/etc-manifest"
      ln -s "$systemd" "$out/systemd"
      sh ${../../config/users/package-users.sh} "$sw" > "$out/users/packages"
      mkdir "$out/specialisation"
      for pair in $specialisations; do ln -s "''${pair#*=}" "$out/specialisation/''${pair%%=*}"; done
      echo -n "$extraDependencies" > "$out/extra-dependencies"
      ${cfg.systemBuilderCommands}
      ${cfg.extraSystemBuilderCmds}
    '';
  };

  preSwitchChecks =
    "#!${pkgs.runtimeShell}\n"
    + lib.concatStrings (
      lib.mapAttrsToList (name: check: ''
        # Not as part of a condition, where `set -e` means nothing.
        (
        set -e
        ${check}
        )
        if [ $? != 0 ]; then echo "Pre-switch check '${name}' failed" >&2; exit 1; fi
      '') cfg.preSwitchChecks
    );

  failed = map (assertion: assertion.message) (filter (assertion: !assertion.assertion) config.assertions);

  checked =
    if failed != [ ] then
      throw "\nFailed assertions:\n${concatMapStringsSep "\n" (message: "- ${message}") failed}"
    else
      lib.showWarnings config.warnings toplevel;
in
{
  imports = [
    (lib.mkAliasOptionModule [ "system" "replaceRuntimeDependencies" ] [ "system" "replaceDependencies" "replacements" ])
  ];

  options = {
    system.build = mkOption {
      default = { };
      description = "Derivations and values that make up the system.";
      type = types.submoduleWith {
        modules = [
          {
            freeformType = types.lazyAttrsOf (types.uniq types.unspecified);
          }
        ];
      };
    };

    system.name = mkOption {
      type = types.str;
      default = if config.networking.hostName == "" then "unnamed" else config.networking.hostName;
      defaultText = lib.literalExpression ''
        if config.networking.hostName == "" then "unnamed" else config.networking.hostName
      '';
      description = "The name of the system in the store.";
    };

    system.systemBuilderCommands = mkOption {
      type = types.lines;
      internal = true;
      default = "";
      description = "Commands that run while the system is put together.";
    };
    system.extraSystemBuilderCmds = mkOption {
      type = types.lines;
      internal = true;
      default = "";
      description = "Further commands that run while the system is put together; `$out` is the system.";
    };
    system.systemBuilderArgs = mkOption {
      type = types.attrsOf types.unspecified;
      internal = true;
      default = { };
      description = "Accepted for compatibility.";
    };
    system.extraDependencies = mkOption {
      type = types.listOf types.pathInStore;
      default = [ ];
      description = "Store paths that the system keeps alive.";
    };
    system.checks = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Derivations that must build for the system to build.";
    };
    system.preSwitchChecks = mkOption {
      type = types.attrsOf types.str;
      default = { };
      example = lib.literalExpression ''{ failsEveryTime = "exit 1"; }'';
      description = "Shell commands that must succeed before a switch; `$1` is the new system, `$2` what is asked for: `switch`, `boot`, ...";
    };
    system.forbiddenDependenciesRegexes = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Accepted for compatibility.";
    };
    system.copySystemConfiguration = mkOption {
      type = types.bool;
      default = false;
      description = "Accepted for compatibility: the definition file lives on the host.";
    };
    system.includeBuildDependencies = mkOption {
      type = types.bool;
      default = false;
      description = "Accepted for compatibility.";
    };
    system.replaceDependencies.replacements = mkOption {
      type = types.listOf (types.attrsOf types.unspecified);
      default = [ ];
      visible = false;
      description = "Accepted for compatibility; archive packages are not rewritten.";
    };
    system.replaceDependencies.cutoffPackages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      visible = false;
      description = "Accepted for compatibility.";
    };

    # --- packages of the archive that the system consists of
    system.archive = {
      closure = mkOption {
        type = types.listOf types.str;
        internal = true;
        default = [ ];
        description = ''
          Names of all archive packages that the system needs, dependencies included, as found by apt and recorded in
          the lock file. Empty while the packages are being looked for.
        '';
      };
      closurePackages = mkOption {
        type = types.listOf types.package;
        internal = true;
        default = map (name: (pkgs.archivePackages or pkgs).${name}) cfg.archive.closure;
        defaultText = lib.literalMD "the packages of the closure";
        description = "The packages that `closure` names.";
      };
      packages = mkOption {
        type = types.listOf types.package;
        internal = true;
        default = [ ];
        description = "Archive packages that every system needs, whatever the user installs.";
      };
    };
  };

  config = {
    system.build.toplevel = checked;
  };
}
