# `nixpkgs.*`: which package set the modules see as `pkgs`.
#
# In this tree the packages are an archive's, already built for one machine type: overlays and package overrides are
# honoured, options that choose compilers and cross builds are accepted and have no effect.
{ config, lib, ... }:

let
  inherit (lib) foldl' isAttrs isFunction mkOption recursiveUpdate types;
  cfg = config.nixpkgs;

  # Functions over package sets from several modules are applied one after the other.
  mergeConfig =
    old: new:
    let
      compose = name: if old ? ${name} && new ? ${name} then { ${name} = set: mergeOverrides (old.${name} set) (new.${name} set); } else { };
      mergeOverrides = a: b: a // b;
    in
    recursiveUpdate old new // compose "packageOverrides" // compose "perlPackageOverrides";

  configType = types.mkOptionType {
    name = "nixpkgs-config";
    description = "nixpkgs config";
    descriptionClass = "noun";
    check = value: isAttrs value || isFunction value;
    merge =
      _loc: defs:
      foldl' (old: def: mergeConfig old (if isFunction def.value then def.value { pkgs = { }; inherit lib; } else def.value)) { } defs;
  };

  overlayType = types.mkOptionType {
    name = "nixpkgs-overlay";
    description = "nixpkgs overlay";
    descriptionClass = "noun";
    check = isFunction;
    merge = lib.mergeOneOption;
  };

  platform = description: mkOption {
    type = types.either types.str types.attrs;
    example = { system = "aarch64-linux"; };
    apply = lib.systems.elaborate;
    inherit description;
  };

  overlays =
    lib.optional (cfg.config ? packageOverrides) (_final: prev: cfg.config.packageOverrides prev) ++ cfg.overlays;
in
{
  options.nixpkgs = {
    pkgs = mkOption {
      type = types.pkgs // {
        # A package set is big and lazy: never look inside to check it.
        check = isAttrs;
      };
      example = lib.literalExpression "import <nixpkgs> { }";
      description = "The package set, before {option}`nixpkgs.overlays` are laid on it.";
    };

    config = mkOption {
      type = configType;
      default = { };
      example = lib.literalExpression "{ allowUnfree = true; }";
      description = "Settings of the package set. Only `packageOverrides` has an effect.";
    };

    overlays = mkOption {
      type = types.listOf overlayType;
      default = [ ];
      example = lib.literalExpression "[ (final: prev: { greeting = final.writeText \"greeting\" \"hello\"; }) ]";
      description = "Changes to the package set, applied in this order.";
    };

    hostPlatform = platform "The machine type that the system runs on." // {
      default = cfg.system;
      defaultText = lib.literalExpression "config.nixpkgs.system";
    };
    buildPlatform = platform "The machine type that builds; always the host's here." // {
      default = cfg.hostPlatform;
      defaultText = lib.literalExpression "config.nixpkgs.hostPlatform";
    };
    localSystem = platform "Older name of {option}`nixpkgs.buildPlatform`." // {
      default = { inherit (cfg) system; };
      defaultText = lib.literalExpression "{ system = config.nixpkgs.system; }";
    };
    crossSystem = mkOption {
      type = types.nullOr types.attrs;
      default = null;
      description = "Accepted for compatibility.";
    };

    system = mkOption {
      type = types.str;
      default = cfg.pkgs.stdenv.hostPlatform.system or builtins.currentSystem or "x86_64-linux";
      defaultText = lib.literalMD "the package set's";
      description = "The machine type in its short form.";
    };

    flake = {
      source = mkOption {
        type = types.nullOr (types.either types.str types.path);
        default = null;
        description = "Accepted for compatibility.";
      };
      setNixPath = mkOption {
        type = types.bool;
        default = false;
        description = "Accepted for compatibility.";
      };
      setFlakeRegistry = mkOption {
        type = types.bool;
        default = false;
        description = "Accepted for compatibility.";
      };
    };
  };

  config._module.args.pkgs =
    if !(cfg.pkgs ? staticBusybox) then
      throw ''
        The package set in nixpkgs.pkgs cannot make a system of this module tree: its programs are not laid out like an archive's.
        To use nixpkgs, let it evaluate the whole container: containers.<name>.nixpkgs = <path of nixpkgs>.
      ''
    else if overlays == [ ] then
      cfg.pkgs
    else if cfg.pkgs ? appendOverlays then
      cfg.pkgs.appendOverlays overlays
    else
      cfg.pkgs.extend (lib.composeManyExtensions overlays);
}
