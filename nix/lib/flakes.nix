# Flake references, by the evaluator's own functions.
#
# Not for: evaluating flakes, except the small lockless form below.
{ lib }:

let
  needs = name: version: throw "lib.flakes.${name} needs Nix ${version} or newer";
in
{
  parseFlakeRef = builtins.parseFlakeRef or (_: needs "parseFlakeRef" "2.19");

  flakeRefToString = builtins.flakeRefToString or (_: needs "flakeRefToString" "2.19");

  # The outputs of a flake.nix that needs no inputs beyond the ones given.
  callLocklessFlake =
    {
      path,
      inputs ? { },
    }:
    let
      self = {
        outPath = path;
      }
      // (import (path + "/flake.nix")).outputs (inputs // { inherit self; });
    in
    self;
}
