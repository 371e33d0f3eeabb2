# Packages of the archive as tools of a build: which ones a build needs, and
# the joined tree of them and their dependencies that it gets as /usr.
#
# The dependencies come from the lock, like a system's: `archiveBuildInputs` in
# the derivation asks for them, and until the lock has the answer the tree is
# incomplete. nixos-container evaluates, locks, and evaluates again.
# Not for: showing the tree to the build (archive-view.sh).
{
  lib,
  lock,
  archive,
  archiveEnv,
}:
let
  inherit (builtins)
    attrNames
    concatMap
    concatStringsSep
    filter
    getContext
    hashString
    head
    isString
    match
    sort
    substring
    unsafeDiscardStringContext
    ;

  # lock.py computes the same key.
  keyOf = names: substring 0 16 (hashString "sha256" (concatStringsSep "\n" names));

  # /nix/store/HASH-name-version.drv -> the package that it is of, or null.
  packageOf =
    drvPath:
    let
      file = head (match "[^-]*-(.*)\\.drv" (baseNameOf drvPath));
      parts = lib.splitString "-" file;
      prefixes = lib.genList (count: concatStringsSep "-" (lib.take (count + 1) parts)) (lib.length parts);
      fits =
        name:
        archive.packages ? ${name}
        && archive.packages.${name}.name == file
        && unsafeDiscardStringContext archive.packages.${name}.drvPath == drvPath;
    in
    lib.findFirst fits null prefixes;

  # Whether what stands before a path on its line makes the path a command. A
  # path that is only mentioned (`ln -s`, `echo`) runs nothing.
  beforeCommand = "(.*[;|&(`{]|.*(!|then|do|else|exec|env|command|time) |)[ \t\"']*([A-Za-z_][A-Za-z0-9_]*=[^ ]* +)*[\"']?";
  startsCommand =
    before:
    let
      size = lib.stringLength before;
      line = lib.last (lib.splitString "\n" (if size > 200 then substring (size - 200) 200 before else before));
    in
    match beforeCommand line != null;

  # Whether a text runs a program of the package by its path.
  calls =
    text: name:
    let
      plain = unsafeDiscardStringContext text;
      path = unsafeDiscardStringContext archive.packages.${name}.outPath;
      places = directory: lib.init (lib.splitString "${path}${directory}" plain);
    in
    lib.any (directory: lib.any startsCommand (places directory)) [
      "/bin/"
      "/sbin/"
      "/usr/bin/"
      "/usr/sbin/"
    ];

  namesIn =
    text:
    filter (name: name != null && calls text name) (
      map packageOf (filter (lib.hasSuffix ".drv") (attrNames (getContext text)))
    );
in
rec {
  # The packages that a build runs: `inputs`, and those called in `texts`.
  namesOf =
    inputs: texts:
    lib.unique (
      sort (a: b: a < b) (
        concatMap (package: package.archiveNames or [ package.archive.name ]) inputs ++ concatMap namesIn texts
      )
    );

  make =
    names:
    archiveEnv {
      name = "build-tools";
      packages = map archive.find names;
      closure = map archive.find (lock.closures.${keyOf names} or [ ]);
      extraAttributes = {
        archiveBuildInputs = concatStringsSep " " names;
        # These packages are tools of a build, not parts of a system.
        archiveRoots = "";
      };
    };
}
