# The files a container sees beyond its own root.
{ lib, ... }:

let
  inherit (lib) mkOption types;

  bind =
    { name, ... }:
    {
      options = {
        mountPoint = mkOption {
          type = types.str;
          default = name;
          defaultText = lib.literalMD "the attribute name";
          example = "/mnt/usb";
          description = "Where the directory or file appears in the container.";
        };
        hostPath = mkOption {
          type = types.nullOr types.str;
          default = null;
          example = "/home/alice";
          description = "What is shown there; null means the same path on the host.";
        };
        isReadOnly = mkOption {
          type = types.bool;
          default = true;
          description = "Whether the container may only read it.";
        };
      };
    };
in
{
  imports = [
    # The seed document's name for `ephemeral`.
    (lib.mkAliasOptionModule [ "ephemeralRootfs" ] [ "ephemeral" ])
  ];

  options = {
    ephemeral = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the root is empty at every start and gone after every stop.";
    };

    bindMounts = mkOption {
      type = types.attrsOf (types.submodule bind);
      default = { };
      example = lib.literalExpression ''{ "/home" = { hostPath = "/home/alice"; isReadOnly = false; }; }'';
      description = "Directories and files of the host that appear in the container.";
    };

    tmpfs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "/var" ];
      description = "Paths where an empty file system in memory is mounted: `PATH` or `PATH:mount-options`.";
    };
  };
}
