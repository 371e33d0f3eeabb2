# A warning for services that are accepted (system/boot/inert.nix), because shared configurations set them, and whose absence
# somebody would look for. Hardware and disks, which nobody expects of a container, stay silent.
{ config, lib, ... }:

let
  nested = "run such containers on the host, or evaluate this one with nixpkgs (containers.<name>.nixpkgs)";
  desktop = "it is for machines with a screen";
  used = {
    "services.xserver.enable" = { on = config.services.xserver.enable; why = desktop; };
    "services.pipewire.enable" = { on = config.services.pipewire.enable; why = desktop; };
    "services.printing.enable" = { on = config.services.printing.enable; why = "the archive's packages have no module for it here"; };
    "virtualisation.docker.enable" = { on = config.virtualisation.docker.enable; why = nested; };
    "virtualisation.podman.enable" = { on = config.virtualisation.podman.enable; why = nested; };
    "virtualisation.libvirtd.enable" = { on = config.virtualisation.libvirtd.enable; why = "virtual machines belong on the host"; };
    "virtualisation.oci-containers.containers" = {
      on = (config.virtualisation.oci-containers.containers or { }) != { };
      why = nested;
    };
    "containers" = { on = config.containers != { }; why = "declare these containers beside this one, on the host"; };
  };
in
{
  warnings = lib.mapAttrsToList (name: option: "${name} has no effect in this container: ${option.why}.") (
    lib.filterAttrs (_: option: option.on) used
  );
}
