# Watching values while they are evaluated, and comparing them in tests.
#
# Not for: warnings to users (trivial.nix), assertions (asserts.nix).
{ lib }:

let
  inherit (builtins)
    deepSeq
    isAttrs
    isList
    map
    mapAttrs
    trace
    ;
  inherit (lib) id;
  pretty = lib.generators.toPretty { allowPrettyValues = true; };

  # What lies deeper than `depth` is shown as […] or {…}, unevaluated.
  cut =
    depth: value:
    let
      hide = text: {
        __pretty = _: text;
        val = value;
      };
    in
    if isList value then
      if depth == 0 then hide "[…]" else map (cut (depth - 1)) value
    else if isAttrs value then
      if depth == 0 then hide "{…}" else mapAttrs (_: cut (depth - 1)) value
    else
      value;
in
rec {
  inherit trace;
  inherit (builtins) addErrorContext unsafeGetAttrPos;

  # --- tracing --------------------------------------------------------------

  traceIf =
    pred: message: value:
    if pred then trace message value else value;

  traceValFn = f: value: trace (f value) value;

  traceVal = traceValFn id;

  traceSeq = shown: value: trace (deepSeq shown shown) value;

  traceSeqN =
    depth: shown: value:
    trace (pretty (cut depth shown)) value;

  traceValSeqFn = f: value: traceValFn f (deepSeq value value);

  traceValSeq = traceValSeqFn id;

  traceValSeqNFn =
    f: depth: value:
    traceSeqN depth (f value) value;

  traceValSeqN = traceValSeqNFn id;

  # A function's argument and result, each time it is called.
  traceFnSeqN =
    depth: name: f: from:
    let
      to = f from;
    in
    traceSeqN (depth + 1) { fn = name; inherit from to; } to;

  # --- testing --------------------------------------------------------------

  # The failed ones among the attributes named test..., or among those that
  # `tests` lists.
  runTests =
    cases:
    let
      chosen = cases.tests or [ ];
      isCase =
        name: if chosen == [ ] then builtins.substring 0 4 name == "test" else builtins.elem name chosen;
      run =
        name:
        let
          case = cases.${name};
        in
        lib.optional (case.expr != case.expected) {
          inherit name;
          inherit (case) expected;
          result = case.expr;
        };
    in
    builtins.concatMap run (builtins.filter isCase (builtins.attrNames cases));

  throwTestFailures =
    {
      failures,
      description ? "tests",
      ...
    }:
    let
      # Showing a derivation must not build it.
      show = value: builtins.unsafeDiscardStringContext (pretty value);
      report = failure: ''
        FAIL ${show failure.name}:
        Expected:
        ${show failure.expected}

        Result:
        ${show failure.result}
      '';
      traced = builtins.foldl' (_: failure: traceVal (report failure)) null failures;
      names = lib.concatMapStringsSep "\n- " (failure: failure.name) failures;
    in
    if failures == [ ] then
      null
    else
      throw (
        builtins.seq traced "${toString (builtins.length failures)} ${description} failed:\n- ${names}\n\n${builtins.toJSON failures}"
      );

  testAllTrue = expr: {
    inherit expr;
    expected = map (_: true) expr;
  };
}
