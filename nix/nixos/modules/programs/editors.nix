# Editors and pagers with a few options: vim, neovim, nano, less.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkDefault mkEnableOption mkIf mkMerge mkOption mkOverride types;
  cfg = config.programs;

  package = name: mkOption {
    type = types.package;
    default = pkgs.${name};
    defaultText = lib.literalExpression "pkgs.${name}";
    description = "The package.";
  };
  defaultEditor = mkOption {
    type = types.bool;
    default = false;
    description = "Whether EDITOR names this editor.";
  };
  strings = what: mkOption {
    type = types.attrsOf types.str;
    default = { };
    description = what;
  };

  lesskey = lib.concatStringsSep "\n" (
    [ "#command" ] ++ lib.mapAttrsToList (key: action: "${key} ${action}") cfg.less.commands
    ++ [ "#line-edit" ] ++ lib.mapAttrsToList (key: action: "${key} ${action}") cfg.less.lineEditingKeys
    ++ [ "#env" ] ++ lib.mapAttrsToList (key: value: "${key}=${value}") cfg.less.envVariables
  ) + "\n";
in
{
  options.programs = {
    vim = {
      enable = mkEnableOption "the editor Vim";
      inherit defaultEditor;
      package = package "vim";
    };
    neovim = {
      enable = mkEnableOption "the editor Neovim";
      inherit defaultEditor;
      package = package "neovim";
      viAlias = mkEnableOption "the name vi for it";
      vimAlias = mkEnableOption "the name vim for it";
    };
    nano = {
      enable = mkOption {
        type = types.bool;
        default = true;
        description = "Whether to install the editor nano, which is EDITOR unless another one is.";
      };
      package = package "nano";
      nanorc = mkOption {
        type = types.lines;
        default = "";
        example = "set nowrap";
        description = "Contents of {file}`/etc/nanorc`.";
      };
      syntaxHighlight = mkOption {
        type = types.bool;
        default = true;
        description = "Whether text is coloured.";
      };
    };
    less = {
      enable = mkEnableOption "the pager less";
      package = package "less";
      commands = strings "Keys and their commands.";
      lineEditingKeys = strings "Keys in the input line.";
      envVariables = strings "Environment variables for less.";
      lessopen = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "Program that prepares files for less.";
      };
      lessclose = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "Program that cleans up after lessopen.";
      };
    };
  };

  config = mkMerge [
    (mkIf cfg.vim.enable {
      environment.systemPackages = [ cfg.vim.package ];
      environment.variables.EDITOR = mkIf cfg.vim.defaultEditor (mkOverride 900 "vim");
    })
    (mkIf cfg.neovim.enable {
      environment.systemPackages = [ cfg.neovim.package ];
      environment.variables.EDITOR = mkIf cfg.neovim.defaultEditor (mkOverride 900 "nvim");
      environment.shellAliases = lib.optionalAttrs cfg.neovim.viAlias { vi = "nvim"; } // lib.optionalAttrs cfg.neovim.vimAlias { vim = "nvim"; };
    })
    (mkIf cfg.nano.enable {
      environment.systemPackages = [ cfg.nano.package ];
      environment.variables.EDITOR = mkOverride 999 "nano";
      environment.etc.nanorc.text =
        cfg.nano.nanorc + lib.optionalString cfg.nano.syntaxHighlight "\ninclude \"/usr/share/nano/*.nanorc\"\n";
    })
    (mkIf cfg.less.enable {
      environment.systemPackages = [ cfg.less.package ];
      environment.etc.lesskey.text = lesskey;
      environment.variables =
        { LESSKEYIN_SYSTEM = mkDefault "/etc/lesskey"; }
        // lib.optionalAttrs (cfg.less.lessopen != null) { LESSOPEN = mkDefault cfg.less.lessopen; }
        // lib.optionalAttrs (cfg.less.lessclose != null) { LESSCLOSE = mkDefault cfg.less.lessclose; };
    })
  ];
}
