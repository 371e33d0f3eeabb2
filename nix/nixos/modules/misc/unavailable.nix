# Services of NixOS that have no module here: switching them off is accepted, switching them on says what to do.
#
# Only names that profiles and shared configurations switch off habitually; any other unknown option is an error of its own.
# A service that gets a module leaves this list.
{ config, lib, ... }:

let
  inherit (lib) attrByPath concatStringsSep mkOption setAttrByPath types;

  names = map (lib.splitString ".") [
    "security.chromiumSuidSandbox"
    "security.rngd"
    "services.bcache"
    "services.blueman"
    "services.cachefilesd"
    "services.flatpak"
    "services.geoclue2"
    "services.gnome"
    "services.gvfs"
    "services.haveged"
    "services.irqbalance"
    "services.kmscon"
    "services.libinput"
    "services.packagekit"
    "services.power-profiles-daemon"
    "services.speechd"
    "services.udisks2"
    "services.userdbd"
    "services.xrdp"
  ];

  option = mkOption {
    type = types.lazyAttrsOf types.anything;
    default = { };
    apply = value: { enable = false; } // value;
    description = "Not available here; may be switched off.";
  };
in
{
  options = lib.foldl' (all: name: lib.recursiveUpdate all (setAttrByPath name option)) { } names;

  config.assertions = map (name: {
    assertion = (attrByPath name { } config).enable != true;
    message = ''
      ${concatStringsSep "." name}.enable is set, but this service has no module for the archive's packages.
      Write it with systemd.services and environment.systemPackages, or evaluate this container with nixpkgs
      (containers.<name>.nixpkgs).
    '';
  }) names;
}
