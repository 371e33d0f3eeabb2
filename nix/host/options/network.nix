# How a container is connected. Address options need `privateNetwork`; the plan room says so when it is off.
{ lib, ... }:

let
  inherit (lib) mkOption types;

  address =
    text: example:
    mkOption {
      type = types.nullOr types.str;
      default = null;
      inherit example;
      description = text;
    };

  port = {
    options = {
      protocol = mkOption {
        type = types.str;
        default = "tcp";
        example = "udp";
        description = "The protocol of the forwarded port: `tcp`, `udp` or `sctp`.";
      };
      hostPort = mkOption {
        type = types.port;
        example = 8080;
        description = "The port on the host.";
      };
      hostPortEnd = mkOption {
        type = types.nullOr types.port;
        default = null;
        example = 8010;
        description = "The last port of a range on the host that begins with `hostPort`; null means one port.";
      };
      containerPort = mkOption {
        type = types.nullOr types.port;
        default = null;
        example = 80;
        description = "The port in the container, of a range its first; null means the same as `hostPort`.";
      };
      hostAddress = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "127.0.0.1";
        description = ''
          The address of the host that the port is forwarded from, `0.0.0.0` for all of IPv4 and `::` for all of IPv6. Null
          means every address of the host, loopback included.
        '';
      };
    };
  };

  pair = {
    hostBridge = address "A bridge of the host that the host's end of the veth pair joins." "br0";
    hostAddress = address "IPv4 address of the host's end of the veth pair." "10.231.136.1";
    hostAddress6 = address "IPv6 address of the host's end of the veth pair." "fc00::1";
    localAddress = address "IPv4 address of the container's end; with a bridge, give its prefix length too." "10.231.136.2";
    localAddress6 = address "IPv6 address of the container's end." "fc00::2";
    localMacAddress = mkOption {
      type = types.nullOr (types.strMatching "([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}");
      default = null;
      example = "6a:11:62:00:00:01";
      description = "MAC address of the container's end of the veth pair; null lets it be derived from the names.";
    };
    forwardPorts = mkOption {
      type = types.listOf (types.submodule port);
      default = [ ];
      example = [
        {
          protocol = "tcp";
          hostPort = 8080;
          containerPort = 80;
        }
      ];
      description = ''
        Ports of the host that lead to ports of the container: from other machines, from the host itself by any of its
        addresses and by loopback, and from other containers.
      '';
    };
    mtu = mkOption {
      type = types.nullOr (types.ints.between 576 65535);
      default = null;
      example = 1400;
      description = "Size of the largest packet on the veth pair, in bytes, on both ends; null means the kernel's 1500. IPv6 needs 1280.";
    };
  };
in
{
  options = pair // {
    privateNetwork = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether the container has a network of its own, connected to the host by a veth pair. Otherwise it shares the host's.
      '';
    };

    automaticAddresses = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = ''
        Whether a private network without any address or bridge gets addresses by itself: a pair of IPv4 and one of IPv6
        addresses out of `networking.containers.addressPool` and `addressPool6`. They stay the container's as long as its
        state exists.
      '';
    };

    nat = mkOption {
      type = types.nullOr types.bool;
      default = null;
      defaultText = lib.literalMD "true, except on a bridge of the host";
      example = false;
      description = ''
        Whether the container reaches other networks by the host's address (masquerading). While a container with this or with
        `forwardPorts` runs, the host forwards packets (`net.ipv4.ip_forward` and its like); afterwards the settings are as before.
      '';
    };

    hostFirewall = {
      enable = mkOption {
        type = types.nullOr types.bool;
        default = null;
        example = false;
        description = ''
          Whether of the host's own services the container reaches only the allowed ports (and ping). Null means what
          `networking.containers.hostFirewall.enable` says, and off on a bridge of the host, where the container is one machine
          among others. The host's own firewall has its say in any case.
        '';
      };
      allowedTCPPorts = mkOption {
        type = types.listOf types.port;
        default = [ ];
        example = [ 5432 ];
        description = "TCP ports of the host that the container may reach, beside those that all containers may.";
      };
      allowedUDPPorts = mkOption {
        type = types.listOf types.port;
        default = [ ];
        example = [ 514 ];
        description = "UDP ports of the host that the container may reach, beside those that all containers may.";
      };
    };

    antiSpoofing = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = ''
        Whether packets of the container are dropped when they come from an address or a MAC that is not its own, and on a bridge also
        what only routers and DHCP servers say. Turn it off for a container that routes for others, or is the DHCP server of a bridge.
      '';
    };

    allowedSources = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "192.168.7.0/24" ];
      description = "Addresses and networks that the container may send from besides its own addresses.";
    };

    extraVeths = mkOption {
      type = types.attrsOf (types.submodule { options = pair; });
      default = { };
      description = "More veth pairs; the attribute name is the interface's name on both ends.";
    };

    interfaces = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "eth1" ];
      description = "Interfaces of the host that move into the container while it runs.";
    };

    macvlans = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "eth1" ];
      description = "Interfaces of the host on which the container gets a macvlan `mv-<interface>`.";
    };

    networkNamespace = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "An existing network namespace to join, for example /run/netns/blue. Excludes `privateNetwork` and `interfaces`.";
    };

    enableTun = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the container may create tun and tap interfaces: adds CAP_NET_ADMIN and /dev/net/tun.";
    };

    copyResolvConf = mkOption {
      type = types.bool;
      default = true;
      description = "Whether the host's /etc/resolv.conf is copied into the container at every start.";
    };
  };
}
