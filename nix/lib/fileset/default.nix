# File sets: `lib.fileset`.  A file set is a set of existing local files, made from
# paths by set algebra, and turned into a store path with `toSource`.
#
# This file is the public side: it checks arguments and words the errors.  The
# work is done by ./internal.nix.
#
# Not for: empty directories (a set of files has none), and not for paths in
# strings or store paths of derivations (see ../sources.nix for those).
{ lib }:

let
  inherit (import ./internal.nix { inherit lib; })
    _coerce
    _coerceMany
    _coerceResult
    _difference
    _emptyWithoutBase
    _fileFilter
    _fromFetchGit
    _fromSourceFilter
    _intersection
    _printFileset
    _singleton
    _toList
    _toSourceFilter
    _unionMany
    ;

  inherit (builtins)
    isBool
    isPath
    pathExists
    seq
    typeOf
    ;

  inherit (lib.strings) isStringLike;

  argument = context: value: { inherit context value; };

  # The arguments of a function of two file sets, checked.
  two =
    function: first: second: combine:
    let
      filesets = _coerceMany "lib.fileset.${function}" [
        first
        second
      ];
    in
    combine (builtins.elemAt filesets 0) (builtins.elemAt filesets 1);

  # Raise an error if `root` of toSource is no path.
  badRoot =
    root:
    if root ? _isLibCleanSourceWith then
      ''
        lib.fileset.toSource: `root` is a `lib.sources`-based value, but it should be a path instead.
            To use a `lib.sources`-based value, convert it to a file set using `lib.fileset.fromSource` and pass it as `fileset`.
            Note that this only works for sources created from paths.''
    else if isStringLike root then
      ''
        lib.fileset.toSource: `root` (${toString root}) is a string-like value, but it should be a path instead.
            Paths in strings are not supported by `lib.fileset`, use `lib.sources` or derivations instead.''
    else
      "lib.fileset.toSource: `root` is of type ${typeOf root}, but it should be a path instead.";
in
{
  # The empty file set.
  empty = _emptyWithoutBase;

  # Whether a value could be passed where a file set is expected.
  isFileset = value: (_coerceResult "" value).success;

  # A path that need not exist: then the set is empty.
  maybeMissing =
    path:
    if !isPath path then
      throw (
        if isStringLike path then
          ''lib.fileset.maybeMissing: Argument ("${toString path}") is a string-like value, but it should be a path instead.''
        else
          "lib.fileset.maybeMissing: Argument is of type ${typeOf path}, but it should be a path instead."
      )
    else if pathExists path then
      _singleton path
    else
      _emptyWithoutBase;

  # Show a file set on standard error, then return the second argument.
  trace =
    fileset:
    let
      checked = _coerce "lib.fileset.trace: Argument" fileset;
    in
    seq (_printFileset checked) (value: value);

  # Show a file set on standard error and return it.
  traceVal =
    fileset:
    let
      checked = _coerce "lib.fileset.traceVal: Argument" fileset;
    in
    seq (_printFileset checked) checked;

  # A store path with the files of the set, at their places relative to `root`.
  toSource =
    { root, fileset }:
    let
      files = _coerce "lib.fileset.toSource: `fileset`" fileset;
      rootRoot = (lib.path.splitRoot root).root;
      filesRoot = (lib.path.splitRoot files._internalBase).root;
      filter = _toSourceFilter files;
      base = toString files._internalBase;
    in
    if !isPath root then
      throw (badRoot root)
    # All Nix paths have the root / today; this is written for the day when they do not.
    else if !files._internalIsEmptyWithoutBase && rootRoot != filesRoot then
      throw ''
        lib.fileset.toSource: Filesystem roots are not the same for `fileset` and `root` (${toString root}):
            `root`: Filesystem root is "${toString rootRoot}"
            `fileset`: Filesystem root is "${toString filesRoot}"
            Different filesystem roots are not supported.''
    else if !pathExists root then
      throw "lib.fileset.toSource: `root` (${toString root}) is a path that does not exist."
    else if lib.filesystem.pathType root != "directory" then
      throw ''
        lib.fileset.toSource: `root` (${toString root}) is a file, but it should be a directory instead. Potential solutions:
            - If you want to import the file into the store _without_ a containing directory, use string interpolation or `builtins.path` instead of this function.
            - If you want to import the file into the store _with_ a containing directory, set `root` to the containing directory, such as ${toString (dirOf root)}, and set `fileset` to the file path.''
    else if !files._internalIsEmptyWithoutBase && !lib.path.hasPrefix root files._internalBase then
      throw ''
        lib.fileset.toSource: `fileset` could contain files in ${base}, which is not under the `root` (${toString root}). Potential solutions:
            - Set `root` to ${base} or any directory higher up. This changes the layout of the resulting store path.
            - Set `fileset` to a file set that cannot contain files outside the `root` (${toString root}). This could change the files included in the result.''
    else
      # Forced first: a mistake in the file set is reported even if no file is ever asked for.
      seq filter (
        lib.sources.cleanSourceWith {
          name = "source";
          src = root;
          inherit filter;
        }
      );

  # The files of the set as a list of paths, sorted.
  toList = fileset: _toList (_coerce "lib.fileset.toList: Argument" fileset);

  union =
    fileset1: fileset2:
    two "union" (argument "First argument" fileset1) (argument "Second argument" fileset2) (
      left: right:
      _unionMany [
        left
        right
      ]
    );

  unions =
    filesets:
    if !builtins.isList filesets then
      throw "lib.fileset.unions: Argument is of type ${typeOf filesets}, but it should be a list instead."
    else
      _unionMany (
        _coerceMany "lib.fileset.unions" (
          lib.imap0 (index: argument "Element ${toString index}") filesets
        )
      );

  intersection =
    fileset1: fileset2:
    two "intersection" (argument "First argument" fileset1) (argument "Second argument" fileset2)
      _intersection;

  difference =
    positive: negative:
    two "difference" (argument "First argument (positive set)" positive)
      (argument "Second argument (negative set)" negative)
      _difference;

  # The files below a path for which `predicate { name; type; hasExt; ... }` holds.
  fileFilter =
    predicate: path:
    if !lib.isFunction predicate then
      throw "lib.fileset.fileFilter: First argument is of type ${typeOf predicate}, but it should be a function instead."
    else if !isPath path then
      throw (
        if (path._type or "") == "fileset" then
          ''
            lib.fileset.fileFilter: Second argument is a file set, but it should be a path instead.
                If you need to filter files in a file set, use `intersection fileset (fileFilter pred ./.)` instead.''
        else
          "lib.fileset.fileFilter: Second argument is of type ${typeOf path}, but it should be a path instead."
      )
    else if !pathExists path then
      throw "lib.fileset.fileFilter: Second argument (${toString path}) is a path that does not exist."
    else
      _fileFilter predicate path;

  # A `lib.sources` value with the same files.
  fromSource =
    source:
    let
      filtered = source ? _isLibCleanSourceWith;
      path = if filtered then source.origSrc else source;
    in
    if !isPath path then
      throw (
        if isStringLike path then
          ''
            lib.fileset.fromSource: The source origin of the argument is a string-like value ("${toString path}"), but it should be a path instead.
                Sources created from paths in strings cannot be turned into file sets, use `lib.sources` or derivations instead.''
        else
          "lib.fileset.fromSource: The source origin of the argument is of type ${typeOf path}, but it should be a path instead."
      )
    else if !pathExists path then
      throw "lib.fileset.fromSource: The source origin (${toString path}) of the argument is a path that does not exist."
    else if filtered then
      _fromSourceFilter path source.filter
    else
      _singleton path;

  # The files that git tracks in a local working tree.
  gitTracked = path: _fromFetchGit "gitTracked" "argument" path { };

  gitTrackedWith =
    {
      recurseSubmodules ? false,
    }:
    path:
    if !isBool recurseSubmodules then
      throw "lib.fileset.gitTrackedWith: Expected the attribute `recurseSubmodules` of the first argument to be a boolean, but it's a ${typeOf recurseSubmodules} instead."
    else
      _fromFetchGit "gitTrackedWith" "second argument" path { submodules = recurseSubmodules; };
}
