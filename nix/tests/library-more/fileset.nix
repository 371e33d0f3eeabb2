# lib.fileset: set algebra over local files.
#
# Sets are compared by their lists of files; what reaches the store is tested in
# tests/nix/test_library_more.py, which can make trees that git cannot hold.
{ lib }:

let
  inherit (lib) fileset;
  internal = import ../../lib/fileset/internal.nix { inherit lib; };
  inherit (internal) _create;

  tree = ./files/tree;
  files = set: map (lib.path.removePrefix tree) (fileset.toList set);
  all = [
    "./a/x"
    "./a/y.nix"
    "./b/deep/z.nix"
    "./b/x"
    "./c.txt"
    "./link"
  ];
  untouched = _create tree (throw "the tree was looked at");
in
{
  # --- paths as sets --------------------------------------------------------

  "a directory is all its files" = {
    expr = files tree;
    expected = all;
  };
  "a file is itself" = {
    expr = files (tree + "/a/x");
    expected = [ "./a/x" ];
  };
  "a link is itself" = {
    expr = files (tree + "/link");
    expected = [ "./link" ];
  };
  "a missing path is nothing, if one says so" = {
    expr = files (fileset.maybeMissing (tree + "/missing"));
    expected = [ ];
  };
  "an existing path may be called possibly missing" = {
    expr = files (fileset.maybeMissing (tree + "/c.txt"));
    expected = [ "./c.txt" ];
  };
  "the empty set" = {
    expr = files fileset.empty;
    expected = [ ];
  };
  "what counts as a file set" = {
    expr = map fileset.isFileset [
      fileset.empty
      tree
      (tree + "/missing")
      "/foo"
      1
    ];
    expected = [
      true
      true
      false
      false
      false
    ];
  };

  # --- union ----------------------------------------------------------------

  "union" = {
    expr = files (fileset.union (tree + "/a") (tree + "/c.txt"));
    expected = [
      "./a/x"
      "./a/y.nix"
      "./c.txt"
    ];
  };
  "union is the same in any order" = {
    expr = files (fileset.union (tree + "/c.txt") (tree + "/a"));
    expected = files (fileset.union (tree + "/a") (tree + "/c.txt"));
  };
  "union of overlapping sets" = {
    expr = files (fileset.union (tree + "/b") (tree + "/b/deep"));
    expected = [
      "./b/deep/z.nix"
      "./b/x"
    ];
  };
  "the empty set adds nothing" = {
    expr = [
      (files (fileset.union fileset.empty (tree + "/c.txt")))
      (files (fileset.union (tree + "/c.txt") fileset.empty))
    ];
    expected = [
      [ "./c.txt" ]
      [ "./c.txt" ]
    ];
  };
  "unions" = {
    expr = files (
      fileset.unions [
        (tree + "/a/x")
        (tree + "/b/deep")
        (tree + "/link")
      ]
    );
    expected = [
      "./a/x"
      "./b/deep/z.nix"
      "./link"
    ];
  };
  "unions of nothing" = {
    expr = [
      (files (fileset.unions [ ]))
      (files (
        fileset.unions [
          fileset.empty
          fileset.empty
        ]
      ))
    ];
    expected = [
      [ ]
      [ ]
    ];
  };
  "what is included already is not looked at again" = {
    expr = files (fileset.union tree untouched);
    expected = all;
  };

  # --- intersection ---------------------------------------------------------

  "intersection" = {
    expr = files (
      fileset.intersection (tree + "/b") (
        fileset.unions [
          (tree + "/a")
          (tree + "/b/x")
        ]
      )
    );
    expected = [ "./b/x" ];
  };
  "intersection with a directory above or below" = {
    expr = [
      (files (fileset.intersection tree (tree + "/a")))
      (files (fileset.intersection (tree + "/a") tree))
    ];
    expected = lib.replicate 2 [
      "./a/x"
      "./a/y.nix"
    ];
  };
  "intersection of separate directories" = {
    expr = files (fileset.intersection (tree + "/a") (tree + "/b"));
    expected = [ ];
  };
  "intersection with a file beside" = {
    expr = files (fileset.intersection (tree + "/a/x") (tree + "/a/y.nix"));
    expected = [ ];
  };
  "intersection with nothing" = {
    expr = files (fileset.intersection fileset.empty untouched);
    expected = [ ];
  };
  "what is excluded already is not looked at" = {
    expr = files (fileset.intersection (_create tree { a = null; }) (_create tree { a = throw "looked at"; }));
    expected = [ ];
  };

  # --- difference -----------------------------------------------------------

  "difference" = {
    expr = files (fileset.difference tree (tree + "/b"));
    expected = [
      "./a/x"
      "./a/y.nix"
      "./c.txt"
      "./link"
    ];
  };
  "difference from a directory above" = {
    expr = files (fileset.difference (tree + "/a") tree);
    expected = [ ];
  };
  "difference of single files" = {
    expr = [
      (files (fileset.difference (tree + "/a") (tree + "/a/x")))
      (files (fileset.difference (tree + "/a/x") (tree + "/a/x")))
      (files (fileset.difference (tree + "/a/x") (tree + "/b")))
    ];
    expected = [
      [ "./a/y.nix" ]
      [ ]
      [ "./a/x" ]
    ];
  };
  "difference with nothing" = {
    expr = [
      (files (fileset.difference (tree + "/a") fileset.empty))
      (files (fileset.difference fileset.empty tree))
    ];
    expected = [
      [
        "./a/x"
        "./a/y.nix"
      ]
      [ ]
    ];
  };
  "taking everything away needs no look" = {
    expr = files (fileset.difference untouched tree);
    error = "the tree was looked at";
  };

  # --- filters --------------------------------------------------------------

  "fileFilter by extension" = {
    expr = files (fileset.fileFilter (file: file.hasExt "nix") tree);
    expected = [
      "./a/y.nix"
      "./b/deep/z.nix"
    ];
  };
  "fileFilter by name and type" = {
    expr = [
      (files (fileset.fileFilter (file: file.name == "x") tree))
      (files (fileset.fileFilter (file: file.type == "symlink") tree))
    ];
    expected = [
      [
        "./a/x"
        "./b/x"
      ]
      [ "./link" ]
    ];
  };
  "the last dot need not be the one" = {
    expr = map (ext: (fileset.toList (fileset.fileFilter (file: file.hasExt ext) ./files/tree/c.txt)) != [ ]) [
      "txt"
      "c.txt"
      ""
    ];
    expected = [
      true
      false
      false
    ];
  };
  "fileFilter of one file" = {
    expr = [
      (files (fileset.fileFilter (_: true) (tree + "/c.txt")))
      (files (fileset.fileFilter (_: false) (tree + "/c.txt")))
    ];
    expected = [
      [ "./c.txt" ]
      [ ]
    ];
  };
  "fileFilter does not look where it need not" = {
    expr = files (
      fileset.union (tree + "/a") (
        fileset.intersection (tree + "/a") (fileset.fileFilter (_: throw "looked at") tree)
      )
    );
    expected = [
      "./a/x"
      "./a/y.nix"
    ];
  };
}
