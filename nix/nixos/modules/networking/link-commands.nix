# Pure functions from the options of interfaces and virtual links to lines of shell that call iproute2.
#
# Not a module: scripted.nix imports it. Everything is `replace` or guarded by a test, so that running a
# script twice, or over what the container manager has configured already, changes nothing.
{ lib }:

let
  inherit (lib) concatStringsSep escapeShellArg mapAttrsToList optionalString;

  words = parts: concatStringsSep " " (builtins.filter (part: part != "") parts);
  opt = name: value: optionalString (value != null) "${name} ${escapeShellArg (toString value)}";

  # A link that exists already (from an earlier run) is kept.
  create = name: rest: ''
    ip link show dev ${escapeShellArg name} >/dev/null 2>&1 || ip link add name ${escapeShellArg name} ${rest}
  '';
  up = name: "ip link set dev ${escapeShellArg name} up\n";
  enslave = master: port: ''
    ip link set dev ${escapeShellArg port} master ${escapeShellArg master} up
  '';
  lines = lib.concatMapStrings;

  # Values of use_tempaddr: none, made but not preferred, made and preferred.
  temporary = { disabled = "0"; enabled = "1"; default = "2"; };

  # What lies below has to be up as well, and may be an interface of the host that nobody configures.
  onLink = name: link: kind: up link.interface + create name (words [ "link ${escapeShellArg link.interface}" "type ${kind}" (opt "mode" link.mode) ]) + up name;
in
rec {
  bridge = name: { interfaces, rstp, ... }:
    create name "type bridge ${optionalString rstp "stp_state 1"}" + lines (enslave name) interfaces + up name;

  bond = name: { interfaces, driverOptions, ... }:
    create name (words ([ "type bond" ] ++ mapAttrsToList (key: value: "${key} ${escapeShellArg value}") driverOptions))
    # The kernel takes only interfaces that are down into a bond.
    + lines (port: "ip link set dev ${escapeShellArg port} down\n" + enslave name port) interfaces
    + up name;

  vlan = name: { interface, id, ... }:
    up interface + create name "link ${escapeShellArg interface} type vlan id ${toString id}" + up name;

  macvlan = name: link: onLink name link "macvlan";
  ipvlan = name: link: onLink name link "ipvlan";

  sit = name: tunnel:
    create name (words [
      "type sit" (opt "remote" tunnel.remote) (opt "local" tunnel.local) (opt "ttl" tunnel.ttl) (opt "dev" tunnel.dev)
    ]) + up name;

  gre = name: tunnel:
    create name (words [
      "type ${tunnel.type}" (opt "remote" tunnel.remote) (opt "local" tunnel.local) (opt "ttl" tunnel.ttl) (opt "dev" tunnel.dev)
    ]) + up name;

  tunTap = interface: ''
    ip link show dev ${escapeShellArg interface.name} >/dev/null 2>&1 \
      || ip tuntap add dev ${escapeShellArg interface.name} mode ${interface.virtualType} user ${escapeShellArg interface.virtualOwner}
  '';

  remove = name: "ip link del dev ${escapeShellArg name} 2>/dev/null || true\n";

  route = verb: device: route':
    words ([
      "ip route ${verb}"
      (optionalString (route'.type != null) route'.type)
      (escapeShellArg "${route'.address}/${toString route'.prefixLength}")
      (opt "via" route'.via)
      "dev ${escapeShellArg device}"
    ] ++ mapAttrsToList (key: value: "${key} ${escapeShellArg value}") route'.options ++ [ "proto static" ]);

  addressOf = { address, prefixLength, ... }: "${address}/${toString prefixLength}";

  # "dev", the MAC address and the MTU first: a new MAC on a running link changes its IPv6 address.
  interfaceUp = interface:
    let
      device = escapeShellArg interface.name;
      addresses = interface.ipv4.addresses ++ interface.ipv6.addresses;
    in
    optionalString (interface.macAddress != null) ''
      ip link set dev ${device} address ${escapeShellArg interface.macAddress}
    ''
    + optionalString (interface.mtu != null) ''
      ip link set dev ${device} mtu ${toString interface.mtu}
    ''
    # Before the link comes up: the kernel makes its addresses then. Without IPv6 there is no such file.
    + "echo ${temporary.${interface.tempAddress}} > ${escapeShellArg "/proc/sys/net/ipv6/conf/${interface.name}/use_tempaddr"} 2>/dev/null || true\n"
    + "ip link set dev ${device} up\n"
    + lines (address: "ip addr replace ${escapeShellArg (addressOf address)} dev ${device}\n") addresses
    + lines (r: route "replace" interface.name r + "\n") interface.ipv4.routes
    + lines (r: "${lib.replaceStrings [ "ip route" ] [ "ip -6 route" ] (route "replace" interface.name r)}\n") interface.ipv6.routes;

  # Only what the unit has put there is taken away again.
  interfaceDown = interface:
    let
      device = escapeShellArg interface.name;
    in
    lines (r: "${route "del" interface.name r} 2>/dev/null || true\n") interface.ipv4.routes
    + lines (r: "${lib.replaceStrings [ "ip route" ] [ "ip -6 route" ] (route "del" interface.name r)} 2>/dev/null || true\n") interface.ipv6.routes
    + lines (address: "ip addr del ${escapeShellArg (addressOf address)} dev ${device} 2>/dev/null || true\n")
      (interface.ipv4.addresses ++ interface.ipv6.addresses);

  defaultRoute = { version, windowSize }: gateway:
    let
      ip = if version == 6 then "ip -6" else "ip";
      device = opt "dev" gateway.interface;
    in
    # A gateway outside every subnet of the interface (a /32 address) needs a route of its own first.
    optionalString (gateway.interface != null) ''
      ${ip} route replace ${escapeShellArg gateway.address} ${device} proto static
    ''
    + words [
      "${ip} route replace default via ${escapeShellArg gateway.address}"
      device
      (opt "metric" gateway.metric)
      (opt "window" windowSize)
      (opt "src" gateway.source)
      "proto static"
    ] + "\n";
}
