# lib.types: option types, put together from ./types/<subject>.nix.
#
# For: naming the types and the functions that make and combine them.
# Not for: merging definitions (modules/definitions.nix), which asks a type
# only to check, to merge and to describe itself.
{ lib }:

let
  load = file: import file { inherit lib types; };

  types =
    load ./types/base.nix
    // load ./types/scalars.nix
    // load ./types/strings.nix
    // load ./types/paths.nix
    // load ./types/packages.nix
    // load ./types/lists.nix
    // load ./types/attribute-lists.nix
    // load ./types/attribute-sets.nix
    // load ./types/tags.nix
    // load ./types/wrappers.nix
    // load ./types/choices.nix
    // load ./types/formats.nix
    // load ./types/submodules.nix
    // load ./types/modules.nix;

  # Shared by the files above, and of no use to anybody else.
  shared = [
    "checkDefsForError"
    "checkedMerge"
    "elemTypeFunctor"
    "mergeWith"
    "phrase"
  ];
in
removeAttrs types shared
// {
  # Some modules say `types.types.str`.
  inherit (lib) types;
}
