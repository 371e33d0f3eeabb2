# The container as an OCI image: what `nixos-container image` and `registry` put into it beside its system. Not for what runs on this host.
{ lib, ... }:

let
  inherit (lib) mkOption types;

  # The specification's words whose form is known (image-spec, config.md); others pass as they are.
  words = {
    Env = types.listOf (types.strMatching "[^=]+=.*");
    Labels = types.attrsOf types.str;
    ExposedPorts = types.attrsOf types.anything;
    Volumes = types.attrsOf types.anything;
    Entrypoint = types.listOf types.str;
    Cmd = types.listOf types.str;
    WorkingDir = types.str;
    User = types.str;
    StopSignal = types.str;
  };

  said =
    type:
    mkOption {
      type = types.nullOr type;
      default = null;
      internal = true;
    };
in
{
  options.image = {
    name = mkOption {
      type = types.nullOr (types.strMatching "[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*(/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)*");
      default = null;
      defaultText = lib.literalMD "the container's name, in small letters";
      example = "team/web";
      description = "What the image is called: its repository in a registry, without the host.";
    };

    tag = mkOption {
      type = types.strMatching "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}";
      default = "latest";
      example = "v1";
      description = "The image's tag. A registry of `nixos-container registry` has it beside `latest`.";
    };

    config = mkOption {
      type = types.submodule {
        freeformType = types.attrsOf types.anything;
        options = lib.mapAttrs (_: said) words;
      };
      default = { };
      example = {
        Env = [ "TZ=Europe/Berlin" ];
        ExposedPorts."80/tcp" = { };
        Labels."org.opencontainers.image.source" = "https://example.org/web";
      };
      description = ''
        What a runtime is told besides, in the words of the image specification's `config`, as for `dockerTools`. `Env`, `Labels`,
        `ExposedPorts` and `Volumes` are added to what the container says of itself and win over it; anything else takes its
        place. With an `Entrypoint` of its own the image runs that program, found by its name as in a shell, instead of the
        system's init.
      '';
    };

    maxLayers = mkOption {
      type = types.ints.between 1 126;
      default = 64;
      example = 100;
      description = "How many layers of store paths the image has at most. One more holds the directories of its root.";
    };

    compression = mkOption {
      type = types.enum [
        "gzip"
        "zstd"
        "none"
      ];
      default = "gzip";
      description = "How layers are compressed. Docker takes `gzip` and `none`; `zstd` is smaller and unpacks quicker, for podman and containerd.";
    };
  };
}
