# Values as text for people: what `nixos-container option` prints.
#
# For: showing as much of a value as there is. An option of a submodule that nobody set must not hide its
# neighbours, so every part is tried by itself.
# Not for: text that Nix reads again (lib.generators.toPretty), nor for documentation (documentation.nix).
{ lib }:

let
  inherit (lib) concatMapStrings concatStringsSep;

  # Deeper than any option tree is wide; a package set given as a value would never end.
  deepest = 8;

  unavailable = "«no value»";

  attempt =
    depth: value:
    let
      tried = builtins.tryEval (show depth value);
    in
    if tried.success then tried.value else unavailable;

  indented = depth: concatStringsSep "" (lib.genList (_: "  ") depth);

  block =
    depth: open: close: lines:
    "${open}\n${concatMapStrings (line: "${indented (depth + 1)}${line}\n") lines}${indented depth}${close}";

  function = value: if lib.functionArgs value == { } then "«function»" else "«function with arguments ${concatStringsSep ", " (lib.attrNames (lib.functionArgs value))}»";

  show =
    depth: value:
    if lib.isDerivation value then
      "«package ${value.name or "without a name"}»"
    else if lib.isFunction value then
      function value
    else if lib.isList value then
      if value == [ ] then
        "[ ]"
      else if depth >= deepest then
        "[ … ]"
      else
        block depth "[" "]" (map (attempt (depth + 1)) value)
    else if lib.isAttrs value then
      set depth (removeAttrs value [ "_module" ])
    else
      scalar depth value;

  set =
    depth: value:
    if value == { } then
      "{ }"
    else if value._type or null == "pkgs" || depth >= deepest then
      "{ … }"
    else if value ? _type && value ? text then
      value.text
    else
      block depth "{" "}" (
        lib.mapAttrsToList (name: part: "${lib.strings.escapeNixIdentifier name} = ${attempt (depth + 1) part};") value
      );

  scalar =
    depth: value:
    if lib.isString value && lib.hasInfix "\n" value then
      block depth "''" "''" (lib.splitString "\n" (lib.removeSuffix "\n" value))
    else
      lib.generators.toPretty { } value;
in
# Throws where the whole value cannot be had: the caller says why.
show 0
