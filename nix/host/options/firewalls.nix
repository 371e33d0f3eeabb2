# Containers and other firewalls of the host.
{ lib, ... }:

{
  options.containers.passFirewalls = lib.mkOption {
    type = lib.types.bool;
    default = true;
    example = false;
    description = ''
      Whether containers get through other firewalls of the host whose policy drops what is forwarded (iptables with Docker or ufw,
      tables of nftables): one rule at the end of their chain, with the comment `nixos-containers`, lets the packets of containers through,
      and goes with the last container. Rules that drop particular packets go before it. `false` leaves those firewalls alone;
      what drops the packets is then named by a start and by `nixos-container doctor`, with the command that lets them through.
    '';
  };
}
