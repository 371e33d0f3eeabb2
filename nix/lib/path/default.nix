# Path values, handled safely: `lib.path`.
#
# A *path* is Nix's path type, always absolute.  A *subpath* is a string that leads
# downwards from some directory: relative, not empty, without `..`.  Its normal
# form starts with `./` and has no empty and no `.` components.
#
# Not for: paths in strings (store paths usually are strings), and not for looking
# at the file system (see ../filesystem.nix).
{ lib }:

let
  inherit (builtins)
    concatMap
    concatStringsSep
    elemAt
    filter
    isPath
    isString
    length
    match
    typeOf
    ;

  inherit (lib) assertMsg drop take;

  # Why a value is no subpath, as a sentence; null if it is one.
  invalidReason =
    value:
    if !isString value then
      "The given value is of type ${typeOf value}, but a string was expected"
    else if value == "" then
      "The given string is empty"
    else if lib.hasPrefix "/" value then
      "The given string \"${value}\" starts with a `/`, representing an absolute path"
    # What `x/..` means depends on whether x is a symbolic link, so `..` is refused.
    else if match "(.*/)?\\.\\.(/.*)?" value != null then
      "The given string \"${value}\" contains a `..` component, which is not allowed in subpaths"
    else
      null;

  isValid = value: invalidReason value == null;

  # The components of a valid subpath.
  split =
    subpath: filter (part: isString part && part != "" && part != ".") (builtins.split "/" subpath);

  # The normal form made from components.
  join = components: if components == [ ] then "./." else "./" + concatStringsSep "/" components;

  # A path as its file system's root and the components below it.  Asking for the parent
  # until nothing changes works for roots other than / too, should Nix ever have them.
  deconstruct =
    let
      climb =
        path: below:
        let
          parent = dirOf path;
        in
        if parent == path then
          {
            root = path;
            components = below;
          }
        else
          climb parent ([ (baseNameOf path) ] ++ below);
    in
    path: climb path [ ];

  storeComponents = split builtins.storeDir;

  hasStoreName =
    components:
    let
      depth = length storeComponents;
    in
    # Below the store directory, with a name that has a hash part.
    (
      length components > depth
      && take depth components == storeComponents
      && match ".{32}-.+" (elemAt components depth) != null
    )
    # Placeholders of content-addressed outputs look like /<52 characters>.
    || (components != [ ] && match "[0-9a-z]{52}" (lib.head components) != null);

  requirePath =
    value: message:
    assertMsg (isPath value) "lib.path.${message} is of type ${typeOf value}, but a path was expected";

  requireSameRoot =
    function: path1: path2:
    let
      root1 = (deconstruct path1).root;
      root2 = (deconstruct path2).root;
    in
    assertMsg (root1 == root2) ''
      lib.path.${function}: Filesystem roots must be the same for both paths, but paths with different roots were given:
          first argument: "${toString path1}" with root "${toString root1}"
          second argument: "${toString path2}" with root "${toString root2}"'';
in
{
  # append /foo "bar/baz" -> /foo/bar/baz
  append =
    path: subpath:
    assert requirePath path "append: The first argument";
    assert assertMsg (isValid subpath) ''
      lib.path.append: Second argument is not a valid subpath string:
          ${invalidReason subpath}'';
    path + ("/" + subpath);

  # Whether the second path is the first one or below it.
  hasPrefix =
    path1:
    assert requirePath path1 "hasPrefix: First argument";
    let
      components1 = (deconstruct path1).components;
      count = length components1;
    in
    path2:
    assert requirePath path2 "hasPrefix: Second argument";
    assert requireSameRoot "hasPrefix" path1 path2;
    take count (deconstruct path2).components == components1;

  # The subpath that leads from the first path to the second.
  removePrefix =
    path1:
    assert requirePath path1 "removePrefix: First argument";
    let
      components1 = (deconstruct path1).components;
      count = length components1;
    in
    path2:
    assert requirePath path2 "removePrefix: Second argument";
    assert requireSameRoot "removePrefix" path1 path2;
    let
      components2 = (deconstruct path2).components;
    in
    if take count components2 == components1 then
      join (drop count components2)
    else
      throw ''lib.path.removePrefix: The first path argument "${toString path1}" is not a component-wise prefix of the second path argument "${toString path2}".'';

  # splitRoot /foo/bar -> { root = /.; subpath = "./foo/bar"; }
  splitRoot =
    path:
    assert requirePath path "splitRoot: Argument";
    let
      parts = deconstruct path;
    in
    {
      inherit (parts) root;
      subpath = join parts.components;
    };

  # Whether the path is a store path, or inside one.
  hasStorePathPrefix =
    path:
    assert requirePath path "hasStorePathPrefix: Argument";
    let
      parts = deconstruct path;
    in
    assert assertMsg (parts.root == /. && toString parts.root == "/")
      "lib.path.hasStorePathPrefix: Argument has a filesystem root (${toString parts.root}) that's not /, which is currently not supported.";
    hasStoreName parts.components;

  subpath = {
    inherit isValid;

    # One normalised subpath out of several.
    join =
      subpaths:
      let
        # The first bad one decides the message, so go through them in order.
        check =
          index:
          if index == length subpaths then
            true
          else if isValid (elemAt subpaths index) then
            check (index + 1)
          else
            throw ''
              lib.path.subpath.join: Element at index ${toString index} is not a valid subpath string:
                  ${invalidReason (elemAt subpaths index)}'';
      in
      if lib.all isValid subpaths || check 0 then join (concatMap split subpaths) else null;

    components =
      subpath:
      assert assertMsg (isValid subpath) ''
        lib.path.subpath.components: Argument is not a valid subpath string:
            ${invalidReason subpath}'';
      split subpath;

    normalise =
      subpath:
      assert assertMsg (isValid subpath) ''
        lib.path.subpath.normalise: Argument is not a valid subpath string:
            ${invalidReason subpath}'';
      join (split subpath);
  };
}
