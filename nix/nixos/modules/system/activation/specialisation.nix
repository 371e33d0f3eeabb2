# `specialisation.<name>`: variants of the system, under specialisation/<name> in it, each a whole system.
{ config, lib, pkgs, extendModules, ... }:

let
  inherit (lib) mkOption types;

  # The parent's modules once more, with the variant's own added; a variant has no variants itself.
  inheriting =
    (extendModules {
      modules = [ { specialisation = lib.mkOverride 0 { }; } ];
    }).type;

  # Only the tree's own modules, and the packages and names that the parent was given.
  standalone =
    (import ../../../lib/eval-config.nix {
      inherit lib;
      modules = [
        {
          nixpkgs.pkgs = pkgs;
          boot.isContainer = config.boot.isContainer;
          boot.isNspawnContainer = config.boot.isNspawnContainer;
          networking.hostName = lib.mkDefault config.networking.hostName;
          system.archive.closure = config.system.archive.closure;
        }
      ];
    }).type;

  variant = types.submodule (
    { config, ... }:
    {
      options = {
        inheritParentConfig = mkOption {
          type = types.bool;
          default = true;
          description = "Whether the variant has everything that the system itself has.";
        };
        configuration = mkOption {
          type = if config.inheritParentConfig then inheriting else standalone;
          default = { };
          visible = "shallow";
          description = "What is different in the variant: a NixOS module.";
        };
      };
    }
  );
in
{
  options.specialisation = mkOption {
    type = types.attrsOf variant;
    default = { };
    example = lib.literalExpression "{ testing.configuration = { services.nginx.enable = true; }; }";
    description = "Variants of this system that it can be switched to.";
  };

  config.assertions = map (name: {
    # The name becomes a file name and a boot entry.
    assertion = builtins.match "[[:alnum:]_-]+" name != null;
    message = "Specialisation names can only contain alphanumeric characters and hyphens: '${name}'";
  }) (lib.attrNames config.specialisation);
}
