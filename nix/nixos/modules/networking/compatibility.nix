# Networking and clock options of NixOS machines that a container has no use for: accepted, without effect, so that
# modules shared with other machines evaluate.
{ lib, ... }:

let
  inherit (lib) mkOption types;
  inert = default: what: mkOption {
    type = types.bool;
    inherit default;
    description = "${what}. Accepted for compatibility, without effect in a container.";
  };
in
{
  options.networking = {
    usePredictableInterfaceNames = inert true "Whether interfaces are named by their place in the machine";
    networkmanager.enable = inert false "Whether NetworkManager configures interfaces";
    wireless.enable = inert false "Whether to connect to wireless networks";
    wireless.iwd.enable = inert false "Whether iwd connects to wireless networks";
    modemmanager.enable = inert false "Whether to use modems";
    iproute2.enable = inert false "Whether to write the tables of iproute2";
    tcpcrypt.enable = inert false "Whether to encrypt TCP connections where possible";
  };
  options.services = {
    chrony.enable = inert false "Whether chrony sets the clock";
    ntp.enable = inert false "Whether ntpd sets the clock";
    openntpd.enable = inert false "Whether OpenNTPD sets the clock";
  };
}
