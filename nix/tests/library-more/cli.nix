# lib.cli: command lines.
{ lib }:

let
  inherit (lib) cli;

  request = {
    data = builtins.toJSON { id = 0; };
    X = "PUT";
    retry = 3;
    retry-delay = null;
    url = [
      "https://example.com/foo"
      "https://example.com/bar"
    ];
    silent = false;
    verbose = true;
  };

  one = option: {
    inherit option;
    sep = "=";
    explicitBool = true;
  };
in
{
  "toGNUCommandLine in full" = {
    expr = cli.toGNUCommandLine { } request;
    expected = [
      "-X"
      "PUT"
      "--data"
      "{\"id\":0}"
      "--retry"
      "3"
      "--url"
      "https://example.com/foo"
      "--url"
      "https://example.com/bar"
      "--verbose"
    ];
  };
  "toGNUCommandLineShell quotes what needs it" = {
    expr = cli.toGNUCommandLineShell { } {
      X = "a b";
      data = "{\"id\":0}";
    };
    expected = "-X 'a b' --data '{\"id\":0}'";
  };
  "options and values can be one argument" = {
    expr = cli.toGNUCommandLine { optionValueSeparator = "="; } {
      level = 5;
      flag = true;
    };
    expected = [
      "--flag"
      "--level=5"
    ];
  };
  "every part can be replaced" = {
    expr =
      cli.toGNUCommandLine
        {
          mkOptionName = k: "/${k}";
          mkBool = k: v: [ "/${k}:${if v then "on" else "off"}" ];
          mkList = k: v: [ "/${k}" ] ++ v;
        }
        {
          a = false;
          b = [
            "x"
            "y"
          ];
          c = 1;
        };
    expected = [
      "/a:off"
      "/b"
      "x"
      "y"
      "/c"
      "1"
    ];
  };
  "a set is no value" = {
    expr = cli.toGNUCommandLine { } { a.b = 1; };
    error = "attrsets not supported";
  };

  "toCommandLineGNU in full" = {
    expr = cli.toCommandLineGNU { } {
      v = true;
      verbose = [
        true
        true
        false
        null
      ];
      i = ".bak";
      testsuite = [
        "unit"
        "integration"
      ];
      e = [
        "s/a/b/"
        "s/b/c/"
      ];
      n = false;
      data = builtins.toJSON { id = 0; };
    };
    expected = [
      "--data={\"id\":0}"
      "-es/a/b/"
      "-es/b/c/"
      "-i.bak"
      "--testsuite=unit"
      "--testsuite=integration"
      "-v"
      "--verbose"
      "--verbose"
    ];
  };
  "toCommandLineShellGNU quotes the result" = {
    expr = cli.toCommandLineShellGNU { } {
      a = "x y";
      long = 1;
    };
    expected = "'-ax y' '--long=1'";
  };
  "lists can be joined" = {
    expr = cli.toCommandLineGNU { listRepr = _: "join"; } {
      tags = [
        "a"
        1
      ];
    };
    expected = [ "--tags=a,1" ];
  };
  "joining can be done differently" = {
    expr = cli.toCommandLineGNU {
      listRepr = _: "join";
      formatList = list: lib.concatStringsSep ":" list;
    } {
      tags = [
        "a"
        "b"
      ];
    };
    expected = [ "--tags=a:b" ];
  };
  "lists can be spread" = {
    expr = cli.toCommandLineGNU { listRepr = name: if name == "x" then "spread" else "repeat"; } {
      x = [
        "a"
        "b"
      ];
      y = [ "c" ];
    };
    expected = [
      "-x"
      "a"
      "b"
      "-yc"
    ];
  };
  "spreading can be split into several" = {
    expr = cli.toCommandLineGNU {
      listRepr = _: "spread";
      splitList = _: list: map (item: [ item ]) list;
    } {
      opt = [
        "a"
        "b"
      ];
    };
    expected = [
      "--opt"
      "a"
      "--opt"
      "b"
    ];
  };
  "truth values can be written out" = {
    expr = cli.toCommandLineGNU { explicitBool = true; } {
      a = true;
      long = false;
    };
    expected = [
      "-atrue"
      "--long=false"
    ];
  };
  "which options are long can be said" = {
    expr = cli.toCommandLineGNU { isLong = _: false; } { abc = 1; };
    expected = [ "-abc1" ];
  };
  "values can be formatted" = {
    expr = cli.toCommandLineGNU { formatArg = builtins.toJSON; } { a = "x"; };
    expected = [ "-a\"x\"" ];
  };

  "toCommandLine with a format of one's own" = {
    expr = cli.toCommandLine (name: one "-${name}") {
      v = true;
      verbose = [
        true
        false
        null
      ];
      n = false;
      i = ".bak";
    };
    expected = [
      "-i=.bak"
      "-n=false"
      "-v=true"
      "-verbose=true"
      "-verbose=false"
    ];
  };
  "no separator means two arguments" = {
    expr = cli.toCommandLine (name: one name // { sep = null; }) { a = 1; };
    expected = [
      "a"
      "1"
    ];
  };
  "toCommandLineShell quotes the result" = {
    expr = cli.toCommandLineShell (name: one "-${name}") { a = "$x"; };
    expected = "'-a=$x'";
  };
  "an option needs a name" = {
    expr = cli.toCommandLine one { "" = 1; };
    error = "lib.cli.toCommandLine only accepts non-empty option names.";
  };
  "the ways to write lists are listed" = {
    expr = cli.toCommandLine (name: one name // { listRepr = "pile"; }) { a = [ 1 ]; };
    error = "requires that listRepr is one of: join, repeat, spread";
  };
  "a format that says too much is refused" = {
    expr = cli.toCommandLine (name: one name // { colour = 1; }) { a = 1; };
    error = "colour";
  };
  "null values are not formatted" = {
    expr = cli.toCommandLineGNU { formatArg = _: throw "looked at"; } { a = null; };
    expected = [ ];
  };
}
