# The options of the packet filter: networking.firewall.
#
# Only declarations and their assertions. ruleset.nix turns them into nftables text, nftables.nix loads it,
# iptables.nix is the second implementation, used when somebody adds raw iptables commands.
{ config, lib, pkgs, ... }:

let
  inherit (lib) literalExpression mkEnableOption mkOption types;
  cfg = config.networking.firewall;

  ports = protocol: direction: mkOption {
    type = types.listOf types.port;
    default = [ ];
    apply = list: lib.unique (builtins.sort builtins.lessThan list);
    example = if protocol == "TCP" then [ 22 80 ] else [ 53 ];
    description = "${protocol} ports on which ${direction} traffic is accepted.";
  };
  ranges = protocol: direction: mkOption {
    type = types.listOf (types.attrsOf types.port);
    default = [ ];
    example = [ { from = 60000; to = 61000; } ];
    description = "Ranges (`from`, `to`) of ${protocol} ports on which ${direction} traffic is accepted.";
  };
  portOptions = direction: {
    allowedTCPPorts = ports "TCP" direction;
    allowedTCPPortRanges = ranges "TCP" direction;
    allowedUDPPorts = ports "UDP" direction;
    allowedUDPPortRanges = ranges "UDP" direction;
  };
  perInterface = direction: types.attrsOf (types.submodule { options = portOptions direction; });
  portNames = builtins.attrNames (portOptions "");
  portsOf = lib.getAttrs portNames;

  switch = default: description: mkOption {
    type = types.bool;
    inherit default description;
  };
  text = example: description: mkOption {
    type = types.lines;
    default = "";
    inherit example description;
  };
  trusted = description: mkOption {
    type = types.listOf types.str;
    default = [ ];
    example = [ "eth1" ];
    inherit description;
  };
in
{
  options.networking.firewall = portOptions "incoming" // {
    enable = switch true ''
      Whether to filter incoming packets: connections to ports that are not allowed below are dropped.
      The filter acts in the container's private network. A container on its host's network
      leaves filtering to the host.
    '';

    backend = mkOption {
      type = types.enum [ "iptables" "nftables" "firewalld" ];
      default =
        if !config.networking.nftables.enable && (cfg.extraCommands != "" || cfg.extraStopCommands != "") then "iptables"
        else "nftables";
      defaultText = literalExpression ''
        if !config.networking.nftables.enable && extraCommands or extraStopCommands are set then "iptables" else "nftables"
      '';
      description = ''
        Which tool loads the rules. Rules are nftables rules unless raw iptables commands
        ({option}`networking.firewall.extraCommands`) have to be mixed with them. `firewalld` is not available.
      '';
    };

    package = mkOption {
      type = types.package;
      default = if cfg.backend == "iptables" then pkgs.iptables else pkgs.nftables;
      defaultText = literalExpression ''if backend == "iptables" then pkgs.iptables else pkgs.nftables'';
      description = "The package of the tool that loads the rules.";
    };

    interfaces = mkOption {
      type = perInterface "incoming";
      default = { };
      example.eth1.allowedTCPPorts = [ 9100 ];
      description = "Ports that are open on one interface only.";
    };

    allInterfaces = mkOption {
      type = types.unspecified;
      internal = true;
      readOnly = true;
      default = { default = portsOf cfg; } // builtins.mapAttrs (_: portsOf) cfg.interfaces;
      description = "Open ports by interface; `default` stands for every interface.";
    };

    trustedInterfaces = trusted "Interfaces from which every packet is accepted. The loopback interface is always one.";

    allowPing = switch true "Whether to answer ICMPv4 echo requests. ICMPv6 echo requests are always answered.";
    pingLimit = mkOption {
      type = types.nullOr (types.separatedString " ");
      default = null;
      example = "1/minute burst 5 packets";
      description = ''
        Limit for answered ICMPv4 echo requests, in the words of nftables or of iptables
        (`--limit 1/minute --limit-burst 5`).
      '';
    };

    rejectPackets = switch false "Whether refused packets are answered with an error instead of silently dropped.";
    logRefusedConnections = switch false ''
      Whether to log refused connections in the container's journal (`journalctl -u firewall-log`). The kernel's log, where
      machines have them, is the host's, and the kernel keeps containers' packets out of it: so a small daemon
      of the container's own, ulogd, writes them down. What is refused is counted in any case
      (`nixos-container network show NAME`).
    '';
    logRefusedPackets = switch false "Whether to log every refused packet, in the same place as refused connections.";
    logRefusedUnicastsOnly = switch true "Whether logRefusedPackets leaves out broadcasts and multicasts.";

    checkReversePath = mkOption {
      type = types.either types.bool (types.enum [ "strict" "loose" ]);
      default = true;
      example = "loose";
      description = ''
        Whether to drop packets whose answer would not leave through the interface where they came in
        (`true` or `"strict"`), or through any interface at all (`"loose"`).
      '';
    };
    logReversePathDrops = switch false "Whether to log packets that checkReversePath drops, in the same place as refused connections.";
    logGroup = mkOption {
      type = types.ints.u16;
      default = 32;
      description = ''
        The group of the kernel's packet log (nflog) from which the container's journal is written. Rules of your own log into it
        with `log group 32 prefix "mine: "` while one of `logRefusedConnections`, `logRefusedPackets` and
        `logReversePathDrops` is on. Not an option of NixOS.
      '';
    };

    filterForward = switch false "Whether to filter packets that this machine forwards (nftables only).";
    filterOutput = portOptions "outgoing" // {
      enabled = mkEnableOption "filtering of outgoing packets (nftables only)";
      interfaces = mkOption {
        type = perInterface "outgoing";
        default = { };
        description = "Ports that are open on one interface only.";
      };
      trustedInterfaces = trusted "Interfaces to which every packet may go. The loopback interface is always one.";
      extraRules = text "oifname wg0 accept" "nftables rules for the chain that decides about new outgoing connections.";
      allInterfaces = mkOption {
        type = types.unspecified;
        internal = true;
        readOnly = true;
        default = { default = portsOf cfg.filterOutput; } // builtins.mapAttrs (_: portsOf) cfg.filterOutput.interfaces;
        description = "Allowed outgoing ports by interface.";
      };
    };

    extraInputRules = text "ip6 saddr { fc00::/7, fe80::/10 } tcp dport 24800 accept" ''
      nftables rules for the chain that decides about new incoming connections.
    '';
    extraForwardRules = text "iifname wg0 accept" ''
      nftables rules for the chain that decides about new forwarded connections.
    '';
    extraReversePathFilterRules = text "fib daddr . mark . iif type local accept" ''
      nftables rules that accept packets which the reverse path filter would drop.
    '';

    extraCommands = text "iptables -A INPUT -p icmp -j ACCEPT" ''
      Shell commands that run after the rules are set up, with `iptables`, `ip6tables` and
      `ip46tables` (both). The chains are called `nixos-fw`, `nixos-fw-accept`, `nixos-fw-refuse`.
      With this option the whole filter is built by iptables (in its nftables variant).
    '';
    extraStopCommands = text "iptables -F MYCHAIN || true" "Shell commands that run when the filter is removed.";
    extraPackages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      example = literalExpression "[ pkgs.ipset ]";
      description = "Packages for the commands in extraCommands; they are also in the system's path.";
    };

    connectionTrackingModules = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "ftp" "sip" ];
      description = "Connection tracking helpers. Kernel modules are the host's: nothing is loaded in a container.";
    };
    autoLoadConntrackHelpers = switch false "Accepted for compatibility: kernels since 6.0 have no such switch.";
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.backend != "firewalld";
        message = ''networking.firewall.backend = "firewalld" is not available here; use "nftables" or "iptables".'';
      }
      {
        assertion = cfg.filterForward -> cfg.backend == "nftables";
        message = "filterForward only works with the nftables based firewall";
      }
      {
        assertion = cfg.filterOutput.enabled -> cfg.backend == "nftables";
        message = "filterOutput.enabled only works with the nftables based firewall";
      }
    ];

    networking.firewall.trustedInterfaces = [ "lo" ];
    networking.firewall.filterOutput.trustedInterfaces = [ "lo" ];
    environment.systemPackages = [ cfg.package ] ++ cfg.extraPackages;
  };
}
