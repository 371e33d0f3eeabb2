# `meta`: who looks after a module and where its manual chapter is. Nothing reads it here, modules set it.
{ lib, ... }:

let
  inherit (lib) mkOption types;

  # The value itself is unimportant; it must only not collide when several modules set it.
  collected = mkOption {
    type = types.mkOptionType {
      name = "module metadata";
      merge = _loc: map (def: def.value);
    };
    internal = true;
    default = [ ];
    description = "Collected from all modules.";
  };
in
{
  options.meta = {
    maintainers = collected;
    teams = collected;
    doc = collected;
    buildDocsInSandbox = mkOption {
      type = types.bool;
      internal = true;
      default = true;
      description = "Accepted for compatibility.";
    };
  };
}
