# The Nix side of tests/nix/runner.py: reads one table of cases.
#
# For: listing cases, comparing values, and showing both sides of a difference
# in a form that JSON can carry.
# Not for: errors and traces; only the process that evaluates sees those.
{ file, lib ? import ../lib }:

let
  inherit (builtins)
    deepSeq
    filter
    isAttrs
    isFunction
    isList
    isPath
    isString
    listToAttrs
    map
    mapAttrs
    toString
    tryEval
    typeOf
    ;

  cases = import file { inherit lib; };

  fragments = x: if isList x then x else [ x ];

  # Values as JSON can show them. Cut off deep down: cyclic values exist.
  show =
    depth: x:
    if depth == 0 then
      "…"
    else if isFunction x then
      "<function>"
    else if isPath x then
      "<path ${toString x}>"
    else if isString x then
      builtins.unsafeDiscardStringContext x
    else if isList x then
      map (show (depth - 1)) x
    else if isAttrs x then
      if x.type or null == "derivation" then
        "<derivation ${x.name or "?"}>"
      else
        mapAttrs (_: show (depth - 1)) x
    else
      x;

  compare =
    case:
    let
      attempt = tryEval (deepSeq case.expr (case.expr == case.expected));
      shown = value: (tryEval (deepSeq (show 8 value) (show 8 value))).value;
    in
    {
      ok = attempt.success && attempt.value;
      threw = !attempt.success;
    }
    // (
      if attempt.success && attempt.value then
        { }
      else
        {
          got = if attempt.success then shown case.expr else null;
          want = shown case.expected;
        }
    );
in
{
  # name -> what kind of case it is and which texts it asks for.
  list = mapAttrs (_: case: {
    kind =
      if case ? error then
        "error"
      else if case ? trace then
        "trace"
      else
        "value";
    fragments = fragments (case.error or case.trace or [ ]);
    without = fragments (case.without or [ ]);
  }) cases;

  # name -> comparison, for the cases that need no process of their own.
  values = mapAttrs (_: compare) (
    listToAttrs (
      map (name: {
        inherit name;
        value = cases.${name};
      }) (filter (name: !(cases.${name} ? error || cases.${name} ? trace)) (builtins.attrNames cases))
    )
  );

  # One case by name: compared, or just evaluated.
  one = name: compare cases.${name};
  force = name: deepSeq cases.${name}.expr null;
}
