# Joining strings, and the search paths made by joining.
#
# Not for: taking strings apart (search.nix), quoting (escape.nix).
{ lib }:

let
  inherit (builtins)
    concatStringsSep
    filter
    genList
    head
    map
    tail
    ;
  inherit (lib) imap1 mapAttrsToList;
in
rec {
  inherit concatStringsSep;

  concatStrings = concatStringsSep "";

  concatMapStrings = f: list: concatStrings (map f list);

  concatImapStrings = f: list: concatStrings (imap1 f list);

  concatMapStringsSep =
    sep: f: list:
    concatStringsSep sep (map f list);

  concatImapStringsSep =
    sep: f: list:
    concatStringsSep sep (imap1 f list);

  concatMapAttrsStringSep =
    sep: f: attrs:
    concatStringsSep sep (mapAttrsToList f attrs);

  concatLines = concatMapStrings (line: line + "\n");

  join = concatStringsSep;

  # Also used for lists of other things than strings.
  intersperse =
    separator: list:
    if list == [ ] then
      [ ]
    else
      [ (head list) ] ++ builtins.concatMap (x: [ separator x ]) (tail list);

  replicate = n: s: concatStrings (genList (_: s) n);

  optionalString = cond: string: if cond then string else "";

  # --- search paths ---------------------------------------------------------

  makeSearchPath =
    subDir: paths: concatStringsSep ":" (map (path: path + "/" + subDir) (filter (x: x != null) paths));

  makeSearchPathOutput =
    output: subDir: pkgs:
    makeSearchPath subDir (map (lib.getOutput output) pkgs);

  makeLibraryPath = makeSearchPathOutput "lib" "lib";

  makeIncludePath = makeSearchPathOutput "dev" "include";

  makeBinPath = makeSearchPathOutput "bin" "bin";
}
