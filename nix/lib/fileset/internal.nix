# What `lib.fileset` is made of.  Internal: ./default.nix and the tests look in here.
#
# A file set is a set with a base directory and a *tree* below it:
#
#   tree = null                 no file
#        | "directory"          a directory with everything in it
#        | "regular" | …        one file, by its type
#        | { NAME = tree; }     a directory with some of its entries; missing means null
#
# or, without a base, the one empty set.  Names and version number are those of
# nixpkgs' representation 3, so that file sets of both libraries can be mixed.
#
# This file joins the parts: representation.nix (make and check), algebra.nix
# (union, intersection, difference), convert.nix (filters, lists, git), show.nix (trace).
{
  lib ? import ../.,
}:

let
  parts =
    load ./representation.nix // load ./algebra.nix // load ./convert.nix // load ./show.nix;

  load =
    file:
    import file {
      inherit lib;
      internal = parts;
    };
in
parts
