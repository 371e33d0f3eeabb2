# Bridges, VLANs, bonds, macvlans and tunnels that a guest makes for itself: declarations only.
#
# scripted.nix and networkd.nix create them. Each needs a private network; the kernel modules are the host's.
{ lib, ... }:

let
  inherit (lib) mkOption types;

  links = description: options: mkOption {
    type = types.attrsOf (types.submodule { inherit options; });
    default = { };
    inherit description;
  };

  interfaces = what: mkOption {
    type = types.listOf types.str;
    example = [ "eth0" "eth1" ];
    description = "The interfaces that ${what}.";
  };

  optional = type: description: mkOption {
    type = types.nullOr type;
    default = null;
    inherit description;
  };
in
{
  options.networking = {
    bridges = links "Software bridges, by name." {
      interfaces = interfaces "are ports of the bridge";
      rstp = mkOption {
        type = types.bool;
        default = false;
        description = "Whether the bridge takes part in the spanning tree protocol.";
      };
    };

    vlans = links "VLAN interfaces, by name." {
      id = mkOption {
        type = types.int;
        description = "The VLAN number.";
      };
      interface = mkOption {
        type = types.str;
        description = "The interface whose tagged packets belong to this VLAN.";
      };
    };

    bonds = links "Bonds of several interfaces, by name." {
      interfaces = interfaces "are joined into the bond";
      driverOptions = mkOption {
        type = types.attrsOf types.str;
        default = { };
        example = { mode = "active-backup"; miimon = "100"; };
        description = "Options of the bonding driver, as in {manpage}`ip-link(8)`.";
      };
    };

    macvlans = links "Macvlan interfaces, by name." {
      interface = mkOption {
        type = types.str;
        example = "eth0";
        description = "The interface below.";
      };
      mode = optional types.str "The mode (`bridge`, `private`, `vepa`, `passthru`).";
    };

    ipvlans = links "Ipvlan interfaces, by name." {
      interface = mkOption {
        type = types.str;
        example = "eth0";
        description = "The interface below.";
      };
      mode = optional types.str "The mode (`l2`, `l3`, `l3s`).";
    };

    sits = links "IPv6-in-IPv4 tunnels, by name." {
      remote = optional types.str "Address of the other end.";
      local = optional types.str "Address of this end.";
      ttl = optional types.int "Time to live of tunnelled packets.";
      dev = optional types.str "The interface below.";
    };

    greTunnels = links "GRE tunnels, by name." {
      remote = optional types.str "Address of the other end.";
      local = optional types.str "Address of this end.";
      dev = optional types.str "The interface below.";
      ttl = optional types.int "Time to live of tunnelled packets.";
      type = mkOption {
        type = types.enum [ "tun" "tap" "tun6" "tap6" ];
        default = "tap";
        apply = kind: { tun = "gre"; tap = "gretap"; tun6 = "ip6gre"; tap6 = "ip6gretap"; }.${kind};
        description = "Whether the tunnel carries IP packets (tun) or Ethernet frames (tap), over IPv4 or IPv6.";
      };
    };
  };
}
