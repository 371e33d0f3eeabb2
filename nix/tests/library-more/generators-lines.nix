# lib.generators: key-value lines, INI, git's INI, dconf keyfiles.
{ lib }:

let
  inherit (lib) generators;
  value = generators.mkValueStringDefault { };
  package = derivation {
    name = "thing";
    builder = "/bin/sh";
    system = "x86_64-linux";
  };
in
{
  # --- single values --------------------------------------------------------

  "an integer is written in digits" = {
    expr = value (-42);
    expected = "-42";
  };
  "a string is not quoted" = {
    expr = value ''fo"o'';
    expected = ''fo"o'';
  };
  "truth values are words, not 1 and nothing" = {
    expr = map value [
      true
      false
    ];
    expected = [
      "true"
      "false"
    ];
  };
  "null is a word" = {
    expr = value null;
    expected = "null";
  };
  "a float keeps its point" = {
    expr = value 1.5;
    expected = "1.500000";
  };
  "a package is its store path" = {
    expr = value package == toString package;
    expected = true;
  };
  "a list has no single text" = {
    expr = value [ 1 ];
    error = [
      "generators.mkValueStringDefault: lists not supported"
      "1"
    ];
  };
  "a set has no single text" = {
    expr = value { a = 1; };
    error = "generators.mkValueStringDefault: attrsets not supported";
  };
  "a function has no single text" = {
    expr = value (x: x);
    error = "generators.mkValueStringDefault: functions not supported: <function>";
  };
  "a path has no single text" = {
    expr = value /foo;
    error = "generators.mkValueStringDefault: this value is not supported";
  };

  # --- key and value --------------------------------------------------------

  "the separator is escaped in the key" = {
    expr = generators.mkKeyValueDefault { } ":" "f:oo" "bar";
    expected = "f\\:oo:bar";
  };
  "the separator is not escaped in the value" = {
    expr = generators.mkKeyValueDefault { } "=" "a" "b=c";
    expected = "a=b=c";
  };
  "values can be written differently" = {
    expr = generators.mkKeyValueDefault { mkValueString = v: "<${toString v}>"; } " = " "a" 1;
    expected = "a = <1>";
  };
  "toKeyValue writes sorted lines" = {
    expr = generators.toKeyValue { } {
      key = "value";
      "other=key" = "baz";
    };
    expected = ''
      key=value
      other\=key=baz
    '';
  };
  "toKeyValue of nothing is nothing" = {
    expr = generators.toKeyValue { } { };
    expected = "";
  };
  "toKeyValue indents every line" = {
    expr = generators.toKeyValue { indent = "  "; } {
      a = 1;
      b = 2;
    };
    expected = "  a=1\n  b=2\n";
  };
  "toKeyValue repeats the key of a list" = {
    expr = generators.toKeyValue { listsAsDuplicateKeys = true; } {
      a = [
        1
        true
      ];
      b = "x";
      c = [ ];
    };
    expected = "a=1\na=true\nb=x\n";
  };
  "toKeyValue refuses lists by default" = {
    expr = generators.toKeyValue { } { a = [ 1 ]; };
    error = "lists not supported";
  };
  "toKeyValue takes another line format" = {
    expr = generators.toKeyValue { mkKeyValue = generators.mkKeyValueDefault { } " "; } { a = 1; };
    expected = "a 1\n";
  };

  # --- INI ------------------------------------------------------------------

  "toINI of nothing is nothing" = {
    expr = generators.toINI { } { };
    expected = "";
  };
  "empty sections keep their heads" = {
    expr = generators.toINI { } {
      foo = { };
      bar = { };
    };
    expected = ''
      [bar]

      [foo]
    '';
  };
  "lists can repeat keys in sections" = {
    expr = generators.toINI { listsAsDuplicateKeys = true; } {
      foo.bar = true;
      baz.qux = [
        1
        false
      ];
    };
    expected = ''
      [baz]
      qux=1
      qux=false

      [foo]
      bar=true
    '';
  };
  "brackets are escaped in section names" = {
    expr = generators.toINI { } {
      "no [ and ] allowed unescaped"."and also no = in keys" = 42;
    };
    expected = ''
      [no \[ and \] allowed unescaped]
      and also no \= in keys=42
    '';
  };
  "toINI in full" = {
    expr = generators.toINI { } {
      "section 1" = {
        attribute1 = 5;
        x = "Me-se JarJar Binx";
        boolean = false;
      };
      "foo[]"."he\\h=he" = "this is okay";
    };
    expected = ''
      [foo\[\]]
      he\h\=he=this is okay

      [section 1]
      attribute1=5
      boolean=false
      x=Me-se JarJar Binx
    '';
  };
  "section names can be written differently" = {
    expr = generators.toINI { mkSectionName = lib.toUpper; } { foo.a = 1; };
    expected = "[FOO]\na=1\n";
  };
  "toINIWithGlobalSection of nothing is nothing" = {
    expr = generators.toINIWithGlobalSection { } {
      globalSection = { };
      sections = { };
    };
    expected = "";
  };
  "an empty global section changes nothing" = {
    expr = generators.toINIWithGlobalSection { } {
      globalSection = { };
      sections.foo.a = 1;
    };
    expected = generators.toINI { } { foo.a = 1; };
  };
  "the global section comes first, then an empty line" = {
    expr = generators.toINIWithGlobalSection { } {
      globalSection = {
        foo = "bar";
        test = false;
      };
      sections = {
        "section 1".attribute1 = 5;
        "foo"."he\\h=he" = "this is okay";
      };
    };
    expected = ''
      foo=bar
      test=false

      [foo]
      he\h\=he=this is okay

      [section 1]
      attribute1=5
    '';
  };
  "sections may be left out" = {
    expr = generators.toINIWithGlobalSection { } { globalSection.a = 1; };
    expected = "a=1\n\n";
  };

  # --- git ------------------------------------------------------------------

  "toGitINI in full" = {
    expr = generators.toGitINI {
      user = {
        email = "user@example.org";
        name = "John Doe";
      };
      gpg.program = "path-to-gpg";
      tag.gpgSign = true;
      include.path = "~/path/to/config.inc";
      includeIf."gitdir:~/src/dir".path = "~/path/to/conditional.inc";
      extra = {
        boolean = true;
        integer = 38;
        name = "value";
        subsection.value = "test";
      };
    };
    expected = ''
      [extra]
      ${"\t"}boolean = true
      ${"\t"}integer = 38
      ${"\t"}name = "value"

      [extra "subsection"]
      ${"\t"}value = "test"

      [gpg]
      ${"\t"}program = "path-to-gpg"

      [include]
      ${"\t"}path = "~/path/to/config.inc"

      [includeIf "gitdir:~/src/dir"]
      ${"\t"}path = "~/path/to/conditional.inc"

      [tag]
      ${"\t"}gpgSign = true

      [user]
      ${"\t"}email = "user@example.org"
      ${"\t"}name = "John Doe"
    '';
  };
  "toGitINI escapes quotes, backslashes, newlines and tabs" = {
    expr = generators.toGitINI { a.b = "q\" b\\ n\n t\t"; };
    expected = "[a]\n\tb = \"q\\\" b\\\\ n\\n t\\t\"\n";
  };
  "toGitINI repeats the key of a list" = {
    expr = generators.toGitINI {
      remote.origin.fetch = [
        "a"
        "b"
      ];
    };
    expected = "[remote \"origin\"]\n\tfetch = \"a\"\n\tfetch = \"b\"\n";
  };
  "toGitINI joins deeper names with dots" = {
    expr = generators.toGitINI { url."ssh://git@github.com/".insteadOf = "x"; a.b.c.d = 1; };
    expected = "[a \"b.c\"]\n\td = 1\n\n[url \"ssh://git@github.com/\"]\n\tinsteadOf = \"x\"\n";
  };
  "toGitINI leaves a quoted section name alone" = {
    expr = generators.toGitINI { "branch \"main.x\"".remote = "origin"; };
    expected = "[branch \"main.x\"]\n\tremote = \"origin\"\n";
  };

  # --- dconf ----------------------------------------------------------------

  "dconf strings are quoted" = {
    expr = generators.mkDconfKeyValue "a" "it's";
    expected = "a='it\\'s'";
  };
  "toDconfINI writes GVariant values" = {
    expr = generators.toDconfINI {
      "org/gnome/desktop/interface" = {
        enable-animations = false;
        text-scaling-factor = 1.5;
        list = [
          "a"
          "b"
        ];
        size = lib.gvariant.mkUint32 3;
      };
    };
    expected = ''
      [org/gnome/desktop/interface]
      enable-animations=false
      list=@as ['a','b']
      size=@u 3
      text-scaling-factor=1.500000
    '';
  };
  "toDconfINI wants the type of an integer" = {
    expr = generators.toDconfINI { a.b = 3; };
    error = [
      "The GVariant type for number “3” is unclear."
      "- `lib.gvariant.mkInt32` for `i`"
    ];
  };
}
