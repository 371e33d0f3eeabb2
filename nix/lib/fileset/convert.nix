# Between file sets and other things: source filters, lists of paths, predicates,
# and what git tracks.
{ lib, internal }:

let
  inherit (builtins)
    all
    attrNames
    attrValues
    concatMap
    elemAt
    isAttrs
    isPath
    isString
    length
    mapAttrs
    pathExists
    readDir
    stringLength
    substring
    typeOf
    ;

  inherit (internal) _create _directoryEntries _singleton;
  inherit (lib.filesystem) pathType;
in
{
  # A tree in which every directory is either null, "directory", or really mixed, so
  # that the filter below can answer without looking further.  Reads the whole tree.
  _normaliseTreeFilter =
    path: tree:
    if tree == "directory" || isAttrs tree then
      let
        entries = mapAttrs (name: internal._normaliseTreeFilter (path + "/${name}")) (
          _directoryEntries path tree
        );
        values = attrValues entries;
      in
      # Also for a directory without entries: the store copy shall not have it.
      if all (value: value == null) values then
        null
      else if all isString values then
        "directory"
      else
        entries
    else
      tree;

  # The filter for `builtins.path`: called with absolute path strings, parents first.
  _toSourceFilter =
    fileset:
    let
      tree = internal._normaliseTreeFilter fileset._internalBase fileset._internalTree;

      # With a slash at the end, so that /foo is not taken for the start of /foobar.
      base = "/" + lib.concatMapStrings (component: component + "/") fileset._internalBaseComponents;
      baseLength = stringLength base;

      # `parts` alternates between names and matches of "/", hence the step of two.
      includes =
        tree: parts: index:
        if !isAttrs tree then
          tree != null
        else if index >= length parts then
          true
        else
          includes (tree.${elemAt parts index} or null) parts (index + 2);

      isAboveBase = slashed: substring 0 (stringLength slashed) base == slashed;
      isInBase = slashed: substring 0 baseLength slashed == base;

      filter =
        path: type:
        let
          slashed = path + "/";
          included =
            isAboveBase slashed
            || (isInBase slashed && includes tree (builtins.split "/" (substring baseLength (-1) path)) 0);
        in
        included
        && (
          type != "unknown"
          || throw ''
            lib.fileset.toSource: `fileset` contains a file that cannot be added to the store: ${path}
                This file is neither a regular file nor a symlink, the only file types supported by the Nix store.
                Therefore the file set cannot be added to the Nix store as is. Make sure to not include that file to avoid this error.''
        );
    in
    # The directories above the base would be included even if nothing is in it.
    if fileset._internalIsEmptyWithoutBase || tree == null then (_path: _type: false) else filter;

  # The files that a `builtins.path` filter on this path would let through.
  # The filter is asked exactly as Nix does: not for the root, and not below a directory
  # that it refused.  It gets strings, while directories are read by path value.
  _fromSourceFilter =
    root: filter:
    let
      rootString = "/" + lib.concatStringsSep "/" (
        lib.path.subpath.components (lib.path.splitRoot root).subpath
      );

      directory =
        path: string:
        mapAttrs (
          name: type:
          if !filter "${string}/${name}" type then
            null
          else if type == "directory" then
            directory (path + "/${name}") "${string}/${name}"
          else
            type
        ) (readDir path);
    in
    if pathType root == "directory" then _create root (directory root rootString) else _singleton root;

  _toList =
    fileset:
    let
      list =
        path: tree:
        if tree == null then
          [ ]
        else if tree == "directory" then
          list path (readDir path)
        else if isAttrs tree then
          concatMap (name: list (path + "/${name}") tree.${name}) (attrNames tree)
        else
          [ path ];
    in
    if fileset._internalIsEmptyWithoutBase then
      [ ]
    else
      list fileset._internalBase fileset._internalTree;

  _fileFilter =
    predicate: root:
    let
      # An attribute that no pattern can name: a predicate without `...` fails now
      # instead of when the next attribute is added here.
      forbidClosedPattern."lib.fileset.fileFilter: The predicate function passed as the first argument must be able to handle extra attributes for future compatibility. If you're using `{ name, file, hasExt }:`, use `{ name, file, hasExt, ... }:` instead." =
        null;

      file =
        name: type:
        let
          kept = predicate (
            {
              inherit name type;
              hasExt = extension: lib.hasSuffix ".${extension}" name;
            }
            // forbidClosedPattern
          );
        in
        if kept then type else null;

      directory =
        path:
        mapAttrs (
          name: type: if type == "directory" then directory (path + "/${name}") else file name type
        ) (readDir path);

      type = pathType root;
      name = baseNameOf root;
    in
    if type == "directory" then
      _create root (directory root)
    else
      _create (dirOf root) { ${name} = file name type; };

  # The files of a store path, as files of a local directory.
  _mirrorStorePath =
    localPath: storePath:
    let
      directory =
        path: mapAttrs (name: type: if type == "directory" then directory "${path}/${name}" else type) (readDir path);
    in
    _create localPath (directory storePath);

  # What git tracks below `path`.  Only `fetchGit` can tell, at the price of a copy.
  _fromFetchGit =
    function: argument: path: fetchArguments:
    let
      isCheckout = pathExists (path + "/.git");

      # In the store, either git's own files came along, and then nobody can tell what
      # else did; or a fetcher has already left out everything that git does not track.
      fromStore =
        if isCheckout then
          throw ''
            lib.fileset.${function}: The ${argument} (${toString path}) is a store path within a working tree of a Git repository.
                This indicates that a source directory was imported into the store using a method such as `import "''${./.}"` or `path:.`.
                This function currently does not support such a use case, since it currently relies on `builtins.fetchGit`.
                You could make this work by using a fetcher such as `fetchGit` instead of copying the whole repository.
                If you can't avoid copying the repo to the store, see https://github.com/NixOS/nix/issues/9292.''
        else
          _singleton path;

      fetched = builtins.fetchGit (
        {
          url = path;
          # A clone with cut-off history is as good as any here.
          shallow = true;
        }
        // fetchArguments
      );
    in
    if !isPath path then
      throw "lib.fileset.${function}: Expected the ${argument} to be a path, but it's a ${typeOf path} instead."
    else if pathType path != "directory" then
      throw "lib.fileset.${function}: Expected the ${argument} (${toString path}) to be a directory, but it's a file instead."
    else if lib.path.hasStorePathPrefix path then
      fromStore
    else if !isCheckout then
      throw "lib.fileset.${function}: Expected the ${argument} (${toString path}) to point to a local working tree of a Git repository, but it's not."
    else
      internal._mirrorStorePath path fetched.outPath;
}
