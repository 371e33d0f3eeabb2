# "Did you mean": names near a wrong one. Costs time, so only for errors.
{ lib }:
name: candidates:
let
  inherit (builtins)
    filter
    length
    sort
    stringLength
    substring
    ;
  letters = text: sort (a: b: a < b) (lib.stringToCharacters text);
  sorted = letters name;

  # Who misspells keeps the first letter.
  close = filter (
    candidate:
    substring 0 1 candidate == substring 0 1 name
    && stringLength candidate <= stringLength name + 2
    && stringLength name <= stringLength candidate + 2
  ) candidates;
  within = distance: filter (lib.strings.levenshteinAtMost distance name) close;
  swapped = filter (
    candidate: stringLength candidate == stringLength name && letters candidate == sorted
  ) close;
  longer = filter (
    candidate: stringLength name > 2 && substring 0 (stringLength name + 1) candidate == name + "-"
  ) candidates;
  shown = lib.take 5 (
    lib.unique (swapped ++ within 1 ++ longer ++ (if stringLength name < 5 then [ ] else within 2))
  );
in
if length shown == 0 then
  ""
else
  "; did you mean ${lib.concatMapStringsSep ", " (candidate: "‘${candidate}’") shown}?"
