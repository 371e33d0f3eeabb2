# `passthru`: values that a configuration hands to whoever evaluates it; the system does not look at them.
{ lib, ... }:

{
  options.passthru = lib.mkOption {
    type = lib.types.attrsOf lib.types.unspecified;
    default = { };
    visible = false;
    description = "Anything; exported as config.passthru.";
  };
}
