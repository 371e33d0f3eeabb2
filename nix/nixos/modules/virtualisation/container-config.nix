# What NixOS sets in containers; imported by hand as "${modulesPath}/virtualisation/container-config.nix". Every system of
# this tree is made for containers already.
{ lib, ... }:

{
  boot.isContainer = lib.mkDefault true;
}
