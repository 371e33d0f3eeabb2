# The SSH client: programs.ssh, /etc/ssh/ssh_config and the hosts that are known.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatStringsSep mkIf mkOption optionalString types;
  cfg = config.programs.ssh;

  knownHost = { name, config, options, ... }: {
    options = {
      certAuthority = mkOption {
        type = types.bool;
        default = false;
        description = "Whether the key is the one of an authority that signs host keys.";
      };
      hostNames = mkOption {
        type = types.listOf types.str;
        default = [ name ] ++ config.extraHostNames;
        defaultText = lib.literalExpression "[ name ] ++ extraHostNames";
        description = "Names and addresses of the host.";
      };
      extraHostNames = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Names and addresses besides the entry's own.";
      };
      publicKey = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "ecdsa-sha2-nistp521 AAAAE2VjZHN...UEPg==";
        description = "The public key: type and key, without a comment.";
      };
      publicKeyFile = mkOption {
        type = types.nullOr types.path;
        default = null;
        description = "File of the public key, read when the system is built.";
      };
    };
  };
  hosts = builtins.attrValues cfg.knownHosts;
  hostLine = host:
    optionalString host.certAuthority "@cert-authority "
    + concatStringsSep "," host.hostNames + " "
    + lib.removeSuffix "\n" (if host.publicKey != null then host.publicKey else builtins.readFile host.publicKeyFile) + "\n";

  algorithms = what: mkOption {
    type = types.nullOr (types.listOf types.str);
    default = null;
    description = "Allowed ${what}. The client's own list with `null`.";
  };
  algorithmLine = keyword: value: optionalString (value != null) "${keyword} ${concatStringsSep "," value}\n";
in
{
  options.programs.ssh = {
    package = mkOption {
      type = types.package;
      default = pkgs.openssh-client;
      defaultText = lib.literalExpression "pkgs.openssh-client";
      description = "The package of the SSH client.";
    };
    enableAskPassword = mkOption {
      type = types.bool;
      default = false;
      description = "Accepted for compatibility: there is no graphical program to ask for passwords.";
    };
    askPassword = mkOption {
      type = types.str;
      default = "";
      description = "Program that asks for passwords.";
    };
    forwardX11 = mkOption {
      type = types.nullOr types.bool;
      default = false;
      description = "Whether X11 connections are forwarded.";
    };
    setXAuthLocation = mkOption {
      type = types.bool;
      default = false;
      description = "Accepted for compatibility, without effect.";
    };
    pubkeyAcceptedKeyTypes = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Key types to offer.";
    };
    hostKeyAlgorithms = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Host key types to accept, in order of preference.";
    };
    ciphers = algorithms "ciphers";
    macs = algorithms "message authentication codes";
    kexAlgorithms = algorithms "key exchange algorithms";
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Text for the beginning of {file}`/etc/ssh/ssh_config`: the first value of a keyword counts.";
    };
    startAgent = mkOption {
      type = types.bool;
      default = false;
      description = "Whether each user's systemd starts an SSH agent.";
    };
    agentTimeout = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "1h";
      description = "How long the agent keeps keys.";
    };
    knownHosts = mkOption {
      type = types.attrsOf (types.submodule knownHost);
      default = { };
      example = { myhost.publicKey = "ssh-ed25519 AAAAC3Nz..."; };
      description = "Public keys of hosts, for {file}`/etc/ssh/ssh_known_hosts`.";
    };
    knownHostsFiles = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "Files with further keys of hosts.";
    };
  };

  config = {
    assertions = map (host: {
      assertion = (host.publicKey == null) != (host.publicKeyFile == null);
      message = "knownHosts: exactly one of publicKey and publicKeyFile must be set for ${toString host.hostNames}.";
    }) hosts;

    environment.etc = {
      "ssh/ssh_config".text =
        optionalString (cfg.extraConfig != "") (cfg.extraConfig + "\n")
        + "Host *\n"
        + "GlobalKnownHostsFile ${toString ([ "/etc/ssh/ssh_known_hosts" ] ++ cfg.knownHostsFiles)}\n"
        + optionalString (!config.networking.enableIPv6) "AddressFamily inet\n"
        + optionalString (cfg.forwardX11 != null) "ForwardX11 ${if cfg.forwardX11 then "yes" else "no"}\n"
        + optionalString (cfg.pubkeyAcceptedKeyTypes != [ ]) "PubkeyAcceptedAlgorithms ${concatStringsSep "," cfg.pubkeyAcceptedKeyTypes}\n"
        + optionalString (cfg.hostKeyAlgorithms != [ ]) "HostKeyAlgorithms ${concatStringsSep "," cfg.hostKeyAlgorithms}\n"
        + algorithmLine "KexAlgorithms" cfg.kexAlgorithms
        + algorithmLine "Ciphers" cfg.ciphers
        + algorithmLine "MACs" cfg.macs;
      "ssh/ssh_known_hosts".text = lib.concatMapStrings hostLine hosts;
    };

    systemd.user.services.ssh-agent = mkIf cfg.startAgent {
      description = "SSH Agent";
      wantedBy = [ "default.target" ];
      unitConfig.ConditionUser = "!@system";
      serviceConfig = {
        ExecStartPre = "${pkgs.staticBusybox}/bin/rm -f %t/ssh-agent";
        ExecStart = "${cfg.package}/usr/bin/ssh-agent ${
          optionalString (cfg.agentTimeout != null) "-t ${cfg.agentTimeout} "
        }-a %t/ssh-agent";
        StandardOutput = "null";
        Type = "forking";
        Restart = "on-failure";
        SuccessExitStatus = "0 2";
      };
    };
    environment.extraInit = mkIf cfg.startAgent ''
      if [ -z "$SSH_AUTH_SOCK" ] && [ -n "$XDG_RUNTIME_DIR" ]; then
        export SSH_AUTH_SOCK="$XDG_RUNTIME_DIR/ssh-agent"
      fi
    '';
  };
}
