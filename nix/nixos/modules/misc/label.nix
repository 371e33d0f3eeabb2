# The label of a generation: system.nixos.label and its tags.
{ config, lib, ... }:

let
  inherit (lib) concatStringsSep mkDefault mkOption sort types;
  cfg = config.system.nixos;
in
{
  options.system.nixos = {
    label = mkOption {
      type = types.strMatching "[a-zA-Z0-9:_\\.-]*";
      description = "Name of this version of the system, part of its store path. Default: the tags and the version.";
    };

    tags = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "with-proxy" ];
      description = "Words that go in front of the version in the default label.";
    };
  };

  config.system.nixos.label = mkDefault (
    let
      fromEnvironment = builtins.getEnv "NIXOS_LABEL";
      version = builtins.getEnv "NIXOS_LABEL_VERSION";
      tags = sort (a: b: a < b) cfg.tags;
    in
    if fromEnvironment != "" then
      fromEnvironment
    else
      concatStringsSep "-" (tags ++ [ (if version != "" then version else cfg.version) ])
  );
}
