# lib.fileset: what trace and traceVal show.
{ lib }:

let
  inherit (lib) fileset;
  inherit (import ../../lib/fileset/internal.nix { inherit lib; }) _create;
  tree = ./files/tree;
  shown = set: lines: {
    expr = fileset.trace set "result";
    expected = "result";
    trace = lib.concatMapStringsSep "\n" (line: "trace: ${line}") lines;
  };
in
{
  "a whole directory" = shown tree [ "${toString tree} (all files in directory)" ];
  "the empty set" = shown fileset.empty [ "(empty)" ];
  "a set from which everything was taken" = shown (fileset.difference tree tree) [ "(empty)" ];
  "a file, a directory, a link" =
    shown
      (fileset.unions [
        (tree + "/a/x")
        (tree + "/b")
        (tree + "/link")
      ])
      [
        (toString tree)
        "- a"
        "  - x (regular)"
        "- b (all files in directory)"
        "- link (symlink)"
      ];
  "everything in a directory, one by one, is all of it" =
    shown
      (fileset.unions [
        (tree + "/b/x")
        (tree + "/b/deep/z.nix")
        (tree + "/c.txt")
      ])
      [
        (toString tree)
        "- b (all files in directory)"
        "- c.txt (regular)"
      ];
  "lines come as far as the set can be evaluated" = {
    expr = fileset.trace (_create tree {
      a = null;
      b = "directory";
      "c.txt" = throw "too far";
    }) null;
    error = [
      "trace: ${toString tree}"
      "trace: - b (all files in directory)"
      "too far"
    ];
  };
  "traceVal gives the set back" = {
    expr = map baseNameOf (fileset.toList (fileset.traceVal (tree + "/a")));
    expected = [
      "x"
      "y.nix"
    ];
    trace = "trace: ${toString tree}/a (all files in directory)";
  };
  "it is shown before the result is needed" = {
    expr = lib.isFunction (fileset.trace (tree + "/a"));
    expected = true;
    trace = "trace: ${toString tree}/a (all files in directory)";
  };
}
