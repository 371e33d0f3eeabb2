# What a NixOS host's configuration.nix may hold beside `containers`: accepted and left alone, with one
# warning, because on this host another system (Debian, ...) owns those things.
#
# Not for guests: their options are under ../nixos. A misspelt name is still an error: only the top-level
# option families that NixOS really has are accepted.
{
  lib,
  config,
  options,
  ...
}:

let
  families = [
    "boot"
    "console"
    "documentation"
    "environment"
    "fileSystems"
    "fonts"
    "hardware"
    "i18n"
    "location"
    "nix"
    "nixpkgs"
    "power"
    "powerManagement"
    "programs"
    "qt"
    "security"
    "services"
    "sound"
    "specialisation"
    "swapDevices"
    "system"
    "time"
    "users"
    "virtualisation"
    "xdg"
    "zramSwap"
  ];

  used = lib.filter (name: options.${name}.isDefined) families ++ lib.optional ownNetworking "networking" ++ lib.optional ownSystemd "systemd";

  # Of `networking`, one branch is ours (networking.nix).
  ownNetworking = lib.any (
    value: !lib.isAttrs value || lib.attrNames (removeAttrs value [ "containers" ]) != [ ]
  ) options.networking.definitions;

  # Of `systemd`, the services that are containers (systemd.nix).
  ownSystemd = lib.any (
    value:
    !lib.isAttrs value
    || lib.attrNames (removeAttrs value [ "services" ]) != [ ]
    || lib.isAttrs (value.services or { })
    && lib.any (name: !lib.hasPrefix "container@" name) (lib.attrNames (value.services or { }))
  ) options.systemd.definitions;
in
{
  options =
    lib.genAttrs families (
      name:
      lib.mkOption {
        type = lib.types.lazyAttrsOf lib.types.raw // {
          # Contents are never looked at: they may need packages and options that only NixOS has.
          merge = _loc: _defs: { };
          check = _: true;
        };
        internal = true;
        description = "`${name}` of a NixOS host: accepted, and without effect on this host.";
      }
    )
    // {
      warnings = lib.mkOption {
        type = lib.types.listOf lib.types.str;
        default = [ ];
        internal = true;
        description = "What the person should know although the evaluation succeeded.";
      };
    };

  config.warnings =
    lib.optional (used != [ ]) (
      "only ‘containers’, ‘networking.containers’ and services ‘container@NAME’ have an effect here; these options of the host are left to the host's own system: "
      + lib.concatStringsSep ", " used
    );
}
