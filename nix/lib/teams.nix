# Groups of people, for `meta.teams`: `lib.teams`.  Empty, see ./maintainers.nix.
{ lib }:

{ }
