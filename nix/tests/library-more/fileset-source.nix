# lib.fileset: from other sources, and on the way into the store.
#
# What is really in the store is tested in tests/nix/test_library_more.py.
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
in
{
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
