# The server of mailboxes Dovecot, for IMAP, POP3 and LMTP: services.dovecot2.
#
# Not here: sieve scripts by options. dovecot-sieve is in the archive, and can be configured by pluginSettings.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings concatStrings concatStringsSep mapAttrsToList mkEnableOption mkIf mkOption optional optionalAttrs optionalString types;
  cfg = config.services.dovecot2;

  maybe = type: description: mkOption { type = types.nullOr type; default = null; inherit description; };
  yes = default: description: mkOption { type = types.bool; inherit default description; };
  word = default: description: mkOption { type = types.str; inherit default description; };
  list = description: mkOption { type = types.listOf types.str; default = [ ]; inherit description; };
  plugins.options.enable = list "Plugins.";

  mailbox = { name, ... }: {
    options = {
      name = mkOption { type = types.strMatching ''[^"]+''; default = name; readOnly = true; description = "Name of the mailbox."; };
      auto = mkOption { type = types.enum [ "no" "create" "subscribe" ]; default = "no"; description = "Whether it is made, or made and subscribed to, for everybody."; };
      specialUse = maybe (types.enum [ "All" "Archive" "Drafts" "Flagged" "Junk" "Sent" "Trash" ]) "What it is for.";
      autoexpunge = maybe types.str "Age at which mail is removed." // { example = "60d"; };
    };
  };

  block = name: body: "${name} {\n${body}}\n";
  lines = set: concatStrings (mapAttrsToList (name: value: "${name} = ${toString value}\n") (lib.filterAttrs (_: value: value != null) set));
  configuration =
    lines {
      base_dir = "/run/dovecot2";
      protocols = concatStringsSep " " cfg.protocols;
      sendmail_path = "/run/wrappers/bin/sendmail";
      # Before the blocks of protocols, which add to it.
      mail_plugins = "$mail_plugins ${concatStringsSep " " cfg.mailPlugins.globally.enable}";
    }
    + concatStrings (mapAttrsToList (name: plugins: block "protocol ${name}" "mail_plugins = $mail_plugins ${concatStringsSep " " plugins.enable}\n") cfg.mailPlugins.perProtocol)
    + (
      if cfg.sslServerCert == null then lines { ssl = "no"; disable_plaintext_auth = "no"; }
      else lines {
        ssl_cert = "<${cfg.sslServerCert}";
        ssl_key = "<${cfg.sslServerKey}";
        ssl_ca = if cfg.sslCACert == null then null else "<${cfg.sslCACert}";
        disable_plaintext_auth = "yes";
      }
    )
    + lines {
      default_internal_user = cfg.user;
      default_internal_group = cfg.group;
      mail_uid = cfg.mailUser;
      mail_gid = cfg.mailGroup;
      mail_location = cfg.mailLocation;
      maildir_copy_with_hardlinks = "yes";
      pop3_uidl_format = "%08Xv%08Xu";
      auth_mechanisms = "plain login";
    }
    + block "service auth" "user = root\n"
    + optionalString cfg.enablePAM (
      block "userdb" "driver = passwd\n"
      + block "passdb" "driver = pam\nargs = ${optionalString cfg.showPAMFailure "failure_show_msg=yes "}dovecot2\n"
    )
    + optionalString (cfg.mailboxes != { }) (block "namespace inbox" ("inbox = yes\n" + concatMapStrings (box: block ''mailbox "${box.name}"'' (lines {
      inherit (box) auto autoexpunge;
      special_use = if box.specialUse == null then null else "\\${box.specialUse}";
    })) (builtins.attrValues cfg.mailboxes)))
    + optionalString cfg.enableQuota (
      block "service quota-status" "executable = quota-status -p postfix\n${block "inet_listener" "port = ${cfg.quotaPort}\n"}client_limit = 1\n"
      + block "plugin" (lines {
        quota_rule = "*:storage=${cfg.quotaGlobalPerUser}";
        quota = "count:User quota";
        quota_status_success = "DUNNO";
        quota_status_nouser = "DUNNO";
        quota_status_overquota = ''"552 5.2.2 Mailbox is full"'';
        quota_grace = "10%%";
        quota_vsizes = "yes";
      })
    )
    + block "plugin" (lines cfg.pluginSettings)
    + cfg.extraConfig;
in
{
  options.services.dovecot2 = {
    enable = mkEnableOption "the server of mailboxes Dovecot";
    package = mkOption { type = types.package; default = pkgs.dovecot-core; defaultText = lib.literalExpression "pkgs.dovecot-core"; description = "The package of Dovecot."; };
    enableImap = yes true "Whether mailboxes are read by IMAP.";
    enablePop3 = yes false "Whether mailboxes are read by POP3.";
    enableLmtp = yes false "Whether mail is received by LMTP.";
    protocols = list "Further protocols.";
    user = word "dovecot2" "User of Dovecot.";
    group = word "dovecot2" "Group of Dovecot.";
    extraConfig = mkOption { type = types.lines; default = ""; example = "mail_debug = yes"; description = "Text for the end of {file}`dovecot.conf`."; };
    configFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      apply = file: if file != null then file else pkgs.writeText "dovecot.conf" configuration;
      description = "The whole configuration, instead of what the other options say.";
    };
    mailPlugins = {
      globally = mkOption { type = types.submodule plugins; default = { }; example = { enable = [ "virtual" ]; }; description = "Plugins of all protocols."; };
      perProtocol = mkOption { type = types.attrsOf (types.submodule plugins); default = { }; example = { imap.enable = [ "imap_acl" ]; }; description = "Plugins by protocol."; };
    };
    mailLocation = word "maildir:/var/spool/mail/%u" "Where the mailboxes are." // { example = "maildir:~/mail:INBOX=/var/spool/mail/%u"; };
    mailUser = maybe types.str "User whom all mailboxes belong to, where they are not of users of the system.";
    mailGroup = maybe types.str "Group of that user.";
    createMailUser = yes true "Whether that user and group are made.";
    modules = mkOption { type = types.listOf types.package; default = [ ]; example = lib.literalExpression "[ pkgs.dovecot-sieve ]"; description = "Packages with plugins."; };
    sslCACert = maybe types.str "File of authorities that certify clients.";
    sslServerCert = maybe types.str "File of the server's certificate.";
    sslServerKey = maybe types.str "File of its key.";
    enablePAM = yes true "Whether users of the system log in with their passwords.";
    showPAMFailure = yes false "Whether users are told why they could not.";
    enableDHE = yes false "Accepted for compatibility: without parameters of its own, Dovecot uses elliptic curves.";
    mailboxes = mkOption {
      type = types.coercedTo (types.listOf types.attrs) (boxes: lib.listToAttrs (map (box: lib.nameValuePair box.name (removeAttrs box [ "name" ])) boxes)) (types.attrsOf (types.submodule mailbox));
      default = { };
      example = { Spam = { specialUse = "Junk"; auto = "create"; }; };
      description = "Mailboxes, by name.";
    };
    enableQuota = mkEnableOption "limits of mailboxes' sizes";
    quotaPort = word "12340" "Port at which Postfix asks about them (`check_policy_service inet:localhost:12340`).";
    quotaGlobalPerUser = word "100G" "How large each user's mailboxes may become.";
    pluginSettings = mkOption {
      type = types.attrsOf (types.either types.str types.package);
      default = { };
      example = { sieve = "file:~/sieve;active=~/.dovecot.sieve"; };
      description = "Settings of plugins.";
    };
  };

  config = mkIf cfg.enable {
    assertions = [
      {
        assertion = (cfg.sslServerCert == null) == (cfg.sslServerKey == null) && (cfg.sslCACert != null -> cfg.sslServerCert != null);
        message = "dovecot needs both sslServerCert and sslServerKey defined for working crypto";
      }
      {
        assertion = cfg.showPAMFailure -> cfg.enablePAM;
        message = "dovecot is configured with showPAMFailure while enablePAM is disabled";
      }
    ];
    services.dovecot2.protocols = optional cfg.enableImap "imap" ++ optional cfg.enablePop3 "pop3" ++ optional cfg.enableLmtp "lmtp";
    services.dovecot2.mailPlugins = mkIf cfg.enableQuota { globally.enable = [ "quota" ]; perProtocol.imap.enable = [ "imap_quota" ]; };

    environment.systemPackages = [ cfg.package ] ++ cfg.modules
      ++ optional (builtins.elem "imap" cfg.protocols) pkgs.dovecot-imapd
      ++ optional (builtins.elem "pop3" cfg.protocols) pkgs.dovecot-pop3d
      ++ optional (builtins.elem "lmtp" cfg.protocols) pkgs.dovecot-lmtpd;
    environment.etc."dovecot/dovecot.conf".source = cfg.configFile;
    security.pam.services.dovecot2 = mkIf cfg.enablePAM { };

    users.users = {
      dovenull = { isSystemUser = true; group = "dovenull"; description = "Dovecot user for untrusted logins"; };
    }
    // optionalAttrs (cfg.user == "dovecot2") { dovecot2 = { isSystemUser = true; group = cfg.group; description = "Dovecot user"; }; }
    // optionalAttrs (cfg.createMailUser && cfg.mailUser != null) {
      ${cfg.mailUser} = { isSystemUser = true; description = "Virtual Mail User"; } // optionalAttrs (cfg.mailGroup != null) { group = cfg.mailGroup; };
    };
    users.groups = { dovenull = { }; }
      // optionalAttrs (cfg.group == "dovecot2") { dovecot2 = { }; }
      // optionalAttrs (cfg.createMailUser && cfg.mailGroup != null) { ${cfg.mailGroup} = { }; };

    systemd.tmpfiles.rules = [ "d /var/spool/mail 1777 root root -" "L /var/mail - - - - spool/mail" ];
    systemd.services.dovecot = {
      description = "Dovecot IMAP/POP3 server";
      after = [ "network.target" ];
      wantedBy = [ "multi-user.target" ];
      # Its name before NixOS 25.11.
      aliases = [ "dovecot2.service" ];
      restartTriggers = [ cfg.configFile ];
      startLimitIntervalSec = 60;
      serviceConfig = {
        Type = "notify";
        # By their places in the system, where plugins and protocols of other packages are beside them.
        ExecStart = "/usr/sbin/dovecot -F";
        ExecReload = "/usr/bin/doveadm reload";
        Restart = "on-failure";
        RestartSec = "1s";
        RuntimeDirectory = [ "dovecot2" ];
        StateDirectory = "dovecot";
      };
    };
  };
}
