# networking.firewall as nftables rules, networking.nftables, networking.nat.
{ lib }:
let
  inherit (import ./support/eval.nix { inherit lib; }) chain configOf failures hasLine ruleset service;
  allow = module: chain "input-allow" (ruleset { networking.firewall = module; });
  input = module: chain "input" (ruleset { networking.firewall = module; });
  unit = module: service "firewall" { networking.firewall = module; };
in
{
  "nothing is allowed but ping, ICMPv6 and DHCPv6 answers" = {
    expr = allow { };
    expected = [
      "meta l4proto . th dport @temp-ports accept"
      "icmp type echo-request accept"
      "icmpv6 type != { nd-redirect, 139 } accept"
      "ip6 daddr fe80::/64 udp dport 546 accept"
    ];
  };
  "the rest is dropped" = { expr = builtins.head (input { }); expected = "type filter hook input priority filter; policy drop;"; };
  "a known connection is looked at no further" = { expr = builtins.elemAt (input { }) 1; expected = "ct state established,related accept"; };
  "the loopback interface is trusted" = { expr = builtins.elemAt (input { }) 2; expected = ''iifname { "lo" } accept comment "trusted interfaces"''; };
  "and so are others that are named" = {
    expr = builtins.elemAt (input { trustedInterfaces = [ "br0" ]; }) 2;
    expected = ''iifname { "br0", "lo" } accept comment "trusted interfaces"'';
  };
  "a plus sign at the end of a name is iptables' wildcard, and has a rule of its own" = {
    expr = lib.sublist 2 2 (input { trustedInterfaces = [ "ve-+" "br0" ]; });
    expected = [ ''iifname { "br0", "lo" } accept comment "trusted interfaces"'' ''iifname "ve-*" accept comment "trusted interfaces"'' ];
  };
  "it may stand for all of them" = { expr = builtins.elemAt (input { trustedInterfaces = [ "+" ]; }) 3; expected = ''accept comment "trusted interfaces"''; };
  "ports may be open on the interfaces of a pattern" = {
    expr = builtins.head (allow { interfaces."podman+".allowedUDPPorts = [ 53 ]; });
    expected = ''iifname "podman*" udp dport { 53 } accept'';
  };
  "with nftables a plus sign is one, and nftables' own wildcard works" = {
    expr =
      let
        content = (configOf { networking = { nftables.enable = true; firewall = { trustedInterfaces = [ "a+" "b*" ]; interfaces."c+".allowedTCPPorts = [ 1 ]; }; }; })
          .networking.nftables.tables.nixos-fw.content;
      in
      map (hasLine content) [
        ''iifname { "a+", "lo" } accept comment "trusted interfaces"'' ''iifname "b*" accept comment "trusted interfaces"'' ''iifname "c+" tcp dport { 1 } accept''
      ];
    expected = [ true true true ];
  };
  "what is translated for the interfaces of a pattern goes through a filter, by the same names" = {
    expr = lib.filter (lib.hasInfix "networking.nat") (chain "forward-allow" (ruleset {
      networking.firewall.filterForward = true;
      networking.nat = { enable = true; externalInterface = "eth+"; internalInterfaces = [ "wg+" "br0" ]; };
    }));
    expected = [ ''iifname { "br0" } oifname "eth*" accept comment "networking.nat"'' ''iifname "wg*" oifname "eth*" accept comment "networking.nat"'' ];
  };
  "NAT for the interfaces of a pattern" = {
    expr = map (hasLine (configOf {
      networking = { nftables.enable = true; nat = { enable = true; externalInterface = "eth0"; internalInterfaces = [ "wg*" "br0" ]; }; };
    }).networking.nftables.tables.nixos-nat.content) [ ''iifname { "br0" } oifname "eth0" masquerade'' ''iifname "wg*" oifname "eth0" masquerade'' ];
    expected = [ true true ];
  };
  "ports are sorted, and each once" = { expr = builtins.head (allow { allowedTCPPorts = [ 443 22 443 ]; }); expected = "tcp dport { 22, 443 } accept"; };
  "ranges stand beside ports" = {
    expr = builtins.head (allow { allowedUDPPorts = [ 53 ]; allowedUDPPortRanges = [ { from = 60000; to = 61000; } ]; });
    expected = "udp dport { 53, 60000-61000 } accept";
  };
  "a port may be open on one interface" = {
    expr = builtins.head (allow { interfaces.eth1.allowedTCPPorts = [ 9100 ]; });
    expected = ''iifname "eth1" tcp dport { 9100 } accept'';
  };
  "no ping" = { expr = builtins.elem "icmp type echo-request accept" (allow { allowPing = false; }); expected = false; };
  "a limit in nftables' words" = {
    expr = builtins.elem "icmp type echo-request limit rate 2/second accept" (allow { pingLimit = "2/second"; });
    expected = true;
  };
  "a limit in iptables' words means the same" = {
    expr = builtins.elem "icmp type echo-request limit rate 1/minute burst 5 packets accept" (allow { pingLimit = "--limit 1/minute --limit-burst 5"; });
    expected = true;
  };
  "refused packets are answered if asked for" = { expr = lib.last (input { rejectPackets = true; }); expected = "reject"; };
  "refused connections are logged if asked for" = {
    expr = builtins.any (lib.hasInfix "refused connection: ") (input { logRefusedConnections = true; });
    expected = true;
  };
  "and not otherwise" = { expr = builtins.any (lib.hasInfix "log") (input { }); expected = false; };
  "what is logged goes where the journal's daemon listens" = {
    expr = map (firewall: (configOf { networking = { inherit firewall; }; }).systemd.services ? firewall-log) [
      { logRefusedConnections = true; } { logReversePathDrops = true; } { } { enable = false; logRefusedPackets = true; }
    ];
    expected = [ true true false false ];
  };
  "broadcasts are logged if asked for" = {
    expr = map (unicasts: builtins.any (lib.hasInfix "meta pkttype broadcast log group 32") (input { logRefusedPackets = true; logRefusedUnicastsOnly = unicasts; }))
      [ true false ];
    expected = [ false true ];
  };
  "what is refused is counted" = { expr = lib.last (input { }); expected = ''counter comment "refused packets"''; };
  "rules of the user's come last" = { expr = lib.last (allow { extraInputRules = "ip saddr 10.0.0.0/8 accept"; }); expected = "ip saddr 10.0.0.0/8 accept"; };
  "a packet must come from where its answer would go" = {
    expr = builtins.elem "fib saddr . mark . iif oif exists accept" (chain "rpfilter" (ruleset { }));
    expected = true;
  };
  "or from anywhere reachable" = {
    expr = builtins.elem "fib saddr . mark oif exists accept" (chain "rpfilter" (ruleset { networking.firewall.checkReversePath = "loose"; }));
    expected = true;
  };
  "or from anywhere" = { expr = chain "rpfilter" (ruleset { networking.firewall.checkReversePath = false; }); expected = null; };
  "a port beyond 65535 is refused" = { expr = allow { allowedTCPPorts = [ 70000 ]; }; error = [ "networking.firewall.allowedTCPPorts" "is not of type" ]; };

  "forwarding is filtered if asked for, except forwarded ports" = {
    expr = builtins.elem "ct status dnat accept" (chain "forward-allow" (ruleset { networking.firewall.filterForward = true; }));
    expected = true;
  };
  "output is filtered if asked for" = {
    expr = builtins.head (chain "output-allow" (ruleset { networking.firewall.filterOutput = { enabled = true; allowedTCPPorts = [ 443 ]; }; }));
    expected = "tcp dport { 443 } accept";
  };

  "the filter is loaded before any network" = { expr = builtins.elem "network-pre.target" (unit { }).before; expected = true; };
  "only on a network of the container's own" = { expr = lib.hasInfix "PRIVATE_NETWORK=1" (unit { }).serviceConfig.ExecCondition; expected = true; };
  "a change is loaded without taking the filter away" = { expr = (unit { }).reloadIfChanged; expected = true; };
  "switched off, there is no unit" = { expr = (configOf { networking.firewall.enable = false; }).systemd.services ? firewall; expected = false; };
  "raw iptables commands are run by iptables" = {
    expr = hasLine (unit { extraCommands = "iptables -A nixos-fw -s 10.0.0.0/8 -j nixos-fw-accept"; allowedTCPPorts = [ 22 ]; }).script
      "ip46tables -A nixos-fw -p tcp --dport 22 -j nixos-fw-accept";
    expected = true;
  };
  "raw iptables commands beside nftables are refused" = {
    expr = map (lib.hasPrefix "extraCommands is incompatible with the nftables based firewall")
      (failures { networking = { nftables.enable = true; firewall.extraCommands = "iptables -L"; }; });
    expected = [ true ];
  };
  "with nftables enabled the filter is one of its tables" = {
    expr =
      let c = configOf { networking.nftables.enable = true; };
      in [ (c.systemd.services ? firewall) c.networking.nftables.tables.nixos-fw.family (c.systemd.services ? nftables) ];
    expected = [ false "inet" true ];
  };
  "a ruleset of the user's flushes what was there" = {
    expr = map (m: (configOf { networking.nftables = m; }).networking.nftables.flushRuleset) [ { } { ruleset = "table ip x {}"; } ];
    expected = [ false true ];
  };

  "NAT without an outside for forwarded ports is refused" = {
    expr = failures { networking.nat = { enable = true; forwardPorts = [ { sourcePort = 80; destination = "10.0.0.1:80"; } ]; }; };
    expected = [ "networking.nat.forwardPorts requires networking.nat.externalInterface" ];
  };
  "NAT goes into nftables' tables where they are used" = {
    expr = hasLine (configOf {
      networking = {
        nftables.enable = true;
        nat = { enable = true; externalInterface = "eth0"; internalInterfaces = [ "wg0" ]; forwardPorts = [ { sourcePort = 8080; destination = "10.0.0.9:80"; } ]; };
      };
    }).networking.nftables.tables.nixos-nat.content ''iifname "eth0" tcp dport 8080 dnat to 10.0.0.9:80'';
    expected = true;
  };
  "NAT of IPv6, with a forward that answers at an address of its own" = {
    expr =
      let
        content = (configOf {
          networking = {
            nftables.enable = true;
            nat = {
              enable = true; enableIPv6 = true; externalInterface = "eth0"; internalIPv6s = [ "fd00:1::/64" ];
              forwardPorts = [ { sourcePort = 8080; destination = "[fd00:1::9]:80"; loopbackIPs = [ "fd00:2::1" ]; } ];
            };
          };
        }).networking.nftables.tables.nixos-nat6.content;
      in
      map (hasLine content) [
        ''iifname "eth0" tcp dport 8080 dnat to [fd00:1::9]:80''
        "ip6 daddr fd00:2::1 tcp dport 8080 dnat to [fd00:1::9]:80"
        ''iifname != "eth0" ip6 daddr fd00:1::9 tcp dport 80 masquerade''
        ''ip6 saddr { fd00:1::/64 } oifname "eth0" masquerade''
      ];
    expected = [ true true true true ];
  };
  "what is translated goes through a filter of forwarded packets" = {
    expr = builtins.elem ''iifname { "wg0" } oifname "eth0" accept comment "networking.nat"'' (chain "forward-allow" (ruleset {
      networking.firewall.filterForward = true;
      networking.nat = { enable = true; externalInterface = "eth0"; internalInterfaces = [ "wg0" ]; };
    }));
    expected = true;
  };
}
