# lib.sources: what of a source tree goes into the store, and names of sources.
{ lib }:

let
  inherit (lib) sources;
  tree = ./files/tree;
  keeps = source: name: type: source.filter (toString tree + "/${name}") type;
  clean = name: type: sources.cleanSourceFilter "/some/where/${name}" type;
in
{
  # --- what is never source -------------------------------------------------

  "version control data" = {
    expr = [
      (clean ".git" "directory")
      (clean ".git" "regular")
    ]
    ++ map (name: clean name "directory") [
      ".svn"
      "CVS"
      ".hg"
      ".jj"
      ".pijul"
      "_darcs"
    ];
    expected = lib.replicate 8 false;
  };
  "files with such names are kept" = {
    expr = map (name: clean name "regular") [
      "CVS"
      ".gitignore"
    ];
    expected = [
      true
      true
    ];
  };
  "left-overs of editors and compilers" = {
    expr = map (name: clean name "regular") [
      "a~"
      ".swp"
      ".foo.swp"
      ".foo.c.swx"
      "a.o"
      "a.so"
    ];
    expected = lib.replicate 6 false;
  };
  "similar names are kept" = {
    expr = map (name: clean name "regular") [
      "swp"
      "foo.swp"
      ".swap"
      "a.so.1"
      "resultant"
    ];
    expected = lib.replicate 5 true;
  };
  "links to results" = {
    expr = [
      (clean "result" "symlink")
      (clean "result-dev" "symlink")
      (clean "result" "directory")
      (clean "other" "symlink")
    ];
    expected = [
      false
      false
      true
      true
    ];
  };
  "sockets and the like" = {
    expr = clean "socket" "unknown";
    expected = false;
  };

  # --- filters --------------------------------------------------------------

  "a filtered source is not filtered before it is used" = {
    expr =
      (sources.cleanSourceWith {
        src = tree;
        filter = throw "looked at";
      }).name;
    expected = "source";
  };
  "filters add up, the last one is asked first" = {
    expr =
      let
        inner = sources.cleanSourceWith {
          src = tree;
          filter = path: _: if lib.hasSuffix "/x" path then throw "asked" else lib.hasInfix "/tree/a/" path;
        };
        outer = sources.cleanSourceWith {
          src = inner;
          filter = path: _: !lib.hasSuffix "/x" path;
        };
      in
      [
        (keeps outer "a/x" "regular")
        (keeps outer "a/y.nix" "regular")
        (keeps outer "b/y.nix" "regular")
      ];
    expected = [
      false
      true
      false
    ];
  };
  "a filtered source remembers where it comes from" = {
    expr = (sources.cleanSource (sources.cleanSource tree)).origSrc;
    expected = tree;
  };
  "a name can be given, and is inherited" = {
    expr =
      (sources.cleanSource (
        sources.cleanSourceWith {
          src = tree;
          name = "mine";
        }
      )).name;
    expected = "mine";
  };
  "cleanSourceWith wants a source" = {
    expr = sources.cleanSourceWith { };
    error = "without required argument 'src'";
  };
  "sourceByRegex looks at the relative path" = {
    expr =
      let
        source = sources.sourceByRegex tree [
          "a"
          "a/.*\\.nix"
        ];
      in
      [
        (keeps source "a" "directory")
        (keeps source "a/y.nix" "regular")
        (keeps source "a/x" "regular")
        (keeps source "b" "directory")
      ];
    expected = [
      true
      true
      false
      false
    ];
  };
  "sourceByRegex of a filtered source" = {
    expr = keeps (sources.sourceByRegex (sources.cleanSource tree) [ "a~" ]) "a~" "regular";
    expected = false;
  };
  "sourceFilesBySuffices keeps directories and endings" = {
    expr =
      let
        source = sources.sourceFilesBySuffices tree [
          ".nix"
          ".txt"
        ];
      in
      [
        (keeps source "a" "directory")
        (keeps source "a/y.nix" "regular")
        (keeps source "c.txt" "regular")
        (keeps source "a/x" "regular")
      ];
    expected = [
      true
      true
      true
      false
    ];
  };
  "trace reports decisions" = {
    expr = (sources.trace (sources.cleanSource tree)).filter "/x/a.o" "regular";
    expected = false;
    trace = "source.filter /x/a.o = false";
  };
  "trace keeps the decisions" = {
    expr = (sources.trace tree).name;
    expected = "source";
  };
  "the store path of a source has its name" = {
    expr = lib.hasSuffix "-mine" (
      toString (
        sources.cleanSourceWith {
          src = tree;
          name = "mine";
        }
      )
    );
    expected = true;
  };
  "two ways to the same files give the same store path" = {
    expr =
      toString (
        sources.cleanSourceWith {
          src = tree;
          filter = path: type: type == "directory" || lib.hasSuffix ".nix" path;
        }
      ) == toString (sources.sourceFilesBySuffices tree [ ".nix" ]);
    expected = true;
  };

  # --- what can be filtered -------------------------------------------------

  "paths can be cleaned" = {
    expr = map sources.canCleanSource [
      tree
      (sources.cleanSource tree)
      "/foo"
    ];
    expected = [
      true
      true
      true
    ];
  };
  "results of builds cannot" = {
    expr = sources.canCleanSource (
      derivation {
        name = "x";
        builder = "x";
        system = "x";
      }
    );
    expected = false;
  };
  "pathHasContext" = {
    expr = map sources.pathHasContext [
      "/foo"
      "${builtins.toFile "x" "x"}"
    ];
    expected = [
      false
      true
    ];
  };

  # --- git ------------------------------------------------------------------

  "a directory without git" = {
    expr = sources.pathIsGitRepo tree;
    expected = false;
  };
  "the commit of no repository" = {
    expr = sources.commitIdFromGitRepo tree;
    error = [
      "Not a .git directory:"
      "files/tree"
    ];
  };

  # --- names ----------------------------------------------------------------

  "names out of URLs" = {
    expr = map sources.urlToName [
      "https://github.com/NixOS/nixpkgs.git"
      "https://github.com/NixOS/nixpkgs"
      "git@github.com:NixOS/nixpkgs.git"
      "https://example.org/a/pkg-1.2.tar.gz"
      "https://example.org/a/"
      "github:NixOS/nixpkgs"
      /foo/bar
    ];
    expected = [
      "nixpkgs"
      "nixpkgs"
      "nixpkgs"
      "pkg-1.2"
      "a"
      "nixpkgs"
      "bar"
    ];
  };
  "short revisions" = {
    expr = map sources.shortRev [
      "0123456789abcdef0123456789abcdef01234567"
      "refs/tags/v12.0"
      "v1.2.3-rc1"
      "release-4.5"
      "main"
      345
    ];
    expected = [
      "0123456"
      "12.0"
      "1.2.3-rc1"
      "4.5"
      "main"
      "345"
    ];
  };
  "revision or tag" = {
    expr = [
      (sources.revOrTag null null)
      (sources.revOrTag "a" null)
      (sources.revOrTag null "b")
      (sources.revOrTag "a" "b")
    ];
    expected = [
      "HEAD"
      "a"
      "b"
      "b"
    ];
  };
  "names of what was fetched" = {
    expr = map (kind: sources.repoRevToName kind "https://x.org/repo.git" "v1.0" "github") [
      "source"
      "versioned"
      "full"
    ];
    expected = [
      "source"
      "repo-1.0-source"
      "repo-1.0-github-source"
    ];
  };
  "without a revision" = {
    expr = sources.repoRevToName "full" "repo" null null;
    expected = "repo-source";
  };
  "another kind of name" = {
    expr = sources.repoRevToName "long" "a" "b" "c";
    error = "repoRevToName: invalid kind";
  };
}
