# Builds the packet filter with iptables commands, for configurations that add raw ones (extraCommands).
#
# The tool is iptables in its nftables variant, which shares the kernel with nftables. Chains have NixOS's names.
# What only nftables can do (extraInputRules, filterForward, ...) is refused by assertions.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings concatStringsSep escapeShellArg mapAttrsToList mkIf optionalString;
  cfg = config.networking.firewall;

  # The archive chooses between variants with alternatives; here the choice is made once.
  tools = pkgs.runCommand "iptables-nft-names" { } ''
    mkdir -p $out/bin
    for tool in iptables ip6tables iptables-save ip6tables-save iptables-restore ip6tables-restore; do
      ln -s ${cfg.package}/sbin/xtables-nft-multi $out/bin/$tool
    done
  '';

  helpers = ''
    ip46tables() {
      iptables -w "$@"
      ${optionalString config.networking.enableIPv6 ''ip6tables -w "$@"''}
    }
  '';

  # Either tool's words for a limit are understood; see ruleset.nix for the other direction.
  limit =
    let
      words = builtins.match "([^ ]+)( burst ([0-9]+) packets)?" cfg.pingLimit;
      burst = builtins.elemAt words 2;
    in
    if lib.hasPrefix "-" cfg.pingLimit || words == null then cfg.pingLimit
    else "--limit ${builtins.head words}" + optionalString (burst != null) " --limit-burst ${burst}";

  portRules = concatStringsSep "" (lib.concatLists (mapAttrsToList (interface: open:
    let
      on = optionalString (interface != "default") "-i ${escapeShellArg interface} ";
      rule = protocol: ports: "ip46tables -A nixos-fw ${on}-p ${protocol} --dport ${ports} -j nixos-fw-accept\n";
      span = range: "${toString range.from}:${toString range.to}";
    in
    map (port: rule "tcp" (toString port)) open.allowedTCPPorts
    ++ map (range: rule "tcp" (span range)) open.allowedTCPPortRanges
    ++ map (port: rule "udp" (toString port)) open.allowedUDPPorts
    ++ map (range: rule "udp" (span range)) open.allowedUDPPortRanges
  ) cfg.allInterfaces));

  teardown = ''
    ip46tables -D INPUT -j nixos-fw 2>/dev/null || true
    ip46tables -t mangle -D PREROUTING -j nixos-fw-rpfilter 2>/dev/null || true
    for chain in nixos-fw nixos-fw-accept nixos-fw-refuse nixos-fw-log-refuse; do
      ip46tables -F "$chain" 2>/dev/null || true
    done
    for chain in nixos-fw nixos-fw-log-refuse nixos-fw-refuse nixos-fw-accept; do
      ip46tables -X "$chain" 2>/dev/null || true
    done
    ip46tables -t mangle -F nixos-fw-rpfilter 2>/dev/null || true
    ip46tables -t mangle -X nixos-fw-rpfilter 2>/dev/null || true
  '';

  reversePath = ''
    if ip46tables -t mangle -N nixos-fw-rpfilter 2>/dev/null \
      && ip46tables -t mangle -A nixos-fw-rpfilter -m rpfilter --validmark ${optionalString (cfg.checkReversePath == "loose") "--loose"} -j RETURN
    then
      iptables -w -t mangle -A nixos-fw-rpfilter -p udp --sport 67 --dport 68 -j RETURN
      iptables -w -t mangle -A nixos-fw-rpfilter -s 0.0.0.0 -d 255.255.255.255 -p udp --sport 68 --dport 67 -j RETURN
      ${optionalString cfg.logReversePathDrops ''
        ip46tables -t mangle -A nixos-fw-rpfilter -j NFLOG --nflog-group ${toString cfg.logGroup} --nflog-prefix "rpfilter drop: "
      ''}
      ip46tables -t mangle -A nixos-fw-rpfilter -j DROP
      ip46tables -t mangle -A PREROUTING -j nixos-fw-rpfilter
    else
      echo "no reverse path filter: this kernel may not support it" >&2
    fi
  '';

  setup = ''
    ${teardown}
    ip46tables -N nixos-fw-accept
    ip46tables -A nixos-fw-accept -j ACCEPT

    ip46tables -N nixos-fw-refuse
    ${if cfg.rejectPackets then ''
      ip46tables -A nixos-fw-refuse -p tcp ! --syn -j REJECT --reject-with tcp-reset
      ip46tables -A nixos-fw-refuse -j REJECT
    '' else ''
      ip46tables -A nixos-fw-refuse -j DROP
    ''}

    ip46tables -N nixos-fw-log-refuse
    ${optionalString cfg.logRefusedConnections ''
      ip46tables -A nixos-fw-log-refuse -p tcp --syn -j NFLOG --nflog-group ${toString cfg.logGroup} --nflog-prefix "refused connection: "
    ''}
    ${optionalString (cfg.logRefusedPackets && !cfg.logRefusedUnicastsOnly) ''
      ip46tables -A nixos-fw-log-refuse -m pkttype --pkt-type broadcast -j NFLOG --nflog-group ${toString cfg.logGroup} --nflog-prefix "refused broadcast: "
      ip46tables -A nixos-fw-log-refuse -m pkttype --pkt-type multicast -j NFLOG --nflog-group ${toString cfg.logGroup} --nflog-prefix "refused multicast: "
    ''}
    ${optionalString cfg.logRefusedPackets ''
      ip46tables -A nixos-fw-log-refuse -m pkttype --pkt-type unicast -j NFLOG --nflog-group ${toString cfg.logGroup} --nflog-prefix "refused packet: "
    ''}
    ip46tables -A nixos-fw-log-refuse -j nixos-fw-refuse

    ip46tables -N nixos-fw
    ${optionalString (cfg.checkReversePath != false) reversePath}
    ${concatMapStrings (name: "ip46tables -A nixos-fw -i ${escapeShellArg name} -j nixos-fw-accept\n") cfg.trustedInterfaces}
    ip46tables -A nixos-fw -m conntrack --ctstate ESTABLISHED,RELATED -j nixos-fw-accept
    ${portRules}
    ${optionalString cfg.allowPing ''
      iptables -w -A nixos-fw -p icmp --icmp-type echo-request ${
        optionalString (cfg.pingLimit != null) "-m limit ${limit} "
      }-j nixos-fw-accept
    ''}
    ${optionalString config.networking.enableIPv6 ''
      ip6tables -w -A nixos-fw -p icmpv6 --icmpv6-type redirect -j DROP
      ip6tables -w -A nixos-fw -p icmpv6 --icmpv6-type 139 -j DROP
      ip6tables -w -A nixos-fw -p icmpv6 -j nixos-fw-accept
      ip6tables -w -A nixos-fw -d fe80::/64 -p udp --dport 546 -j nixos-fw-accept
    ''}

    ${cfg.extraCommands}

    ip46tables -A nixos-fw -j nixos-fw-log-refuse
    # Last, so that no packet meets a half-built chain.
    ip46tables -A INPUT -j nixos-fw
  '';
  # Nothing comes in between the old rules and the new ones; what the guest says to itself may.
  hold = ''
    ip46tables -N nixos-drop
    ip46tables -A nixos-drop ! -i lo -j DROP
    ip46tables -A INPUT -j nixos-drop
  '';
  release = ''
    ip46tables -D INPUT -j nixos-drop 2>/dev/null || true
    ip46tables -F nixos-drop 2>/dev/null || true
    ip46tables -X nixos-drop 2>/dev/null || true
  '';

  # Whoever changes these rules runs it first, nftables.nix as well: a change reloads the unit and so does not run its preStop, and
  # only the configuration that has added raw rules knows how they go. With the word "reload" it leaves alone what holds packets back.
  removal = pkgs.writeShellScript "firewall-teardown" ''
    PATH=${tools}/bin:$PATH
    ${helpers}
    if [ "$1" != reload ]; then
    ${release}
    fi
    ${teardown}
    ${cfg.extraStopCommands}
  '';

  load = helpers + ''
    ${pkgs.nftables}/usr/sbin/nft delete table inet nixos-fw 2>/dev/null || true
    ln -sfn ${removal} /run/firewall-teardown
  '' + setup;

  # A script of its own, for `set -e` means nothing in what is part of a condition.
  loadScript = pkgs.writeShellScript "firewall-load" "set -e\n${load}";

  reload = ''
    ${helpers}
    ${release}
    ${hold}
    # It may fail: its raw commands take away what may be gone already.
    if [ -e /run/firewall-teardown ]; then
      /run/firewall-teardown reload || true
    fi
    if ! ${loadScript}; then
      # As on NixOS: half of the rules are no firewall.
      echo "the new rules could not be loaded: the firewall is off" >&2
      ${removal} || true
      rm -f /run/firewall-teardown
      exit 1
    fi
    ${release}
  '';
in
{
  config = mkIf (cfg.enable && cfg.backend == "iptables") {
    assertions = [
      {
        assertion = cfg.extraInputRules == "" && cfg.extraForwardRules == "" && cfg.extraReversePathFilterRules == "";
        message = "networking.firewall.extraInputRules and its kin are nftables rules; they cannot be combined with extraCommands.";
      }
    ];

    # Under the names that people type.
    environment.systemPackages = [ tools ];

    systemd.services.firewall = import ./unit.nix { inherit pkgs; } // {
      path = [ tools cfg.package ] ++ cfg.extraPackages;
      script = helpers + release + load;
      inherit reload;
      preStop = "${removal}\nrm -f /run/firewall-teardown\n";
    };
  };
}
