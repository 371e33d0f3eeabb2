# Fixed points: attribute sets that refer to their own final form, and the
# overlays ("extensions") that change such a form before it is tied.
#
# Not for: the package-set scopes built on top of it (customisation.nix).
#
# `lib` itself is tied with this file, so nothing here may look at `lib`
# before an argument forces it.
{ lib }:

let
  fix = f: let final = f final; in final;

  composeExtensions =
    first: second: final: prev:
    let
      changes = first final prev;
    in
    changes // second final (prev // changes);

  makeExtensibleWithCustomName =
    extenderName:
    let
      tie =
        f:
        let
          final = f final // {
            __unfix__ = f;
            ${extenderName} =
              overlay: tie (self: let prev = f self; in prev // overlay self prev);
          };
        in
        final;
    in
    tie;
in
{
  inherit fix composeExtensions;

  # As `fix`, but the result remembers the function that it was tied from.
  fix' =
    f:
    let
      final = f final // { __unfix__ = f; };
    in
    final;

  # Apply `f` until its result no longer changes.
  converge =
    f:
    let
      settle = x: let next = f x; in if next == x then x else settle next;
    in
    settle;

  extends =
    overlay: f: final:
    let
      prev = f final;
    in
    prev // overlay final prev;

  composeManyExtensions =
    extensions:
    builtins.foldl' composeExtensions (_final: _prev: { }) extensions;

  inherit makeExtensibleWithCustomName;

  makeExtensible = makeExtensibleWithCustomName "extend";

  # Accepts the three ways in which people write an overlay: a plain set, a
  # function of `prev`, a function of `final` and `prev`.
  toExtension =
    overlay:
    if !lib.isFunction overlay then
      _final: _prev: overlay
    else
      final: prev:
      let
        changes = overlay prev;
      in
      if lib.isFunction changes then overlay final prev else changes;
}
