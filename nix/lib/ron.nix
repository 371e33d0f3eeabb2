# RON, Rusty Object Notation: `lib.ron`.  Values to text, text to values, and
# constructors for what Nix has no type for (optionals, characters, enums, tuples, ...).
#
# A constructed value is a set with a `_type`; `mkRaw` is text that is taken as it
# stands.  The reader gives raw values where it does not understand the text, so that
# reading and writing again loses nothing.
#
# Not for: comments, raw strings or extensions of RON, which the reader leaves raw.
{ lib }:

let
  inherit (builtins)
    attrNames
    concatStringsSep
    elemAt
    foldl'
    fromJSON
    head
    isAttrs
    isList
    isString
    match
    stringLength
    substring
    ;

  inherit (lib) assertMsg trim;
  inherit (lib.strings) escapeNixString;

  typed = _type: attrs: { inherit _type; } // attrs;

  # --- writing --------------------------------------------------------------

  # Enough digits to read the same number back, at least one after the point.
  floatText =
    number:
    let
      text = lib.strings.floatToString number;
      parts = match "(-?[0-9]+[.][0-9]+)0*" text;
      shorten = digits: if match ".*[.][0-9]+0" digits != null then shorten (lib.removeSuffix "0" digits) else digits;
    in
    if parts == null then text else shorten (head parts);

  write =
    {
      indent ? "",
    }@options:
    value:
    let
      inner = indent + "    ";
      nested = write (options // { indent = inner; });

      # Each item on a line of its own, with a comma also after the last one.
      block =
        open: close: items:
        if items == [ ] then
          open + close
        else
          "${open}\n${concatStringsSep ",\n" (map (item: inner + item) items)},\n${indent}${close}";

      fields = attrs: map (name: "${name}: ${nested attrs.${name}}") (attrNames attrs);

      entry =
        pair:
        assert assertMsg (
          attrNames pair == [
            "key"
            "value"
          ]
        ) "map type entry must have only 'key' and 'value' attributes.";
        "${nested pair.key}: ${nested pair.value}";

      # Writers of the constructed types.
      special = {
        ron-raw =
          assert assertMsg (value ? value) "raw type must have a value.";
          assert assertMsg (isString value.value) "raw type value must be a string.";
          value.value;

        ron-optional =
          assert assertMsg (value ? value) "optional type must have a value.";
          if value.value == null then "None" else "Some(${write options value.value})";

        ron-char =
          assert assertMsg (value ? value) "char type must have a value.";
          assert assertMsg (isString value.value) "char type value must be a string.";
          assert assertMsg (
            stringLength value.value == 1
          ) "char type value must be a single character string.";
          "'${value.value}'";

        ron-enum =
          assert assertMsg (value ? variant) "enum type must have a variant.";
          assert assertMsg (isString value.variant) "enum type variant must be a string value.";
          if value ? values then
            assert assertMsg (isList value.values) "enum type must have a list of values.";
            block "${value.variant}(" ")" (map nested value.values)
          else
            value.variant;

        ron-map =
          assert assertMsg (value ? attrs) "map type must have a value.";
          assert assertMsg (isList value.attrs) "map type value must be a list.";
          assert assertMsg (lib.all isAttrs value.attrs) "map type value must be a list of attribute sets.";
          block "{" "}" (map entry value.attrs);

        ron-tuple =
          assert assertMsg (value ? values) "tuple type must have a value.";
          assert assertMsg (isList value.values) "tuple type value must be a list.";
          block "(" ")" (map nested value.values);

        ron-named-struct =
          assert assertMsg (value ? name) "named-struct type must have a name.";
          assert assertMsg (isString value.name) "named-struct type name must be a string.";
          assert assertMsg (value ? value) "named-struct type must have a value.";
          assert assertMsg (isAttrs value.value) "named-struct type value must be a attribute set.";
          block "${value.name}(" ")" (fields value.value);
      };
    in
    {
      bool = lib.boolToString value;
      float = floatText value;
      int = toString value;
      lambda = throw "Functions are not supported in RON";
      list = block "[" "]" (map nested value);
      null = throw "If you want to represent a null value in RON, you can use the `optional` type.";
      path = escapeNixString (toString value);
      string = escapeNixString value;
      set =
        if value ? _type then
          special.${value._type} or (throw "set type ${toString value._type} is not supported.")
        else
          block "(" ")" (fields value);
    }
    .${builtins.typeOf value} or (throw "${builtins.typeOf value} is not supported.");

  # --- reading --------------------------------------------------------------

  between = text: trim (substring 1 (stringLength text - 2) text);

  opening = [
    "("
    "["
    "{"
  ];
  closing = [
    ")"
    "]"
    "}"
  ];

  # The parts between commas, [ { key; text; } ], where key is what stands before a
  # colon, or null.  Commas and colons inside brackets, strings and characters do not count.
  partsOf =
    content:
    let
      tokens = builtins.split "([][(){},:]|\"([^\"\\\\]|\\\\.)*\"|'.')" content;

      start = {
        depth = 0;
        key = null;
        text = "";
        done = [ ];
      };

      finish =
        state:
        state.done
        ++ lib.optional (state.key != null || trim state.text != "") {
          inherit (state) key;
          text = trim state.text;
        };

      step =
        state: token:
        let
          text = if isList token then head token else token;
          add = state // {
            text = state.text + text;
          };
        in
        if isList token && text == "," && state.depth == 0 then
          start // { done = finish state; }
        else if isList token && text == ":" && state.depth == 0 && state.key == null then
          state
          // {
            key = trim state.text;
            text = "";
          }
        else if lib.elem text opening then
          add // { depth = state.depth + 1; }
        else if lib.elem text closing then
          add // { depth = state.depth - 1; }
        else
          add;
    in
    finish (foldl' step start tokens);

  read =
    source:
    let
      text = trim source;
      first = substring 0 1 text;
      last = substring (stringLength text - 1) 1 text;
      enclosed = open: close: first == open && last == close && stringLength text >= 2;

      values = content: map (part: read (if part.key == null then part.text else "${part.key}:${part.text}")) (partsOf content);
      hasFields = content: lib.any (part: part.key != null) (partsOf content);
      struct =
        content:
        builtins.listToAttrs (
          map (part: {
            name = part.key;
            value = read part.text;
          }) (partsOf content)
        );

      optional = match "Some\\((.*)\\)" text;
      call = match "([A-Za-z_][A-Za-z0-9_]*)[[:space:]]*(\\(.*\\))" text;
      callContent = between (elemAt call 1);
      decimal = match "-?[0-9]+[.]([0-9]+)" text;
      raw = mkRaw text;
    in
    if enclosed "[" "]" then
      values (between text)
    else if enclosed "{" "}" then
      mkMap (
        map (part: {
          key = read part.key;
          value = read part.text;
        }) (partsOf (between text))
      )
    else if text == "None" then
      mkOptional null
    else if optional != null then
      mkOptional (read (head optional))
    else if text == "true" then
      true
    else if text == "false" then
      false
    else if enclosed "(" ")" then
      if hasFields (between text) then struct (between text) else mkTuple (values (between text))
    else if call != null then
      if hasFields callContent then
        mkNamedStruct {
          name = head call;
          value = struct callContent;
        }
      else
        mkEnum {
          variant = head call;
          values = values callContent;
        }
    # Nix shows six significant digits, so longer numbers would change.
    else if decimal != null then
      if stringLength (head decimal) > 5 then raw else fromJSON text
    else if match "-?[0-9]+" text != null then
      lib.toInt text
    else if match "'.'" text != null then
      mkChar (substring 1 1 text)
    else if match "\".*\"" text != null then
      fromJSON text
    else
      raw;

  # --- constructors ---------------------------------------------------------

  mkChar = value: typed "ron-char" { inherit value; };

  mkEnum =
    {
      variant,
      values ? null,
    }:
    typed "ron-enum" ({ inherit variant; } // lib.optionalAttrs (values != null) { inherit values; });

  # [ { key; value; } ]; keys may be of any type.
  mkMap = attrs: typed "ron-map" { inherit attrs; };

  mkNamedStruct = { name, value }: typed "ron-named-struct" { inherit name value; };

  # null for None
  mkOptional = value: typed "ron-optional" { inherit value; };

  mkRaw = value: typed "ron-raw" { inherit value; };

  mkTuple = values: typed "ron-tuple" { inherit values; };
in
{
  inherit
    mkChar
    mkEnum
    mkMap
    mkNamedStruct
    mkOptional
    mkRaw
    mkTuple
    ;

  # toRON { } { x = 1; } -> "(\n    x: 1,\n)"
  toRON = write;

  fromRON = read;

  importRON = path: read (builtins.readFile path);
}
