# The archive's packages: every name of the index, and every name of the lock,
# as a lazy attribute set of derivations.
#
# For: where a package's version and hash come from. The lock wins; a name that
# is not locked yet is described by the index. Shards of the index are read
# when a package of theirs is looked at, so that names alone stay cheap.
# Not for: how a package is unpacked (package.nix), or joined (env.nix).
{
  lib,
  index,
  lock,
  system,
  bootstrap,
}:
let
  inherit (builtins)
    attrNames
    fromJSON
    hashString
    mapAttrs
    readFile
    substring
    ;

  locked = lock.packages or { };

  names =
    if index == null then
      locked
    else
      # Its values say nothing; only the names count.
      fromJSON (readFile "${index}/names.json") // locked;

  shardOf = name: substring 0 2 (hashString "md5" name);
  shards = lib.genAttrs (lib.concatMap (a: map (b: a + b) hexDigits) hexDigits) (
    shard: fromJSON (readFile "${index}/shards/${shard}.json")
  );
  hexDigits = lib.stringToCharacters "0123456789abcdef";

  # What the index says about a package; { } where there is no index or no entry.
  described = name: if index == null then { } else shards.${shardOf name}.${name} or { };

  entry = name: locked.${name} or (described name);

  makePackage = import ./package.nix { inherit lib system bootstrap; };

  packages = mapAttrs (name: _: makePackage name (entry name) (described name)) names;
in
{
  inherit packages;

  # A package by its name in the archive, or an error that helps.
  find =
    name:
    packages.${name} or (throw (
      "the archive has no package named ‘${name}’"
      + (
        if index == null then
          " in the lock file, and there is no package index"
        else
          import ./suggest.nix { inherit lib; } name (attrNames names)
      )
    ));
}
