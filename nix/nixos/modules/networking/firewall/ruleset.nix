# networking.firewall as nftables text: the content of one table of family inet.
#
# A pure function of the option values, not a module. Chains have NixOS's names, so that the rules people
# add (extraInputRules, ...) find the same surroundings.
#
# `plus`: names of interfaces may end with iptables' wildcard.
{ lib, firewall, reversePath ? firewall.checkReversePath != false, plus ? true }:

let
  inherit (lib) concatStringsSep hasPrefix mapAttrsToList optional optionals optionalString;

  interfaces = import ./interface-names.nix { inherit lib plus; };
  elements = ports: ranges:
    concatStringsSep ", " (map toString ports ++ map (range: "${toString range.from}-${toString range.to}") ranges);

  # One rule per interface and protocol; the pseudo interface "default" stands for all of them.
  portRules = direction: byInterface:
    lib.concatLists (mapAttrsToList (interface: open:
      let
        on = optionalString (interface != "default") (interfaces.match direction interface);
        rule = protocol: set: optional (set != "") "${on}${protocol} dport { ${set} } accept";
      in
      rule "tcp" (elements open.allowedTCPPorts open.allowedTCPPortRanges)
      ++ rule "udp" (elements open.allowedUDPPorts open.allowedUDPPortRanges)
    ) byInterface);

  trusted = direction: names:
    map (condition: ''${condition}accept comment "trusted interfaces"'') (interfaces.matches direction names);

  # "--limit 1/minute --limit-burst 5" (iptables) and "1/minute burst 5 packets" (nftables) mean the same.
  limitWords = limit:
    let
      rate = builtins.match ".*--limit +([^ ]+).*" limit;
      burst = builtins.match ".*--limit-burst +([0-9]+).*" limit;
    in
    if !hasPrefix "-" limit then limit
    else if rate == null then throw "networking.firewall.pingLimit: no rate found in \"${limit}\""
    else builtins.head rate + optionalString (burst != null) " burst ${builtins.head burst} packets";
  pingLimit = optionalString (firewall.pingLimit != null) "limit rate ${limitWords firewall.pingLimit} ";

  verdicts = target: ''
    ct state vmap { invalid : drop, established : accept, related : accept, new : jump ${target}, untracked : jump ${target} }'';

  # Into the group that logging.nix listens to: the kernel's own log is the host's, and does not take what a namespace says.
  log = "log group ${toString firewall.logGroup}";

  # What happens to a packet that nobody accepted: count it, log it if asked to, answer it if asked to, drop it.
  refusals = word: lib.concatLists [
    [ ''counter comment "refused ${word}packets"'' ]
    (optional firewall.logRefusedConnections
      ''tcp flags & (fin | syn | rst | ack) == syn ${log} prefix "refused ${word}connection: "'')
    (optionals (firewall.logRefusedPackets && !firewall.logRefusedUnicastsOnly) [
      ''meta pkttype broadcast ${log} prefix "refused ${word}broadcast: "''
      ''meta pkttype multicast ${log} prefix "refused ${word}multicast: "''
    ])
    (optional firewall.logRefusedPackets ''meta pkttype host ${log} prefix "refused ${word}packet: "'')
    (optionals firewall.rejectPackets [ "meta l4proto tcp reject with tcp reset" "reject" ])
  ];

  own = text: builtins.filter (line: line != "") (lib.splitString "\n" text);

  chain = name: rules: "chain ${name} {\n" + lib.concatMapStrings (rule: "  ${rule}\n") rules + "}\n";

  out = firewall.filterOutput;
in
concatStringsSep "\n" (
  [
    ''
      set temp-ports {
        type inet_proto . inet_service
        flags interval
        auto-merge
        comment "ports opened by hand until the next reload"
      }
    ''
  ]
  ++ optionals reversePath [
    (chain "rpfilter" ([
      "type filter hook prerouting priority mangle + 10; policy drop;"
      # A DHCP client has no address, so no route, when the answer arrives.
      "meta nfproto ipv4 udp sport . udp dport { 67 . 68, 68 . 67 } accept"
      "fib saddr . mark${optionalString (firewall.checkReversePath != "loose") " . iif"} oif exists accept"
      "jump rpfilter-allow"
      ''counter comment "refused by the reverse path filter"''
    ] ++ optional firewall.logReversePathDrops ''${log} prefix "rpfilter drop: "''))
    (chain "rpfilter-allow" (own firewall.extraReversePathFilterRules))
  ]
  ++ [
    (chain "input" (
      # Nearly every packet, before anything is looked up; in NixOS the same verdict comes second.
      [ "type filter hook input priority filter; policy drop;" "ct state established,related accept" ]
      ++ trusted "iifname" firewall.trustedInterfaces
      ++ [ (verdicts "input-allow") ]
      ++ refusals ""
    ))
    (chain "input-allow" (
      portRules "iifname" firewall.allInterfaces
      ++ [ "meta l4proto . th dport @temp-ports accept" ]
      ++ optional firewall.allowPing "icmp type echo-request ${pingLimit}accept"
      ++ [
        # Neighbour discovery and path MTU discovery must pass (RFC 4890, 4.4); redirects and node
        # information queries (139) need not.
        "icmpv6 type != { nd-redirect, 139 } accept"
        "ip6 daddr fe80::/64 udp dport 546 accept"
      ]
      ++ own firewall.extraInputRules
    ))
  ]
  ++ optionals firewall.filterForward [
    (chain "forward" [
      "type filter hook forward priority filter; policy drop;"
      (verdicts "forward-allow")
    ])
    (chain "forward-allow" (
      [ "icmpv6 type != { router-renumbering, 139 } accept" "ct status dnat accept" ]
      ++ own firewall.extraForwardRules
    ))
  ]
  ++ optionals out.enabled [
    (chain "output" (
      [ "type filter hook output priority filter; policy drop;" ]
      ++ trusted "oifname" out.trustedInterfaces
      ++ [ (verdicts "output-allow") ]
      ++ refusals "outgoing "
    ))
    (chain "output-allow" (
      portRules "oifname" out.allInterfaces
      ++ optional firewall.allowPing "icmp type { echo-request, echo-reply } ${pingLimit}accept"
      ++ [ "meta l4proto ipv6-icmp accept" "ip6 daddr fe80::/64 udp dport 547 accept" ]
      ++ own out.extraRules
    ))
  ]
)
