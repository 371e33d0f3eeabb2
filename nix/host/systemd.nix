# The host's `systemd.services."container@NAME"`: what a NixOS host says about the unit that runs a container.
#
# Where systemd is the host's init it becomes a part of that unit; elsewhere the limits in it hold for the container, and what has
# no counterpart is named in a warning. Everything else below `systemd` is a NixOS host's own, as in host-only.nix.
{ lib, ... }:

let
  inherit (lib) mkOption types;

  atom = types.oneOf [
    types.bool
    types.int
    types.float
    types.str
    types.path
  ];
  # As nixpkgs' unit options: a later definition of a single value wins by priority, lists are joined.
  value = types.either atom (types.listOf atom);

  section =
    name: example: description:
    mkOption {
      type = types.lazyAttrsOf value;
      default = { };
      inherit example description;
    };

  units =
    key:
    mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "postgresql.service" ];
      description = "Units of the host, as systemd's `${key}=`; only where systemd is the host's init. For other containers: `containers.<name>.after` and its neighbours.";
    };

  service = types.submodule {
    # Contents are not looked at: they may need packages and options that only NixOS has.
    freeformType = types.lazyAttrsOf types.raw;
    options = {
      serviceConfig = section "Service" { MemoryMax = "1G"; } ''
        Directives of the container's unit (systemd.service(5), systemd.resource-control(5)). Limits, `TimeoutStartSec`,
        `TimeoutStopSec`, `Restart` and `RestartSec` hold on every host; other directives where systemd is the host's init.
      '';
      unitConfig = section "Unit" { RequiresMountsFor = "/srv"; } "Directives of the unit's `[Unit]` section (systemd.unit(5)), where systemd is the host's init.";
      environment = mkOption {
        type = types.lazyAttrsOf (types.nullOr types.str);
        default = { };
        example = { SYSTEMD_LOG_LEVEL = "debug"; };
        description = "Variables of the process that runs the container (systemd-nspawn), where systemd is the host's init.";
      };
      after = units "After";
      before = units "Before";
      requires = units "Requires";
      wants = units "Wants";
      bindsTo = units "BindsTo";
      partOf = units "PartOf";
      conflicts = units "Conflicts";
    };
  };
in
{
  options.systemd = mkOption {
    default = { };
    description = "Of a NixOS host's `systemd`, only the units of containers have an effect on this host.";
    type = types.submodule {
      freeformType = types.lazyAttrsOf types.raw;
      options.services = mkOption {
        type = types.lazyAttrsOf service;
        default = { };
        example = { "container@web".serviceConfig.MemoryMax = "1G"; };
        description = "Services called `container@NAME`, which are the containers' units; others are left to the host's own system.";
      };
    };
  };
}
