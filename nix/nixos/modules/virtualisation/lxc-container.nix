# For LXC containers on NixOS; imported as "${modulesPath}/virtualisation/lxc-container.nix". Every system of
# this tree is made for containers already.
{ lib, ... }:

{
  boot.isContainer = lib.mkDefault true;
}
