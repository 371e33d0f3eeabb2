# Networks that containers share: networking.containers.networks, and where those without a subnet get one.
{ lib, ... }:

let
  inherit (lib) mkOption types;

  network = {
    options = {
      subnet = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "10.99.0.0/24";
        description = ''
          The network's IPv4 addresses; the host has the first one. Null means one of `networking.containers.networkPool` that the
          host reaches by no route, unless that leads to more than the whole pool.
        '';
      };
      subnet6 = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "fd99::/64";
        description = "The network's IPv6 addresses, likewise; null means one of `networking.containers.networkPool6`.";
      };
      isolated = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "Whether members reach the host and the world, but not one another.";
      };
      nat = mkOption {
        type = types.bool;
        default = true;
        example = false;
        description = "Whether members reach other networks by the host's address. Without it, other machines need a route to the subnet.";
      };
      dhcp = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = ''
          Whether a DHCP server (dnsmasq, which has to be installed) answers on the network: members get the addresses that they
          have anyway, others, such as virtual machines on the bridge, one of the last quarter of the subnet.
        '';
      };
      dns = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = ''
          Whether a name server (dnsmasq, which has to be installed) answers on the host's address of the network, with the names
          of all containers and what the host's own name servers say, also those on its loopback. Members ask it.
        '';
      };
      mtu = mkOption {
        type = types.nullOr (types.ints.between 1280 65535);
        default = null;
        example = 1400;
        description = "Size of the largest packet, in bytes; null means the kernel's 1500.";
      };
    };
  };

  pool =
    default: example: text:
    mkOption {
      type = types.str;
      inherit default example;
      description = text;
    };
in
{
  options.containers = {
    networks = mkOption {
      type = types.attrsOf (types.submodule network);
      default = { };
      example = lib.literalExpression ''
        {
          backend = { };
          guests = { subnet = "10.99.0.0/24"; isolated = true; };
        }
      '';
      description = ''
        Networks that containers share, each a bridge of the host which is there while a member runs. Members are the containers
        whose `networks` name it. Different networks do not reach one another.
      '';
    };
    networkPool =
      pool "10.234.0.0/16" "172.31.0.0/16"
        "The IPv4 network that shared networks without a `subnet` get theirs from: 256 addresses each.";
    networkPool6 =
      pool "fd6e:6978:6f74::/48" "fd12:3456:789b::/48"
        "The IPv6 network that shared networks without a `subnet6` get theirs from: a /64 each.";
  };
}
