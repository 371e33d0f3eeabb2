# Making file sets and checking values that should be some.
#
# Not for: combining them, or getting files out of them.
{ lib, internal }:

let
  inherit (builtins)
    isAttrs
    isPath
    mapAttrs
    pathExists
    readDir
    typeOf
    ;

  inherit (internal)
    _create
    _currentVersion
    _emptyWithoutBase
    _noEvalMessage
    ;

  success = value: {
    success = true;
    inherit value;
  };

  failure = message: {
    success = false;
    inherit message;
  };

  inherit (lib.strings) isStringLike;

  # Below, `pathType` is passed around so that _coerceMany can bring a faster one.
  singleton =
    pathType: path:
    let
      type = pathType path;
    in
    if type == "directory" then _create path type else _create (dirOf path) { ${baseNameOf path} = type; };

  coerceResult =
    pathType: context: value:
    if (value._type or "") == "fileset" then
      let
        version = value._internalVersion;
      in
      if version > _currentVersion then
        failure ''
          ${context} is a file set created from a future version of the file set library with a different internal representation:
              - Internal version of the file set: ${toString version}
              - Internal version of the library: ${toString _currentVersion}
              Make sure to update your Nixpkgs to have a newer version of `lib.fileset`.''
      else
        success (
          builtins.foldl' (old: step: step old) value (lib.drop version internal.migrations)
        )
    else if isPath value then
      if pathExists value then
        success (singleton pathType value)
      else
        failure ''
          ${context} (${toString value}) is a path that does not exist.
              To create a file set from a path that may not exist, use `lib.fileset.maybeMissing`.''
    else if value ? _isLibCleanSourceWith then
      failure ''
        ${context} is a `lib.sources`-based value, but it should be a file set or a path instead.
            To convert a `lib.sources`-based value to a file set you can use `lib.fileset.fromSource`.
            Note that this only works for sources created from paths.''
    else if isStringLike value then
      failure ''
        ${context} ("${toString value}") is a string-like value, but it should be a file set or a path instead.
            Paths represented as strings are not supported by `lib.fileset`, use `lib.sources` or derivations instead.''
    else
      failure "${context} is of type ${typeOf value}, but it should be a file set or a path instead.";

  # `pathType` for one of many paths.  Nix before 2.14 has to list the parent to know
  # the type, so do that once for each parent, not once for each path.
  pathTypeAmong =
    values:
    let
      listing = path: {
        name = toString path;
        value = readDir path;
      };
      listings = builtins.listToAttrs (map (path: listing (dirOf path)) (builtins.filter isPath values));
    in
    if builtins ? readFileType then
      lib.filesystem.pathType
    else
      path: if dirOf path == path then "directory" else listings.${toString (dirOf path)}.${baseNameOf path};
in
{
  _currentVersion = 3;

  _noEvalMessage = ''
    lib.fileset: Directly evaluating a file set is not supported.
      To turn it into a usable source, use `lib.fileset.toSource`.
      To pretty-print the contents, use `lib.fileset.trace` or `lib.fileset.traceVal`.'';

  # Step i turns representation i into i + 1.
  migrations = [
    # 0: the base had not been taken apart.
    (
      old:
      let
        parts = lib.path.splitRoot old._internalBase;
      in
      old
      // {
        _internalVersion = 1;
        _internalBaseRoot = parts.root;
        _internalBaseComponents = lib.path.subpath.components parts.subpath;
      }
    )
    # 1: every entry of a directory was spelt out; now they may be missing.
    (old: old // { _internalVersion = 2; })
    # 2: there was no empty set without a base.
    (
      old:
      old
      // {
        _internalVersion = 3;
        _internalIsEmptyWithoutBase = false;
      }
    )
  ];

  _emptyWithoutBase = {
    _type = "fileset";
    _internalVersion = _currentVersion;
    _internalIsEmptyWithoutBase = true;
    # Sorted last, so a strict evaluation shows the rest before it fails.
    _noEval = throw _noEvalMessage;
  };

  # base directory, tree -> file set
  _create =
    base: tree:
    let
      parts = lib.path.splitRoot base;
    in
    {
      _type = "fileset";
      _internalVersion = _currentVersion;
      _internalIsEmptyWithoutBase = false;
      _internalBase = base;
      _internalBaseRoot = parts.root;
      _internalBaseComponents = lib.path.subpath.components parts.subpath;
      _internalTree = tree;
      _noEval = throw _noEvalMessage;
    };

  # An existing path.  The base is always a directory: for a file it is the parent.
  _singleton = singleton lib.filesystem.pathType;

  # { success = true; value = fileset; } or { success = false; message; }.
  # `context` begins the message: who was called, and with which argument.
  _coerceResult = coerceResult lib.filesystem.pathType;

  _coerce =
    context: value:
    let
      result = internal._coerceResult context value;
    in
    if result.success then result.value else throw result.message;

  # [ { context; value; } ] -> [ fileset ], all with the same file system root.
  _coerceMany =
    function: arguments:
    let
      pathType = pathTypeAmong (map (argument: argument.value) arguments);
      coerce =
        { context, value }:
        let
          result = coerceResult pathType "${function}: ${context}" value;
        in
        if result.success then result.value else throw result.message;

      filesets = map coerce arguments;

      hasBase = fileset: !fileset._internalIsEmptyWithoutBase;
      first = lib.lists.findFirst hasBase null filesets;
      otherRoot = fileset: hasBase fileset && fileset._internalBaseRoot != first._internalBaseRoot;
      other = lib.lists.findFirstIndex otherRoot null filesets;

      at = builtins.elemAt;
    in
    if first != null && other != null then
      throw ''
        ${function}: Filesystem roots are not the same:
            ${(at arguments 0).context}: Filesystem root is "${toString first._internalBaseRoot}"
            ${(at arguments other).context}: Filesystem root is "${toString (at filesets other)._internalBaseRoot}"
            Different filesystem roots are not supported.''
    else
      filesets;

  # A directory's tree in the form of a set, with every existing entry in it.
  _directoryEntries =
    path: tree: if isAttrs tree then mapAttrs (_name: _type: null) (readDir path) // tree else readDir path;
}
