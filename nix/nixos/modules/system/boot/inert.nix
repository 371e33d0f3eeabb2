# Options about machines (boot loaders, kernels, disks, hardware): accepted and without effect in a container.
#
# So that a module shared with a real machine evaluates. One loose option stands for each branch of NixOS's tree; whatever
# is set below it is taken and forgotten, values that other modules read have their NixOS defaults.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkOption types;

  # Takes definitions of any shape; lists and sets of several modules merge. Other modules read some of the values
  # (`mkIf config.services.xserver.enable`), so those that are read commonly are declared, with NixOS's defaults.
  branch = options: mkOption {
    type = types.submodule {
      freeformType = types.lazyAttrsOf types.anything;
      inherit options;
    };
    default = { };
    description = "Accepted for compatibility; has no effect in a container.";
  };
  anything = branch { };
  switch = branch { enable = off; };
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
      loader = branch {
        grub = switch;
        systemd-boot = switch;
        efi = branch {
          canTouchEfiVariables = off;
          efiSysMountPoint = inert types.str "/boot";
        };
        timeout = inert (types.nullOr types.int) 5;
      };
      initrd = branch {
        enable = off;
        systemd = switch;
        kernelModules = list;
        availableKernelModules = list;
        luks = branch { devices = anything; };
        network = switch;
      };
      plymouth = switch;
      zfs = branch { enabled = off; };
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

    hardware = branch {
      graphics = switch;
      opengl = switch;
      bluetooth = switch;
      enableRedistributableFirmware = off;
      enableAllFirmware = off;
      cpu = branch {
        intel = branch { updateMicrocode = off; };
        amd = branch { updateMicrocode = off; };
      };
    };
    powerManagement = switch;
    swapDevices = list;
    zramSwap = switch;
    services.udev = switch;
    services.fstrim = switch;
    services.smartd = switch;
    services.thermald = switch;
    services.tlp = switch;
    services.qemuGuest = switch;
    services.fwupd = switch;
    services.upower = switch;
    services.acpid = switch;
    services.lvm = switch;
    services.getty = anything;
    services.gpm = switch;
    services.xserver = switch;
    services.pipewire = switch;
    services.pulseaudio = switch;
    services.displayManager = anything;
    services.desktopManager = anything;
    services.printing = switch;
    services.nscd = switch;
    services.userborn = switch;
    virtualisation = branch {
      docker = switch;
      podman = switch;
      libvirtd = switch;
      containers = switch;
    };
    fonts = branch { packages = list; };
    xdg = anything;
    qt = anything;
    gtk = anything;
    sound = switch;
    containers = inert (types.attrsOf types.raw) { };
  };
}
