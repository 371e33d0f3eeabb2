# How options, files and definitions are written in messages.
#
# For: option paths, lists of files, lists of definitions.
# Not for: deciding what a message says.
{ lib, ... }:

let
  inherit (builtins)
    concatStringsSep
    filter
    isString
    length
    map
    match
    split
    tryEval
    ;
  inherit (lib.lists) take;
  inherit (self) showOption;

  self = {
    # [ "a" "b.c" "<name>" ] -> a."b.c".<name>. Placeholders are not names, so
    # they are not quoted.
    showOption =
      parts:
      let
        show =
          part:
          if part == "*" || match "<(.*)>" part != null then
            part
          else
            lib.strings.escapeNixIdentifier part;
      in
      concatStringsSep "." (map show parts);

    showFiles = files: concatStringsSep " and " (map (file: "`${toString file}'") files);

    # One line per definition: file, and the value if it can be evaluated. Of
    # long values the first five lines.
    showDefs =
      defs:
      let
        show =
          def:
          let
            pretty = tryEval (
              lib.generators.toPretty { } (
                lib.generators.withRecursion {
                  depthLimit = 10;
                  throwOnDepthLimit = false;
                } def.value
              )
            );
            lines = filter isString (split "\n" pretty.value);
            shown = concatStringsSep "\n    " (take 5 lines ++ (if length lines > 5 then [ "..." ] else [ ]));
            value =
              if !pretty.success then
                ""
              else if length lines > 1 then
                ":\n    ${shown}"
              else
                ": ${shown}";
          in
          "\n- In `${toString def.file}'${value}";
      in
      concatStringsSep "" (map show defs);

    showOptionWithDefLocs = opt: ''
      ${showOption opt.loc}, with values defined in:
      ${concatStringsSep "\n" (map (file: "  - ${toString file}") opt.files)}
    '';

    # The file of a module that has none.
    unknownModule = "<unknown-file>";
  };
in
self
