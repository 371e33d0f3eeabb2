# doas, a small sudo: the program, who may use it, and /etc/doas.conf.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings concatStringsSep mkIf mkOption optional types;
  cfg = config.security.doas;

  yes = description: mkOption { type = types.bool; default = false; inherit description; };
  accounts = description: mkOption { type = types.listOf (types.either types.str types.int); default = [ ]; inherit description; };
  maybe = description: mkOption { type = types.nullOr types.str; default = null; inherit description; };

  ruleModule = {
    options = {
      noPass = yes "Whether nobody is asked for a password.";
      noLog = yes "Whether it is not logged.";
      persist = yes "Whether a password is good for some time.";
      keepEnv = yes "Whether the environment is kept.";
      setEnv = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "-SSH_AUTH_SOCK" "ALPHA=1" "BETA" ];
        description = "Variables that are kept, set (`NAME=value`) or removed (`-NAME`).";
      };
      users = accounts "Users, by name or number, to whom the rule applies.";
      groups = accounts "Groups, by name or number, to whose members the rule applies.";
      runAs = maybe "User as whom commands may be run; anybody without.";
      cmd = maybe "The command that may be run; any without.";
      args = mkOption { type = types.nullOr (types.listOf types.str); default = null; description = "Arguments that the command must have; any with `null`."; };
    };
  };

  line = rule: who: concatStringsSep " " (
    [ "permit" ]
    ++ optional rule.noPass "nopass"
    ++ optional rule.noLog "nolog"
    ++ optional rule.persist "persist"
    ++ optional rule.keepEnv "keepenv"
    ++ [ "setenv { ${concatStringsSep " " ([ "SSH_AUTH_SOCK" "TERMINFO" "TERMINFO_DIRS" ] ++ rule.setEnv)} }" who ]
    ++ optional (rule.runAs != null) "as ${rule.runAs}"
    ++ optional (rule.cmd != null) "cmd ${rule.cmd}"
    ++ lib.optionals (rule.args != null) ([ "args" ] ++ rule.args)
  ) + "\n";
  rules = concatMapStrings (rule: concatMapStrings (line rule) (map toString rule.users ++ map (group: ":${toString group}") rule.groups)) cfg.extraRules;
in
{
  options.security.doas = {
    enable = mkOption { type = types.bool; default = false; description = "Whether users of the group wheel, and others that rules name, may run commands as root with doas."; };
    wheelNeedsPassword = mkOption { type = types.bool; default = true; description = "Whether users of the group wheel have to give their password."; };
    extraRules = mkOption {
      type = types.listOf (types.submodule ruleModule);
      default = [ ];
      example = [ { users = [ "backup" ]; cmd = "/usr/bin/rsync"; noPass = true; } ];
      description = "Rules of {file}`/etc/doas.conf`. The last that matches counts, but root may always do everything.";
    };
    extraConfig = mkOption { type = types.lines; default = ""; description = "Text for {file}`/etc/doas.conf`, after the rules."; };
  };

  config = mkIf cfg.enable {
    security.doas.extraRules = lib.mkOrder 600 [ { groups = [ "wheel" ]; noPass = !cfg.wheelNeedsPassword; } ];
    security.wrappers.doas = { setuid = true; owner = "root"; group = "root"; source = "${pkgs.opendoas}/usr/bin/doas"; };
    environment.systemPackages = [ pkgs.opendoas ];
    security.pam.services.doas.allowNullPassword = true;
    environment.etc."doas.conf" = {
      mode = "0440";
      text = ''
        # Made from security.doas of the system's configuration: changes here are lost.
        ${rules}
        ${cfg.extraConfig}
        permit nopass keepenv root
      '';
    };
  };
}
