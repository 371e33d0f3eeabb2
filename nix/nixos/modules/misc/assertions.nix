# `assertions` and `warnings`: what a module has to say about the configuration as a whole.
#
# Only the options. They are checked where the system is put together (system/activation/top-level.nix).
{ lib, ... }:

let
  inherit (lib) mkOption types;
in
{
  options = {
    assertions = mkOption {
      type = types.listOf types.unspecified;
      internal = true;
      default = [ ];
      example = [ { assertion = false; message = "you cannot enable this together with that"; } ];
      description = "Conditions under which the system may be built; the messages of those that are false are shown.";
    };

    warnings = mkOption {
      type = types.listOf types.str;
      internal = true;
      default = [ ];
      example = [ "The `foo' service is deprecated and will go away soon!" ];
      description = "Messages that are shown whenever the system is evaluated.";
    };
  };
}
