# Path types.
#
# For: path, pathInStore, externalPath, pathWith, fileset.
# Not for: packages (packages.nix).
{ lib, types, ... }:

let
  inherit (builtins)
    isPath
    isString
    substring
    unsafeDiscardStringContext
    ;
  inherit (lib.options) getValues mergeEqualOption;
  inherit (lib.strings) isStringLike;
  inherit (types) defaultFunctor mkOptionType pathWith;

  # The context may be dropped: the result is only looked at.
  isInStore =
    x:
    lib.path.hasStorePathPrefix (if isPath x then x else /. + unsafeDiscardStringContext (toString x));

  isAbsolute = x: x.type or null == "derivation" || substring 0 1 (toString x) == "/";

  # What to call a path for which `flag` is true, false or does not matter.
  word =
    flag: yes: no:
    if flag == null then
      ""
    else if flag then
      yes
    else
      no;
in
{
  path = pathWith { absolute = true; };
  pathInStore = pathWith { inStore = true; };
  # For secrets: a path literal would be copied to the store, so only strings.
  externalPath = pathWith {
    absolute = true;
    inStore = false;
  };

  # Each condition is true, false, or null for "does not matter".
  pathWith =
    {
      inStore ? null,
      absolute ? null,
    }:
    if inStore == true && absolute == false then
      throw "In pathWith, inStore means the path must be absolute"
    else
      mkOptionType {
        name = "path";
        description = "${word absolute "absolute " "relative "}path${
          word inStore " in the Nix store" " not in the Nix store"
        }";
        descriptionClass = "noun";
        check =
          x:
          (if inStore == false then isString x else isStringLike x)
          && (inStore == null || inStore == isInStore x)
          && (absolute == null || absolute == isAbsolute x);
        merge = mergeEqualOption;
        functor = defaultFunctor "path" // {
          type = pathWith;
          payload = { inherit inStore absolute; };
          binOp = a: b: if a == b then a else null;
        };
      };

  # A set of files; definitions are united.
  fileset = mkOptionType {
    name = "fileset";
    description = "fileset";
    descriptionClass = "noun";
    check = lib.fileset.isFileset;
    merge = _: defs: lib.fileset.unions (getValues defs);
    emptyValue.value = lib.fileset.empty;
  };
}
