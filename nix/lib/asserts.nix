# Assertions whose failure explains itself: for use after the `assert` keyword.
#
# Not for: the `assertions` option of systems (nix/nixos).
{ lib }:

let
  show = lib.generators.toPretty { };
in
rec {
  assertMsg =
    pred: message:
    if pred then
      true
    else
      throw message;

  assertOneOf =
    name: value: allowed:
    assertMsg (builtins.elem value allowed) "${name} must be one of ${show allowed}, but is: ${show value}";

  assertEachOneOf =
    name: values: allowed:
    assertMsg (builtins.all (value: builtins.elem value allowed) values)
      "each element in ${name} must be one of ${show allowed}, but is: ${show values}";

  checkAssertWarn =
    assertions: warnings: value:
    let
      failed = map (x: x.message) (builtins.filter (x: !x.assertion) assertions);
    in
    if failed != [ ] then
      throw "\nFailed assertions:\n${lib.concatStringsSep "\n" (map (message: "- ${message}") failed)}"
    else
      lib.showWarnings warnings value;
}
