# systemd.network: files for systemd-networkd, and whether it runs.
#
# Sections are sets of settings, as in systemd.network(5), systemd.netdev(5) and systemd.link(5). Names of settings are
# not checked here: networkd warns about those that it does not know, and knows those of its own version.
{ config, lib, ... }:

let
  inherit (lib) mkOption types;

  atom = types.nullOr (types.oneOf [ types.bool types.int types.str types.path ]);
  section = types.attrsOf (types.either atom (types.listOf atom));

  one = name: mkOption {
    type = section;
    default = { };
    description = "Settings of the section `[${name}]`.";
  };
  # Older configurations wrap each entry once more: { addressConfig = { ... }; }.
  many = name: old: mkOption {
    type = types.listOf (types.coercedTo
      (types.addCheck types.attrs (value: value ? ${old} && builtins.isAttrs value.${old})) (value: value.${old}) section);
    default = [ ];
    description = "Sections `[${name}]`.";
  };
  strings = setting: mkOption {
    type = types.listOf types.str;
    default = [ ];
    description = "Values of `${setting}=` in the section `[Network]`.";
  };

  common = what: {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether to write this file. Without it, a file of the same name in the system's own directory is masked.";
    };
    matchConfig = mkOption {
      type = section;
      default = { };
      example = { Name = "eth0"; };
      description = "Settings of the section `[Match]`: to which ${what} the file applies.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Text for the end of the file.";
    };
  };

  files = what: modules: mkOption {
    type = types.attrsOf (types.submodule modules);
    default = { };
    description = "Files of ${what}, by name.";
  };

  netdevSections = [
    "bridge" "vlan" "macvlan" "ipvlan" "vxlan" "tunnel" "peer" "tun" "tap" "l2tp" "bond" "xfrm" "vrf" "wireguard" "batmanAdvanced" "fooOverUDP"
  ];
in
{
  options.systemd.network = {
    enable = mkOption {
      type = types.bool;
      default = config.networking.useNetworkd;
      defaultText = lib.literalExpression "config.networking.useNetworkd";
      description = "Whether systemd-networkd configures interfaces.";
    };

    config = {
      networkConfig = one "Network";
      dhcpV4Config = one "DHCPv4";
      dhcpV6Config = one "DHCPv6";
      routeTables = mkOption {
        type = types.attrsOf types.int;
        default = { };
        description = "Names of routing tables.";
      };
      addRouteTablesToIPRoute2 = mkOption {
        type = types.bool;
        default = true;
        description = "Accepted for compatibility.";
      };
    };

    links = files "links" {
      options = common "devices" // { linkConfig = one "Link"; };
    };

    netdevs = files "virtual devices" {
      options = common "hosts" // { netdevConfig = one "NetDev"; wireguardPeers = many "WireGuardPeer" "wireguardPeerConfig"; }
        // builtins.listToAttrs (map (name: { name = "${name}Config"; value = one name; }) netdevSections);
    };

    networks = files "networks" {
      imports = [ (lib.mkRenamedOptionModule [ "dhcpConfig" ] [ "dhcpV4Config" ]) ] ++ [
        {
          options.warnings = mkOption { type = types.listOf types.str; default = [ ]; internal = true; };
          options.assertions = mkOption { type = types.listOf types.unspecified; default = [ ]; internal = true; };
        }
      ];
      options = common "interfaces" // {
        name = mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "Name of the interface, as a shorter way to write `matchConfig.Name`.";
        };
        DHCP = mkOption {
          type = types.nullOr types.str;
          default = null;
          example = "ipv4";
          description = "Value of `DHCP=`.";
        };
        domains = mkOption {
          type = types.nullOr (types.listOf types.str);
          default = null;
          description = "Values of `Domains=`.";
        };
        linkConfig = one "Link";
        networkConfig = one "Network";
        dhcpV4Config = one "DHCPv4";
        dhcpV6Config = one "DHCPv6";
        dhcpServerConfig = one "DHCPServer";
        ipv6AcceptRAConfig = one "IPv6AcceptRA";
        ipv6SendRAConfig = one "IPv6SendRA";
        bridgeConfig = one "Bridge";
        dhcpServerStaticLeases = many "DHCPServerStaticLease" "dhcpServerStaticLeaseConfig";
        ipv6Prefixes = many "IPv6Prefix" "ipv6PrefixConfig";
        bridgeVLANs = many "BridgeVLAN" "bridgeVLANConfig";
        addresses = many "Address" "addressConfig";
        routes = many "Route" "routeConfig";
        routingPolicyRules = many "RoutingPolicyRule" "routingPolicyRuleConfig";
        address = strings "Address";
        gateway = strings "Gateway";
        dns = strings "DNS";
        ntp = strings "NTP";
        bridge = strings "Bridge";
        bond = strings "Bond";
        vrf = strings "VRF";
        vlan = strings "VLAN";
        macvlan = strings "MACVLAN";
        ipvlan = strings "IPVLAN";
        vxlan = strings "VXLAN";
        tunnel = strings "Tunnel";
      };
    };

    units = mkOption {
      type = types.attrsOf types.lines;
      default = { };
      internal = true;
      description = "The files of {file}`/etc/systemd/network`, by name.";
    };

    wait-online = {
      enable = mkOption {
        type = types.bool;
        default = true;
        description = "Whether network-online.target waits for networkd.";
      };
      anyInterface = mkOption {
        type = types.bool;
        default = config.networking.useDHCP;
        defaultText = lib.literalExpression "config.networking.useDHCP";
        description = "Whether one configured interface is enough.";
      };
      ignoredInterfaces = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Interfaces not to wait for.";
      };
      timeout = mkOption {
        type = types.ints.unsigned;
        default = 120;
        description = "Seconds after which waiting fails. Zero waits for ever.";
      };
      extraArgs = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Further arguments of systemd-networkd-wait-online.";
      };
    };
  };
}
