# Options of NixOS about building, upgrading and looking at a system, which the container manager does on the host.
#
# Accepted so that shared modules evaluate; see also system/boot/inert.nix for machines.
{ lib, ... }:

let
  inherit (lib) mkOption types;
  inert = type: default: mkOption {
    inherit type default;
    description = "Accepted for compatibility; has no effect in a container.";
  };
  off = inert types.bool false;
  on = inert types.bool true;
  anything = mkOption {
    type = types.submodule { freeformType = types.lazyAttrsOf types.anything; };
    default = { };
    description = "Accepted for compatibility; has no effect in a container.";
  };
  disabled = mkOption {
    type = types.submodule {
      freeformType = types.lazyAttrsOf types.anything;
      options.enable = off;
    };
    default = { };
    description = "Accepted for compatibility; has no effect in a container.";
  };
in
{
  options = {
    system = {
      autoUpgrade = disabled;
      rebuild.enableNg = on;
      nixos-init = disabled;
      etc.overlay = {
        enable = off;
        mutable = on;
      };
      tools = anything;
      disableInstallerTools = off;
      fsPackages = inert (types.listOf types.package) [ ];
      requiredKernelConfig = inert (types.listOf types.raw) [ ];
      boot.loader = anything;
    };

    environment = {
      noXlibs = off;
      enableAllTerminfo = off;
      enableDebugInfo = off;
      stub-ld = disabled;
      wordlist = disabled;
      ldso = inert (types.nullOr types.str) null;
      ldso32 = inert (types.nullOr types.str) null;
      memoryAllocator.provider = inert types.str "libc";
      unixODBCDrivers = inert (types.listOf types.package) [ ];
      checkConfigurationOptions = on;
      freetds = anything;
    };

    appstream.enable = off;
  };
}
