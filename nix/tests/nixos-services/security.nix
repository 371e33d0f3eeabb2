# PAM, sudo, certificates, login.defs, and what is not available.
{ lib }:
let
  inherit (import ./support/eval.nix { inherit lib; }) configOf etc failures hasLine pkgs;
  pam = name: module: etc "pam.d/${name}" module;
  has = name: module: line: { expr = hasLine (pam name module) line; expected = true; };
  sudoers = module: (configOf { security.sudo = module; }).security.sudo.configFile;
in
{
  "rarely changed services are files of a package" = {
    expr = map (name: (configOf { }).environment.etc ? "pam.d/${name}") [ "login" "su" "su-l" "sudo" "other" "useradd" "common-auth" ];
    expected = [ true true true true false false false ];
  };
  "what is declared wins over the package" = has "other" { security.pam.services.other.text = "auth required pam_permit.so"; } "auth required pam_permit.so";
  "root becomes anybody without a password" = {
    expr = builtins.head (lib.splitString "\n" (pam "su" { }));
    expected = "auth sufficient pam_rootok.so";
  };
  "others give theirs" = has "su" { } "auth sufficient pam_unix.so likeauth try_first_pass";
  "who is not let in is refused" = has "login" { } "auth required pam_deny.so";
  "a session has the variables" = has "login" { } "session required pam_env.so conffile=/etc/pam/environment readenv=0";
  "logind is asked only where it is installed" = has "login" { } "-session optional pam_systemd.so";
  "new passwords are hashed with yescrypt" = has "passwd" { } "password sufficient pam_unix.so nullok yescrypt";
  "limits of all logins" = {
    expr = lib.hasInfix "session required pam_limits.so conf=" (pam "login" { security.pam.loginLimits = [ { domain = "*"; item = "nofile"; value = 4096; } ]; });
    expected = true;
  };
  "no limits, no module" = { expr = lib.hasInfix "pam_limits" (pam "login" { }); expected = false; };
  "without passwords nobody is asked for one" = {
    expr = lib.hasInfix "auth sufficient pam_unix" (pam "x" { security.pam.services.x.unixAuth = false; });
    expected = false;
  };
  "SSH without passwords does not ask PAM for one" = {
    expr = lib.hasInfix "auth sufficient pam_unix" (pam "sshd" {
      services.openssh = { enable = true; settings = { PasswordAuthentication = false; KbdInteractiveAuthentication = false; }; };
    });
    expected = false;
  };
  "only wheel may" = has "su" { security.pam.services.su.requireWheel = true; } "auth required pam_wheel.so use_uid group=wheel";
  "home directories are made if asked for" = {
    expr = lib.hasInfix "session required pam_mkhomedir.so silent skel=/etc/skel umask=0022" (pam "login" {
      security.pam = { services.login.makeHomeDir = true; makeHomeDir = { skelDirectory = "/etc/skel"; umask = "0022"; }; };
    });
    expected = true;
  };
  "the message of the day is shown" = has "login" { users.motd = "hello"; } "session optional pam_motd.so motd=/etc/motd noupdate";
  "a text of the user's is the file" = { expr = pam "x" { security.pam.services.x.text = "auth required pam_permit.so\n"; }; expected = "auth required pam_permit.so\n"; };
  "a rule of the user's takes its place" = {
    expr = builtins.elemAt (lib.splitString "\n" (pam "su" {
      security.pam.services.su.rules.auth.extra = { order = 10050; control = "optional"; modulePath = "pam_echo.so"; settings = { file = "/etc/x y"; debug = true; }; };
    })) 1;
    expected = "auth optional pam_echo.so debug [file=/etc/x y]";
  };
  "a place can be given relative to a built-in rule" = {
    expr = (configOf ({ config, ... }: {
      security.pam.services.su.rules.auth.extra = { order = config.security.pam.services.su.rules.auth.unix.order - 10; control = "optional"; modulePath = "pam_echo.so"; };
    })).security.pam.services.su.rules.auth.extra.order;
    expected = 10090;
  };
  "a built-in rule can be changed" = has "su" { security.pam.services.su.rules.auth.rootok.control = "required"; } "auth required pam_rootok.so";
  "a built-in rule can be taken out" = {
    expr = lib.hasInfix "pam_rootok" (pam "su" { security.pam.services.su.rules.auth.rootok.enable = false; });
    expected = false;
  };
  "a new rule without a module says what is missing" = {
    expr = pam "su" { security.pam.services.su.rules.auth.extra.control = "required"; };
    error = "security.pam.services.su.rules.auth.extra.modulePath is not set";
  };

  "root and wheel may do everything" = {
    expr = map (hasLine (sudoers { })) [ "root\tALL=(ALL:ALL)\tSETENV: ALL" "%wheel\tALL=(ALL:ALL)\tSETENV: ALL" ];
    expected = [ true true ];
  };
  "wheel without a password" = { expr = hasLine (sudoers { wheelNeedsPassword = false; }) "%wheel\tALL=(ALL:ALL)\tSETENV: NOPASSWD: ALL"; expected = true; };
  "a rule for a user and a number" = {
    expr = map (hasLine (sudoers { extraRules = [ { users = [ "backup" 1000 ]; commands = [ { command = "/usr/bin/rsync"; options = [ "NOPASSWD" ]; } ]; } ]; }))
      [ "backup\tALL=(ALL:ALL)\tNOPASSWD: /usr/bin/rsync" "#1000\tALL=(ALL:ALL)\tNOPASSWD: /usr/bin/rsync" ];
    expected = [ true true ];
  };
  "sudoers is readable by root alone" = { expr = (configOf { }).environment.etc.sudoers.mode; expected = "0440"; };
  "sudo is setuid" = { expr = with (configOf { }).security.wrappers.sudo; [ setuid owner ]; expected = [ true "root" ]; };
  "without sudo there is nothing of it" = {
    expr = let c = configOf { security.sudo.enable = false; }; in [ (c.environment.etc ? sudoers) (c.security.wrappers ? sudo) ];
    expected = [ false false ];
  };
  "only wheel may execute sudo, so rules for others are refused" = {
    expr = builtins.length (failures { security.sudo = { execWheelOnly = true; extraRules = [ { users = [ "bob" ]; commands = [ "ALL" ]; } ]; }; });
    expected = 1;
  };

  "fail2ban has one section of defaults, which switches no jail on" = {
    expr =
      let text = etc "fail2ban/jail.local" { services.openssh.enable = true; services.fail2ban = { enable = true; bantime-increment.enable = true; jails.DEFAULT.settings = { findtime = 900; maxretry = 9; }; }; };
      in lib.filter (line: line != "") (lib.splitString "\n" text);
    expected = [
      "[DEFAULT]" "backend = systemd" "banaction = nftables-multiport" "banaction_allports = nftables-allports"
      "bantime.increment = true" "findtime = 900" "ignoreip = 127.0.0.1/8 ::1" "maxretry = 9" "[sshd]" "enabled = true" "port = 22"
    ];
  };
  "and has sshd log what it needs" = {
    expr = map (level: (configOf { services.openssh = { enable = true; settings = level; }; services.fail2ban.enable = true; }).services.openssh.settings.LogLevel)
      [ { } { LogLevel = "DEBUG"; } ];
    expected = [ "VERBOSE" "DEBUG" ];
  };

  "certificates are where programs look" = {
    expr = map (path: (configOf { }).environment.etc ? ${path}) [ "ssl/certs/ca-certificates.crt" "ssl/certs/ca-bundle.crt" ];
    expected = [ true true ];
  };
  "the bundle of a system that changes nothing is the package's" = {
    expr = (configOf { }).security.pki.caBundle == "${pkgs.cacert}/etc/ssl/certs/ca-bundle.crt";
    expected = true;
  };
  "one more authority makes another bundle" = {
    expr =
      let bundle = module: (configOf { security.pki = module; }).environment.etc."ssl/certs/ca-bundle.crt".source;
      in bundle { } == bundle { certificates = [ "-----BEGIN CERTIFICATE-----" ]; };
    expected = false;
  };
  "an ACME certificate is refused, with what to do" = {
    expr = map (lib.hasInfix "end encryption at a proxy in front") (failures { security.acme = { acceptTerms = true; certs."example.org".email = "a@b"; }; });
    expected = [ true ];
  };
  "user numbers begin where NixOS begins" = {
    expr = map (hasLine (etc "login.defs" { })) [ "UID_MIN 1000" "SYS_UID_MIN 400" "ENCRYPT_METHOD YESCRYPT" ];
    expected = [ true true true ];
  };
  "kernel options of hosts are accepted" = { expr = (configOf { security.rtkit.enable = true; security.apparmor.enable = true; }).security.rtkit.enable; expected = true; };
}
