# Unmatched definitions: the error for a definition that no option takes.
#
# For: saying which option does not exist, who defined it, and what was
# probably meant.
# Not for: finding unmatched definitions (tree.nix).
{ lib, self, ... }:

let
  inherit (builtins)
    addErrorContext
    attrNames
    concatStringsSep
    filter
    head
    length
    map
    sort
    ;
  inherit (lib.options) showDefs showOption;
  inherit (lib.lists) init last take;

  # Up to three declared names that look like `wanted`. Edit distance is slow,
  # so in a large set only near misses are considered.
  similar =
    wanted: names:
    let
      near =
        if length names < 100 then names else filter (lib.strings.levenshteinAtMost 2 wanted) names;
      rated = map (name: {
        inherit name;
        distance = lib.strings.levenshtein wanted name;
      }) near;
    in
    map (x: x.name) (take 3 (sort (a: b: a.distance < b.distance) rated));

  didYouMean =
    names:
    if names == [ ] then
      ""
    else if length names == 1 then
      "\n\nDid you mean ${head names}?"
    else
      "\n\nDid you mean ${concatStringsSep ", " (init names)} or ${last names}?";

  # The part of the option tree at a path, or an empty set.
  subtreeAt = path: tree: lib.attrsets.attrByPath path { } tree;
in
{
  # prefix: where this evaluation stands. options: its evaluated tree.
  # def: the first unmatched definition. Throws.
  throwUnmatched =
    prefix: options: def:
    let
      path = prefix ++ def.prefix;
      shown = showOption path;

      values =
        addErrorContext
          "while evaluating the error message for definitions for `${shown}', which is an option that does not exist"
          (
            addErrorContext "while evaluating a definition from `${toString def.file}'" (showDefs [ def ])
          );

      parent = init def.prefix;
      siblings = attrNames (subtreeAt parent options);
      candidates = if parent == [ ] then filter (name: name != "_module") siblings else siblings;
      quote = name: "`${showOption (init path ++ [ name ])}'";

      message = "The option `${shown}' does not exist. Definition values:${values}${
        didYouMean (map quote (similar (last def.prefix) candidates))
      }";

      where = showOption prefix;
    in
    if attrNames options != [ "_module" ] then
      throw message
    # Nothing at all is declared here: more likely a misplaced declaration
    # than a misspelt name.
    else if where == "" then
      throw ''
        ${message}

        It seems as if you're trying to declare an option by placing it into `config' rather than `options'!
      ''
    else
      throw ''
        ${message}

        However there are no options defined in `${where}'. Are you sure you've
        declared your options properly? This can happen if you e.g. declared your options in `types.submodule'
        under `config' rather than `options'.
      '';
}
