# lib.generators: JSON, YAML, property lists, Dhall.
{ lib }:

let
  inherit (lib) generators;

  plist = body: ''
    <?xml version="1.0" encoding="UTF-8"?>
    <!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
    <plist version="1.0">
    ${body}
    </plist>'';
  escaped = generators.toPlist { escape = true; };
in
{
  "toJSON is Nix's own" = {
    expr = generators.toJSON { } {
      foobar = [
        "baz"
        1
        2.5
        null
      ];
    };
    expected = ''{"foobar":["baz",1,2.5,null]}'';
  };
  "toJSON takes no settings" = {
    expr = generators.toJSON { indent = 2; } 1;
    error = "unexpected argument";
  };
  "YAML is written as JSON" = {
    expr = generators.toYAML { } { list = [ { one = 1; } ]; };
    expected = ''{"list":[{"one":1}]}'';
  };

  "a property list of everything" = {
    expr = escaped {
      nested.values = {
        int = 42;
        float = 0.1337;
        yes = true;
        no = false;
        string = "text";
        path = /foo;
        list = [
          3
          "test"
        ];
      };
    };
    expected = plist (
      lib.concatStringsSep "\n" [
        "<dict>"
        "\t<key>nested</key>"
        "\t<dict>"
        "\t\t<key>values</key>"
        "\t\t<dict>"
        "\t\t\t<key>float</key>"
        "\t\t\t<real>0.133700</real>"
        "\t\t\t<key>int</key>"
        "\t\t\t<integer>42</integer>"
        "\t\t\t<key>list</key>"
        "\t\t\t<array>"
        "\t\t\t\t<integer>3</integer>"
        "\t\t\t\t<string>test</string>"
        "\t\t\t</array>"
        "\t\t\t<key>no</key>"
        "\t\t\t<false/>"
        "\t\t\t<key>path</key>"
        "\t\t\t<string>/foo</string>"
        "\t\t\t<key>string</key>"
        "\t\t\t<string>text</string>"
        "\t\t\t<key>yes</key>"
        "\t\t\t<true/>"
        "\t\t</dict>"
        "\t</dict>"
        "</dict>"
      ]
    );
  };
  "null and _module are left out of a property list" = {
    expr = escaped {
      a = null;
      _module = 1;
      b = 1;
    };
    expected = plist "<dict>\n\t<key>b</key>\n\t<integer>1</integer>\n</dict>";
  };
  "empty lists and sets have an empty line inside" = {
    expr = escaped [
      [ ]
      { }
    ];
    expected = plist "<array>\n\t<array>\n\n\t</array>\n\t<dict>\n\n\t</dict>\n</array>";
  };
  "texts and keys of a property list are escaped" = {
    expr = escaped { "a&b" = "<x> \"y\" 'z'"; };
    expected = plist "<dict>\n\t<key>a&amp;b</key>\n\t<string>&lt;x&gt; &quot;y&quot; &apos;z&apos;</string>\n</dict>";
  };
  "without escape they go in as they are" = {
    expr = generators.toPlist { escape = false; } "&lt;";
    expected = plist "<string>&lt;</string>";
  };
  "a function is no property list" = {
    expr = escaped { a = x: x; };
    error = "generators.toPlist: should never happen";
  };

  "Dhall records and lists" = {
    expr = generators.toDhall { } {
      a = [
        1
        (-2)
      ];
      b = true;
      c = "x\"y";
    };
    expected = ''{ a = [ +1, -2 ], b = True, c = "x\"y" }'';
  };
  "Dhall words" = {
    expr = generators.toDhall { } [
      false
      1.5
    ];
    expected = "[ False, 1.5 ]";
  };
  "Dhall of nothing" = {
    expr = map (generators.toDhall { }) [
      { }
      [ ]
    ];
    expected = [
      "{  }"
      "[  ]"
    ];
  };
  "Dhall has no functions here" = {
    expr = generators.toDhall { } (x: x);
    error = "generators.toDhall: cannot convert a function to Dhall";
  };
  "Dhall has no null" = {
    expr = generators.toDhall { } { a = null; };
    error = "generators.toDhall: cannot convert a null to Dhall";
  };
}
