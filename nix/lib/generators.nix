# Text formats out of Nix values: `lib.generators`.
#
# This file only puts the formats together; each subject has its own file below
# ./generators.  Not here: writing the text into the store (that is `pkgs.formats`),
# and parsing (only RON is read back, see ./ron.nix).
#
# All functions have the same shape, `generator { settings } value`, so that a
# preconfigured generator can be passed around as a function of one argument.
{ lib }:

let
  load = file: import file { inherit lib; };
in
load ./generators/key-value.nix
// load ./generators/ini.nix
// load ./generators/pretty.nix
// load ./generators/data.nix
// load ./generators/lua.nix
// {
  # Rusty Object Notation has constructors and a parser of its own, so it lives elsewhere.
  inherit (lib.ron) toRON;
}
