# lib.generators: toPretty and withRecursion.
{ lib }:

let
  inherit (lib) generators;
  line = generators.toPretty { multiline = false; };
  block = generators.toPretty { };
  package = derivation {
    name = "test";
    builder = "/bin/sh";
    system = "aarch64-linux";
  };
  cyclic = rec {
    a.b = 1;
    a.c = a;
  };
  functor = {
    __functor = _self: { a, b }: null;
  };
in
{
  "numbers" = {
    expr = map line [
      42
      (-1)
      0.1337
    ];
    expected = [
      "42"
      "-1"
      "0.1337"
    ];
  };
  "words" = {
    expr = map line [
      true
      false
      null
    ];
    expected = [
      "true"
      "false"
      "null"
    ];
  };
  "an empty string" = {
    expr = line "";
    expected = ''""'';
  };
  "quotes, backslashes and interpolations are escaped" = {
    expr = line "fn\${o}\"r\\d";
    expected = ''"fn\''${o}\"r\\d"'';
  };
  "a newline on one line" = {
    expr = line "\n";
    expected = ''"\n"'';
  };
  "a path is not quoted" = {
    expr = line /foo;
    expected = "/foo";
  };
  "a function" = {
    expr = line (x: x);
    expected = "<function>";
  };
  "a function with named arguments" = {
    expr = line ({ arg ? 4, foo }: arg);
    expected = "<function, args: {arg?, foo}>";
  };
  "a set that can be called is a function" = {
    expr = line functor;
    expected = "<function, args: {a, b}>";
  };
  "a list on one line" = {
    expr = line [
      3
      4
      [ false ]
    ];
    expected = "[ 3 4 [ false ] ]";
  };
  "an empty list" = {
    expr = block [ ];
    expected = "[ ]";
  };
  "a set on one line, strange names quoted" = {
    expr = line {
      foo = null;
      "foo b/ar" = "baz";
    };
    expected = ''{ foo = null; "foo b/ar" = "baz"; }'';
  };
  "an empty set" = {
    expr = block { };
    expected = "{ }";
  };
  "a package is not unfolded" = {
    expr = line package;
    expected = "<derivation test>";
  };
  "a package without a name" = {
    expr = line { type = "derivation"; };
    expected = "<derivation ???>";
  };

  "a list over several lines" = {
    expr = block [
      3
      [ false ]
    ];
    expected = ''
      [
        3
        [
          false
        ]
      ]'';
  };
  "a set over several lines" = {
    expr = block {
      foo = null;
      bar.foo = "baz";
    };
    expected = ''
      {
        bar = {
          foo = "baz";
        };
        foo = null;
      }'';
  };
  "a text over several lines" = {
    expr = block ''
      hello
      ''${there}
      te'''st
    '';
    expected = ''
      '''
        hello
        '''''${there}
        te''''st
      ''''';
  };
  "a text without a newline at the end" = {
    expr = block "hello\nthere";
    expected = ''
      '''
        hello
        there''''';
  };
  "just a newline" = {
    expr = block "\n";
    expected = "''\n  \n''";
  };
  "everything can be indented" = {
    expr = generators.toPretty { indent = "    "; } [ 1 ];
    expected = "[\n      1\n    ]";
  };
  "a set may bring its own text" = {
    expr = generators.toPretty { allowPrettyValues = true; } {
      __pretty = v: "«" + v + "»";
      val = "foo";
    };
    expected = "«foo»";
  };
  "only if that is allowed" = {
    expr = line {
      __pretty = 1;
      val = "foo";
    };
    expected = "{ __pretty = 1; val = \"foo\"; }";
  };
  "an error inside says where" = {
    expr = block { a.b = throw "deep down"; };
    error = [
      "while evaluating an attribute `b`"
      "deep down"
    ];
  };

  # --- withRecursion --------------------------------------------------------

  "a cyclic value can be cut off" = {
    expr = block (
      generators.withRecursion {
        throwOnDepthLimit = false;
        depthLimit = 2;
      } cyclic.a
    );
    expected = "{\n  b = 1;\n  c = {\n    b = \"<unevaluated>\";\n    c = {\n      b = \"<unevaluated>\";\n      c = \"<unevaluated>\";\n    };\n  };\n}";
  };
  "or be an error" = {
    expr = block (generators.withRecursion { depthLimit = 2; } cyclic.a);
    error = "Exceeded maximum eval-depth limit of 2 while trying to evaluate with `generators.withRecursion'!";
  };
  "a set that can be called stays one" = {
    expr = block (
      generators.withRecursion
        {
          depthLimit = 1;
          throwOnDepthLimit = false;
        }
        {
          value = "1234";
          b = functor;
          c.d = functor;
        }
    );
    expected = "{\n  b = <function, args: {a, b}>;\n  c = {\n    d = \"<unevaluated>\";\n  };\n  value = \"<unevaluated>\";\n}";
  };
  "lists count as a level" = {
    expr =
      generators.withRecursion
        {
          depthLimit = 2;
          throwOnDepthLimit = false;
        }
        [
          1
          [ [ 2 ] ]
        ];
    expected = [
      1
      [ [ "<unevaluated>" ] ]
    ];
  };
  "the limit has to be a number" = {
    expr = generators.withRecursion { depthLimit = null; } { };
    error = "assertion";
  };
  "what is not looked at is not evaluated" = {
    expr = (generators.withRecursion { depthLimit = 1; } { a = 1; b = throw "looked at"; }) ? b;
    expected = true;
  };
}
