# Options about machines (boot loaders, kernels, disks, hardware): accepted and without effect in a container.
#
# So that a module shared with a real machine evaluates. One loose option stands for each branch of NixOS's tree; whatever
# is set below it is taken and forgotten, values that other modules read have their NixOS defaults.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkOption types;

  # Takes definitions of any shape; lists and sets of several modules merge.
  anything = mkOption {
    type = types.submodule { freeformType = types.lazyAttrsOf types.anything; };
    default = { };
    description = "Accepted for compatibility; has no effect in a container.";
  };
  inert = type: default: mkOption {
    inherit type default;
    description = "Accepted for compatibility; has no effect in a container.";
  };
  list = inert (types.listOf types.raw) [ ];
  off = inert types.bool false;
in
{
  options = {
    boot = {
      loader = anything;
      initrd = anything;
      plymouth = anything;
      zfs = anything;
      binfmt = anything;
      lanzaboote = anything;
      bcache = anything;
      swraid = anything;
      uki = anything;
      iscsi-initiator = anything;
      enableContainers = off;
      growPartition = off;
      hardwareScan = off;
      kernel.enable = off;
      modprobeConfig.enable = off;
      kernelParams = list;
      kernelModules = list;
      blacklistedKernelModules = list;
      extraModulePackages = list;
      kernelPatches = list;
      kernelPackages = inert types.raw { };
      extraModprobeConfig = inert types.lines "";
      extraKernelParams = list;
      consoleLogLevel = inert types.int 4;
      crashDump = anything;
      runSize = inert types.str "25%";
      devSize = inert types.str "5%";
      devShmSize = inert types.str "50%";
      resumeDevice = inert types.str "";
      specialFileSystems = inert (types.attrsOf types.raw) { };
      supportedFilesystems = inert (types.coercedTo (types.listOf types.str) (names: lib.genAttrs names (_: true)) (types.attrsOf types.bool)) { };
      vesa = off;
    };

    hardware = anything;
    powerManagement = anything;
    swapDevices = list;
    zramSwap = anything;
    services.udev = anything;
    services.fstrim = anything;
    services.smartd = anything;
    services.thermald = anything;
    services.tlp = anything;
    services.qemuGuest = anything;
    services.fwupd = anything;
    services.upower = anything;
    services.acpid = anything;
    services.lvm = anything;
    services.getty = anything;
    services.gpm = anything;
    services.xserver = anything;
    services.pipewire = anything;
    services.pulseaudio = anything;
    services.displayManager = anything;
    services.desktopManager = anything;
    services.printing = anything;
    services.nscd = anything;
    services.userborn = anything;
    virtualisation = anything;
    fonts = anything;
    xdg = anything;
    qt = anything;
    gtk = anything;
    sound = anything;
    containers = inert (types.attrsOf types.raw) { };
  };
}
