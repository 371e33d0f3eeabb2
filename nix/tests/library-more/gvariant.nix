# lib.gvariant: values in GVariant text form.
{ lib }:

let
  inherit (lib) gvariant;
  text = value: toString (gvariant.mkValue value);
in
{
  "truth values" = {
    expr = map text [
      true
      false
    ];
    expected = [
      "true"
      "false"
    ];
  };
  "strings are quoted" = {
    expr = text "hello";
    expected = "'hello'";
  };
  "quotes, backslashes and newlines are escaped" = {
    expr = text "it's a \\ and\na line";
    expected = "'it\\'s a \\\\ and\\na line'";
  };
  "floats" = {
    expr = text 0.5;
    expected = "0.500000";
  };
  "a list carries the type of its elements" = {
    expr = text [
      "a"
      "b"
    ];
    expected = "@as ['a','b']";
  };
  "lists in lists" = {
    expr = text [
      [ true ]
      [ false ]
    ];
    expected = "@aab [@ab [true],@ab [false]]";
  };
  "a GVariant value stays as it is" = {
    expr = text (gvariant.mkInt32 5);
    expected = "5";
  };
  "integers of every width" = {
    expr = map toString [
      (gvariant.mkUchar 1)
      (gvariant.mkInt16 (-1))
      (gvariant.mkUint16 1)
      (gvariant.mkInt32 (-1))
      (gvariant.mkUint32 1)
      (gvariant.mkInt64 (-1))
      (gvariant.mkUint64 1)
    ];
    expected = [
      "@y 1"
      "@n -1"
      "@q 1"
      "-1"
      "@u 1"
      "@x -1"
      "@t 1"
    ];
  };
  "an empty array" = {
    expr = toString (gvariant.mkEmptyArray gvariant.type.string);
    expected = "@as []";
  };
  "a variant" = {
    expr = toString (gvariant.mkVariant "a string");
    expected = "<'a string'>";
  };
  "an array of variants" = {
    expr = toString (
      gvariant.mkArray [
        (gvariant.mkVariant "a")
        (gvariant.mkVariant (gvariant.mkInt32 1))
      ]
    );
    expected = "@av [<'a'>,<1>]";
  };
  "a dictionary" = {
    expr = toString (
      gvariant.mkArray [
        (gvariant.mkDictionaryEntry "name" (gvariant.mkVariant "DuckDuckGo"))
        (gvariant.mkDictionaryEntry "id" (gvariant.mkVariant (gvariant.mkUint32 3)))
      ]
    );
    expected = "@a{sv} [@{sv} {'name',<'DuckDuckGo'>},@{sv} {'id',<@u 3>}]";
  };
  "a tuple" = {
    expr = toString (
      gvariant.mkTuple [
        "xkb"
        (gvariant.mkInt32 2)
      ]
    );
    expected = "@(si) ('xkb',2)";
  };
  "maybe" = {
    expr = map toString [
      (gvariant.mkNothing gvariant.type.string)
      (gvariant.mkJust "x")
      (gvariant.mkJust (gvariant.mkUint16 2))
    ];
    expected = [
      "@ms nothing"
      "just 'x'"
      "just @q 2"
    ];
  };
  "an object path" = {
    expr = toString (gvariant.mkObjectpath "/org/gnome");
    expected = "objectpath '/org/gnome'";
  };
  "types are put together" = {
    expr =
      with gvariant.type;
      [
        (arrayOf string)
        (maybeOf int32)
        (tupleOf [
          boolean
          double
        ])
        (dictionaryEntryOf string variant)
      ];
    expected = [
      "as"
      "mi"
      "(bd)"
      "{sv}"
    ];
  };
  "isGVariant" = {
    expr = map gvariant.isGVariant [
      (gvariant.mkInt32 1)
      1
      { }
    ];
    expected = [
      true
      false
      false
    ];
  };
  "a value knows its type" = {
    expr = (gvariant.mkArray [ true ]).type;
    expected = "ab";
  };

  "an integer needs a type" = {
    expr = text 70000;
    error = [
      "The GVariant type for number “70000” is unclear."
      "Please wrap the value with one of the following, depending on the value type in GSettings schema:"
      "- `lib.gvariant.mkInt32` for `i`"
      "- `lib.gvariant.mkUint64` for `t`"
    ];
  };
  "only the types into which it fits are suggested" = {
    expr =
      let
        fits = { min, max, ... }: (min == null || min <= 70000) && (max == null || 70000 <= max);
      in
      map (one: one.name) (lib.filter fits gvariant.intConstructors);
    expected = [
      "mkInt32"
      "mkUint32"
      "mkInt64"
      "mkUint64"
    ];
  };
  "a set is no dictionary by itself" = {
    expr = text { a = 1; };
    error = [
      "Cannot construct GVariant value from an attribute set."
      "`lib.gvariant.mkDictionaryEntry`"
    ];
  };
  "other types have no form" = {
    expr = text null;
    error = "The GVariant type of “null” can't be inferred.";
  };
  "an empty list has no type" = {
    expr = text [ ];
    error = "Please create empty array with mkEmptyArray.";
  };
  "the elements of a list are of one type" = {
    expr = text [
      "a"
      true
    ];
    error = "Elements in a list should have same type.";
  };
}
