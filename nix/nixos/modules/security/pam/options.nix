# The options of PAM: security.pam. How they become files in /etc/pam.d is in rules.nix and files.nix.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkOption types;
  cfg = config.security.pam;

  rules = import ./rules.nix {
    inherit lib;
    inherit (cfg) makeHomeDir;
    isContainer = config.boot.isContainer;
    limitsFile = limits: pkgs.writeText "limits.conf" (
      lib.concatMapStrings ({ domain, type, item, value, ... }: "${domain} ${type} ${item} ${toString value}\n") limits
    );
    motdFile =
      if config.users.motdFile != null then config.users.motdFile
      else if config.users.motd != null then "/etc/motd"
      else null;
  };

  switch = default: description: mkOption {
    type = types.bool;
    inherit default description;
  };

  limit = {
    options = {
      domain = mkOption {
        type = types.str;
        example = "@wheel";
        description = "A user, a group (`@name`), or `*`.";
      };
      type = mkOption {
        type = types.enum [ "-" "hard" "soft" ];
        default = "-";
        description = "Which limit: hard, soft, or both (`-`).";
      };
      item = mkOption {
        type = types.enum [
          "core" "data" "fsize" "memlock" "nofile" "rss" "stack" "cpu" "nproc" "as" "maxlogins"
          "maxsyslogins" "priority" "locks" "sigpending" "msgqueue" "nice" "rtprio"
        ];
        description = "What is limited, as in {manpage}`limits.conf(5)`.";
      };
      value = mkOption {
        type = types.oneOf [ types.str types.int ];
        description = "The limit.";
      };
    };
  };
  limits = types.listOf (types.submodule limit);

  # A rule that the user adds, or the fields of a built-in one that the user changes.
  rule = {
    options = {
      enable = mkOption {
        type = types.nullOr types.bool;
        default = null;
        description = "Whether the rule is in the file.";
      };
      order = mkOption {
        type = types.nullOr types.int;
        default = null;
        example = 10500;
        description = "Place among the rules of its type. Built-in rules have 10000, 10100, 10200 and so on.";
      };
      control = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "required";
        description = "What success and failure of the module mean, as in {manpage}`pam.conf(5)`.";
      };
      modulePath = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "pam_unix.so";
        description = "The module: a file name in the modules' directory, or a path.";
      };
      args = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Further arguments of the module.";
      };
      settings = mkOption {
        type = types.attrsOf (types.nullOr (types.oneOf [ types.bool types.str types.int ]));
        default = { };
        description = "Arguments by name: `true` stands for the bare name, `false` and `null` for nothing.";
      };
    };
  };

  service = { name, config, ... }: {
    options = {
      enable = switch true "Whether to write the file of this service.";
      name = mkOption {
        type = types.str;
        default = name;
        example = "sshd";
        description = "Name of the service.";
      };
      unixAuth = switch true "Whether users log in with the password in {file}`/etc/shadow`.";
      rootOK = switch false "Whether root passes without authentication.";
      requireWheel = switch false "Whether only members of the group wheel pass.";
      allowNullPassword = switch false "Whether an empty password in {file}`/etc/shadow` lets everybody in.";
      nodelay = switch false "Whether a failure is reported without a delay.";
      failDelay = {
        enable = switch false "Whether failures are reported after a fixed delay.";
        delay = mkOption {
          type = types.int;
          default = 3000000;
          description = "The delay in microseconds.";
        };
      };
      logFailures = switch false "Accepted for compatibility: failures are in the journal.";
      limits = mkOption {
        type = limits;
        default = cfg.loginLimits;
        defaultText = lib.literalExpression "config.security.pam.loginLimits";
        description = "Resource limits of sessions, as in {manpage}`limits.conf(5)`.";
      };
      setEnvironment = switch true "Whether sessions get the variables of {option}`environment.sessionVariables`.";
      setLoginUid = mkOption {
        type = types.bool;
        default = false;
        description = "Whether sessions set the audit login uid.";
      };
      startSession = switch false "Whether sessions are registered with systemd-logind, if it runs.";
      showMotd = switch false "Whether the message of the day is shown.";
      makeHomeDir = switch false "Whether a missing home directory is made at login.";
      updateWtmp = switch false "Whether the time of the last login is recorded and shown.";
      forwardXAuth = switch false "Accepted for compatibility: X authentication keys are not passed on.";
      sshAgentAuth = switch false "Accepted for compatibility; not available.";
      u2fAuth = switch false "Accepted for compatibility; not available.";
      fprintAuth = switch false "Accepted for compatibility; not available.";
      enableGnomeKeyring = switch false "Accepted for compatibility; not available.";
      rules = lib.genAttrs [ "auth" "account" "password" "session" ] (type: mkOption {
        type = types.attrsOf (types.submodule rule);
        default = { };
        apply = rules.merge config type;
        description = "Rules of type ${type} to add, and changes of built-in ones, by name.";
      });
      text = mkOption {
        type = types.nullOr types.lines;
        default = null;
        description = "The contents of the file, instead of those made from the other options.";
      };
      fileText = mkOption {
        type = types.str;
        internal = true;
        readOnly = true;
        default = rules.text config;
        description = "What is written.";
      };
    };
  };
in
{
  options.security.pam = {
    services = mkOption {
      type = types.attrsOf (types.submodule service);
      default = { };
      description = "The PAM services: programs that ask who somebody is. Each is a file in {file}`/etc/pam.d`.";
    };

    loginLimits = mkOption {
      type = limits;
      default = [ ];
      example = [ { domain = "@users"; type = "hard"; item = "nofile"; value = "4096"; } ];
      description = "Resource limits of every login, as in {manpage}`limits.conf(5)`.";
    };

    makeHomeDir = {
      skelDirectory = mkOption {
        type = types.str;
        default = "/var/empty";
        example = "/etc/skel";
        description = "Directory whose files a new home directory gets.";
      };
      umask = mkOption {
        type = types.str;
        default = "0077";
        description = "Mode bits that a new home directory does not have.";
      };
    };
  };

  options.users = {
    motd = mkOption {
      type = types.nullOr types.lines;
      default = null;
      example = "Today is Sweetmorn, the 4th day of The Aftermath in the YOLD 3178.";
      description = "Message of the day, shown at login.";
    };
    motdFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "A file whose contents are the message of the day.";
    };
  };
}
