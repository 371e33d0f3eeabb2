# Licences for `meta.license`, and expressions made of them: `lib.licenses`.
#
# Each one is `{ shortName; fullName; spdxId; url; free; redistributable; deprecated; }`;
# spdxId and url only where there is one.  The tables are in ./licenses, by whether
# the licence has an identifier in the SPDX list.
#
# Not for: licence texts, and not for deciding what may be used (that is a policy of
# the package set).
{ lib }:

let
  rows = import ./licenses/spdx.nix // import ./licenses/other.nix;

  complete =
    name:
    {
      shortName ? name,
      free ? true,
      deprecated ? false,
      redistributable ? free,
      ...
    }@row:
    # Before the row itself: a row may bring its own page.
    lib.optionalAttrs (row ? spdxId) { url = "https://spdx.org/licenses/${row.spdxId}.html"; }
    // row
    // {
      inherit
        shortName
        free
        deprecated
        redistributable
        ;
      licenseType = "simple";
    };
in
builtins.mapAttrs complete rows
// import ./licenses/operators.nix
// import ./licenses/helpers.nix { inherit lib; }
