# Values in GVariant text form, as dconf and GSettings read them: `lib.gvariant`.
#
# A GVariant value is a set `{ _type = "gvariant"; type; value; __toString; }`, so
# it can be interpolated.  The grammar is GLib's "GVariant Text Format".
#
# Not for: parsing that text, and not for the binary form.
{ lib }:

let
  inherit (builtins)
    head
    isAttrs
    isBool
    isFloat
    isInt
    isList
    isString
    typeOf
    ;

  # `show` gets the value's own set, so that a changed copy prints what it holds.
  make = type: value: show: {
    _type = "gvariant";
    inherit type value;
    __toString = show;
  };

  annotated = self: "@${self.type} ${toString self.value}";
  plain = self: toString self.value;
  commas = lib.concatMapStringsSep "," toString;

  # Type strings: GLib's "GVariant Format Strings".
  type = {
    arrayOf = element: "a${element}";
    maybeOf = element: "m${element}";
    tupleOf = elements: "(${lib.concatStrings elements})";
    dictionaryEntryOf = name: value: "{${name}${value}}";
    string = "s";
    boolean = "b";
    uchar = "y";
    int16 = "n";
    uint16 = "q";
    int32 = "i";
    uint32 = "u";
    int64 = "x";
    uint64 = "t";
    double = "d";
    variant = "v";
  };

  constructor = name: valueType: min: max: {
    inherit name min max;
    type = valueType;
  };

  # Which wrappers a number would fit into, for the error message.
  unclearInteger =
    number:
    let
      fits = { min, max, ... }: (min == null || min <= number) && (max == null || number <= max);
      suggestion = { name, type, ... }: "- `lib.gvariant.${name}` for `${type}`\n";
    in
    "The GVariant type for number “${toString number}” is unclear.\n"
    + "Please wrap the value with one of the following, depending on the value type in GSettings schema:\n\n"
    + lib.concatMapStrings suggestion (lib.filter fits lib.gvariant.intConstructors);
in
rec {
  inherit type;

  isGVariant = value: (value._type or "") == "gvariant";

  # The integer types with their ranges; null where Nix integers cannot reach the limit.
  intConstructors = [
    (constructor "mkInt32" type.int32 (-2147483648) 2147483647)
    (constructor "mkUint32" type.uint32 0 4294967295)
    (constructor "mkInt64" type.int64 null null)
    (constructor "mkUint64" type.uint64 0 null)
    (constructor "mkInt16" type.int16 (-32768) 32767)
    (constructor "mkUint16" type.uint16 0 65535)
    (constructor "mkUchar" type.uchar 0 255)
  ];

  # The type is taken from the Nix value, where that leaves no choice.
  mkValue =
    value:
    if isBool value then
      mkBoolean value
    else if isFloat value then
      mkDouble value
    else if isString value then
      mkString value
    else if isList value then
      mkArray value
    else if isGVariant value then
      value
    else if isInt value then
      throw (unclearInteger value)
    else if isAttrs value then
      throw "Cannot construct GVariant value from an attribute set. If you want to construct a dictionary, you will need to create an array containing items constructed with `lib.gvariant.mkDictionaryEntry`."
    else
      throw "The GVariant type of “${typeOf value}” can't be inferred.";

  mkArray =
    elements:
    let
      values = map mkValue (
        lib.throwIf (elements == [ ]) "Please create empty array with mkEmptyArray." elements
      );
      elementType = (head values).type;
      uniform = lib.all (value: value.type == elementType) values;
    in
    make (type.arrayOf (
      lib.throwIfNot uniform "Elements in a list should have same type." elementType
    )) values (self: "@${self.type} [${commas self.value}]");

  mkEmptyArray = elementType: make (type.arrayOf elementType) [ ] (self: "@${self.type} []");

  mkVariant = element: make type.variant (mkValue element) (self: "<${toString self.value}>");

  mkDictionaryEntry =
    name: value:
    let
      name' = mkValue name;
      value' = mkValue value;
    in
    make (type.dictionaryEntryOf name'.type value'.type) { inherit name value; } (
      self: "@${self.type} {${name'},${value'}}"
    );

  mkMaybe =
    elementType: element:
    make (type.maybeOf elementType) element (
      self: if self.value == null then "@${self.type} nothing" else "just ${toString self.value}"
    );

  mkNothing = elementType: mkMaybe elementType null;

  mkJust =
    element:
    let
      value = mkValue element;
    in
    mkMaybe value.type value;

  mkTuple =
    elements:
    let
      values = map mkValue elements;
    in
    make (type.tupleOf (map (value: value.type) values)) values (
      self: "@${self.type} (${commas self.value})"
    );

  mkBoolean = value: make type.boolean value (self: lib.boolToString self.value);

  mkString =
    value:
    make type.string value (
      self: "'${builtins.replaceStrings [ "'" "\\" "\n" ] [ "\\'" "\\\\" "\\n" ] self.value}'"
    );

  mkObjectpath =
    value: make type.string value (self: "objectpath '${lib.escape [ "'" ] self.value}'");

  mkUchar = value: make type.uchar value annotated;
  mkInt16 = value: make type.int16 value annotated;
  mkUint16 = value: make type.uint16 value annotated;
  # A bare number is an int32 and a bare float a double, so these need no annotation.
  mkInt32 = value: make type.int32 value plain;
  mkUint32 = value: make type.uint32 value annotated;
  mkInt64 = value: make type.int64 value annotated;
  mkUint64 = value: make type.uint64 value annotated;
  mkDouble = value: make type.double value plain;
}
