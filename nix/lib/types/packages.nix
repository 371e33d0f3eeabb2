# Package types.
#
# For: package, shellPackage, pkgs.
# Not for: paths inside packages (paths.nix).
{ lib, types, ... }:

let
  inherit (builtins) hasContext isPath isString;
  inherit (lib.options) mergeOneOption;
  inherit (types) addCheck attrs mkOptionType unique;
in
{
  # A derivation, or anything else that stands for a store path of its own. A
  # store path without a context gets one, so that it is there when needed.
  package = mkOptionType {
    name = "package";
    descriptionClass = "noun";
    check = x: lib.isDerivation x || lib.isStorePath x;
    merge =
      loc: defs:
      let
        value = mergeOneOption loc defs;
      in
      if isPath value || (isString value && !hasContext value) then
        lib.toDerivation value
      else
        value;
  };

  # A package that can be a login shell.
  shellPackage = types.package // {
    check = x: lib.isDerivation x && x ? shellPath;
  };

  # A whole package set.
  pkgs = addCheck (
    unique { message = "A Nixpkgs pkgs set can not be merged with another pkgs set."; } attrs
    // {
      name = "pkgs";
      descriptionClass = "noun";
      description = "Nixpkgs package set";
    }
  ) (x: x._type or null == "pkgs");
}
