# The type of environment variables: a word or a number, several of them (joined with colons), or null for none.
{ lib }:

let
  inherit (lib) types;
  word = [ types.int types.float types.str types.path ];
in
types.attrsOf (types.nullOr (types.oneOf ([ (types.listOf (types.oneOf word)) ] ++ word)))
