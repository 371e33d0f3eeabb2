# The options that say which addresses and routes an interface has: networking.interfaces and the default gateways.
#
# Only declarations: scripted.nix carries them out with iproute2, networkd.nix by systemd-networkd.
# An interface that is not mentioned keeps what the container manager gave it.
{ config, lib, ... }:

let
  inherit (lib) literalExpression mkDefault mkOption types;
  cfg = config.networking;

  prefixLength = version: what: mkOption {
    type = types.addCheck types.int (n: n >= 0 && n <= (if version == 4 then 32 else 128));
    description = "Length of the ${what}, in bits.";
  };

  addressModule = version: {
    options = {
      address = mkOption {
        type = types.str;
        description = "IPv${toString version} address of the interface.";
      };
      prefixLength = prefixLength version "subnet's prefix";
    };
  };

  routeModule = version: {
    options = {
      address = mkOption {
        type = types.str;
        description = "IPv${toString version} address of the network to reach.";
      };
      prefixLength = prefixLength version "network's prefix";
      type = mkOption {
        type = types.nullOr (types.enum [ "unicast" "local" "broadcast" "multicast" ]);
        default = null;
        description = "Type of the route, as in {manpage}`ip-route(8)`.";
      };
      via = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "IPv${toString version} address of the next hop.";
      };
      options = mkOption {
        type = types.attrsOf types.str;
        default = { };
        example = { mtu = "1492"; window = "524288"; };
        description = "Further words of the route, as in {manpage}`ip-route(8)`: `metric`, `src`, `table`, ...";
      };
    };
  };

  family = version: {
    addresses = mkOption {
      type = types.listOf (types.submodule (addressModule version));
      default = [ ];
      example =
        if version == 4 then [ { address = "10.0.0.2"; prefixLength = 24; } ]
        else [ { address = "fd00:1::2"; prefixLength = 64; } ];
      description = "Static IPv${toString version} addresses of the interface.";
    };
    routes = mkOption {
      type = types.listOf (types.submodule (routeModule version));
      default = [ ];
      description = "Static IPv${toString version} routes through the interface.";
    };
  };

  # Names that older configurations use. Each costs option declarations in every interface, so only
  # those that are still found in the wild are here.
  oldNames = [
    (lib.mkRenamedOptionModule [ "ip4" ] [ "ipv4" "addresses" ])
    (lib.mkRenamedOptionModule [ "ip6" ] [ "ipv6" "addresses" ])
    # The renaming helpers report through these two.
    {
      options.warnings = mkOption { type = types.listOf types.str; default = [ ]; internal = true; };
      options.assertions = mkOption { type = types.listOf types.unspecified; default = [ ]; internal = true; };
    }
  ];

  interfaceModule = { name, ... }: {
    imports = oldNames;

    options = {
      name = mkOption {
        type = types.str;
        example = "eth0";
        description = "Name of the interface.";
      };

      ipv4 = family 4;
      ipv6 = family 6;

      useDHCP = mkOption {
        type = types.nullOr types.bool;
        default = null;
        description = ''
          Whether the interface gets its addresses by DHCP. With `null`, {option}`networking.useDHCP`
          decides for interfaces without static IPv4 addresses.
        '';
      };

      tempAddress = mkOption {
        type = types.enum [ "disabled" "enabled" "default" ];
        default = cfg.tempAddresses;
        defaultText = literalExpression "config.networking.tempAddresses";
        description = "Use of temporary IPv6 addresses on this interface; see {option}`networking.tempAddresses`.";
      };

      macAddress = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "00:11:22:33:44:55";
        description = "MAC address to give to the interface.";
      };

      mtu = mkOption {
        type = types.nullOr types.int;
        default = null;
        example = 9000;
        description = "Size of the largest packet, in bytes.";
      };

      virtual = mkOption {
        type = types.bool;
        default = false;
        description = "Whether to create the interface as a tun or tap device (needs /dev/net/tun).";
      };
      virtualOwner = mkOption {
        type = types.str;
        default = "root";
        description = "User who owns the virtual interface.";
      };
      virtualType = mkOption {
        type = types.enum [ "tun" "tap" ];
        default = if lib.hasPrefix "tun" name then "tun" else "tap";
        defaultText = literalExpression ''if hasPrefix "tun" name then "tun" else "tap"'';
        description = "Kind of the virtual interface.";
      };

      proxyARP = mkOption {
        type = types.bool;
        default = false;
        description = "Whether to answer ARP requests for other hosts (turns IP forwarding on).";
      };

      wakeOnLan = {
        enable = mkOption {
          type = types.bool;
          default = false;
          description = "Accepted for compatibility: a container's interface cannot wake a machine.";
        };
        policy = mkOption {
          type = types.listOf (types.enum [ "phy" "unicast" "multicast" "broadcast" "arp" "magic" "secureon" ]);
          default = [ "magic" ];
          description = "Accepted for compatibility.";
        };
      };
    };

    config.name = mkDefault name;
  };

  gatewayModule = {
    options = {
      address = mkOption {
        type = types.str;
        description = "Address of the default gateway.";
      };
      interface = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "eth0";
        description = "Interface through which the gateway is reached.";
      };
      metric = mkOption {
        type = types.nullOr types.int;
        default = null;
        example = 42;
        description = "Metric of the default route.";
      };
      source = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "Source address to prefer.";
      };
    };
  };

  gateway = version: example: mkOption {
    type = types.nullOr (types.coercedTo types.str (address: { inherit address; }) (types.submodule gatewayModule));
    default = null;
    inherit example;
    description = ''
      The default gateway for IPv${toString version}: an address, or a set with `address`, `interface`, `metric`
      and `source`. With a host address the container manager has already set a default route.
    '';
  };
in
{
  options.networking = {
    interfaces = mkOption {
      type = types.attrsOf (types.submodule interfaceModule);
      default = { };
      example.eth0.ipv4.addresses = [ { address = "10.0.0.2"; prefixLength = 24; } ];
      description = "Configuration of network interfaces, by name.";
    };

    defaultGateway = gateway 4 "10.0.0.1";
    defaultGateway6 = gateway 6 "fd00:1::1";

    defaultGatewayWindowSize = mkOption {
      type = types.nullOr types.int;
      default = null;
      example = 524288;
      description = "TCP window size of the default route.";
    };

    useDHCP = mkOption {
      type = types.bool;
      default = !config.boot.isContainer;
      defaultText = literalExpression "!config.boot.isContainer";
      description = ''
        Whether every interface without static addresses gets them by DHCP. Off in containers, whose
        addresses come from the container manager.
      '';
    };

    useNetworkd = mkOption {
      type = types.bool;
      default = false;
      description = "Whether systemd-networkd carries out the options of this family, instead of scripts.";
    };

    tempAddresses = mkOption {
      type = types.enum [ "disabled" "enabled" "default" ];
      default = if cfg.enableIPv6 then "default" else "disabled";
      defaultText = literalExpression ''if config.networking.enableIPv6 then "default" else "disabled"'';
      description = ''
        Use of temporary IPv6 addresses: `disabled`, `enabled` (made but not preferred) or
        `default` (made and preferred as source).
      '';
    };

    localCommands = mkOption {
      type = types.lines;
      default = "";
      example = "ip route add 198.51.100.0/24 via 10.0.0.254";
      description = "Shell commands that run when the interfaces have been configured.";
    };
  };
}
