# lib.fileset: what it says when something is wrong.
{ lib }:

let
  inherit (lib) fileset;
  tree = ./files/tree;
  missing = ./files/missing;
  source = set: fileset.toSource { root = tree; fileset = set; };

  # A library which takes directories named mock-root for file system roots, as
  # there is only one root on any machine.
  mocked =
    (lib.extend (
      self: super: {
        path = super.path // {
          splitRoot =
            path:
            let
              parts = super.path.splitRoot path;
              components = self.path.subpath.components parts.subpath;
              above = lib.length (self.path.subpath.components (super.path.splitRoot tree).subpath);
              # Below the tree, wherever that is: `a` and `b/deep`.
              take = above + (if lib.elemAt (components ++ [ "a" ]) above == "b" then 2 else 1);
            in
            {
              root = self.path.append parts.root (self.path.subpath.join (lib.take take components));
              subpath = self.path.subpath.join (lib.drop take components);
            };
        };
      }
    )).fileset;
in
{
  # --- any argument ---------------------------------------------------------

  "a path that does not exist" = {
    expr = fileset.toList missing;
    error = [
      "lib.fileset.toList: Argument ("
      "files/missing) is a path that does not exist."
      "To create a file set from a path that may not exist, use `lib.fileset.maybeMissing`."
    ];
  };
  "a path in a string" = {
    expr = source "/some/path";
    error = [
      "lib.fileset.toSource: `fileset` (\"/some/path\") is a string-like value, but it should be a file set or a path instead."
      "Paths represented as strings are not supported by `lib.fileset`, use `lib.sources` or derivations instead."
    ];
  };
  "a source" = {
    expr = source (lib.cleanSource tree);
    error = [
      "lib.fileset.toSource: `fileset` is a `lib.sources`-based value, but it should be a file set or a path instead."
      "To convert a `lib.sources`-based value to a file set you can use `lib.fileset.fromSource`."
      "Note that this only works for sources created from paths."
    ];
  };
  "something else" = {
    expr = source 10;
    error = "lib.fileset.toSource: `fileset` is of type int, but it should be a file set or a path instead.";
  };
  "a file set is not for looking at" = {
    expr = fileset.union tree tree;
    error = [
      "lib.fileset: Directly evaluating a file set is not supported."
      "To turn it into a usable source, use `lib.fileset.toSource`."
      "To pretty-print the contents, use `lib.fileset.trace` or `lib.fileset.traceVal`."
    ];
  };
  "the empty set neither" = {
    expr = fileset.empty;
    error = "lib.fileset: Directly evaluating a file set is not supported.";
  };

  # --- which argument it was ------------------------------------------------

  "the first of union" = {
    expr = source (fileset.union missing tree);
    error = "lib.fileset.union: First argument (";
  };
  "the second of union" = {
    expr = source (fileset.union tree 1);
    error = "lib.fileset.union: Second argument is of type int, but it should be a file set or a path instead.";
  };
  "an element of unions" = {
    expr = source (
      fileset.unions [
        tree
        "x"
      ]
    );
    error = "lib.fileset.unions: Element 1 (\"x\") is a string-like value";
  };
  "unions wants a list" = {
    expr = source (fileset.unions null);
    error = "lib.fileset.unions: Argument is of type null, but it should be a list instead.";
  };
  "the first of intersection" = {
    expr = source (fileset.intersection missing tree);
    error = "lib.fileset.intersection: First argument (";
  };
  "the second of intersection" = {
    expr = source (fileset.intersection tree missing);
    error = "lib.fileset.intersection: Second argument (";
  };
  "the first of difference" = {
    expr = source (fileset.difference missing tree);
    error = "lib.fileset.difference: First argument (positive set) (";
  };
  "the second of difference" = {
    expr = source (fileset.difference tree missing);
    error = "lib.fileset.difference: Second argument (negative set) (";
  };
  "that of trace" = {
    expr = fileset.trace 1 null;
    error = "lib.fileset.trace: Argument is of type int";
  };
  "that of traceVal" = {
    expr = fileset.traceVal 1;
    error = "lib.fileset.traceVal: Argument is of type int";
  };

  # --- toSource -------------------------------------------------------------

  "a root in a string" = {
    expr = fileset.toSource {
      root = "/nix/store/foobar";
      fileset = tree;
    };
    error = [
      "lib.fileset.toSource: `root` (/nix/store/foobar) is a string-like value, but it should be a path instead."
      "Paths in strings are not supported by `lib.fileset`, use `lib.sources` or derivations instead."
    ];
  };
  "a source as root" = {
    expr = fileset.toSource {
      root = lib.cleanSource tree;
      fileset = tree;
    };
    error = [
      "lib.fileset.toSource: `root` is a `lib.sources`-based value, but it should be a path instead."
      "convert it to a file set using `lib.fileset.fromSource` and pass it as `fileset`."
    ];
  };
  "something else as root" = {
    expr = fileset.toSource {
      root = 10;
      fileset = tree;
    };
    error = "lib.fileset.toSource: `root` is of type int, but it should be a path instead.";
  };
  "a root that does not exist" = {
    expr = fileset.toSource {
      root = missing;
      fileset = fileset.empty;
    };
    error = [
      "lib.fileset.toSource: `root` ("
      "files/missing) is a path that does not exist."
    ];
  };
  "a root that is a file" = {
    expr = fileset.toSource {
      root = tree + "/c.txt";
      fileset = tree + "/c.txt";
    };
    error = [
      "files/tree/c.txt) is a file, but it should be a directory instead. Potential solutions:"
      "- If you want to import the file into the store _without_ a containing directory, use string interpolation or `builtins.path` instead of this function."
      "- If you want to import the file into the store _with_ a containing directory, set `root` to the containing directory, such as ${toString tree}, and set `fileset` to the file path."
    ];
  };
  "files outside the root" = {
    expr = fileset.toSource {
      root = tree + "/a";
      fileset = tree;
    };
    error = [
      "lib.fileset.toSource: `fileset` could contain files in ${toString tree}, which is not under the `root` (${toString tree}/a). Potential solutions:"
      "- Set `root` to ${toString tree} or any directory higher up. This changes the layout of the resulting store path."
      "- Set `fileset` to a file set that cannot contain files outside the `root` (${toString tree}/a). This could change the files included in the result."
    ];
  };
  "the set is looked at even if nothing is asked for" = {
    expr =
      (fileset.toSource {
        root = tree;
        fileset = fileset.fileFilter (_: throw "the predicate was called") tree;
      }).name;
    error = "the predicate was called";
  };
  "a file that the store cannot hold" = {
    expr = (source tree).filter (toString tree + "/c.txt") "unknown";
    error = [
      "lib.fileset.toSource: `fileset` contains a file that cannot be added to the store: ${toString tree}/c.txt"
      "This file is neither a regular file nor a symlink, the only file types supported by the Nix store."
      "Therefore the file set cannot be added to the Nix store as is. Make sure to not include that file to avoid this error."
    ];
  };

  # --- different file system roots ------------------------------------------

  "a set on another file system than the root" = {
    expr = mocked.toSource {
      root = tree + "/a";
      fileset = tree + "/b/deep";
    };
    error = [
      "lib.fileset.toSource: Filesystem roots are not the same for `fileset` and `root` (${toString tree}/a):"
      "`root`: Filesystem root is \"${toString tree}/a\""
      "`fileset`: Filesystem root is \"${toString tree}/b/deep\""
      "Different filesystem roots are not supported."
    ];
  };
  "a union across file systems" = {
    expr = mocked.toList (mocked.union (tree + "/a") (tree + "/b/deep"));
    error = [
      "lib.fileset.union: Filesystem roots are not the same:"
      "First argument: Filesystem root is \"${toString tree}/a\""
      "Second argument: Filesystem root is \"${toString tree}/b/deep\""
      "Different filesystem roots are not supported."
    ];
  };
  "a union of many across file systems" = {
    expr = mocked.toList (
      mocked.unions [
        (tree + "/a")
        (tree + "/a/x")
        (tree + "/b/deep")
      ]
    );
    error = [
      "lib.fileset.unions: Filesystem roots are not the same:"
      "Element 0: Filesystem root is \"${toString tree}/a\""
      "Element 2: Filesystem root is \"${toString tree}/b/deep\""
    ];
  };

  # --- the others -----------------------------------------------------------

  "maybeMissing of a string" = {
    expr = fileset.maybeMissing "someString";
    error = "lib.fileset.maybeMissing: Argument (\"someString\") is a string-like value, but it should be a path instead.";
  };
  "maybeMissing of something else" = {
    expr = fileset.maybeMissing null;
    error = "lib.fileset.maybeMissing: Argument is of type null, but it should be a path instead.";
  };
  "fileFilter wants a function" = {
    expr = fileset.fileFilter null (throw "looked at");
    error = "lib.fileset.fileFilter: First argument is of type null, but it should be a function instead.";
  };
  "fileFilter wants a path, not a set" = {
    expr = fileset.fileFilter (_: true) fileset.empty;
    error = [
      "lib.fileset.fileFilter: Second argument is a file set, but it should be a path instead."
      "If you need to filter files in a file set, use `intersection fileset (fileFilter pred ./.)` instead."
    ];
  };
  "fileFilter wants a path" = {
    expr = fileset.fileFilter (_: true) null;
    error = "lib.fileset.fileFilter: Second argument is of type null, but it should be a path instead.";
  };
  "fileFilter wants an existing path" = {
    expr = fileset.fileFilter (_: true) missing;
    error = [
      "lib.fileset.fileFilter: Second argument ("
      "files/missing) is a path that does not exist."
    ];
  };
  "a predicate must take further attributes" = {
    expr = fileset.toList (fileset.fileFilter ({ name, type, hasExt }: true) tree);
    error = "lib.fileset.fileFilter: The predicate function passed as the first argument must be able to handle extra attributes for future compatibility.";
  };
  "fromSource of a string" = {
    expr = fileset.fromSource (lib.cleanSource "");
    error = [
      "lib.fileset.fromSource: The source origin of the argument is a string-like value (\"\"), but it should be a path instead."
      "Sources created from paths in strings cannot be turned into file sets, use `lib.sources` or derivations instead."
    ];
  };
  "fromSource of something else" = {
    expr = fileset.fromSource null;
    error = "lib.fileset.fromSource: The source origin of the argument is of type null, but it should be a path instead.";
  };
  "fromSource of a missing path" = {
    expr = fileset.fromSource missing;
    error = [
      "lib.fileset.fromSource: The source origin ("
      "files/missing) of the argument is a path that does not exist."
    ];
  };
  "gitTracked wants a path" = {
    expr = fileset.gitTracked null;
    error = "lib.fileset.gitTracked: Expected the argument to be a path, but it's a null instead.";
  };
  "gitTrackedWith wants a path" = {
    expr = fileset.gitTrackedWith { } null;
    error = "lib.fileset.gitTrackedWith: Expected the second argument to be a path, but it's a null instead.";
  };
  "gitTracked wants a directory" = {
    expr = fileset.gitTracked (tree + "/c.txt");
    error = [
      "lib.fileset.gitTracked: Expected the argument ("
      "files/tree/c.txt) to be a directory, but it's a file instead"
    ];
  };
  "gitTracked wants a working tree" = {
    expr = fileset.gitTracked tree;
    error = [
      "lib.fileset.gitTracked: Expected the argument ("
      "files/tree) to point to a local working tree of a Git repository, but it's not."
    ];
  };
  "recurseSubmodules is true or false" = {
    expr = fileset.gitTrackedWith { recurseSubmodules = null; } tree;
    error = "lib.fileset.gitTrackedWith: Expected the attribute `recurseSubmodules` of the first argument to be a boolean, but it's a null instead.";
  };
}
