# Source trees and what of them goes into the store: `lib.sources`.
#
# A *source* is a path, or the result of one of the filters below; filters can be
# stacked without an intermediate copy.  Also here: the commit of a git checkout, and
# the names that fetchers give to what they fetch.
#
# Not for: selecting single files by path (see ./fileset), nor for fetching.
{ lib }:

let
  inherit (builtins)
    any
    head
    match
    stringLength
    ;

  inherit (lib) hasPrefix hasSuffix removePrefix;
  inherit (lib.filesystem) pathIsRegularFile;

  # Every kind of source in one form.
  describe =
    source:
    if source ? _isLibCleanSourceWith then
      {
        inherit (source) origSrc filter name;
      }
    else
      {
        origSrc = source;
        filter = _path: _type: true;
        name = "source";
      };

  fromDescription =
    {
      origSrc,
      filter,
      name,
    }:
    {
      _isLibCleanSourceWith = true;
      inherit origSrc filter name;
      # Lazy: nothing is copied until somebody asks for the store path.
      outPath = builtins.path {
        inherit filter name;
        path = origSrc;
      };
    };

  versionControlDirectories = [
    ".svn"
    "CVS"
    ".hg"
    ".jj"
    ".pijul"
    "_darcs"
  ];

  # A reference in a git directory: { value = commit; } or { error = message; }.
  # The layout is gitrepository-layout(5).
  gitCommit =
    reference: gitDirectory:
    let
      file = gitDirectory + "/${reference}";
      packedFile = gitDirectory + "/packed-refs";
    in
    if pathIsRegularFile gitDirectory then
      worktreeCommit reference gitDirectory
    else if pathIsRegularFile file then
      let
        content = lib.fileContents file;
        symbolic = match "ref: (.*)" content;
      in
      if symbolic == null then { value = content; } else gitCommit (head symbolic) gitDirectory
    else if pathIsRegularFile packedFile then
      let
        # Line by line: one match over the whole file can overflow libstdc++'s stack.
        lines = lib.splitString "\n" (builtins.readFile packedFile);
        found = lib.filter (groups: groups != null) (map (match "([a-z0-9]+) ${reference}") lines);
      in
      if found == [ ] then
        { error = "Could not find ${reference} in ${toString packedFile}"; }
      else
        { value = head (head found); }
    else
      { error = "Not a .git directory: ${toString gitDirectory}"; };

  # `.git` can be a file that names the real directory: worktrees and submodules.
  worktreeCommit =
    reference: gitFile:
    let
      pointer = match "gitdir: (.*)" (lib.fileContents gitFile);
      absolute =
        base: path: if hasPrefix "/" path then path else toString (/. + "${toString base}/${path}");
      own = absolute (dirOf gitFile) (head pointer);
      commonFile = "${own}/commondir";
      # References other than HEAD are shared with the main checkout.
      common =
        if pathIsRegularFile commonFile then
          absolute own (lib.removeSuffix "/" (lib.fileContents commonFile))
        else
          own;
    in
    if pointer == null then
      { error = "File contains no gitdir reference: ${toString gitFile}"; }
    else
      gitCommit (removePrefix "${common}/" "${own}/${reference}") common;

  # Endings of archives and clone URLs that say nothing about the content.
  packagingPattern = "(.*)\\.(git|tar|zip|gz|tgz|bz|tbz|bz2|tbz2|lzma|txz|xz|zstd)";
in
rec {
  # They were here before there was lib.filesystem.
  inherit (lib.filesystem) pathIsDirectory pathIsRegularFile pathType;

  # What is never source: version control data, editor left-overs, compiled
  # objects, links to build results, and files that the store cannot hold.
  cleanSourceFilter =
    path: type:
    let
      name = baseNameOf (toString path);
      versionControl =
        name == ".git" || (type == "directory" && builtins.elem name versionControlDirectories);
      editor = hasSuffix "~" name || match "\\.(.*\\.)?sw[a-z]" name != null;
      compiled = hasSuffix ".o" name || hasSuffix ".so" name;
      result = type == "symlink" && hasPrefix "result" name;
    in
    !(versionControl || editor || compiled || result || type == "unknown");

  cleanSource =
    src:
    cleanSourceWith {
      filter = cleanSourceFilter;
      inherit src;
    };

  # Filter a source (path: type: bool, both strings) and name it; filters add up.
  cleanSourceWith =
    {
      src,
      filter ? _path: _type: true,
      name ? null,
    }:
    let
      below = describe src;
    in
    fromDescription {
      inherit (below) origSrc;
      filter = path: type: filter path type && below.filter path type;
      name = if name == null then below.name else name;
    };

  # The same source, reporting every decision of its filter.
  trace =
    src:
    let
      below = describe src;
    in
    fromDescription (
      below
      // {
        filter =
          path: type:
          let
            keep = below.filter path type;
          in
          builtins.trace "${below.name}.filter ${path} = ${lib.boolToString keep}" keep;
      }
    )
    // {
      satisfiesSubpathInvariant = src.satisfiesSubpathInvariant or false;
    };

  # Keep what matches one of the regular expressions, by path relative to the source.
  # Directories have to match as well, or nothing below them is looked at.
  sourceByRegex =
    src: regexes:
    let
      base = toString (describe src).origSrc + "/";
    in
    cleanSourceWith {
      filter =
        path: _type:
        let
          relative = removePrefix base (toString path);
        in
        any (regex: match regex relative != null) regexes;
      inherit src;
    };

  # Keep all directories, and files with one of the endings.
  sourceFilesBySuffices =
    src: suffixes:
    cleanSourceWith {
      filter =
        path: type:
        type == "directory" || any (suffix: hasSuffix suffix (baseNameOf (toString path))) suffixes;
      inherit src;
    };

  # The commit that is checked out in the repository whose `.git` this is.
  commitIdFromGitRepo =
    path:
    let
      found = gitCommit "HEAD" path;
    in
    found.value or (throw found.error);

  pathIsGitRepo = path: gitCommit "HEAD" path ? value;

  pathHasContext = builtins.hasContext or (hasPrefix builtins.storeDir);

  # A filter needs a path on disk; the output of a build is only known later.
  canCleanSource = src: src ? _isLibCleanSourceWith || !pathHasContext (toString src);

  # "https://example.org/user/repo.tar.gz" -> "repo"
  urlToName =
    url:
    let
      afterColon = lib.last (lib.splitString ":" (toString url));
      strip =
        name:
        let
          parts = match packagingPattern name;
        in
        if parts != null && stringLength (head parts) < stringLength name then strip (head parts) else name;
    in
    strip (baseNameOf (lib.removeSuffix "/" afterColon));

  # "refs/tags/v12.0" -> "12.0", a commit id -> its first seven digits
  shortRev =
    rev:
    let
      name = baseNameOf (toString rev);
      version = match "([A-Za-z]+[-_. ]?)*(v)?([0-9.]+.*)" name;
    in
    if match "[a-f0-9]+" name != null then
      builtins.substring 0 7 name
    else if version != null then
      lib.last version
    else
      name;

  revOrTag =
    rev: tag:
    if tag != null then
      tag
    else if rev != null then
      rev
    else
      "HEAD";

  # The name of a fetched tree; `kind` says how much it should tell.
  repoRevToName =
    kind:
    let
      full =
        repo: rev: suffix:
        let
          optional = text: if text == null then "" else "-${text}";
        in
        urlToName repo + optional (if rev == null then null else shortRev rev) + optional suffix + "-source";
    in
    if kind == "source" then
      _repo: _rev: _suffix: "source"
    else if kind == "versioned" then
      repo: rev: _suffix: full repo rev null
    else if kind == "full" then
      full
    else
      throw "repoRevToName: invalid kind";
}
