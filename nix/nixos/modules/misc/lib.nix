# `lib`: a place where modules leave functions for each other (`config.lib.<module>.<function>`).
{ lib, ... }:

{
  options.lib = lib.mkOption {
    type = lib.types.attrsOf lib.types.attrs;
    default = { };
    internal = true;
    description = "Functions and values that modules offer to other modules.";
  };
}
