# Looking at files during evaluation, without copying them to the store: `lib.filesystem`.
#
# Not for: choosing what goes into the store (see ./sources.nix and ./fileset).
{ lib }:

let
  inherit (builtins)
    attrNames
    concatMap
    filter
    listToAttrs
    match
    ;
in
rec {
  # What Nix itself offers on paths, under one roof with the rest.
  inherit (builtins)
    baseNameOf
    dirOf
    filterSource
    hashFile
    isPath
    pathExists
    readDir
    toPath
    ;

  # "directory", "regular", "symlink" or "unknown"; the path has to exist.
  pathType =
    builtins.readFileType or (
      # Nix before 2.14 only shows types when it lists a directory.
      path:
      if !pathExists path then
        # An abort, because the builtin's error cannot be caught either.
        abort "lib.filesystem.pathType: Path ${toString path} does not exist."
      # Only / is its own parent, and it has no name that could be looked up there.
      else if dirOf path == path then
        "directory"
      else
        let
          # "/a/b/" as a string: its dirOf would be "/a/b" instead of "/a".
          plain = if builtins.isPath path then path else lib.removeSuffix "/" "${path}";
          # No attribute name may depend on a build.
          name = builtins.unsafeDiscardStringContext (baseNameOf plain);
        in
        (readDir (dirOf plain)).${name}
    );

  pathIsDirectory = path: pathExists path && pathType path == "directory";

  pathIsRegularFile = path: pathExists path && pathType path == "regular";

  readFileType = pathType;

  # { name = path; } of the directories below `root` that contain NAME/NAME.cabal.
  haskellPathsInDir =
    root:
    let
      isPackage = name: pathExists (root + "/${name}/${name}.cabal");
      entry = name: {
        inherit name;
        value = root + "/${name}";
      };
    in
    listToAttrs (map entry (filter isPackage (attrNames (readDir root))));

  # The nearest directory, upwards from `file`, with an entry that matches the pattern:
  # { path; matches; } with the match groups of every such entry, or null.
  locateDominatingFile =
    pattern: file:
    let
      climb =
        directory:
        let
          matches = filter (groups: groups != null) (map (match pattern) (attrNames (readDir directory)));
        in
        if matches != [ ] then
          {
            path = directory;
            inherit matches;
          }
        else if directory == /. then
          null
        else
          climb (dirOf directory);

      # `file` itself may be missing, so its type is asked from its parent.
      isDirectory = file == /. || (readDir (dirOf file)).${baseNameOf file} or null == "directory";
    in
    climb (if isDirectory then file else dirOf file);

  # Every file below the directory, as paths; links are not followed.
  listFilesRecursive =
    directory:
    let
      entries = readDir directory;
    in
    concatMap (
      name:
      let
        path = directory + "/${name}";
      in
      if entries.${name} == "directory" then listFilesRecursive path else [ path ]
    ) (attrNames entries);

  # A directory tree of package files as nested attributes.  A directory with a
  # package.nix is one package, other directories are sets, NAME.nix is package NAME.
  # With `newScope` every set is a scope of its own, so that its packages see each other.
  packagesFromDirectoryRecursive =
    {
      callPackage,
      newScope ? throw "lib.packagesFromDirectoryRecursive: newScope wasn't passed in args",
      directory,
    }@args:
    let
      single = lib.path.append directory "package.nix";

      contents =
        args:
        let
          types = readDir directory;

          entry =
            name:
            let
              path = lib.path.append directory name;
              type = types.${name};
            in
            if type == "directory" then
              [
                {
                  inherit name;
                  value = packagesFromDirectoryRecursive (args // { directory = path; });
                }
              ]
            else if type == "regular" then
              lib.optional (lib.hasSuffix ".nix" name) {
                name = lib.removeSuffix ".nix" name;
                value = args.callPackage path { };
              }
            else
              throw ''
                lib.filesystem.packagesFromDirectoryRecursive: Unsupported file type ${type} at path ${toString path}
              '';
        in
        # NAME.nix sorts after the directory NAME and wins; listToAttrs keeps the first.
        listToAttrs (lib.reverseList (concatMap entry (attrNames types)));
    in
    if pathExists single then
      callPackage single { }
    else if args ? newScope then
      lib.recurseIntoAttrs (
        lib.makeScope newScope (self: contents (args // { inherit (self) callPackage newScope; }))
      )
    else
      contents args;

  # What `import` would read: a directory means its default.nix.
  resolveDefaultNix =
    path:
    if pathIsDirectory path then
      path + "/default.nix"
    # A trailing slash says "directory", even where nothing exists to confirm it.
    else if builtins.isString path && lib.hasSuffix "/" path then
      path + "default.nix"
    else
      path;
}
