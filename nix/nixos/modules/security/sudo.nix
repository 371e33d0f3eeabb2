# sudo: the program, who may use it, and /etc/sudoers.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings concatMapStringsSep isString literalExpression mkIf mkOption optional optionalString types;
  cfg = config.security.sudo;

  asUser = user: if builtins.isInt user then "#${toString user}" else user;
  asGroup = group: if builtins.isInt group then "%#${toString group}" else "%${group}";
  command = item:
    if isString item then "SETENV: ${item}"
    else "${concatMapStrings (option: "${option}: ") item.options}${item.command}";
  line = rule: who: "${who}\t${rule.host}=(${rule.runAs})\t${concatMapStringsSep ", " command rule.commands}\n";
  rules = concatMapStrings (rule:
    optionalString (rule.commands != [ ])
      (concatMapStrings (line rule) (map asUser rule.users ++ map asGroup rule.groups))
  ) cfg.extraRules;

  configFile = ''
    # Made from security.sudo of the system's configuration: changes here are lost.

    ${optionalString cfg.keepTerminfo "Defaults:root,%wheel env_keep+=TERMINFO_DIRS\nDefaults:root,%wheel env_keep+=TERMINFO"}
    Defaults secure_path="/run/wrappers/bin:/run/current-system/sw/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    ${rules}
    ${cfg.extraConfig}
  '';

  # visudo cannot run where systems are built; what the file needs for sudo to accept it is its mode and owner.
  commandModule = {
    options = {
      command = mkOption {
        type = types.str;
        description = "A command that may be run: `ALL`, an absolute path, or a path with arguments.";
      };
      options = mkOption {
        type = types.listOf (types.enum [
          "NOPASSWD" "PASSWD" "NOEXEC" "EXEC" "SETENV" "NOSETENV" "LOG_INPUT" "NOLOG_INPUT" "LOG_OUTPUT" "NOLOG_OUTPUT"
          "MAIL" "NOMAIL" "FOLLOW" "NOFLLOW" "INTERCEPT" "NOINTERCEPT"
        ]);
        default = [ ];
        description = "Tags of the command, as in {manpage}`sudoers(5)`.";
      };
    };
  };

  ruleModule = {
    options = {
      users = mkOption {
        type = types.listOf (types.either types.str types.int);
        default = [ ];
        description = "Users, by name or number, to whom the rule applies.";
      };
      groups = mkOption {
        type = types.listOf (types.either types.str types.int);
        default = [ ];
        description = "Groups, by name or number, to whose members the rule applies.";
      };
      host = mkOption {
        type = types.str;
        default = "ALL";
        description = "Host on which the rule applies.";
      };
      runAs = mkOption {
        type = types.str;
        default = "ALL:ALL";
        description = "User, and group after a colon, as whom the commands may be run.";
      };
      commands = mkOption {
        type = types.listOf (types.either types.str (types.submodule commandModule));
        description = "The commands, each a string or a set with `command` and `options`.";
      };
    };
  };
in
{
  options.security.sudo = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether users of the group wheel, and others that rules name, may run commands as root with sudo.";
    };

    package = mkOption {
      type = types.package;
      default = pkgs.sudo;
      defaultText = literalExpression "pkgs.sudo";
      description = "The package of sudo.";
    };

    defaultOptions = mkOption {
      type = types.listOf types.str;
      default = [ "SETENV" ];
      description = "Tags of the rules for root and for the group wheel.";
    };

    wheelNeedsPassword = mkOption {
      type = types.bool;
      default = true;
      description = "Whether users of the group wheel have to give their password.";
    };

    execWheelOnly = mkOption {
      type = types.bool;
      default = false;
      description = "Whether only members of the group wheel can execute sudo at all.";
    };

    keepTerminfo = mkOption {
      type = types.bool;
      default = true;
      description = "Whether root and the group wheel keep the variables that describe their terminal.";
    };

    configFile = mkOption {
      type = types.lines;
      internal = true;
      description = "The contents of {file}`/etc/sudoers`.";
    };

    extraRules = mkOption {
      type = types.listOf (types.submodule ruleModule);
      default = [ ];
      example = [ { users = [ "backup" ]; commands = [ { command = "/usr/bin/rsync"; options = [ "NOPASSWD" ]; } ]; } ];
      description = "Rules of {file}`/etc/sudoers`. The last that matches counts.";
    };

    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Text for the end of {file}`/etc/sudoers`.";
    };
  };

  config = mkIf cfg.enable {
    assertions = [
      {
        assertion =
          cfg.execWheelOnly -> builtins.all (rule: rule.users == [ ] || rule.users == [ "root" ]) cfg.extraRules
            && builtins.all (rule: rule.groups == [ ] || rule.groups == [ "wheel" ]) cfg.extraRules;
        message = "Some definitions in `security.sudo.extraRules` refer to users other than 'root' or groups other than 'wheel'. Disable `config.security.sudo.execWheelOnly`, or adjust the rules.";
      }
    ];

    security.sudo.extraRules =
      let
        all = extra: [ { command = "ALL"; options = cfg.defaultOptions ++ extra; } ];
      in
      lib.mkMerge [
        (lib.mkOrder 400 [ { users = [ "root" ]; commands = all [ ]; } ])
        (lib.mkOrder 600 [
          { groups = [ "wheel" ]; commands = all (optional (!cfg.wheelNeedsPassword) "NOPASSWD"); }
        ])
      ];
    security.sudo.configFile = configFile;

    security.wrappers.sudo = {
      source = "${cfg.package}/usr/bin/sudo";
      owner = "root";
      group = if cfg.execWheelOnly then "wheel" else "root";
      setuid = true;
      permissions = if cfg.execWheelOnly then "u+rx,g+x" else "u+rx,g+x,o+x";
    };
    environment.systemPackages = [ cfg.package ];
    security.pam.services.sudo = { };
    environment.etc.sudoers = { text = cfg.configFile; mode = "0440"; };
  };
}
