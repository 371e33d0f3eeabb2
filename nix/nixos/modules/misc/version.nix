# What the system says about itself: system.nixos.*, system.stateVersion, /etc/os-release, /etc/lsb-release.
{ config, options, lib, pkgs, ... }:

let
  inherit (lib) concatStringsSep mapAttrsToList mkDefault mkOption optionalAttrs toLower types;
  cfg = config.system.nixos;
  opt = options.system;

  text = attributes: concatStringsSep "\n" (mapAttrsToList (name: value: "${name}=${quoted value}") attributes) + "\n";
  # os-release(5): quote what a shell would take apart.
  quoted =
    value:
    if builtins.match "[A-Za-z0-9]+" value != null || value == "" then
      if value == "" then "\"\"" else value
    else
      "\"${lib.escape [ "\\" "\"" "$" "`" ] value}\"";

  osRelease = {
    NAME = cfg.distroName;
    ID = cfg.distroId;
    # The programs are Debian's: tools that look for a family they know are right to treat it as such.
    ID_LIKE = "debian";
    VENDOR_NAME = cfg.vendorName;
    VERSION = "${cfg.release} (${cfg.codeName})";
    VERSION_CODENAME = toLower cfg.codeName;
    VERSION_ID = cfg.release;
    BUILD_ID = cfg.version;
    PRETTY_NAME = "${cfg.distroName} ${cfg.release} (${cfg.codeName})";
    LOGO = "nix-snowflake";
    HOME_URL = "https://nixos.org/";
    DOCUMENTATION_URL = "https://nixos.org/learn.html";
    ANSI_COLOR = "0;38;2;126;186;228";
    IMAGE_ID = if config.system.image.id == null then "" else config.system.image.id;
    IMAGE_VERSION = if config.system.image.version == null then "" else config.system.image.version;
  }
  // optionalAttrs (cfg.variantName != null) { VARIANT = cfg.variantName; }
  // optionalAttrs (cfg.variant_id != null) { VARIANT_ID = cfg.variant_id; }
  // cfg.extraOSReleaseArgs;

  lsbRelease = {
    LSB_VERSION = "${cfg.release} (${cfg.codeName})";
    DISTRIB_ID = cfg.distroId;
    DISTRIB_RELEASE = cfg.release;
    DISTRIB_CODENAME = toLower cfg.codeName;
    DISTRIB_DESCRIPTION = "${cfg.distroName} ${cfg.release} (${cfg.codeName})";
  }
  // cfg.extraLSBReleaseArgs;

  fixed = default: description: mkOption {
    type = types.str;
    internal = true;
    inherit default description;
  };
in
{
  options.system = {
    nixos = {
      version = mkOption {
        type = types.str;
        internal = true;
        description = "The full version, release and suffix.";
      };
      release = mkOption {
        type = types.str;
        readOnly = true;
        default = lib.trivial.release;
        description = "The release (year.month) of NixOS whose options this tree follows.";
      };
      versionSuffix = fixed "" "What follows the release in the version.";
      revision = mkOption {
        type = types.nullOr types.str;
        internal = true;
        default = null;
        description = "The revision of the tree, if known.";
      };
      codeName = mkOption {
        type = types.str;
        readOnly = true;
        default = lib.trivial.codeName;
        description = "The name of the release.";
      };
      distroId = fixed "nixos" "ID in os-release.";
      distroName = fixed "NixOS" "NAME in os-release.";
      vendorId = fixed "nixos" "Vendor in lower case.";
      vendorName = fixed "NixOS" "Vendor.";
      variant_id = mkOption {
        type = types.nullOr (types.strMatching "^[a-z0-9._-]+$");
        default = null;
        example = "installer";
        description = "VARIANT_ID in os-release.";
      };
      variantName = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "VARIANT in os-release.";
      };
      extraOSReleaseArgs = mkOption {
        type = types.attrsOf types.str;
        internal = true;
        default = { };
        example = { ANSI_COLOR = "1;31"; };
        description = "Further lines of os-release.";
      };
      extraLSBReleaseArgs = mkOption {
        type = types.attrsOf types.str;
        internal = true;
        default = { };
        description = "Further lines of lsb-release.";
      };
    };

    image = {
      id = mkOption {
        type = types.nullOr (types.strMatching "^[a-z0-9._-]+$");
        default = null;
        description = "IMAGE_ID in os-release.";
      };
      version = mkOption {
        type = types.nullOr (types.strMatching "^[a-z0-9._~^-]+$");
        default = null;
        description = "IMAGE_VERSION in os-release.";
      };
    };

    stateVersion = mkOption {
      type = types.str;
      default = cfg.release;
      defaultText = lib.literalExpression "config.system.nixos.release";
      apply =
        version:
        lib.warnIf (opt.stateVersion.highestPrio >= (lib.mkOptionDefault { }).priority)
          "system.stateVersion is not set, defaulting to ${version}. Read why this matters on https://nixos.org/manual/nixos/stable/options.html#opt-system.stateVersion."
          version;
      description = ''
        The release with which the state (databases, user numbers) of this system was first made. Modules that change
        the format of state look here. Do not change it when upgrading.
      '';
    };

    configurationRevision = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "The revision of the user's own configuration, shown by nixos-version.";
    };

    defaultChannel = mkOption {
      type = types.str;
      internal = true;
      default = "https://nixos.org/channels/nixos-unstable";
      description = "Accepted for compatibility.";
    };
  };

  config = {
    system.nixos.version = mkDefault (cfg.release + cfg.versionSuffix);

    # Asked for by few modules, so the type alone would let a number pass.
    assertions = [
      {
        assertion = lib.all lib.isString opt.stateVersion.definitions;
        message = ''system.stateVersion is text: write it in quotes, as in system.stateVersion = "23.11";'';
      }
    ];

    environment.etc = {
      "os-release".text = text osRelease;
      "lsb-release".text = text lsbRelease;
    };
  };
}
