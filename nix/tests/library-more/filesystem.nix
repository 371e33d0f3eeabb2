# lib.filesystem: looking at files.
{ lib }:

let
  inherit (lib) filesystem;
  tree = ./files/tree;
  missing = ./files/missing;
  packages = ./files/packages;

  callPackage = file: args: import file args;

  # As in a package set: arguments come out of the scope.
  newScope =
    scope: file: args:
    let
      function = import file;
    in
    function (builtins.intersectAttrs (lib.functionArgs function) scope // args);
in
{
  "types of paths" = {
    expr = map filesystem.pathType [
      /.
      tree
      (tree + "/c.txt")
      (tree + "/link")
    ];
    expected = [
      "directory"
      "directory"
      "regular"
      "symlink"
    ];
  };
  "types of paths in strings" = {
    expr = map filesystem.pathType [
      "/"
      (toString tree)
      (toString tree + "/")
      (toString tree + "/c.txt")
    ];
    expected = [
      "directory"
      "directory"
      "directory"
      "regular"
    ];
  };
  "the type of what a set stands for" = {
    expr = filesystem.pathType { outPath = toString tree; };
    expected = "directory";
  };
  "a missing path has no type" = {
    expr = filesystem.pathType missing;
    error = "files/missing";
  };
  "directories" = {
    expr = map filesystem.pathIsDirectory [
      /.
      tree
      (tree + "/c.txt")
      missing
    ];
    expected = [
      true
      true
      false
      false
    ];
  };
  "regular files" = {
    expr = map filesystem.pathIsRegularFile [
      /.
      tree
      (tree + "/c.txt")
      (tree + "/link")
      missing
    ];
    expected = [
      false
      false
      true
      false
      false
    ];
  };
  "all files below a directory" = {
    expr = filesystem.listFilesRecursive tree;
    expected = [
      (tree + "/a/x")
      (tree + "/a/y.nix")
      (tree + "/b/deep/z.nix")
      (tree + "/b/x")
      (tree + "/c.txt")
      (tree + "/link")
    ];
  };
  "directories with a cabal file of the same name" = {
    expr = filesystem.haskellPathsInDir ./files/haskell;
    expected.good = ./files/haskell/good;
  };
  "the nearest directory with a matching file" = {
    expr = filesystem.locateDominatingFile "(c)\\.(txt)" (tree + "/b/deep/z.nix");
    expected = {
      path = tree;
      matches = [
        [
          "c"
          "txt"
        ]
      ];
    };
  };
  "the search begins in the directory itself" = {
    expr = (filesystem.locateDominatingFile ".*\\.nix" (tree + "/b/deep")).path;
    expected = tree + "/b/deep";
  };
  "there need not be one" = {
    expr = filesystem.locateDominatingFile "no-such-file-anywhere" tree;
    expected = null;
  };

  "packages by directory" = {
    expr =
      let
        all = filesystem.packagesFromDirectoryRecursive {
          inherit callPackage;
          directory = packages;
        };
      in
      {
        names = lib.attrNames all;
        inherit (all) one plain;
        nested = lib.attrNames all.space;
        inherit (all.space) two inner;
      };
    expected = {
      names = [
        "one"
        "plain"
        "space"
      ];
      one = "one";
      plain = "plain";
      nested = [
        "inner"
        "three"
        "two"
      ];
      two = "two";
      inner = "deep";
    };
  };
  "a directory with package.nix is one package" = {
    expr = filesystem.packagesFromDirectoryRecursive {
      inherit callPackage;
      directory = packages + "/plain";
    };
    expected = "plain";
  };
  "with newScope the packages see each other" = {
    expr =
      (filesystem.packagesFromDirectoryRecursive {
        callPackage = newScope { };
        inherit newScope;
        directory = packages + "/space";
      }).three;
    expected = "inner sees nothing and two";
  };
  "and what the outer scope has" = {
    expr =
      (filesystem.packagesFromDirectoryRecursive {
        callPackage = newScope { };
        inherit newScope;
        directory = packages;
      }).space.three;
    expected = "inner sees one and two";
  };
  "a scope is searched by tools" = {
    expr =
      (filesystem.packagesFromDirectoryRecursive {
        callPackage = newScope { };
        inherit newScope;
        directory = packages;
      }).recurseForDerivations;
    expected = true;
  };
  "packages are not looked at before they are used" = {
    expr = lib.attrNames (
      filesystem.packagesFromDirectoryRecursive {
        callPackage = _: _: throw "called";
        directory = packages;
      }
    );
    expected = [
      "one"
      "plain"
      "space"
    ];
  };
  "links are not followed" = {
    expr = filesystem.packagesFromDirectoryRecursive {
      inherit callPackage;
      directory = tree;
    };
    error = "lib.filesystem.packagesFromDirectoryRecursive: Unsupported file type symlink at path";
  };

  "a directory means its default.nix" = {
    expr = filesystem.resolveDefaultNix tree;
    expected = tree + "/default.nix";
  };
  "a file means itself" = {
    expr = filesystem.resolveDefaultNix (tree + "/c.txt");
    expected = tree + "/c.txt";
  };
  "a missing path means itself" = {
    expr = filesystem.resolveDefaultNix missing;
    expected = missing;
  };
  "a slash at the end means a directory" = {
    expr = filesystem.resolveDefaultNix "/no/such/directory/";
    expected = "/no/such/directory/default.nix";
  };
}
