# A system that nobody sits in front of, which a container always is; imported as "${modulesPath}/profiles/headless.nix".
{ lib, ... }:

{
  systemd.enableEmergencyMode = lib.mkDefault false;
}
