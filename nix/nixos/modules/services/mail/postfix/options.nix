# The options of the mail server Postfix, and what they say about main.cf: services.postfix.
#
# Under the names of NixOS 25.11; older ones still work, also those that it took away (relayHost, sslCert, extraConfig).
{ config, lib, pkgs, ... }:

let
  inherit (lib) literalExpression mkDefault mkEnableOption mkOption optionalAttrs types;
  cfg = config.services.postfix;

  text = description: mkOption { type = types.lines; default = ""; inherit description; };
  word = default: description: mkOption { type = types.str; inherit default description; };
  yes = default: description: mkOption { type = types.bool; inherit default description; };
  maybe = type: default: description: mkOption { type = types.nullOr type; inherit default description; };
  mapType = description: mkOption { type = types.enum [ "hash" "regexp" "pcre" ]; default = "hash"; inherit description; };
  files = description: mkOption { type = types.attrsOf types.path; default = { }; inherit description; };
  list = types.listOf types.str;
  # A single one may be said as such, as it was before lists were asked for.
  hosts = types.coercedTo types.str lib.singleton list;
  settingsOf = description: default: mkOption { type = types.attrsOf types.str; inherit default description; };
  login = { smtpd_sasl_auth_enable = "yes"; smtpd_client_restrictions = "permit_sasl_authenticated,reject"; milter_macro_daemon_name = "ORIGINATING"; };

  main = {
    freeformType = types.attrsOf (types.nullOr (types.oneOf [ types.bool types.int types.path types.str list ]));
    options = {
      message_size_limit = maybe types.int 10240000 "Size that a message may have, in bytes.";
      mydestination = maybe (types.either types.str list) [ "$myhostname" "localhost.$mydomain" "localhost" ] "Domains whose users are here.";
      myhostname = maybe types.str null "Name of this machine, with its domain; the system's without." // { example = "mail.example.com"; };
      mynetworks = maybe list null "Networks whose machines may send mail to others through this one." // { example = [ "127.0.0.0/8" "[::1]/128" ]; };
      mynetworks_style = maybe (types.enum [ "host" "subnet" "class" ]) "host" "Which networks these are, where they are not named.";
      recipient_delimiter = maybe types.str "" "Characters that end a user's name in an address." // { example = "+"; };
      relay_domains = maybe list [ ] "Domains of others, whose mail is taken and handed on.";
      relayhost = maybe hosts [ ] "Servers that get all mail for others; in brackets, without asking for the domain's mail servers." // { example = [ "[relay.example.com]:587" ]; };
      smtp_tls_CAfile = mkOption { type = types.path; default = "/etc/ssl/certs/ca-certificates.crt"; description = "Authorities that certify other servers."; };
      smtp_tls_security_level = mkOption {
        type = types.enum [ "none" "may" "encrypt" "dane" "dane-only" "fingerprint" "verify" "secure" ];
        default = "may";
        description = "How much encryption counts when mail is sent.";
      };
      smtpd_tls_chain_files = mkOption { type = types.listOf types.path; default = [ ]; description = "Keys of this server, each followed by its certificate."; };
      smtpd_tls_security_level = mkOption {
        type = types.enum [ "none" "may" "encrypt" ];
        default = if cfg.settings.main.smtpd_tls_chain_files != [ ] || cfg.sslCert != "" then "may" else "none";
        defaultText = literalExpression ''if smtpd_tls_chain_files != [ ] then "may" else "none"'';
        description = "How much encryption counts when mail is received.";
      };
    };
  };

  renamed = lib.mapAttrsToList (old: new: lib.mkRenamedOptionModule [ "services" "postfix" old ] ([ "services" "postfix" "settings" ] ++ new)) {
    config = [ "main" ];
    masterConfig = [ "master" ];
    hostname = [ "main" "myhostname" ];
    domain = [ "main" "mydomain" ];
    origin = [ "main" "myorigin" ];
    destination = [ "main" "mydestination" ];
    networks = [ "main" "mynetworks" ];
    networksStyle = [ "main" "mynetworks_style" ];
    relayDomains = [ "main" "relay_domains" ];
    recipientDelimiter = [ "main" "recipient_delimiter" ];
    tlsTrustedAuthorities = [ "main" "smtp_tls_CAfile" ];
  };
in
{
  imports = renamed ++ [
    (lib.mkRemovedOptionModule [ "services" "postfix" "useSrs" ] "The archive's postsrsd has no module here.")
  ];

  options.services.postfix = {
    enable = mkEnableOption "the mail server Postfix";
    package = mkOption { type = types.package; default = pkgs.postfix; defaultText = literalExpression "pkgs.postfix"; description = "The package of Postfix."; };
    settings.main = mkOption {
      type = types.submodule main;
      default = { };
      example = { myhostname = "mail.example.com"; relayhost = [ "[relay.example.com]:587" ]; };
      description = "Settings of {file}`main.cf`, as in {manpage}`postconf(5)`. Those that are `null` are left out.";
    };
    extraConfig = text "Text for the end of {file}`main.cf`.";
    extraMasterConf = text "Text for the end of {file}`master.cf`.";
    enableSmtp = yes true "Whether mail is received, at port 25.";
    enableSubmission = yes false "Whether users hand in mail at port 587.";
    enableSubmissions = yes false "Whether users hand in mail at port 465, encrypted from the start.";
    submissionOptions = settingsOf "Settings of port 587." (login // { smtpd_tls_security_level = "encrypt"; });
    submissionsOptions = settingsOf "Settings of port 465." login;
    setSendmail = yes true "Whether it is the system's `sendmail`.";
    user = word "postfix" "User of Postfix, and of nothing else.";
    group = word "postfix" "Group of that user.";
    setgidGroup = word "postdrop" "Group that hands in mail, and that nobody is in.";
    relayHost = word "" "Server that gets all mail for others.";
    relayPort = mkOption { type = types.port; default = 25; description = "Port of {option}`services.postfix.relayHost`."; };
    lookupMX = yes false "Whether {option}`services.postfix.relayHost` is a domain, whose mail servers are asked for.";
    sslCert = word "" "File of a certificate, for sending and receiving.";
    sslKey = word "" "File of its key.";
    postmasterAlias = word "root" "Who gets mail for postmaster.";
    rootAlias = word "" "Who gets mail for root; root without.";
    extraAliases = text "Further lines of {manpage}`aliases(5)`.";
    aliasMapType = mapType "Format of the aliases.";
    canonical = text "Lines of {manpage}`canonical(5)`: addresses that are rewritten.";
    virtual = text "Lines of {manpage}`virtual(5)`: addresses that stand for others.";
    virtualMapType = mapType "Format of {option}`services.postfix.virtual`.";
    transport = text "Lines of {manpage}`transport(5)`: where mail goes, by address.";
    localRecipients = maybe list null "Users and addresses for whom mail is taken, instead of all users of the system.";
    dnsBlacklists = mkOption { type = list; default = [ ]; description = "Black lists in the DNS that senders are looked up in."; };
    dnsBlacklistOverrides = text "Lines of {manpage}`access(5)` that win over the black lists.";
    enableHeaderChecks = yes false "Whether headers of messages are looked at.";
    headerChecks = mkOption {
      type = types.listOf (types.submodule { options = { pattern = word "/^.*/" "Regular expression."; action = word "DUNNO" "What is done."; }; });
      default = [ ];
      example = [ { pattern = "/^X-Spam-Flag:/"; action = "REDIRECT spam@example.com"; } ];
      description = "What headers are looked at for.";
    };
    extraHeaderChecks = text "Further lines of {manpage}`header_checks(5)`.";
    aliasFiles = files "Files of aliases, by their names in {file}`/etc/postfix`, where they are compiled.";
    mapFiles = files "Files of tables, by their names in {file}`/etc/postfix`, where they are compiled (`hash:/etc/postfix/NAME`).";
  };

  config.services.postfix.settings.main = lib.mkIf cfg.enable (lib.mkMerge [
    (builtins.mapAttrs (_: mkDefault) {
      compatibility_level = "3.6";
      mail_owner = cfg.user;
      setgid_group = cfg.setgidGroup;
      default_privs = "nobody";
      data_directory = "/var/lib/postfix/data";
      queue_directory = "/var/lib/postfix/queue";
      mail_spool_directory = "/var/spool/mail/";
      # What the archive compiles into its programs, said once more for who reads the file.
      command_directory = "/usr/sbin";
      daemon_directory = "/usr/lib/postfix/sbin";
      readme_directory = false;
    })
    (optionalAttrs (!config.networking.enableIPv6) { inet_protocols = mkDefault "ipv4"; })
    (lib.mkIf (cfg.relayHost != "") {
      relayhost = mkDefault [ "${if cfg.lookupMX then cfg.relayHost else "[${cfg.relayHost}]"}:${toString cfg.relayPort}" ];
    })
    (lib.mkIf (cfg.sslCert != "") {
      smtp_tls_cert_file = cfg.sslCert;
      smtp_tls_key_file = cfg.sslKey;
      smtpd_tls_cert_file = cfg.sslCert;
      smtpd_tls_key_file = cfg.sslKey;
    })
  ]);
}
