# Addresses, routes, gateways, virtual links: the commands that carry them out, and networkd's files for them.
{ lib }:
let
  inherit (import ./support/eval.nix { inherit lib; }) configOf etc failures hasLine service;
  units = module: builtins.filter (name: lib.hasPrefix "network-" name || lib.hasSuffix "-netdev" name)
    (builtins.attrNames (configOf { networking = module; }).systemd.services);
  static = { interfaces.eth0.ipv4.addresses = [ { address = "10.0.0.2"; prefixLength = 24; } ]; };
  script = unit: module: (service unit { networking = module; }).script;
  networkd = name: module: etc "systemd/network/${name}" { networking = { useNetworkd = true; } // module; };
in
{
  "an unmentioned interface is left to the container manager" = { expr = units { }; expected = [ ]; };
  "an interface that is only named is left alone, too" = { expr = units { interfaces.eth0 = { }; }; expected = [ ]; };
  "a static address has a unit of its own" = { expr = units static; expected = [ "network-addresses-eth0" ]; };
  "the address is replaced, not added" = { expr = hasLine (script "network-addresses-eth0" static) "ip addr replace 10.0.0.2/24 dev eth0"; expected = true; };
  "a stop takes the address away again" = {
    expr = hasLine (service "network-addresses-eth0" { networking = static; }).preStop "ip addr del 10.0.0.2/24 dev eth0 2>/dev/null || true";
    expected = true;
  };
  "a switch does not stop the unit first" = { expr = (service "network-addresses-eth0" { networking = static; }).stopIfChanged; expected = false; };
  "a prefix of 33 bits is refused" = {
    expr = script "network-addresses-eth0" { interfaces.eth0.ipv4.addresses = [ { address = "10.0.0.2"; prefixLength = 33; } ]; };
    error = "networking.interfaces.eth0.ipv4.addresses";
  };
  "routes go through the interface" = {
    expr = hasLine
      (script "network-addresses-eth0" { interfaces.eth0.ipv4.routes = [ { address = "192.0.2.0"; prefixLength = 24; via = "10.0.0.9"; options.metric = "5"; } ]; })
      "ip route replace 192.0.2.0/24 via 10.0.0.9 dev eth0 metric 5 proto static";
    expected = true;
  };
  "IPv6 routes use the IPv6 table" = {
    expr = hasLine
      (script "network-addresses-eth0" { interfaces.eth0.ipv6.routes = [ { address = "fd01::"; prefixLength = 48; via = "fd00::1"; } ]; })
      "ip -6 route replace fd01::/48 via fd00::1 dev eth0 proto static";
    expected = true;
  };
  "an old spelling of addresses still works" = {
    expr = units { interfaces.eth0.ip4 = [ { address = "10.0.0.2"; prefixLength = 24; } ]; };
    expected = [ "network-addresses-eth0" ];
  };

  "a gateway may be a string" = {
    expr = script "network-setup" { defaultGateway = "10.0.0.1"; };
    expected = "ip route replace default via 10.0.0.1 proto static\n";
  };
  "a gateway with an interface is reachable from a /32 address" = {
    expr = script "network-setup" { defaultGateway = { address = "10.0.0.1"; interface = "eth0"; metric = 7; }; };
    expected = "ip route replace 10.0.0.1 dev eth0 proto static\nip route replace default via 10.0.0.1 dev eth0 metric 7 proto static\n";
  };
  "no IPv6, no IPv6 gateway" = { expr = units { enableIPv6 = false; defaultGateway6 = "fd00::1"; }; expected = [ ]; };
  "without IPv6 the kernel is told so" = {
    expr = (configOf { networking.enableIPv6 = false; }).boot.kernel.sysctl."net.ipv6.conf.all.disable_ipv6";
    expected = true;
  };

  "a bridge is made before the address on it" = {
    expr = (service "network-addresses-br0" {
      networking = { bridges.br0.interfaces = [ "eth1" ]; interfaces.br0.ipv4.addresses = [ { address = "10.1.0.1"; prefixLength = 24; } ]; };
    }).requires;
    expected = [ "br0-netdev.service" ];
  };
  "an address on a bridge's port is refused" = {
    expr = failures { networking = { bridges.br0.interfaces = [ "eth0" ]; } // static; };
    expected = [ ''The networking.interfaces."eth0" must not have any defined ips when it is a slave.'' ];
  };
  "a VLAN names its number and its interface" = {
    expr = lib.hasInfix "ip link add name v5 link eth0 type vlan id 5" (script "v5-netdev" { vlans.v5 = { id = 5; interface = "eth0"; }; });
    expected = true;
  };
  "a bond gets its driver's options" = {
    expr = lib.hasInfix "type bond miimon 100 mode active-backup"
      (script "bond0-netdev" { bonds.bond0 = { interfaces = [ "eth1" "eth2" ]; driverOptions = { mode = "active-backup"; miimon = "100"; }; }; });
    expected = true;
  };
  "local commands run last" = { expr = (service "network-local-commands" { networking.localCommands = "true"; }).script; expected = "true"; };

  "DHCP is off in a container" = { expr = (configOf { }).systemd.services ? dhcpcd; expected = false; };
  "DHCP on one interface serves that one only" = { expr = (configOf { networking.interfaces.eth0.useDHCP = true; }).systemd.services ? dhcpcd; expected = true; };

  "networkd: one file per interface" = {
    expr = networkd "40-eth0.network" (static // { defaultGateway = { address = "10.0.0.1"; interface = "eth0"; }; });
    expected = "[Match]\nName=eth0\n\n[Network]\nAddress=10.0.0.2/24\nIPv6PrivacyExtensions=kernel\n\n[Route]\nGateway=10.0.0.1\nGatewayOnLink=yes\n\n";
  };
  "networkd instead of scripts" = { expr = units ({ useNetworkd = true; } // static); expected = [ ]; };
  "networkd wants to know the gateway's interface" = {
    expr = map (m: lib.hasInfix "networking.defaultGateway.interface is not optional when using networkd" m)
      (failures { networking = { useNetworkd = true; defaultGateway = "10.0.0.1"; }; });
    expected = [ true ];
  };
  "networkd: a VLAN is a netdev, and its interface knows it" = {
    expr =
      let module = { vlans.v5 = { id = 5; interface = "eth0"; }; };
      in [ (hasLine (networkd "40-v5.netdev" module) "Id=5") (hasLine (networkd "40-eth0.network" module) "VLAN=v5") ];
    expected = [ true true ];
  };
  "systemd.network: sections in files" = {
    expr = etc "systemd/network/10-lan.network" {
      systemd.network = { enable = true; networks."10-lan" = { matchConfig.Name = "lan*"; networkConfig = { DHCP = "ipv4"; IPForward = true; }; dns = [ "1.1.1.1" "9.9.9.9" ]; }; };
    };
    expected = "[Match]\nName=lan*\n\n[Network]\nDHCP=ipv4\nDNS=1.1.1.1\nDNS=9.9.9.9\nIPForward=yes\n\n";
  };
  "systemd.network: the older spelling of lists of sections" = {
    expr = hasLine (etc "systemd/network/10-lan.network" {
      systemd.network = { enable = true; networks."10-lan".routes = [ { routeConfig = { Gateway = "10.0.0.1"; }; } ]; };
    }) "Gateway=10.0.0.1";
    expected = true;
  };
}
