# direnv, which sets variables by directory: programs.direnv.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkEnableOption mkIf mkOption types;
  cfg = config.programs.direnv;
  program = "${cfg.package}/usr/bin/direnv";

  hook = shell: mkOption { type = types.bool; default = true; description = "Whether ${shell} loads direnv."; };
  # Inside of a Nix shell, only if that is wanted.
  wanted = text: if cfg.loadInNixShell then text else ''
    if [ -z "$IN_NIX_SHELL$NIX_GCROOT" ]; then ${text}; fi
  '';
in
{
  imports = [
    (lib.mkRemovedOptionModule [ "programs" "direnv" "persistDerivations" ] "It is no longer necessary.")
  ];

  options.programs.direnv = {
    enable = mkEnableOption "direnv, which sets and takes back variables as one enters and leaves directories";
    package = mkOption { type = types.package; default = pkgs.direnv; defaultText = lib.literalExpression "pkgs.direnv"; description = "The package of direnv."; };
    enableBashIntegration = hook "bash";
    enableZshIntegration = hook "zsh";
    enableFishIntegration = hook "fish";
    direnvrcExtra = mkOption { type = types.lines; default = ""; description = "Text for {file}`/etc/direnv/direnvrc`."; };
    silent = mkEnableOption "silence about what direnv does";
    loadInNixShell = mkOption { type = types.bool; default = true; description = "Whether direnv is loaded in shells of Nix as well."; };
    settings = mkOption {
      type = types.attrsOf (types.attrsOf types.anything);
      default = { };
      example = { global.warn_timeout = "30s"; };
      description = "Settings of {manpage}`direnv.toml(1)`.";
    };
    nix-direnv = {
      enable = mkOption { type = types.bool; default = false; description = "Accepted for compatibility, without effect: the archive has no nix-direnv, and direnv's own `use nix` serves."; };
      package = mkOption { type = types.nullOr types.package; default = null; description = "Accepted for compatibility."; };
    };
  };

  config = mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    environment.variables = { DIRENV_CONFIG = "/etc/direnv"; } // lib.optionalAttrs cfg.silent { DIRENV_LOG_FORMAT = ""; };
    environment.etc = {
      "direnv/direnvrc".text = ''
        ${cfg.direnvrcExtra}
        # With DIRENV_CONFIG set, direnv does not look for the user's own file.
        for direnvrc_of_user in "''${DIRENV_CONFIG_HOME:-''${XDG_CONFIG_HOME:-$HOME/.config}/direnv}/direnvrc" "$HOME/.direnvrc"; do
          if [ -f "$direnvrc_of_user" ]; then . "$direnvrc_of_user" >&2; break; fi
        done
        unset direnvrc_of_user
      '';
      "direnv/lib/zz-user.sh".text = ''
        for library_of_user in "''${DIRENV_CONFIG_HOME:-''${XDG_CONFIG_HOME:-$HOME/.config}/direnv}/lib/"*.sh; do
          if [ -f "$library_of_user" ]; then . "$library_of_user"; fi
        done
        unset library_of_user
      '';
      "direnv/direnv.toml" = mkIf (cfg.settings != { }) { source = (pkgs.formats.toml { }).generate "direnv.toml" cfg.settings; };
    };
    programs.bash.interactiveShellInit = mkIf cfg.enableBashIntegration (wanted ''eval "$(${program} hook bash)"'');
    programs.zsh.interactiveShellInit = mkIf cfg.enableZshIntegration (wanted ''eval "$(${program} hook zsh)"'');
    programs.fish.interactiveShellInit = mkIf cfg.enableFishIntegration (
      if cfg.loadInNixShell then "${program} hook fish | source\n"
      else "if test -z \"$IN_NIX_SHELL$NIX_GCROOT\"\n  ${program} hook fish | source\nend\n"
    );
  };
}
