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

  # --- other sources --------------------------------------------------------

  "fromSource of a path" = {
    expr = files (fileset.fromSource tree);
    expected = all;
  };
  "fromSource of a filter" = {
    expr = files (fileset.fromSource (lib.sourceFilesBySuffices tree [ ".nix" ]));
    expected = [
      "./a/y.nix"
      "./b/deep/z.nix"
    ];
  };
  "fromSource of one file" = {
    expr = files (fileset.fromSource (lib.cleanSourceWith { src = tree + "/c.txt"; }));
    expected = [ "./c.txt" ];
  };
  "a refused directory is not entered" = {
    expr = files (
      fileset.fromSource (
        lib.cleanSourceWith {
          src = tree;
          filter =
            path: _type:
            if lib.hasInfix "/b/" path then throw "asked about ${path}" else !lib.hasSuffix "/b" path;
        }
      )
    );
    expected = [
      "./a/x"
      "./a/y.nix"
      "./c.txt"
      "./link"
    ];
  };
  "the filter is only asked where the answer counts" = {
    expr = files (
      fileset.intersection (tree + "/c.txt") (
        fileset.fromSource (
          lib.cleanSourceWith {
            src = tree;
            filter =
              path: _type: if lib.hasSuffix "/c.txt" path then true else throw "asked about ${path}";
          }
        )
      )
    );
    expected = [ "./c.txt" ];
  };

  # --- to the store ---------------------------------------------------------

  "toSource is a source named source" = {
    expr =
      let
        source = fileset.toSource {
          root = tree;
          fileset = tree + "/a";
        };
      in
      [
        source.name
        source.origSrc
        source._isLibCleanSourceWith
      ];
    expected = [
      "source"
      tree
      true
    ];
  };
  "toSource lets through what is in the set, and the way to it" = {
    expr =
      let
        inherit
          (fileset.toSource {
            root = tree;
            fileset = fileset.union (tree + "/a") (tree + "/b/deep/z.nix");
          })
          filter
          ;
        asked = name: type: filter (toString tree + "/${name}") type;
      in
      [
        (asked "a" "directory")
        (asked "a/x" "regular")
        (asked "b" "directory")
        (asked "b/x" "regular")
        (asked "b/deep" "directory")
        (asked "b/deep/z.nix" "regular")
        (asked "c.txt" "regular")
        (asked "ab" "regular")
      ];
    expected = [
      true
      true
      true
      false
      true
      true
      false
      false
    ];
  };
  "a directory without files of the set is left out" = {
    expr =
      (fileset.toSource {
        root = tree;
        fileset = fileset.difference tree (tree + "/a");
      }).filter
        (toString tree + "/a")
        "directory";
    expected = false;
  };
  "an empty set lets nothing through" = {
    expr =
      (fileset.toSource {
        root = tree;
        fileset = fileset.empty;
      }).filter
        (toString tree + "/a")
        "directory";
    expected = false;
  };
  "the whole tree is the same store path as a plain filter" = {
    expr =
      toString (
        fileset.toSource {
          root = tree;
          fileset = tree;
        }
      ) == toString (lib.cleanSourceWith { src = tree; });
    expected = true;
  };
  "files in the file system's root" = {
    expr = [
      (internal._toSourceFilter (_create /. null) "/foo" "")
      (internal._toSourceFilter (_create /. { foo = "regular"; }) "/foo" "")
      (internal._toSourceFilter (_create /. { foo = null; }) "/foo" "")
    ];
    expected = [
      false
      true
      false
    ];
  };

  # --- old representations --------------------------------------------------

  "sets of older libraries are understood" = {
    expr = {
      first = removeAttrs (internal._coerce "it" {
        _type = "fileset";
        _internalVersion = 0;
        _internalBase = /foo/bar;
      }) [ "_noEval" ];
      second = internal._coerce "it" {
        _type = "fileset";
        _internalVersion = 2;
      };
    };
    expected = {
      first = {
        _type = "fileset";
        _internalVersion = 3;
        _internalIsEmptyWithoutBase = false;
        _internalBase = /foo/bar;
        _internalBaseRoot = /.;
        _internalBaseComponents = [
          "foo"
          "bar"
        ];
      };
      second = {
        _type = "fileset";
        _internalVersion = 3;
        _internalIsEmptyWithoutBase = false;
      };
    };
  };
  "sets of newer libraries are not" = {
    expr = internal._coerce "it" {
      _type = "fileset";
      _internalVersion = 4;
    };
    error = [
      "it is a file set created from a future version of the file set library with a different internal representation:"
      "- Internal version of the file set: 4"
      "- Internal version of the library: 3"
    ];
  };
}
