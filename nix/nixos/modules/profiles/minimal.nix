# A system without manuals and conveniences; imported as "${modulesPath}/profiles/minimal.nix".
{ lib, ... }:

let
  inherit (lib) mkDefault;
in
{
  documentation = {
    enable = mkDefault false;
    doc.enable = mkDefault false;
    info.enable = mkDefault false;
    man.enable = mkDefault false;
    nixos.enable = mkDefault false;
  };
  environment.defaultPackages = mkDefault [ ];
  environment.stub-ld.enable = mkDefault false;
  boot.enableContainers = mkDefault false;
  services.logrotate.enable = mkDefault false;
  services.udisks2.enable = mkDefault false;
}
