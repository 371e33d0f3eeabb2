# The SSH server and client.
{ lib }:
let
  inherit (import ./support/eval.nix { inherit lib; }) configOf etc failures hasLine service;
  on = module: { services.openssh = { enable = true; } // module; };
  sshd = module: etc "ssh/sshd_config" (on module);
  says = module: line: { expr = hasLine (sshd module) line; expected = true; };
  system = module: (configOf (on module)).systemd;
  key = "ssh-ed25519 AAAA alice@example.org";
in
{
  "root may not use a password" = says { } "PermitRootLogin prohibit-password";
  "a setting of the user's wins" = says { settings.PermitRootLogin = "no"; } "PermitRootLogin no";
  "a boolean is yes or no" = says { settings.PasswordAuthentication = false; } "PasswordAuthentication no";
  "algorithms are separated by commas" = says { settings.Macs = [ "a" "b" ]; } "Macs a,b";
  "users are separated by blanks" = says { settings.AllowUsers = [ "a" "b" ]; } "AllowUsers a b";
  "null leaves a keyword out" = { expr = lib.hasInfix "Ciphers" (sshd { settings.Ciphers = null; }); expected = false; };
  "any keyword may be set" = says { settings.ClientAliveInterval = 30; } "ClientAliveInterval 30";
  "a wrong value is refused, with what is possible" = {
    expr = sshd { settings.PermitRootLogin = "maybe"; };
    error = [ "services.openssh.settings.PermitRootLogin" "prohibit-password" ];
  };
  "several ports" = { expr = map (hasLine (sshd { ports = [ 22 2222 ]; })) [ "Port 22" "Port 2222" ]; expected = [ true true ]; };
  "an IPv6 address with a port is in brackets" = says { listenAddresses = [ { addr = "::1"; port = 2222; } ]; } "ListenAddress [::1]:2222";
  "an address without a port" = says { listenAddresses = [ { addr = "10.0.0.1"; } ]; } "ListenAddress 10.0.0.1";
  "text of the user's stands at the end" = {
    expr = lib.hasSuffix "Match User x\n  X11Forwarding no" (sshd { extraConfig = "Match User x\n  X11Forwarding no"; });
    expected = true;
  };
  "without IPv6 it does not listen there" = {
    expr = hasLine (etc "ssh/sshd_config" { networking.enableIPv6 = false; services.openssh.enable = true; }) "AddressFamily inet";
    expected = true;
  };
  "SFTP can be switched off" = { expr = lib.hasInfix "Subsystem" (sshd { allowSFTP = false; }); expected = false; };
  "SFTP may be the server's own" = says { sftpServerExecutable = "internal-sftp"; } "Subsystem sftp internal-sftp";

  "old names still work" = {
    expr =
      let c = configOf (on { permitRootLogin = "no"; });
      in [ c.services.openssh.settings.PermitRootLogin (map (lib.hasInfix "services.openssh.permitRootLogin") c.warnings) ];
    expected = [ "no" [ true ] ];
  };
  "the oldest name of all, too" = { expr = (configOf { services.sshd.enable = true; }).services.openssh.enable; expected = true; };

  "keys of users are files of root's" = {
    expr = with (configOf (on { } // { users.users.alice = { isNormalUser = true; openssh.authorizedKeys.keys = [ key ]; }; })).environment.etc."ssh/authorized_keys.d/alice"; [ text mode ];
    expected = [ "${key}\n" "0444" ];
  };
  "and are looked for after those in the home directory" =
    says { } "AuthorizedKeysFile %h/.ssh/authorized_keys /etc/ssh/authorized_keys.d/%u";
  "or alone" = says { authorizedKeysInHomedir = false; } "AuthorizedKeysFile /etc/ssh/authorized_keys.d/%u";
  "users without keys have no file" = {
    expr = (configOf (on { } // { users.users.bob.isNormalUser = true; })).environment.etc ? "ssh/authorized_keys.d/bob";
    expected = false;
  };
  "without the server the option is there, and writes nothing" = {
    expr = (configOf { users.users.root.openssh.authorizedKeys.keys = [ key ]; }).environment.etc ? "ssh/authorized_keys.d/root";
    expected = false;
  };

  "a container's server starts when it is needed" = {
    expr = let s = system { }; in [ s.sockets.sshd.socketConfig.Accept (s.services ? "sshd@") (s.services ? sshd) ];
    expected = [ true true false ];
  };
  "its socket listens on the ports" = { expr = (system { ports = [ 22 2222 ]; }).sockets.sshd.socketConfig.ListenStream; expected = [ 22 2222 ]; };
  "or on the addresses" = {
    expr = (system { listenAddresses = [ { addr = "::1"; port = null; } { addr = "10.0.0.1"; port = 2222; } ]; }).sockets.sshd.socketConfig.ListenStream;
    expected = [ "[::1]:22" "10.0.0.1:2222" ];
  };
  "or it runs all the time" = {
    expr = let s = system { startWhenNeeded = false; }; in [ (s.sockets ? sshd) s.services.sshd.wantedBy ];
    expected = [ false [ "multi-user.target" ] ];
  };
  "the quick key is made first, alone" = {
    expr = let script = (system { }).services.sshd-keygen.script; in [ (lib.hasInfix "ed25519" script) (lib.hasInfix "rsa" script) ];
    expected = [ true false ];
  };
  "the slow key does not hold the start up" = { expr = (system { }).services.sshd-keygen-slow.serviceConfig.Type; expected = "simple"; };
  "keys can be made without the server" = {
    expr = let c = configOf { services.openssh.generateHostKeys = true; }; in [ (c.systemd.services ? sshd-keygen) (c.environment.etc ? "ssh/sshd_config") ];
    expected = [ true false ];
  };
  "if there are only slow keys, they are waited for" = {
    expr =
      let s = system { hostKeys = [ { type = "rsa"; bits = 4096; path = "/etc/ssh/k"; } ]; };
      in [ s.services.sshd-keygen.serviceConfig.Type (s.services ? sshd-keygen-slow) ];
    expected = [ "oneshot" false ];
  };
  "the firewall opens the ports" = { expr = (configOf (on { ports = [ 2222 ]; })).networking.firewall.allowedTCPPorts; expected = [ 2222 ]; };
  "unless told not to" = { expr = (configOf (on { openFirewall = false; })).networking.firewall.allowedTCPPorts; expected = [ ]; };
  "a port given twice is refused" = { expr = failures (on { ports = [ 22 22 ]; }); expected = [ "services.openssh.ports lists a port twice" ]; };

  "known hosts" = {
    expr = etc "ssh/ssh_known_hosts" { programs.ssh.knownHosts.git = { extraHostNames = [ "10.0.0.9" ]; publicKey = "ssh-ed25519 AAAA"; }; };
    expected = "git,10.0.0.9 ssh-ed25519 AAAA\n";
  };
  "a known host without a key is refused" = {
    expr = failures { programs.ssh.knownHosts.git = { }; };
    expected = [ "knownHosts: exactly one of publicKey and publicKeyFile must be set for git." ];
  };
  "the client's configuration begins with the user's text" = {
    expr = lib.hasPrefix "Host x\n  User y\n" (etc "ssh/ssh_config" { programs.ssh.extraConfig = "Host x\n  User y"; });
    expected = true;
  };
}
