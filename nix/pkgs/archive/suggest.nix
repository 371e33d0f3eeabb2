# "Did you mean": names near a wrong one. Costs time, so only for errors.
{ lib }:
name: candidates:
let
  inherit (builtins)
    filter
    length
    stringLength
    substring
    ;
  start = substring 0 2 name;
  far = if stringLength name < 5 then 1 else 2;
  near = filter (
    candidate:
    substring 0 2 candidate == start
    && stringLength candidate <= stringLength name + far
    && stringLength name <= stringLength candidate + far
    && lib.strings.levenshteinAtMost far name candidate
  ) candidates;
  longer = filter (
    candidate: stringLength name > 2 && substring 0 (stringLength name + 1) candidate == name + "-"
  ) candidates;
  shown = lib.take 5 (near ++ longer);
in
if length shown == 0 then
  ""
else
  "; did you mean ${lib.concatMapStringsSep ", " (candidate: "‘${candidate}’") shown}?"
