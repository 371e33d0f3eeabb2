# The terminal multiplexer tmux and /etc/tmux.conf: programs.tmux.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkEnableOption mkIf mkOption optionalString types;
  cfg = config.programs.tmux;

  switch = default: description: mkOption {
    type = types.bool;
    inherit default description;
  };
  onOff = value: if value then "on" else "off";
in
{
  options.programs.tmux = {
    enable = mkEnableOption "tmux, which keeps terminals alive";
    package = mkOption {
      type = types.package;
      default = pkgs.tmux;
      defaultText = lib.literalExpression "pkgs.tmux";
      description = "The package of tmux.";
    };
    aggressiveResize = switch false "Whether windows take the size of the smallest terminal that looks at them.";
    baseIndex = mkOption { type = types.int; default = 0; description = "Number of the first window and pane."; };
    clock24 = switch false "Whether the clock counts to 24.";
    customPaneNavigationAndResize = switch false "Whether h, j, k and l move between panes, and H, J, K and L resize them.";
    escapeTime = mkOption { type = types.int; default = 500; description = "Milliseconds to wait after Escape."; };
    historyLimit = mkOption { type = types.ints.positive; default = 2000; description = "Lines to keep."; };
    keyMode = mkOption { type = types.enum [ "emacs" "vi" ]; default = "emacs"; description = "Style of the keys."; };
    newSession = switch false "Whether attaching makes a session if there is none.";
    plugins = mkOption { type = types.listOf types.package; default = [ ]; description = "Plugins to install."; };
    resizeAmount = mkOption { type = types.ints.positive; default = 5; description = "Cells to resize by."; };
    reverseSplit = switch false "Whether the two keys that split windows are swapped.";
    secureSocket = switch true "Whether sockets are in a directory that vanishes at logout.";
    shortcut = mkOption { type = types.str; default = "b"; example = "a"; description = "Key that, with Ctrl, precedes commands."; };
    terminal = mkOption { type = types.str; default = "screen"; example = "screen-256color"; description = "Value of TERM."; };
    withUtempter = switch true "Accepted for compatibility.";
    extraConfigBeforePlugins = mkOption { type = types.lines; default = ""; description = "Text for the configuration."; };
    extraConfig = mkOption { type = types.lines; default = ""; description = "Text for the end of the configuration."; };
  };

  config = mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ] ++ cfg.plugins;
    environment.variables.TMUX_TMPDIR = mkIf cfg.secureSocket ''''${XDG_RUNTIME_DIR:-"/run/user/$(id -u)"}'';
    environment.etc."tmux.conf".text = ''
      set -g default-terminal "${cfg.terminal}"
      set -g base-index ${toString cfg.baseIndex}
      setw -g pane-base-index ${toString cfg.baseIndex}
      ${optionalString cfg.newSession "new-session"}
      ${optionalString cfg.reverseSplit ''
        bind -N "Split the pane into two, left and right" v split-window -h
        bind -N "Split the pane into two, top and bottom" s split-window -v
      ''}
      set -g status-keys ${cfg.keyMode}
      set -g mode-keys ${cfg.keyMode}
      ${optionalString cfg.customPaneNavigationAndResize ''
        bind h select-pane -L
        bind j select-pane -D
        bind k select-pane -U
        bind l select-pane -R
        bind -r H resize-pane -L ${toString cfg.resizeAmount}
        bind -r J resize-pane -D ${toString cfg.resizeAmount}
        bind -r K resize-pane -U ${toString cfg.resizeAmount}
        bind -r L resize-pane -R ${toString cfg.resizeAmount}
      ''}
      ${optionalString (cfg.shortcut != "b") ''
        unbind C-b
        set -g prefix C-${cfg.shortcut}
        bind C-${cfg.shortcut} send-prefix
      ''}
      setw -g aggressive-resize ${onOff cfg.aggressiveResize}
      setw -g clock-mode-style ${if cfg.clock24 then "24" else "12"}
      set -s escape-time ${toString cfg.escapeTime}
      set -g history-limit ${toString cfg.historyLimit}
      ${cfg.extraConfigBeforePlugins}
      ${cfg.extraConfig}
    '';
  };
}
