# The mail server Postfix, the server of mailboxes Dovecot; and Avahi, which announces machines.
{ lib }:
let
  inherit (import ./support/eval.nix { inherit lib; }) configOf etc failures has hasLine service;
  postfix = settings: { services.postfix = { enable = true; } // settings; };
  main = settings: etc "postfix/main.cf" (postfix settings);
  master = settings: etc "postfix/master.cf" (postfix settings);
  says = settings: line: { expr = hasLine (main settings) line; expected = true; };
  dovecot = settings: (configOf { services.dovecot2 = { enable = true; } // settings; }).services.dovecot2.configFile.text;
  avahi = settings: { services.avahi = { enable = true; } // settings; };
  hosts = settings: lib.findFirst (lib.hasPrefix "hosts:") null (lib.splitString "\n" (etc "nsswitch.conf" (avahi settings)));
in
{
  "nothing of all this runs unless asked for" = {
    expr = builtins.filter (name: (configOf { }).systemd.services ? ${name}) [ "postfix" "postfix-setup" "dovecot" "avahi-daemon" ];
    expected = [ ];
  };

  "Postfix: settings" = says { settings.main = { biff = false; mynetworks = [ "127.0.0.0/8" "10.0.0.0/8" ]; }; } "mynetworks = 127.0.0.0/8, 10.0.0.0/8";
  "Postfix: switches" = says { settings.main.biff = false; } "biff = no";
  "Postfix: what is null is left out" = { expr = map (has (main { settings.main.message_size_limit = null; })) [ "message_size_limit" "myhostname =" "relayhost" ]; expected = [ false false true ]; };
  "Postfix: older names of settings" = {
    expr = map (hasLine (main { hostname = "mail.test"; domain = "test"; origin = "here.test"; destination = [ "test" ]; networks = [ "::1" ]; config.biff = false; }))
      [ "myhostname = mail.test" "mydomain = test" "myorigin = here.test" "mydestination = test" "mynetworks = ::1" "biff = no" ];
    expected = [ true true true true true true ];
  };
  "Postfix: a relay by itself, or by the domain's mail servers" = {
    expr = map (settings: lib.findFirst (lib.hasPrefix "relayhost") null (lib.splitString "\n" (main settings)))
      [ { relayHost = "relay.test"; } { relayHost = "relay.test"; relayPort = 587; lookupMX = true; } { settings.main.relayhost = [ "[a]:25" ]; } { settings.main.relayhost = "[a]:25"; } { } ];
    expected = [ "relayhost = [relay.test]:25" "relayhost = relay.test:587" "relayhost = [a]:25" "relayhost = [a]:25" "relayhost = " ];
  };
  "Postfix: encryption is offered where there is a certificate" = {
    expr = map (settings: hasLine (main settings) "smtpd_tls_security_level = may") [ { } { settings.main.smtpd_tls_chain_files = [ "/key" "/cert" ]; } { sslCert = "/cert"; sslKey = "/key"; } ];
    expected = [ false true true ];
  };
  "Postfix: aliases of root and postmaster" = {
    expr = (configOf (postfix { rootAlias = "alice"; extraAliases = "x: y\n"; })).environment.etc.aliases.source.text;
    expected = "postmaster: root\nroot: alice\nx: y\n";
  };
  "Postfix: tables that options say are named in main.cf and compiled" = {
    expr =
      let module = postfix { virtual = "a b"; transport = "c d"; canonical = "e f"; localRecipients = [ "g" ]; mapFiles.mine = "/run/mine"; };
          found = etc "postfix/main.cf" module;
      in map (hasLine found) [ "virtual_alias_maps = hash:/etc/postfix/virtual" "transport_maps = hash:/etc/postfix/transport" "local_recipient_maps = hash:/etc/postfix/local_recipients, $alias_maps" ]
        ++ [ (hasLine (service "postfix-setup" module).script "postmap hash:/etc/postfix/mine") ];
    expected = [ true true true true ];
  };
  "Postfix: tables of regular expressions are not compiled" = {
    expr = map (name: has (service "postfix-setup" (postfix { enableHeaderChecks = true; virtual = "/x/ y"; virtualMapType = "regexp"; mapFiles.mine = "/m"; })).script "postmap hash:/etc/postfix/${name}")
      [ "header_checks" "virtual" "mine" ];
    expected = [ false false true ];
  };
  "Postfix: ports for users, if wanted" = {
    expr = map (settings: map (port: lib.any (lib.hasPrefix "${port}  inet  n") (lib.splitString "\n" (master settings))) [ "smtp" "submission" "submissions" ])
      [ { } { enableSmtp = false; enableSubmission = true; enableSubmissions = true; } ];
    expected = [ [ true false false ] [ false true true ] ];
  };
  "Postfix: users log in encrypted" = {
    expr = map (hasLine (master { enableSubmissions = true; })) [ "-o smtpd_tls_wrappermode=yes" "-o smtpd_tls_security_level=encrypt" ];
    expected = [ true true ];
  };
  "Postfix: a service of one's own" = {
    expr = has (master { settings.master.policy = { privileged = true; maxproc = 0; command = "spawn"; args = [ "user=nobody" "argv=/bin/x" ]; }; }) "policy  unix  -  n  n  -  0  spawn user=nobody argv=/bin/x\n";
    expected = true;
  };
  "Postfix is sendmail, unless told otherwise" = {
    expr = map (setSendmail: (configOf (postfix { inherit setSendmail; })).security.wrappers.sendmail.group or null) [ true false ];
    expected = [ "postdrop" null ];
  };

  "Postfix: the archive's own instance is not started" = { expr = (configOf (postfix { })).systemd.generators.postfix-instance-generator; expected = "/dev/null"; };

  "Dovecot: protocols and their packages" = {
    expr =
      let c = configOf { services.dovecot2 = { enable = true; enablePop3 = true; }; };
      in [ c.services.dovecot2.protocols (builtins.filter (lib.hasPrefix "dovecot-") (map (p: p.pname or "") c.environment.systemPackages)) ];
    expected = [ [ "imap" "pop3" ] [ "dovecot-core" "dovecot-imapd" "dovecot-pop3d" ] ];
  };
  "Dovecot: passwords are not read in clear where there is a certificate" = {
    expr = map (settings: hasLine (dovecot settings) "disable_plaintext_auth = yes") [ { } { sslServerCert = "/c"; sslServerKey = "/k"; } ];
    expected = [ false true ];
  };
  "Dovecot: a certificate without its key is refused" = {
    expr = failures { services.dovecot2 = { enable = true; sslServerCert = "/c"; }; };
    expected = [ "dovecot needs both sslServerCert and sslServerKey defined for working crypto" ];
  };
  "Dovecot: a mailbox for everybody" = {
    expr = map (mailboxes: lib.hasInfix "mailbox \"Spam\" {\nauto = create\nspecial_use = \\Junk\n}" (dovecot { inherit mailboxes; }))
      [ { Spam = { auto = "create"; specialUse = "Junk"; }; } [ { name = "Spam"; auto = "create"; specialUse = "Junk"; } ] ];
    expected = [ true true ];
  };
  "Dovecot: users of the system log in by PAM, or not" = {
    expr = map (enablePAM: (configOf { services.dovecot2 = { enable = true; inherit enablePAM; }; }).environment.etc ? "pam.d/dovecot2") [ true false ];
    expected = [ true false ];
  };

  "Avahi's port" = { expr = (configOf (avahi { })).networking.firewall.allowedUDPPorts; expected = [ 5353 ]; };
  "names in .local mean something only if wanted" = {
    expr = map (settings: lib.hasInfix "mdns4_minimal [NOTFOUND=return]" (hosts settings)) [ { } { nssmdns4 = true; } { nssmdns = true; } ];
    expected = [ false true true ];
  };
  "names in .local are asked for before the resolver" = { expr = hosts { nssmdns4 = true; nssmdns6 = true; }; expected = "hosts:     files mdns_minimal [NOTFOUND=return] myhostname dns mdns"; };
  "Avahi: a service as text" = {
    expr = etc "avahi/services/x.service" (avahi { extraServiceFiles.x = "<service-group/>"; });
    expected = "<service-group/>";
  };
}
