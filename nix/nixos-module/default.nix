# For NixOS hosts: installs nixos-containers beside the `nixos-container` that NixOS has.
#
# NixOS's own declarative containers (`containers.<name>`) stay NixOS's. What this tool runs comes from its own definition files,
# and both keep their records in /etc/nixos-containers under different names. Not for containers' insides.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  cfg = config.programs.nixos-containers;
in
{
  options.programs.nixos-containers = {
    enable = lib.mkEnableOption "nixos-containers, the tool for containers of definition files";

    commandName = lib.mkOption {
      type = lib.types.str;
      default = "nixos-containers";
      example = "nixos-container";
      description = ''
        What the command is called. NixOS installs a `nixos-container` of its own with
        `boot.enableContainers`: take that name only when that is off.
      '';
    };

    package = lib.mkOption {
      type = lib.types.package;
      default = pkgs.callPackage ./package.nix { inherit (cfg) commandName; };
      defaultText = lib.literalExpression "pkgs.callPackage ./package.nix { }";
      description = "The package to install.";
    };

    autoStart = lib.mkOption {
      type = lib.types.bool;
      default = true;
      example = false;
      description = "Whether the containers with `autoStart` in the tool's own records start with the host.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.commandName != "nixos-container" || !config.boot.enableContainers;
        message = ''
          programs.nixos-containers.commandName is "nixos-container", which NixOS installs itself:
          choose another name, or set boot.enableContainers = false.
        '';
      }
    ];

    environment.systemPackages = [ cfg.package ];

    # NixOS keeps /etc/systemd/system read-only, so that unit files last until the next boot: this one brings them back.
    systemd.services.nixos-containers-autostart = lib.mkIf cfg.autoStart {
      description = "Containers of nixos-containers with autoStart";
      wantedBy = [ "multi-user.target" ];
      after = [
        "network.target"
        "nix-daemon.socket"
      ];
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${cfg.package}/libexec/nixos-container start --auto";
      };
    };
  };
}
