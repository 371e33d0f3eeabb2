# Laws: what holds for every type, and for every combination of properties.
{ lib }:

let
  inherit (lib) mkIf mkOption mkOrder mkOverride types;
  inherit (import ./support/eval.nix { inherit lib; }) configOf declare valueOf;

  succeeds = x: (builtins.tryEval (builtins.deepSeq x true)).success;
  never = types.mkOptionType { name = "never"; check = _: false; };

  # name -> { type; good; bad; }: a value of the type, and one that is not.
  samples = {
    bool = { type = types.bool; good = true; bad = 1; };
    boolByOr = { type = types.boolByOr; good = true; bad = 1; };
    int = { type = types.int; good = 1; bad = "x"; };
    u8 = { type = types.ints.u8; good = 255; bad = 256; };
    positive = { type = types.ints.positive; good = 1; bad = 0; };
    port = { type = types.port; good = 80; bad = -1; };
    float = { type = types.float; good = 1.5; bad = 1; };
    number = { type = types.number; good = 1.5; bad = "1"; };
    str = { type = types.str; good = "x"; bad = 1; };
    nonEmptyStr = { type = types.nonEmptyStr; good = "x"; bad = ""; };
    singleLineStr = { type = types.singleLineStr; good = "x"; bad = "a\nb"; };
    strMatching = { type = types.strMatching "a+"; good = "aa"; bad = "b"; };
    lines = { type = types.lines; good = "x"; bad = 1; };
    path = { type = types.path; good = "/x"; bad = "x"; };
    enum = { type = types.enum [ "a" "b" ]; good = "a"; bad = "c"; };
    attrs = { type = types.attrs; good = { a = 1; }; bad = 1; };
    listOf = { type = types.listOf types.int; good = [ 1 ]; bad = 1; };
    nonEmptyListOf = { type = types.nonEmptyListOf types.int; good = [ 1 ]; bad = [ ]; };
    attrsOf = { type = types.attrsOf types.int; good = { a = 1; }; bad = 1; };
    lazyAttrsOf = { type = types.lazyAttrsOf types.int; good = { a = 1; }; bad = 1; };
    attrTag = { type = types.attrTag { a = mkOption { type = types.int; }; }; good = { a = 1; }; bad = { b = 1; }; };
    nullOr = { type = types.nullOr types.int; good = null; bad = "x"; };
    either = { type = types.either types.int types.str; good = "x"; bad = true; };
    oneOf = { type = types.oneOf [ types.int types.str types.bool ]; good = true; bad = null; };
    uniq = { type = types.uniq types.int; good = 1; bad = "x"; };
    submodule = { type = types.submodule { options.x = mkOption { default = 1; }; }; good = { x = 2; }; bad = 1; };
    json = { type = types.json; good = { a = [ null ]; }; bad = x: x; };
    addCheck = { type = types.addCheck types.int (x: x > 3); good = 4; bad = 3; };
  };
  # Types whose values change on the way: the value is not compared.
  converting = {
    coercedTo = { type = types.coercedTo types.int toString types.str; good = 1; bad = true; };
    attrListOf = { type = types.attrListOf types.int; good = { a = 1; }; bad = 1; };
    functionTo = { type = types.functionTo types.int; good = x: 1; bad = 1; };
    deferredModule = { type = types.deferredModule; good = { }; bad = 1; };
  };
  every = samples // converting;

  # Types without modules inside. Declaring an option rebuilds the others
  # from their modules, and what addCheck added is lost, in nixpkgs too.
  flat = lib.filterAttrs (_: s: s.type.getSubModules == null) every;

  forEvery = sentence: rows: law: lib.mapAttrs' (name: s: {
    name = "${name}: ${sentence}";
    value = { expr = law s; expected = true; };
  }) rows;

  # Every kind of definition of a list, with what the properties say.
  kinds = lib.listToAttrs (lib.concatMap (prio: lib.concatMap (order: map (on: {
    name = "${if on then "on" else "off"} ${toString prio} ${toString order}";
    value = {
      inherit prio order on;
      wrap = x: mkIf on (if prio == 100 then ordered order x else mkOverride prio (ordered order x));
    };
  }) [ true false ]) [ 500 1000 1500 ]) [ 50 100 1000 1500 1600 ]);
  ordered = order: x: if order == 1000 then x else mkOrder order x;

  # What must come out: of what is on, the strongest, by order; equal orders
  # as the modules stand, the last first, and the default before all.
  model =
    default: kinds:
    let
      given = lib.reverseList (lib.imap0 (i: kind: { inherit i kind; }) kinds);
      on = default ++ builtins.filter (d: d.kind.on) given;
      best = builtins.foldl' (a: d: lib.min a d.kind.prio) 9999 on;
      strongest = builtins.filter (d: d.kind.prio == best) on;
    in
    map (d: d.i) (builtins.sort (a: b: a.kind.order < b.kind.order) strongest);
  asDefault = [ { i = 99; kind = { prio = 1500; order = 1000; }; } ];

  mixtures =
    let
      names = builtins.attrNames kinds;
      n = builtins.length names;
      pick = i: map (builtins.elemAt names) [ (lib.mod i n) (lib.mod (i * 7 + 3) n) (lib.mod (i * 11 + 5) n) ];
    in
    map (name: [ name ]) names ++ builtins.genList pick (2 * n);
in
forEvery "a good value is accepted" every (s: succeeds (valueOf s.type [ s.good ]))
// forEvery "a bad value is refused" every (s: !succeeds (valueOf s.type [ s.bad ]))
// forEvery "a good value comes out as it went in" samples (s: valueOf s.type [ s.good ] == s.good)
// forEvery "check says the same" every (s: s.type.check s.good && !s.type.check s.bad)
// forEvery "a description" every (s: builtins.isString s.type.description && s.type.description != "")
// forEvery "a default is accepted like a definition" every (s: succeeds (configOf [ (declare "v" { inherit (s) type; default = s.good; }) ]).v)
// forEvery "nullOr takes it, and null" every (s: succeeds (valueOf (types.nullOr s.type) [ s.good ]) && valueOf (types.nullOr s.type) [ null ] == null)
// forEvery "listOf takes a list of it" every (s: succeeds (valueOf (types.listOf s.type) [ [ s.good s.good ] ]))
// forEvery "listOf refuses a list of what it refuses" every (s: !succeeds (valueOf (types.listOf s.type) [ [ s.good s.bad ] ]))
// forEvery "attrsOf takes a set of it" every (s: succeeds (valueOf (types.attrsOf s.type) [ { a = s.good; } { b = s.good; } ]))
// forEvery "attrsOf refuses a set of what it refuses" every (s: !succeeds (valueOf (types.attrsOf s.type) [ { a = s.bad; } ]))
// forEvery "either with never is the type itself" every (s: succeeds (valueOf (types.either never s.type) [ s.good ]) && !succeeds (valueOf (types.either s.type never) [ s.bad ]))
// forEvery "uniq takes one and refuses two" every (s: succeeds (valueOf (types.uniq s.type) [ s.good ]) && !succeeds (valueOf (types.uniq s.type) [ s.good s.good ]))
// forEvery "addCheck with nothing to check changes nothing" every (s:
  succeeds (valueOf (types.addCheck s.type (_: true)) [ s.good ]) && !succeeds (valueOf (types.addCheck s.type (_: true)) [ s.bad ]))
// forEvery "addCheck that fails refuses everything" flat (s: !succeeds (valueOf (types.addCheck s.type (_: false)) [ s.good ]))
// forEvery "mkForce of a good value beats a bad one" every (s: succeeds (valueOf s.type [ s.bad (lib.mkForce s.good) ]))
// forEvery "merging it with itself gives a type of the same name, or none" every (s:
  let
    merged = types.mergeTypes s.type s.type;
  in
  merged._type == "merge-error" || merged.functor.name == s.type.functor.name)
// forEvery "sub-options are a set" every (s: builtins.isAttrs (s.type.getSubOptions [ "v" ]))
// builtins.listToAttrs (
  lib.imap1 (i: names: {
    name = "definitions ${toString i}: ${lib.concatStringsSep ", " names}";
    value = {
      expr = valueOf (types.listOf types.int) (lib.imap0 (j: name: kinds.${name}.wrap [ j ]) names);
      expected = model [ ] (map (name: kinds.${name}) names);
    };
  }) mixtures
)
// builtins.listToAttrs (
  lib.imap1 (i: names: {
    name = "definitions over a default ${toString i}: ${lib.concatStringsSep ", " names}";
    value = {
      expr = (configOf ([ (declare "v" { type = types.listOf types.int; default = [ 99 ]; }) ] ++ lib.imap0 (j: name: { v = kinds.${name}.wrap [ j ]; }) names)).v;
      expected = model asDefault (map (name: kinds.${name}) names);
    };
  }) mixtures
)
