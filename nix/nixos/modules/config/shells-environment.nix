# Environment of shells: `environment.variables`, aliases, and the hooks that the modules of the shells read.
#
# The result is one file, config.system.build.setEnvironment (also /etc/set-environment), that login shells read.
# Variables that must be there without a shell, for services of PAM, are in system-environment.nix.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkOption types;
  cfg = config.environment;
  variables = import ./variables.nix { inherit lib; };

  lines = what: mkOption {
    type = types.lines;
    default = "";
    description = "Shell commands for ${what}; for every kind of shell, so only what all of them understand.";
  };

  exports = lib.concatStringsSep "\n" (lib.mapAttrsToList (name: value: "export ${name}=\"${value}\"") (variables.joined [
    (variables.pathFirst config.security.wrapperDir)
    (variables.lists cfg.variables)
    (variables.inProfiles cfg.profiles cfg.profileRelativeEnvVars)
    variables.pathLast
  ]));

  ownPrograms = ''
    ${lib.optionalString cfg.homeBinInPath "export PATH=\"$HOME/bin:$PATH\""}
    ${lib.optionalString cfg.localBinInPath "export PATH=\"$HOME/.local/bin:$PATH\""}
  '';
in
{
  options.environment = {
    variables = mkOption {
      inherit (variables) type;
      default = { };
      example = { EDITOR = "nvim"; };
      apply = builtins.mapAttrs (_: value: if value == null then null else variables.text value);
      description = ''
        Variables of login shells. Lists are joined with colons; null leaves a variable alone. Directories of profiles
        ({option}`environment.profileRelativeEnvVars`) follow after a value, in PATH as well.
      '';
    };

    profiles = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Places with packages whose programs are in the PATH; earlier ones win.";
    };

    profileRelativeEnvVars = mkOption {
      type = types.attrsOf (types.listOf types.str);
      default = { };
      example = { PATH = [ "/bin" "/sbin" ]; };
      description = "Variables that list a directory of each profile.";
    };

    extraInit = lines "setting up the environment";
    shellInit = lines "every shell";
    loginShellInit = lines "login shells";
    interactiveShellInit = lines "interactive shells";

    shellAliases = mkOption {
      type = types.attrsOf (types.nullOr (types.either types.str types.path));
      default = { };
      example = { l = null; ll = "ls -l"; };
      description = "Short names for commands in all shells; null takes one back.";
    };

    homeBinInPath = mkOption {
      type = types.bool;
      default = false;
      description = "Whether {file}`~/bin` is in the PATH.";
    };
    localBinInPath = mkOption {
      type = types.bool;
      default = false;
      description = "Whether {file}`~/.local/bin` is in the PATH.";
    };

    binsh = mkOption {
      type = types.path;
      default = "${pkgs.bash}/bin/bash";
      defaultText = lib.literalExpression ''"''${pkgs.bash}/bin/bash"'';
      visible = false;
      description = "The program behind {file}`/bin/sh`.";
    };

    shells = mkOption {
      type = types.listOf (types.either types.shellPackage types.path);
      default = [ ];
      example = lib.literalExpression "[ pkgs.zsh ]";
      description = "Shells that are allowed as login shells ({file}`/etc/shells`).";
    };
  };

  config = {
    environment.variables = {
      PAGER = lib.mkDefault "less";
      EDITOR = lib.mkDefault "vi";
    };

    environment.shellAliases = builtins.mapAttrs (_: lib.mkDefault) {
      ls = "ls --color=tty";
      ll = "ls -l";
      l = "ls -alh";
    };

    environment.etc.shells.text = lib.concatMapStrings (shell: "${shell}\n") (
      lib.unique (
        map (shell: if lib.isDerivation shell then "/run/current-system/sw${shell.shellPath or "/bin/${lib.getName shell}"}" else shell) cfg.shells
        ++ [ "/bin/sh" ]
      )
    );

    environment.etc."set-environment".source = config.system.build.setEnvironment;

    system.build.setEnvironment = pkgs.writeText "set-environment" ''
      # Made from the system's configuration: changes here are lost.

      # Once per login is enough, and su must not do it again.
      export __NIXOS_SET_ENVIRONMENT_DONE=1

      ${exports}

      ${cfg.extraInit}

      ${ownPrograms}
    '';
  };
}
