# The shell bash for everybody: /etc/profile, /etc/bashrc, prompt, completion.
#
# Which variables there are is decided elsewhere (environment.variables); the file that sets them is
# config.system.build.setEnvironment, read here once per login.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkDefault mkIf mkOption optionalString types;
  cfg = config.programs.bash;
  env = config.environment;

  lines = description: mkOption {
    type = types.lines;
    default = "";
    inherit description;
  };

  aliases = import ./shell-aliases.nix { inherit lib; } cfg.shellAliases;
in
{
  options.programs.bash = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether to write the files that bash reads for everybody.";
    };
    shellAliases = mkOption {
      type = types.attrsOf (types.nullOr (types.either types.str types.path));
      default = { };
      description = "Aliases. Those of {option}`environment.shellAliases` are among them; `null` takes one away.";
    };
    shellInit = lines "Commands for every bash.";
    loginShellInit = lines "Commands for login shells.";
    interactiveShellInit = lines "Commands for interactive shells.";
    logout = lines "Commands for the end of login shells.";
    promptInit = mkOption {
      type = types.lines;
      default = ''
        # A prompt without colour where the terminal has none.
        if [ "$TERM" != "dumb" ]; then
          colour="1;31m"
          if [ "$UID" != 0 ]; then colour="1;32m"; fi
          PS1="\n\[\033[$colour\][\[\e]0;\u@\h: \w\a\]\u@\h:\w]\\$\[\033[0m\] "
          unset colour
        fi
      '';
      description = "Commands that set the prompt.";
    };
    promptPluginInit = mkOption {
      type = types.lines;
      default = "";
      internal = true;
      description = "Commands that modules add before the prompt is set.";
    };
    lsColorsFile = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "File of colours for ls; its own without.";
    };
    enableLsColors = mkOption {
      type = types.bool;
      default = true;
      description = "Whether ls uses colours.";
    };
    completion = {
      enable = mkOption {
        type = types.bool;
        default = true;
        description = "Whether interactive shells complete arguments of commands.";
      };
      package = mkOption {
        type = types.package;
        default = pkgs.bash-completion;
        defaultText = lib.literalExpression "pkgs.bash-completion";
        description = "The package of the completions.";
      };
    };
  };

  imports = [
    (lib.mkRenamedOptionModule [ "programs" "bash" "enableCompletion" ] [ "programs" "bash" "completion" "enable" ])
  ];

  config = mkIf cfg.enable {
    programs.bash.shellAliases = builtins.mapAttrs (_: mkDefault) env.shellAliases;

    environment.etc = {
      profile.text = ''
        # Read by login shells. Made from the system's configuration: changes here are lost.
        if [ -n "$__ETC_PROFILE_SOURCED" ]; then return; fi
        __ETC_PROFILE_SOURCED=1
        __ETC_PROFILE_DONE=1

        if [ -z "$__NIXOS_SET_ENVIRONMENT_DONE" ]; then
          . ${config.system.build.setEnvironment}
        fi

        ${env.shellInit}
        ${cfg.shellInit}
        ${env.loginShellInit}
        ${cfg.loginShellInit}

        # For what belongs to this machine and not to its configuration.
        if test -f /etc/profile.local; then . /etc/profile.local; fi
        if [ -n "''${BASH_VERSION:-}" ]; then . /etc/bashrc; fi
      '';

      bashrc.text = ''
        # Read by interactive shells. Made from the system's configuration: changes here are lost.
        if [ -n "$__ETC_BASHRC_SOURCED" ] || [ -n "$NOSYSBASHRC" ]; then return; fi
        __ETC_BASHRC_SOURCED=1

        # A shell that nobody logged in to (a command over SSH) has not read the profile.
        if [ -z "$__ETC_PROFILE_DONE" ]; then . /etc/profile; fi

        if [ -n "$PS1" ]; then
          shopt -s checkwinsize
          ${env.interactiveShellInit}
          ${optionalString cfg.enableLsColors ''
            if command -v dircolors > /dev/null; then
              eval "$(dircolors -b ${optionalString (cfg.lsColorsFile != null) cfg.lsColorsFile})"
            fi
          ''}
          ${optionalString cfg.completion.enable "if shopt -q progcomp; then . ${cfg.completion.package}/usr/share/bash-completion/bash_completion; fi"}
          ${aliases}
          ${cfg.promptPluginInit}
          ${cfg.promptInit}
          ${cfg.interactiveShellInit}
        fi

        if test -f /etc/bashrc.local; then . /etc/bashrc.local; fi
      '';

      # The archive's bash reads this name, other distributions' the one above.
      "bash.bashrc".text = ". /etc/bashrc\n";
      bash_logout = mkIf (cfg.logout != "") { text = cfg.logout; };
      # Keys that every terminal has.
      inputrc.text = mkDefault ''
        set bell-style none
        set meta-flag on
        set input-meta on
        set output-meta on
        set convert-meta off
        "\e[1~": beginning-of-line
        "\e[4~": end-of-line
        "\e[5~": history-search-backward
        "\e[6~": history-search-forward
        "\e[3~": delete-char
        "\e[1;5C": forward-word
        "\e[1;5D": backward-word
      '';
    };

    environment.systemPackages = [ pkgs.bash ] ++ lib.optional cfg.completion.enable cfg.completion.package;
    environment.shells = [ "/bin/bash" "/bin/sh" "/run/current-system/sw/bin/bash" ];
  };
}
