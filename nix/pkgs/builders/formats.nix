# pkgs.formats: for a configuration format, the type of its settings and the
# file made from them. `format.type` is an option type, `format.generate name
# value` a derivation.
#
# Not for: writing single values as text (lib.generators, toml.nix).
{ lib, writeText }:
let
  inherit (lib) types;
  inherit (lib.generators) toINI toINIWithGlobalSection toKeyValue toGitINI;

  # Values of a format that nests: scalars, and lists and sets of them.
  nested =
    { description, scalars }:
    let
      value = types.nullOr (types.oneOf (scalars ++ [ (types.attrsOf value) (types.listOf value) ])) // {
        inherit description;
      };
    in
    value;

  scalars = with types; [
    bool
    int
    float
    str
    path
  ];

  generated = toText: name: value: writeText name (toText value);

  # A flat format's value: a scalar, perhaps null or a list of them.
  atomOf =
    {
      listsAsDuplicateKeys ? false,
      listToValue ? null,
      allowNull ? true,
    }:
    let
      single =
        (if allowNull then types.nullOr else lib.id) (
          types.oneOf (
            with types;
            [
              bool
              int
              float
              str
            ]
          )
        )
        // {
          description = "INI atom (null, bool, int, float or string)";
        };
    in
    if listsAsDuplicateKeys || listToValue != null then
      types.coercedTo single lib.singleton (types.listOf single)
      // {
        description = single.description + " or a list of them";
      }
    else
      single;

  # Lists are joined before the generator sees them.
  joinLists =
    listToValue: lib.mapAttrs (_: value: if listToValue != null && lib.isList value then listToValue value else value);
in
rec {
  json =
    { }:
    {
      type = nested {
        description = "JSON value";
        inherit scalars;
      };
      generate = generated builtins.toJSON;
    };

  # Every JSON document is a YAML document.
  yaml =
    { }:
    {
      type = nested {
        description = "YAML value";
        inherit scalars;
      };
      generate = generated builtins.toJSON;
    };
  yaml_1_1 = yaml;
  yaml_1_2 = yaml;

  toml =
    { }:
    {
      type = nested {
        description = "TOML value";
        inherit scalars;
      };
      generate = generated (import ./toml.nix { inherit lib; });
    };

  ini =
    {
      listsAsDuplicateKeys ? false,
      listToValue ? null,
      atomsCoercedToLists ? null,
      ...
    }@args:
    let
      atom = atomOf { inherit listsAsDuplicateKeys listToValue; };
    in
    {
      type = types.attrsOf (types.attrsOf atom);
      lib.types.atom = atom;
      generate = generated (
        value:
        toINI (
          removeAttrs args [
            "listToValue"
            "atomsCoercedToLists"
          ]
        ) (lib.mapAttrs (_: joinLists listToValue) value)
      );
    };

  iniWithGlobalSection =
    {
      listsAsDuplicateKeys ? false,
      listToValue ? null,
      atomsCoercedToLists ? null,
      ...
    }@args:
    let
      atom = atomOf { inherit listsAsDuplicateKeys listToValue; };
    in
    {
      type = types.submodule {
        options = {
          sections = lib.mkOption {
            type = types.attrsOf (types.attrsOf atom);
            default = { };
            description = "The sections of the file.";
          };
          globalSection = lib.mkOption {
            type = types.attrsOf atom;
            default = { };
            description = "What stands before the first section.";
          };
        };
      };
      lib.types.atom = atom;
      generate = generated (
        value:
        toINIWithGlobalSection
          (removeAttrs args [
            "listToValue"
            "atomsCoercedToLists"
          ])
          {
            globalSection = joinLists listToValue (value.globalSection or { });
            sections = lib.mapAttrs (_: joinLists listToValue) (value.sections or { });
          }
      );
    };

  gitIni =
    {
      listsAsDuplicateKeys ? false,
      ...
    }:
    let
      atom = atomOf { inherit listsAsDuplicateKeys; };
    in
    {
      type = types.attrsOf (types.attrsOf (types.either atom (types.attrsOf atom)));
      lib.types.atom = atom;
      generate = generated toGitINI;
    };

  # systemd's configuration files: a key may occur more than once.
  systemd = ini { listsAsDuplicateKeys = true; };

  keyValue =
    {
      listsAsDuplicateKeys ? false,
      listToValue ? null,
      ...
    }@args:
    let
      atom = atomOf { inherit listsAsDuplicateKeys listToValue; };
    in
    {
      type = types.attrsOf atom;
      lib.types.atom = atom;
      generate = generated (
        value: toKeyValue (removeAttrs args [ "listToValue" ]) (joinLists listToValue value)
      );
    };

  javaProperties =
    {
      comment ? "Written by Nix",
      boolToString ? lib.boolToString,
    }:
    {
      type = types.attrsOf (
        types.coercedTo (types.oneOf [
          types.bool
          types.int
          types.float
        ]) (value: if lib.isBool value then boolToString value else toString value) types.str
      );
      generate =
        let
          # java.util.Properties: separators and comment signs in keys, line ends in values.
          key = lib.escape [ "\\" ":" "=" " " "#" "!" ];
          value = text: lib.replaceStrings [ "\n" ] [ "\\n" ] (lib.escape [ "\\" ] text);
        in
        generated (
          settings:
          "# ${comment}\n" + lib.concatStrings (lib.mapAttrsToList (k: v: "${key k} = ${value v}\n") settings)
        );
    };

  pythonVars =
    { }:
    {
      type =
        let
          value = nested {
            description = "Python value";
            inherit scalars;
          };
        in
        types.attrsOf value;
      generate =
        let
          python =
            value:
            if value == null then
              "None"
            else if lib.isBool value then
              (if value then "True" else "False")
            else if lib.isList value then
              "[${lib.concatMapStringsSep ", " python value}]"
            else if lib.isAttrs value && !lib.isDerivation value then
              "{${lib.concatStringsSep ", " (lib.mapAttrsToList (k: v: "${python k}: ${python v}") value)}}"
            else
              # A JSON string or number is the same in Python.
              builtins.toJSON value;
        in
        generated (settings: lib.concatStrings (lib.mapAttrsToList (k: v: "${k} = ${python v}\n") settings));
    };

  lua =
    {
      asBindings ? false,
      multiline ? true,
      ...
    }:
    {
      type =
        let
          value = nested {
            description = "Lua value";
            inherit scalars;
          };
        in
        if asBindings then types.attrsOf value else value;
      generate = generated (
        value:
        (if asBindings then "" else "return ") + lib.generators.toLua { inherit asBindings multiline; } value + "\n"
      );
    };

}
