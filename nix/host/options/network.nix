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
        description = "The protocol of the forwarded port: `tcp` or `udp`.";
      };
      hostPort = mkOption {
        type = types.port;
        description = "The port on the host.";
      };
      containerPort = mkOption {
        type = types.nullOr types.port;
        default = null;
        description = "The port in the container; null means the same as `hostPort`.";
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
      description = "Ports of the host that lead to ports of the container, also from the host's own loopback.";
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
