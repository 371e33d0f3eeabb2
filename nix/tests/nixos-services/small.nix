# doas, direnv, fzf, msmtp, CGI programs and the classic system log.
{ lib }:
let
  inherit (import ./support/eval.nix { inherit lib; }) configOf etc failures has hasLine service;
  doas = settings: etc "doas.conf" { security.doas = { enable = true; } // settings; };
  set = "setenv { SSH_AUTH_SOCK TERMINFO TERMINFO_DIRS }";
  cgi = settings: { services.fcgiwrap.instances.web = settings; };
  owned = { socket = { user = "nginx"; group = "nginx"; }; };
  msmtp = settings: { programs.msmtp = { enable = true; } // settings; };
in
{
  "nothing of all this is there unless asked for" = {
    expr = map (path: (configOf { }).environment.etc ? ${path}) [ "doas.conf" "msmtprc" "direnv/direnvrc" ]
      ++ [ ((configOf { }).systemd.services ? syslog) ((configOf { }).security.wrappers ? sendmail) ];
    expected = [ false false false false false ];
  };

  "doas: wheel gives its password, root does not" = {
    expr = map (hasLine (doas { })) [ "permit ${set} :wheel" "permit nopass keepenv root" ];
    expected = [ true true ];
  };
  "doas: wheel does not, if so wanted" = { expr = hasLine (doas { wheelNeedsPassword = false; }) "permit nopass ${set} :wheel"; expected = true; };
  "doas: a rule in all its parts" = {
    expr = hasLine (doas { extraRules = [ { users = [ "bob" 7 ]; noPass = true; persist = true; keepEnv = true; runAs = "alice"; cmd = "/bin/x"; args = [ "a" "b" ]; } ]; })
      "permit nopass persist keepenv ${set} 7 as alice cmd /bin/x args a b";
    expected = true;
  };
  "doas: no arguments are not any arguments" = {
    expr = map (args: hasLine (doas { extraRules = [ { users = [ "bob" ]; cmd = "x"; inherit args; } ]; }) "permit ${set} bob cmd x args") [ [ ] null ];
    expected = [ true false ];
  };
  "doas: rules of the user's come after wheel's, and so win" = {
    expr =
      let found = lib.splitString "\n" (doas { extraRules = [ { groups = [ "g" ]; } ]; });
          place = end: lib.lists.findFirstIndex (lib.hasSuffix end) null found;
      in place ":wheel" < place ":g";
    expected = true;
  };
  "doas is setuid, and asks PAM" = {
    expr = with configOf { security.doas.enable = true; }; [ security.wrappers.doas.setuid (environment.etc ? "pam.d/doas") environment.etc."doas.conf".mode ];
    expected = [ true true "0440" ];
  };

  "msmtp: accounts and switches" = {
    expr = map (hasLine (etc "msmtprc" (msmtp { defaults.tls = true; accounts.default = { host = "smtp.example"; auth = false; }; }))) [ "tls on" "account default" "host smtp.example" "auth off" ];
    expected = [ true true true true ];
  };
  "msmtp is sendmail, unless told otherwise" = {
    expr = map (setSendmail: (configOf (msmtp { inherit setSendmail; })).security.wrappers ? sendmail) [ true false ];
    expected = [ true false ];
  };

  "direnv: shells load it, and not those that are not to" = {
    expr = map (on: has (etc "bashrc" { programs.direnv = { enable = true; enableBashIntegration = on; }; }) "hook bash") [ true false ];
    expected = [ true false ];
  };
  "direnv finds the user's file" = { expr = has (etc "direnv/direnvrc" { programs.direnv = { enable = true; direnvrcExtra = "mine"; }; }) "mine\n"; expected = true; };
  "fzf: keys and completion are apart" = {
    expr = map (part: has (etc "bashrc" { programs.fzf.keybindings = true; }) part) [ "key-bindings.bash" "completions/fzf" ];
    expected = [ true false ];
  };

  "CGI: a socket starts the service" = {
    expr = let s = (configOf (cgi owned)).systemd; in [ s.sockets.fcgiwrap-web.socketConfig s.services.fcgiwrap-web.wantedBy ];
    expected = [ { ListenStream = "/run/fcgiwrap-web.sock"; SocketUser = "nginx"; SocketGroup = "nginx"; SocketMode = "0600"; } [ ] ];
  };
  "CGI: an address is listened on by the service itself" = {
    expr = let u = service "fcgiwrap-web" (cgi { socket = { type = "tcp"; address = "127.0.0.1:1"; }; }); in [ (lib.hasSuffix "-c 1 -s tcp:127.0.0.1:1" u.serviceConfig.ExecStart) u.wantedBy ];
    expected = [ true [ "multi-user.target" ] ];
  };
  "CGI: a socket for nobody is refused" = { expr = builtins.length (failures (cgi { })); expected = 2; };
  "CGI: an address has no owner" = { expr = builtins.length (failures (cgi { socket = { type = "tcp"; user = "x"; }; })); expected = 1; };
  "CGI: who runs the programs" = {
    expr = map (process: removeAttrs (service "fcgiwrap-web" (cgi (owned // { inherit process; }))).serviceConfig [ "ExecStart" ]) [ { } { user = "git"; group = "git"; } ];
    expected = [ { DynamicUser = true; } { User = "git"; Group = "git"; } ];
  };

  "the journal hands messages on to the classic log" = {
    expr = has (etc "systemd/journald.conf" { services.rsyslogd.enable = true; }) "ForwardToSyslog=yes";
    expected = true;
  };
}
