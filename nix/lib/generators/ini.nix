# The INI family: plain INI, INI with lines before the first section, git's
# dialect (tabs, quoted values, subsections) and dconf keyfiles (GVariant values).
#
# Not for: TOML or systemd units, which only look similar.
{ lib }:

let
  inherit (builtins)
    attrNames
    concatMap
    concatStringsSep
    isAttrs
    isString
    replaceStrings
    ;

  inherit (import ./key-value.nix { inherit lib; }) mkKeyValueDefault mkValueStringDefault toKeyValue;

  escapeBrackets = lib.escape [
    "["
    "]"
  ];
in
rec {
  # Sections in alphabetical order, an empty line between two of them.
  toINI =
    {
      mkSectionName ? escapeBrackets,
      mkKeyValue ? mkKeyValueDefault { } "=",
      listsAsDuplicateKeys ? false,
    }:
    let
      body = toKeyValue { inherit mkKeyValue listsAsDuplicateKeys; };
    in
    sections:
    concatStringsSep "\n" (
      map (name: "[${mkSectionName name}]\n${body sections.${name}}") (attrNames sections)
    );

  # The same, after a head of lines which belong to no section.
  toINIWithGlobalSection =
    {
      mkSectionName ? escapeBrackets,
      mkKeyValue ? mkKeyValueDefault { } "=",
      listsAsDuplicateKeys ? false,
    }:
    {
      globalSection,
      sections ? { },
    }:
    let
      head =
        if globalSection == { } then
          ""
        else
          toKeyValue { inherit mkKeyValue listsAsDuplicateKeys; } globalSection + "\n";
    in
    head + toINI { inherit mkSectionName mkKeyValue listsAsDuplicateKeys; } sections;

  # git-config(1): `a.b.c = 1` is `c` in section `[a "b"]`; a list repeats its key.
  toGitINI =
    attrs:
    let
      # A name that already has a quote is taken as it stands, e.g. `branch "main"`.
      mkSectionName =
        name:
        let
          parts = lib.splitString "." name;
          rest = builtins.tail parts;
        in
        if rest == [ ] || lib.hasInfix "\"" name then
          name
        else
          ''${builtins.head parts} "${concatStringsSep "." rest}"'';

      # Strings are always quoted: git would otherwise strip blanks and treat # and ; as comments.
      quote =
        text:
        let
          quoted = replaceStrings [ "\\" "\"" "\n" "\t" ] [ "\\\\" "\\\"" "\\n" "\\t" ] text;
        in
        "\"${quoted}\"";
      mkValueString = value: if isString value then quote value else mkValueStringDefault { } value;

      mkKeyValue =
        key: value:
        let
          line = mkKeyValueDefault { inherit mkValueString; } " = " key;
        in
        concatStringsSep "\n" (map (one: "\t" + line one) (lib.toList value));

      # Every leaf with its attribute path.
      leaves =
        path: value:
        if isAttrs value && !lib.isDerivation value then
          concatMap (name: leaves (path ++ [ name ]) value.${name}) (attrNames value)
        else
          [ { inherit path value; } ];

      place =
        { path, value }:
        let
          section = lib.init path;
          key = lib.last path;
        in
        if section == [ ] then { ${key} = value; } else { ${concatStringsSep "." section}.${key} = value; };
    in
    toINI { inherit mkSectionName mkKeyValue; } (
      builtins.foldl' lib.recursiveUpdate { } (map place (leaves [ ] attrs))
    );

  # dconf wants GVariant text as value, so strings are quoted and integers need a type.
  mkDconfKeyValue = mkKeyValueDefault {
    mkValueString = value: toString (lib.gvariant.mkValue value);
  } "=";

  toDconfINI = toINI { mkKeyValue = mkDconfKeyValue; };
}
