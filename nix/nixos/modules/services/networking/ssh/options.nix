# The options of the SSH server: services.openssh, except settings (settings.nix) and users' keys (keys.nix).
{ config, lib, pkgs, ... }:

let
  inherit (lib) literalExpression mkOption mkRenamedOptionModule types;

  ssh = name: [ "services" "openssh" name ];
  setting = name: [ "services" "openssh" "settings" name ];
  # Options that moved into settings, with the keyword that sshd_config(5) has for them.
  renamed = {
    kbdInteractiveAuthentication = "KbdInteractiveAuthentication";
    challengeResponseAuthentication = "KbdInteractiveAuthentication";
    passwordAuthentication = "PasswordAuthentication";
    useDns = "UseDns";
    permitRootLogin = "PermitRootLogin";
    logLevel = "LogLevel";
    macs = "Macs";
    ciphers = "Ciphers";
    kexAlgorithms = "KexAlgorithms";
    gatewayPorts = "GatewayPorts";
    forwardX11 = "X11Forwarding";
  };

  switch = default: description: mkOption {
    type = types.bool;
    inherit default description;
  };

  listenAddress = {
    options = {
      addr = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "Host name, IPv4 or IPv6 address to listen on.";
      };
      port = mkOption {
        type = types.nullOr types.int;
        default = null;
        description = "Port to listen on; without one, every port of {option}`services.openssh.ports`.";
      };
    };
  };
in
{
  imports =
    lib.mapAttrsToList (old: new: mkRenamedOptionModule (ssh old) (setting new)) renamed
    ++ [
      (lib.mkAliasOptionModule [ "services" "sshd" "enable" ] [ "services" "openssh" "enable" ])
      (lib.mkAliasOptionModule [ "services" "openssh" "knownHosts" ] [ "programs" "ssh" "knownHosts" ])
    ];

  options.services.openssh = {
    enable = switch false "Whether to run the SSH server, for remote logins.";

    package = mkOption {
      type = types.package;
      default = pkgs.openssh-server;
      defaultText = literalExpression "pkgs.openssh-server";
      description = "The package of the SSH server.";
    };

    startWhenNeeded = switch config.boot.isContainer ''
      Whether systemd listens on the ports and starts one server for each connection, instead of
      a server that runs all the time. Containers do that unless told otherwise.
    '' // { defaultText = literalExpression "config.boot.isContainer"; };

    ports = mkOption {
      type = types.listOf types.port;
      default = [ 22 ];
      description = "The ports on which the server listens.";
    };

    openFirewall = switch true "Whether to allow the ports in the firewall.";

    listenAddresses = mkOption {
      type = types.listOf (types.submodule listenAddress);
      default = [ ];
      example = [ { addr = "192.0.2.1"; port = 22; } { addr = "0.0.0.0"; port = 64022; } ];
      description = ''
        Addresses to listen on, instead of all. The firewall opens {option}`services.openssh.ports` only.
      '';
    };

    generateHostKeys = switch config.services.openssh.enable
      "Whether missing host keys are made when the machine starts. Other programs may want them without the server." // {
        defaultText = literalExpression "config.services.openssh.enable";
      };

    hostKeys = mkOption {
      type = types.listOf types.attrs;
      default = [
        { type = "rsa"; bits = 4096; path = "/etc/ssh/ssh_host_rsa_key"; }
        { type = "ed25519"; path = "/etc/ssh/ssh_host_ed25519_key"; }
      ];
      example = [ { type = "ed25519"; path = "/etc/ssh/ssh_host_ed25519_key"; rounds = 100; comment = "key comment"; } ];
      description = ''
        The host keys: `type`, `path`, and for keys that have to be made `bits`, `rounds`, `comment` and
        `openSSHFormat`, as in {manpage}`ssh-keygen(1)`.
      '';
    };

    banner = mkOption {
      type = types.nullOr types.lines;
      default = null;
      description = "Message to show to the remote user before authentication.";
    };

    allowSFTP = switch true "Whether to offer SFTP.";
    sftpServerExecutable = mkOption {
      type = types.str;
      example = "internal-sftp";
      description = "The program, or `internal-sftp`, that serves SFTP.";
    };
    sftpFlags = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "-f AUTHPRIV" "-l INFO" ];
      description = "Flags of the SFTP server.";
    };

    authorizedKeysFiles = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = ''
        Files with keys that may log in, besides {file}`/etc/ssh/authorized_keys.d/%u`, where the keys of
        {option}`users.users.<name>.openssh.authorizedKeys` are.
      '';
    };
    authorizedKeysInHomedir = switch true "Whether users may allow keys in {file}`~/.ssh/authorized_keys`.";
    authorizedKeysCommand = mkOption {
      type = types.str;
      default = "none";
      description = "Program, with an absolute path, that prints the keys of a user. It must belong to root.";
    };
    authorizedKeysCommandUser = mkOption {
      type = types.str;
      default = "nobody";
      description = "User who runs authorizedKeysCommand.";
    };

    moduliFile = mkOption {
      type = types.path;
      example = "/etc/my-local-ssh-moduli";
      description = "The file of Diffie-Hellman groups, for {file}`/etc/ssh/moduli`.";
    };

    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Text for the end of {file}`sshd_config`, such as `Match` blocks.";
    };
  };
}
