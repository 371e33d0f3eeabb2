# lib.path: path values and subpaths.
{ lib }:

let
  inherit (lib.path)
    append
    hasPrefix
    hasStorePathPrefix
    removePrefix
    splitRoot
    subpath
    ;
  store = name: /. + "${builtins.storeDir}/${name}";
  hash = "nvl9ic0pj1fpyln3zaqrf4cclbqdfn1j";
in
{
  "append" = {
    expr = [
      (append /foo "bar/baz")
      (append /foo "./bar//baz/./")
      (append /. "foo/bar")
      (append /foo ".")
    ];
    expected = [
      /foo/bar/baz
      /foo/bar/baz
      /foo/bar
      /foo
    ];
  };
  "append gives a path" = {
    expr = builtins.typeOf (append /foo "bar");
    expected = "path";
  };
  "append wants a path first" = {
    expr = append "/foo" "bar";
    error = "lib.path.append: The first argument is of type string, but a path was expected";
  };
  "append wants a string second" = {
    expr = append /foo /bar;
    error = [
      "lib.path.append: Second argument is not a valid subpath string:"
      "The given value is of type path, but a string was expected"
    ];
  };
  "append refuses the empty string" = {
    expr = append /foo "";
    error = "The given string is empty";
  };
  "append refuses an absolute string" = {
    expr = append /foo "/bar";
    error = "The given string \"/bar\" starts with a `/`, representing an absolute path";
  };
  "append refuses to go up" = {
    expr = append /foo "../bar";
    error = "The given string \"../bar\" contains a `..` component, which is not allowed in subpaths";
  };

  "hasPrefix goes by components" = {
    expr = [
      (hasPrefix /foo /foo/bar)
      (hasPrefix /foo /foo)
      (hasPrefix /. /foo)
      (hasPrefix /. /.)
      (hasPrefix /foo/bar /foo)
      (hasPrefix /foo /foobar)
    ];
    expected = [
      true
      true
      true
      true
      false
      false
    ];
  };
  "hasPrefix wants a path first" = {
    expr = hasPrefix "/foo" /foo;
    error = "lib.path.hasPrefix: First argument is of type string, but a path was expected";
  };
  "hasPrefix wants a path second" = {
    expr = hasPrefix /foo 1;
    error = "lib.path.hasPrefix: Second argument is of type int, but a path was expected";
  };

  "removePrefix" = {
    expr = [
      (removePrefix /foo /foo/bar/baz)
      (removePrefix /foo /foo)
      (removePrefix /. /foo)
    ];
    expected = [
      "./bar/baz"
      "./."
      "./foo"
    ];
  };
  "removePrefix wants a prefix" = {
    expr = removePrefix /foo/bar /foo;
    error = "lib.path.removePrefix: The first path argument \"/foo/bar\" is not a component-wise prefix of the second path argument \"/foo\".";
  };
  "removePrefix wants a path first" = {
    expr = removePrefix null /foo;
    error = "lib.path.removePrefix: First argument is of type null, but a path was expected";
  };
  "removePrefix wants a path second" = {
    expr = removePrefix /foo "x";
    error = "lib.path.removePrefix: Second argument is of type string, but a path was expected";
  };

  "splitRoot" = {
    expr = map splitRoot [
      /foo/bar
      /.
      /foo/../bar
    ];
    expected = [
      {
        root = /.;
        subpath = "./foo/bar";
      }
      {
        root = /.;
        subpath = "./.";
      }
      {
        root = /.;
        subpath = "./bar";
      }
    ];
  };
  "splitRoot wants a path" = {
    expr = splitRoot "/foo";
    error = "lib.path.splitRoot: Argument is of type string, but a path was expected";
  };
  "splitting and appending give the path back" = {
    expr =
      let
        parts = splitRoot ./files/tree;
      in
      append parts.root parts.subpath;
    expected = ./files/tree;
  };

  "store paths and what is inside" = {
    expr = map hasStorePathPrefix [
      (store "${hash}-foo/bar/baz")
      (store "${hash}-foo")
      (store "${hash}-foo.drv")
      (/. + "/1121rp0gvr1qya7hvy925g5kjwg66acz6sn1ra1hca09f1z5dsab")
      (/. + "/1121rp0gvr1qya7hvy925g5kjwg66acz6sn1ra1hca09f1z5dsab/foo")
    ];
    expected = lib.replicate 5 true;
  };
  "other paths" = {
    expr = map hasStorePathPrefix [
      (/. + builtins.storeDir)
      (store ".links/10gg8k3rmbw8p7gszarbk7qyd9jwxhcfq9i6s5i0qikx8alkk4hq")
      (store "short-name")
      /home/user
      /.
    ];
    expected = lib.replicate 5 false;
  };
  "hasStorePathPrefix wants a path" = {
    expr = hasStorePathPrefix "${builtins.storeDir}/${hash}-foo";
    error = "lib.path.hasStorePathPrefix: Argument is of type string, but a path was expected";
  };

  "valid subpaths" = {
    expr = map subpath.isValid [
      "foo/bar"
      "./foo//bar/"
      "."
      "..foo"
      "foo.."
      "foo/..bar/baz"
      "foo/bar../baz"
      "..."
      "...."
      "foo/.../bar"
    ];
    expected = lib.replicate 10 true;
  };
  "invalid subpaths" = {
    expr = map subpath.isValid [
      null
      1
      /foo
      ""
      "/foo"
      "../foo"
      "foo/.."
      "foo/../bar"
      ".."
    ];
    expected = lib.replicate 9 false;
  };

  "join" = {
    expr = map subpath.join [
      [
        "foo"
        "bar/baz"
      ]
      [
        "./foo"
        "."
        "bar//./baz/"
      ]
      [ ]
      [ "." ]
    ];
    expected = [
      "./foo/bar/baz"
      "./foo/bar/baz"
      "./."
      "./."
    ];
  };
  "join says which element is wrong" = {
    expr = subpath.join [
      "a"
      "/foo"
      ""
    ];
    error = [
      "lib.path.subpath.join: Element at index 1 is not a valid subpath string:"
      "The given string \"/foo\" starts with a `/`"
    ];
  };
  "join does not change the type of its elements" = {
    expr = subpath.join [ /foo ];
    error = "Element at index 0 is not a valid subpath string: The given value is of type path";
  };

  "normalise" = {
    expr = map subpath.normalise [
      "foo//bar"
      "foo/./bar"
      "foo/bar"
      "foo/bar/"
      "foo/bar/."
      "."
      "./."
      "./foo/.bar/.../baz...qux"
    ];
    expected = [
      "./foo/bar"
      "./foo/bar"
      "./foo/bar"
      "./foo/bar"
      "./foo/bar"
      "./."
      "./."
      "./foo/.bar/.../baz...qux"
    ];
  };
  "normalise refuses what is no subpath" = {
    expr = subpath.normalise "foo/../bar";
    error = "lib.path.subpath.normalise: Argument is not a valid subpath string:";
  };
  "normalising twice changes nothing" = {
    expr = subpath.normalise (subpath.normalise "a//b/./c/");
    expected = "./a/b/c";
  };

  "components" = {
    expr = map subpath.components [
      "."
      "./foo//bar/./baz/"
    ];
    expected = [
      [ ]
      [
        "foo"
        "bar"
        "baz"
      ]
    ];
  };
  "components of no subpath" = {
    expr = subpath.components "/foo";
    error = "lib.path.subpath.components: Argument is not a valid subpath string:";
  };
}
