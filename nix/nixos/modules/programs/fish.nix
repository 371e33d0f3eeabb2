# The shell fish for everybody: programs.fish.
{ config, lib, pkgs, ... }:

let
  inherit (lib) escapeShellArg mkDefault mkEnableOption mkIf mkOption types;
  cfg = config.programs.fish;
  env = config.environment;

  lines = description: mkOption {
    type = types.lines;
    default = "";
    inherit description;
  };
  define = what: set: lib.concatStrings (
    lib.mapAttrsToList (name: value: "${what} ${name} ${escapeShellArg value}\n") (lib.filterAttrs (_: value: value != null) set)
  );
  words = types.attrsOf (types.nullOr (types.either types.str types.path));
in
{
  options.programs.fish = {
    enable = mkEnableOption "the shell fish and the files that it reads for everybody";
    package = mkOption {
      type = types.package;
      default = pkgs.fish;
      defaultText = lib.literalExpression "pkgs.fish";
      description = "The package of fish.";
    };
    shellAliases = mkOption { type = words; default = { }; description = "Aliases."; };
    shellAbbrs = mkOption { type = words; default = { }; description = "Abbreviations, replaced while typing."; };
    shellInit = lines "Commands for every fish.";
    loginShellInit = lines "Commands for login shells.";
    interactiveShellInit = lines "Commands for interactive shells.";
    promptInit = lines "Commands that set the prompt.";
    useBabelfish = mkOption { type = types.bool; default = false; description = "Accepted for compatibility."; };
    generateCompletions = mkOption { type = types.bool; default = true; description = "Accepted for compatibility."; };
    vendor = {
      config.enable = mkOption { type = types.bool; default = true; description = "Accepted for compatibility."; };
      completions.enable = mkOption { type = types.bool; default = true; description = "Accepted for compatibility."; };
      functions.enable = mkOption { type = types.bool; default = true; description = "Accepted for compatibility."; };
    };
  };

  config = mkIf cfg.enable {
    programs.fish.shellAliases = builtins.mapAttrs (_: mkDefault) env.shellAliases;
    environment.systemPackages = [ cfg.package ];
    environment.shells = [ "/bin/fish" "/usr/bin/fish" "/run/current-system/sw/bin/fish" ];

    environment.etc."fish/config.fish".text = ''
      # Made from the system's configuration: changes here are lost.
      if not set -q __NIXOS_SET_ENVIRONMENT_DONE
        # The file is for POSIX shells: let one read it, and take over what it exports.
        for line in (sh -c '. ${config.system.build.setEnvironment}; env')
          set -l pair (string split -m 1 = -- $line)
          if test (count $pair) -eq 2; and not contains -- $pair[1] _ PWD SHLVL OLDPWD
            if test "$pair[1]" = PATH
              set -gx PATH (string split : -- $pair[2])
            else
              set -gx $pair[1] $pair[2]
            end
          end
        end
      end
      ${cfg.shellInit}
      status --is-login; and begin
        ${cfg.loginShellInit}
        true
      end
      status --is-interactive; and begin
        ${define "abbr -ag" cfg.shellAbbrs}
        ${define "alias" cfg.shellAliases}
        ${cfg.promptInit}
        ${cfg.interactiveShellInit}
        true
      end
    '';
  };
}
