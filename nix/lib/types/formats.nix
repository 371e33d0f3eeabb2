# Types for values of data formats.
#
# For: values that can be written as JSON or TOML.
# Not for: writing them (generators, pkgs.formats).
{ types, ... }:

let
  inherit (types)
    attrsOf
    bool
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
      value = (if nullable then nullOr notNull else notNull) // {
        # Written out, the description would never end.
        description = "${typeName} value";
      };
    in
    value;

  json = serializableValueWith { typeName = "JSON"; };
  toml = serializableValueWith {
    typeName = "TOML";
    nullable = false;
  };
}
