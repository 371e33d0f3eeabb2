# What the networks of all containers share: where addresses come from, and what of the host containers may reach.
{ lib, ... }:

let
  inherit (lib) mkOption types;

  ports =
    protocol:
    mkOption {
      type = types.listOf types.port;
      default = [ 53 ];
      example = [
        53
        5432
      ];
      description = "${protocol} ports of the host that every container may reach.";
    };
in
{
  options.containers = {
    addressPool = mkOption {
      type = types.nullOr types.str;
      default = "10.233.0.0/16";
      example = "172.30.0.0/16";
      description = ''
        The IPv4 network that containers get their addresses from when they ask for none: two each. Addresses that the host
        reaches by a route to this network or to a part of it, or that another container has, are passed over; of a route to
        a larger network one is warned. Null means no IPv4 addresses by themselves.
      '';
    };
    addressPool6 = mkOption {
      type = types.nullOr types.str;
      default = "fd6e:6978:6f73::/48";
      example = "fd12:3456:789a::/48";
      description = ''
        The IPv6 network that containers get their addresses from when they ask for none, two each: a unique local one
        (RFC 4193). Null means no IPv6 addresses by themselves.
      '';
    };
    hostFirewall = {
      enable = mkOption {
        type = types.bool;
        default = true;
        example = false;
        description = ''
          Whether containers reach only the allowed ports of the host's own services (and ping it). Containers on a bridge of
          the host are guarded only where they say so themselves.
        '';
      };
      allowedTCPPorts = ports "TCP";
      allowedUDPPorts = ports "UDP";
    };
  };
}
