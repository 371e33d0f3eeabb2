# Types for values of data formats.
#
# For: values that can be written as JSON or TOML.
# Not for: writing them (generators, pkgs.formats).
{ lib, types, ... }:

let
  inherit (types)
    attrsOf
    bool
    defaultFunctor
    defaultTypeMerge
    float
    int
    listOf
    nullOr
    oneOf
    path
    serializableValueWith
    str
    ;
in
{
  # Scalars, and sets and lists of such values, as deep as one likes.
  serializableValueWith =
    {
      # The name of the format, for the description.
      typeName,
      # Whether the format has a null.
      nullable ? true,
    }:
    let
      notNull = oneOf [
        bool
        int
        float
        str
        path
        (attrsOf value)
        (listOf value)
      ];
      # A value may contain values, so what is said about it by its parts would
      # never end: neither the description nor the merging with itself.
      value = (if nullable then nullOr notNull else notNull) // {
        description = "${typeName} value";
        inherit functor;
        typeMerge = defaultTypeMerge functor;
      };
      functor = defaultFunctor "serializableValueWith" // {
        type = lib.types.serializableValueWith;
        payload = { inherit typeName nullable; };
        binOp = a: b: if a == b then a else null;
      };
    in
    value;

  json = serializableValueWith { typeName = "JSON"; };
  toml = serializableValueWith {
    typeName = "TOML";
    nullable = false;
  };
}
