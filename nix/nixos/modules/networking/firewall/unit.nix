# What the unit firewall.service is, whichever program carries the rules out. Not for the rules: iptables.nix, nftables.nix.
{ pkgs }:

{
  description = "Firewall";
  wantedBy = [ "sysinit.target" ];
  wants = [ "network-pre.target" ];
  after = [ "systemd-modules-load.service" ];
  # The interface is up from the first moment: nothing may listen before the filter is there.
  before = [ "network-pre.target" "sysinit.target" "shutdown.target" ];
  conflicts = [ "shutdown.target" ];
  unitConfig.DefaultDependencies = false;
  reloadIfChanged = true;
  serviceConfig = {
    Type = "oneshot";
    RemainAfterExit = true;
    ExecCondition = import ../private-network.nix { inherit pkgs; };
  };
}
