# The shell zsh for everybody: programs.zsh.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatStringsSep mkDefault mkEnableOption mkIf mkOption optionalString types;
  cfg = config.programs.zsh;
  env = config.environment;

  lines = description: mkOption {
    type = types.lines;
    default = "";
    inherit description;
  };
  aliases = import ./shell-aliases.nix { inherit lib; } cfg.shellAliases;

  each = f: set: concatStringsSep "\n" (lib.mapAttrsToList f set);
  autosuggestions = concatStringsSep "\n" [
    ". /usr/share/zsh-autosuggestions/zsh-autosuggestions.zsh"
    ''ZSH_AUTOSUGGEST_HIGHLIGHT_STYLE="${cfg.autosuggestions.highlightStyle}"''
    "ZSH_AUTOSUGGEST_STRATEGY=(${toString cfg.autosuggestions.strategy})"
    (optionalString (!cfg.autosuggestions.async) "unset ZSH_AUTOSUGGEST_USE_ASYNC")
    (each (name: value: ''${name}="${value}"'') cfg.autosuggestions.extraConfig)
  ];
  syntaxHighlighting = concatStringsSep "\n" [
    ". /usr/share/zsh-syntax-highlighting/zsh-syntax-highlighting.zsh"
    "ZSH_HIGHLIGHT_HIGHLIGHTERS=(${toString cfg.syntaxHighlighting.highlighters})"
    (each (pattern: looks: "ZSH_HIGHLIGHT_PATTERNS+=('${pattern}' '${looks}')") cfg.syntaxHighlighting.patterns)
    (each (part: looks: "ZSH_HIGHLIGHT_STYLES[${part}]='${looks}'") cfg.syntaxHighlighting.styles)
  ];
in
{
  options.programs.zsh = {
    enable = mkEnableOption "the shell zsh and the files that it reads for everybody";
    shellAliases = mkOption {
      type = types.attrsOf (types.nullOr (types.either types.str types.path));
      default = { };
      description = "Aliases. Those of {option}`environment.shellAliases` are among them; `null` takes one away.";
    };
    shellInit = lines "Commands for every zsh.";
    loginShellInit = lines "Commands for login shells.";
    interactiveShellInit = lines "Commands for interactive shells.";
    promptInit = mkOption {
      type = types.lines;
      default = "autoload -U promptinit && promptinit && prompt suse && setopt prompt_sp\n";
      description = "Commands that set the prompt.";
    };
    histSize = mkOption { type = types.int; default = 2000; description = "Lines of history to keep."; };
    histFile = mkOption { type = types.str; default = "$HOME/.zsh_history"; description = "File of the history."; };
    setOptions = mkOption {
      type = types.listOf types.str;
      default = [ "HIST_IGNORE_DUPS" "SHARE_HISTORY" "HIST_FCNTL_LOCK" ];
      description = "Options of zsh to set.";
    };
    enableCompletion = mkOption {
      type = types.bool;
      default = true;
      description = "Whether interactive shells complete arguments of commands.";
    };
    enableBashCompletion = mkOption {
      type = types.bool;
      default = false;
      description = "Whether completions written for bash are used too.";
    };
    enableGlobalCompInit = mkOption {
      type = types.bool;
      default = cfg.enableCompletion;
      defaultText = lib.literalExpression "config.programs.zsh.enableCompletion";
      description = "Whether completion is started for everybody.";
    };
    enableLsColors = mkOption { type = types.bool; default = true; description = "Whether ls uses colours."; };
    autosuggestions = {
      enable = mkEnableOption "suggestions from the history while typing";
      strategy = mkOption {
        type = types.listOf (types.enum [ "history" "completion" "match_prev_cmd" ]);
        default = [ "history" ];
        description = "Where suggestions come from; the first place that has one.";
      };
      highlightStyle = mkOption { type = types.str; default = "fg=8"; example = "fg=cyan"; description = "Looks of a suggestion."; };
      async = mkOption { type = types.bool; default = true; description = "Whether suggestions are looked for while typing goes on."; };
      extraConfig = mkOption {
        type = types.attrsOf types.str;
        default = { };
        example = { ZSH_AUTOSUGGEST_BUFFER_MAX_SIZE = "20"; };
        description = "Further variables of zsh-autosuggestions.";
      };
    };
    syntaxHighlighting = {
      enable = mkEnableOption "colours while typing";
      highlighters = mkOption {
        type = types.listOf (types.enum [ "brackets" "cursor" "line" "main" "pattern" "regexp" "root" ]);
        default = [ "main" ];
        description = "What is coloured.";
      };
      patterns = mkOption {
        type = types.attrsOf types.str;
        default = { };
        example = { "rm -rf *" = "fg=white,bold,bg=red"; };
        description = "Looks of texts that match a pattern.";
      };
      styles = mkOption {
        type = types.attrsOf types.str;
        default = { };
        example = { alias = "fg=magenta,bold"; };
        description = "Looks of a command's parts.";
      };
    };
  };

  config = mkIf cfg.enable {
    programs.zsh.shellAliases = builtins.mapAttrs (_: mkDefault) env.shellAliases;

    environment.systemPackages = [ pkgs.zsh ]
      ++ lib.optional cfg.autosuggestions.enable pkgs.zsh-autosuggestions
      ++ lib.optional cfg.syntaxHighlighting.enable pkgs.zsh-syntax-highlighting;
    environment.shells = [ "/bin/zsh" "/run/current-system/sw/bin/zsh" ];

    # The archive's zsh reads these from /etc/zsh.
    environment.etc = {
      "zsh/zshenv".text = ''
        # Made from the system's configuration: changes here are lost.
        if [ -n "''${__ETC_ZSHENV_SOURCED-}" ]; then return; fi
        __ETC_ZSHENV_SOURCED=1
        if [ -z "''${__NIXOS_SET_ENVIRONMENT_DONE-}" ]; then
          . ${config.system.build.setEnvironment}
        fi
        ${env.shellInit}
        ${cfg.shellInit}
        if test -f /etc/zshenv.local; then . /etc/zshenv.local; fi
      '';
      "zsh/zprofile".text = ''
        # Made from the system's configuration: changes here are lost.
        if [ -n "''${__ETC_ZPROFILE_SOURCED-}" ]; then return; fi
        __ETC_ZPROFILE_SOURCED=1
        ${env.loginShellInit}
        ${cfg.loginShellInit}
        if test -f /etc/zprofile.local; then . /etc/zprofile.local; fi
      '';
      "zsh/zshrc".text = ''
        # Made from the system's configuration: changes here are lost.
        if [ -n "''${__ETC_ZSHRC_SOURCED-}" ] || [ -n "''${NOSYSZSHRC-}" ]; then return; fi
        __ETC_ZSHRC_SOURCED=1
        setopt ${concatStringsSep " " cfg.setOptions}
        HISTSIZE=${toString cfg.histSize}
        SAVEHIST=${toString cfg.histSize}
        HISTFILE=${cfg.histFile}
        ${optionalString cfg.enableGlobalCompInit "autoload -U compinit && compinit"}
        ${optionalString cfg.enableBashCompletion "autoload -U bashcompinit && bashcompinit"}
        ${env.interactiveShellInit}
        ${cfg.interactiveShellInit}
        ${optionalString cfg.enableLsColors ''eval "$(dircolors -b)"''}
        ${optionalString cfg.autosuggestions.enable autosuggestions}
        ${aliases}
        ${cfg.promptInit}
        ${optionalString cfg.syntaxHighlighting.enable syntaxHighlighting}
        if test -f /etc/zshrc.local; then . /etc/zshrc.local; fi
      '';
    };
  };
}
