# Which shared networks a container is a member of.
{ config, lib, ... }:

let
  inherit (lib) mkOption types;

  fixed =
    example: family:
    mkOption {
      type = types.nullOr types.str;
      default = null;
      inherit example;
      description = "The container's ${family} address there, without a prefix length; null means a free one, always the same.";
    };

  membership = types.submodule {
    options = {
      name = mkOption {
        type = types.str;
        example = "backend";
        description = "The network's name in `networking.containers.networks`.";
      };
      address = fixed "10.99.0.5" "IPv4";
      address6 = fixed "fd99::5" "IPv6";
    };
  };
in
{
  options.networks = mkOption {
    type = types.listOf (types.coercedTo types.str (name: { inherit name; }) membership);
    default = [ ];
    example = lib.literalExpression ''[ "backend" { name = "guests"; address = "10.99.0.5"; } ]'';
    description = ''
      The shared networks (`networking.containers.networks`) that the container is a member of. It has an interface on each, the
      first of them `eth0` with the default route unless the container has a veth pair with addresses of its own, and there
      `forwardPorts` and `localMacAddress` apply. Members find one another by name.
    '';
  };

  config.privateNetwork = lib.mkIf (config.networks != [ ]) (lib.mkDefault true);
}
