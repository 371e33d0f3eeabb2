# networking.interfaces and its kin carried out by systemd-networkd: with networking.useNetworkd.
#
# Files are named 40-<interface>, as NixOS names them. scripted.nix is the other implementation.
{ config, lib, ... }:

let
  inherit (lib) attrValues listToAttrs mapAttrs' mkDefault mkIf mkMerge nameValuePair optional optionalAttrs;
  cfg = config.networking;

  address = { address, prefixLength, ... }: "${address}/${toString prefixLength}";
  route = entry: {
    Destination = address entry;
  } // optionalAttrs (entry.via != null) { Gateway = entry.via; }
  // optionalAttrs (entry.type != null) { Type = entry.type; }
  // lib.mapAttrs' (key: value: nameValuePair (routeKeys.${key} or (lib.toSentenceCase key)) value) entry.options;
  routeKeys = { metric = "Metric"; src = "PreferredSource"; table = "Table"; scope = "Scope"; protocol = "Protocol"; mtu = "MTUBytes"; };

  dhcp = interface:
    if interface.useDHCP == true || (interface.useDHCP == null && cfg.useDHCP && interface.ipv4.addresses == [ ]) then "yes" else null;

  network = interface: nameValuePair "40-${interface.name}" {
    name = interface.name;
    DHCP = dhcp interface;
    address = map address (interface.ipv4.addresses ++ interface.ipv6.addresses);
    routes = map route (interface.ipv4.routes ++ interface.ipv6.routes);
    networkConfig.IPv6PrivacyExtensions =
      { disabled = false; enabled = "prefer-public"; default = "kernel"; }.${interface.tempAddress};
    linkConfig =
      optionalAttrs (interface.macAddress != null) { MACAddress = interface.macAddress; }
      // optionalAttrs (interface.mtu != null) { MTUBytes = toString interface.mtu; };
  };

  gateways = optional (cfg.defaultGateway != null) cfg.defaultGateway ++ optional (cfg.defaultGateway6 != null) cfg.defaultGateway6;
  gatewayRoute = gateway: {
    Gateway = gateway.address;
    GatewayOnLink = true;
  } // optionalAttrs (gateway.metric != null) { Metric = gateway.metric; }
  // optionalAttrs (gateway.source != null) { PreferredSource = gateway.source; };

  ports = kind: name: link: listToAttrs (map (port: nameValuePair "40-${port}" { name = mkDefault port; ${kind} = [ name ]; }) link.interfaces);
  below = kind: name: link: { "40-${link.interface}" = { name = mkDefault link.interface; ${kind} = [ name ]; }; };
  networksOf = make: links: map (name: make name links.${name}) (builtins.attrNames links);

  netdev = kind: settings: name: link: nameValuePair "40-${name}" ({ netdevConfig = { Name = name; Kind = kind; }; } // settings link);
  # The driver's options under the names that networkd has for them.
  bondKeys = {
    mode = "Mode"; miimon = "MIIMonitorSec"; xmit_hash_policy = "TransmitHashPolicy"; lacp_rate = "LACPTransmitRate";
    ad_select = "AdSelect"; fail_over_mac = "FailOverMACPolicy"; primary_reselect = "PrimaryReselectPolicy"; updelay = "UpDelaySec"; downdelay = "DownDelaySec";
  };
  bond = link: {
    bondConfig = mapAttrs' (key: value: nameValuePair (bondKeys.${key} or key)
      (if lib.hasSuffix "Sec" (bondKeys.${key} or "") then "${value}ms" else value)) link.driverOptions;
  };
in
{
  config = mkIf cfg.useNetworkd {
    assertions = [
      {
        assertion = builtins.all (gateway: gateway.interface != null) gateways;
        message = ''
          networking.defaultGateway.interface is not optional when using networkd:
          say through which interface the gateway is reached.
        '';
      }
    ];
    systemd.network.enable = true;

    systemd.network.netdevs =
      mapAttrs' (netdev "bridge" (link: { bridgeConfig = optionalAttrs link.rstp { STP = true; }; })) cfg.bridges
      // mapAttrs' (netdev "vlan" (link: { vlanConfig.Id = link.id; })) cfg.vlans
      // mapAttrs' (netdev "bond" bond) cfg.bonds
      // mapAttrs' (netdev "macvlan" (link: { macvlanConfig = optionalAttrs (link.mode != null) { Mode = link.mode; }; })) cfg.macvlans
      // mapAttrs' (netdev "ipvlan" (link: { ipvlanConfig = optionalAttrs (link.mode != null) { Mode = lib.toUpper link.mode; }; })) cfg.ipvlans;

    systemd.network.networks = mkMerge (
      [ (listToAttrs (map network (attrValues cfg.interfaces))) ]
      ++ map (gateway: {
        "40-${gateway.interface}" = { name = mkDefault gateway.interface; routes = [ (gatewayRoute gateway) ]; };
      }) (builtins.filter (gateway: gateway.interface != null) gateways)
      ++ networksOf (ports "bridge") cfg.bridges
      ++ networksOf (ports "bond") cfg.bonds
      ++ networksOf (below "vlan") cfg.vlans
      ++ networksOf (below "macvlan") cfg.macvlans
      ++ networksOf (below "ipvlan") cfg.ipvlans
      ++ [
        (mkIf cfg.useDHCP {
          "99-ethernet-default-dhcp" = {
            # A guest's interface is one end of a virtual pair, so "no virtual kind" would leave it out.
            matchConfig =
              if config.boot.isContainer then { Type = "ether"; Name = "eth* host* mv-*"; }
              else { Type = "ether"; Kind = "!*"; };
            DHCP = "yes";
          };
        })
      ]
    );
  };
}
