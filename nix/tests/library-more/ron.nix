# lib.ron and lib.generators.toRON: Rusty Object Notation.
{ lib }:

let
  inherit (lib) ron;
  write = ron.toRON { };
  inherit (ron) fromRON;
  lines = lib.concatStringsSep "\n";
in
{
  "a list" = {
    expr = write [
      1
      2
    ];
    expected = lines [
      "["
      "    1,"
      "    2,"
      "]"
    ];
  };
  "a set is a struct" = {
    expr = write {
      x = 1;
      y.z = "a";
    };
    expected = lines [
      "("
      "    x: 1,"
      "    y: ("
      "        z: \"a\","
      "    ),"
      ")"
    ];
  };
  "nothing inside" = {
    expr = map write [
      [ ]
      { }
      (ron.mkTuple [ ])
      (ron.mkMap [ ])
    ];
    expected = [
      "[]"
      "()"
      "()"
      "{}"
    ];
  };
  "floats end with a digit" = {
    expr = map write [
      1.0
      2.5
      (-0.25)
    ];
    expected = [
      "1.0"
      "2.5"
      "-0.25"
    ];
  };
  "strings are quoted" = {
    expr = write "a\"b";
    expected = ''"a\"b"'';
  };
  "optionals" = {
    expr = map write [
      (ron.mkOptional null)
      (ron.mkOptional 42)
    ];
    expected = [
      "None"
      "Some(42)"
    ];
  };
  "enums with and without data" = {
    expr = map write [
      (ron.mkEnum { variant = "Red"; })
      (ron.mkEnum {
        variant = "Point";
        values = [
          10
          20
        ];
      })
    ];
    expected = [
      "Red"
      "Point(\n    10,\n    20,\n)"
    ];
  };
  "characters, raw text, tuples, maps, named structs" = {
    expr = map write [
      (ron.mkChar "a")
      (ron.mkRaw "MyEnum::Variant(1)")
      (ron.mkTuple [
        1
        true
      ])
      (ron.mkMap [
        {
          key = 1;
          value = "one";
        }
      ])
      (ron.mkNamedStruct {
        name = "P";
        value.x = 1;
      })
    ];
    expected = [
      "'a'"
      "MyEnum::Variant(1)"
      "(\n    1,\n    true,\n)"
      "{\n    1: \"one\",\n}"
      "P(\n    x: 1,\n)"
    ];
  };
  "toRON is a generator too" = {
    expr = lib.generators.toRON { } [ 1 ];
    expected = "[\n    1,\n]";
  };
  "null needs an optional" = {
    expr = write null;
    error = "If you want to represent a null value in RON, you can use the `optional` type.";
  };
  "functions have no text" = {
    expr = write (x: x);
    error = "Functions are not supported in RON";
  };
  "a character is one character" = {
    expr = write (ron.mkChar "ab");
    error = "char type value must be a single character string.";
  };
  "an unknown type" = {
    expr = write { _type = "foo"; };
    error = "set type foo is not supported.";
  };
  "map entries have a key and a value" = {
    expr = write (ron.mkMap [ { key = 1; } ]);
    error = "map type entry must have only 'key' and 'value' attributes.";
  };

  "reading lists" = {
    expr = fromRON "[1, -2, true, \"a\",]";
    expected = [
      1
      (-2)
      true
      "a"
    ];
  };
  "reading optionals" = {
    expr = map fromRON [
      "Some(42)"
      "None"
      "Some(Some(1))"
    ];
    expected = [
      (ron.mkOptional 42)
      (ron.mkOptional null)
      (ron.mkOptional (ron.mkOptional 1))
    ];
  };
  "reading structs" = {
    expr = fromRON "(x: 1, y: (z: [1, 2]))";
    expected = {
      x = 1;
      y.z = [
        1
        2
      ];
    };
  };
  "reading named things" = {
    expr = map fromRON [
      "P(x: 1)"
      "E(1, 2)"
      "E()"
      "(1, 2)"
    ];
    expected = [
      (ron.mkNamedStruct {
        name = "P";
        value.x = 1;
      })
      (ron.mkEnum {
        variant = "E";
        values = [
          1
          2
        ];
      })
      (ron.mkEnum {
        variant = "E";
        values = [ ];
      })
      (ron.mkTuple [
        1
        2
      ])
    ];
  };
  "reading maps" = {
    expr = fromRON "{ 1: \"one\", \"k\": 'c' }";
    expected = ron.mkMap [
      {
        key = 1;
        value = "one";
      }
      {
        key = "k";
        value = ron.mkChar "c";
      }
    ];
  };
  "punctuation inside strings does not count" = {
    expr = fromRON ''(a: "x, (y: [", b: 2)'';
    expected = {
      a = "x, (y: [";
      b = 2;
    };
  };
  "long fractions and unknown words stay raw" = {
    expr = map fromRON [
      "3.14159265"
      "2.5"
      "Red"
    ];
    expected = [
      (ron.mkRaw "3.14159265")
      2.5
      (ron.mkRaw "Red")
    ];
  };
  "writing and reading again" = {
    expr = fromRON (write {
      a = [
        1
        { b = ron.mkOptional "x"; }
      ];
    });
    expected = {
      a = [
        1
        { b = ron.mkOptional "x"; }
      ];
    };
  };
}
