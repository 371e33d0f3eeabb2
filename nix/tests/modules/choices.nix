# Choices and wrappers: enum, either, oneOf, nullOr, coercedTo, uniq, unique,
# functionTo, json, toml.
{ lib }:

let
  inherit (lib) mkForce mkIf mkMerge mkOption types;
  inherit (types) attrsOf coercedTo either enum functionTo int listOf nullOr oneOf str submodule uniq unique;
  inherit (import ./support/eval.nix { inherit lib; }) accepts configOf declare from optionsOf refuses valueFrom valueOf;
  fun = type: defs: (valueOf (functionTo type) defs);
  intOrStr = coercedTo int toString str;
in
accepts {
  enum = [ (enum [ "a" 1 null true ]) "a" 1 null true ];
  either = [ (either int str) 1 "x" ];
  oneOf = [ (oneOf [ int (listOf int) str ]) 1 [ 2 ] "x" ];
  "oneOf of one" = [ (oneOf [ int ]) 1 ];
  nullOr = [ (nullOr int) null 1 ];
  coercedTo = [ intOrStr 1 "x" ];
  uniq = [ (uniq int) 1 ];
  functionTo = [ (functionTo int) (x: 1) { __functor = _: x: 1; } ];
  json = [ types.json null true 1 1.5 "x" ./choices.nix { a = [ 1 { b = null; } ]; } [ ] ];
  toml = [ types.toml true 1 1.5 "x" { a = [ 1 { b = 2; } ]; } ];
}
// refuses {
  enum = [ (enum [ "a" 1 null true ]) "b" 2 false [ ] ];
  "empty enum" = [ (enum [ ]) "a" null ];
  either = [ (either int str) true null [ ] ];
  oneOf = [ (oneOf [ int (listOf int) str ]) true [ "x" ] { } ];
  nullOr = [ (nullOr int) "x" ];
  coercedTo = [ intOrStr true [ ] ];
  functionTo = [ (functionTo int) 1 { } ];
  json = [ types.json (x: x) { a = x: x; } ];
  toml = [ types.toml null { a = null; } ];
}
// {
  "enum: equal definitions agree" = { expr = valueOf (enum [ "a" "b" ]) [ "a" "a" ]; expected = "a"; };
  "enum: different ones conflict" = { expr = valueOf (enum [ "a" "b" ]) [ "a" "b" ]; error = "has conflicting definition values"; };
  "enum in words" = { expr = valueFrom (enum [ "a" "b" ]) [ "c" ]; error = "is not of type `one of \"a\", \"b\"'. Definition values: - In `a.nix': \"c\""; };
  "an empty enum in words" = { expr = valueFrom (enum [ ]) [ "c" ]; error = "is not of type `impossible (empty enum)'"; };

  "either: the first that fits merges" = { expr = valueOf (either (listOf int) (listOf str)) [ [ 1 ] [ 2 ] ]; expected = [ 2 1 ]; };
  "either: what is inside is checked by the first" = { expr = valueOf (either (attrsOf int) (attrsOf str)) [ { a = "x"; } ]; error = "option `v.a' is not of type `signed integer'"; };
  "either: definitions of both types" = { expr = valueFrom (either int str) [ 1 "x" ]; error = "The option `v` is neither a value of type `signed integer` nor `string`, Definition values:"; };
  "either in words" = { expr = valueFrom (either int str) [ true ]; error = "is not of type `signed integer or string'. TypeError:"; };
  "either: a submodule on the right" = {
    expr = map (d: valueOf (either str (submodule { options.x = mkOption { default = 1; }; })) [ d ]) [ "s" { } ];
    expected = [ "s" { x = 1; } ];
  };
  "oneOf of nothing" = { expr = (oneOf [ ]).name; error = "types.oneOf needs to get at least one type in its argument"; };
  "oneOf is nested either" = { expr = (oneOf [ int str types.bool ]).nestedTypes.left.nestedTypes.right.name; expected = "str"; };

  "nullOr: null twice" = { expr = valueOf (nullOr int) [ null null ]; expected = null; };
  "nullOr: a value twice" = { expr = valueOf (nullOr int) [ 1 1 ]; expected = 1; };
  "nullOr: null and a value" = { expr = valueOf (nullOr int) [ null 1 ]; error = "The option `v` is defined both null and not null, in `<unknown-file>' and `<unknown-file>'."; };
  "nullOr: lists merge" = { expr = valueOf (nullOr (listOf int)) [ [ 1 ] [ 2 ] ]; expected = [ 2 1 ]; };
  "nullOr: mkForce null" = { expr = valueOf (nullOr int) [ (mkForce null) 1 ]; expected = null; };
  "nullOr in words" = { expr = valueFrom (nullOr int) [ "x" ]; error = "is not of type `null or signed integer'."; };
  "nullOr: merge called directly" = { expr = (nullOr int).merge [ "v" ] [ { file = "f"; value = 3; } ]; expected = 3; };
  "nullOr: merge called directly on a mixture" = { expr = (nullOr int).merge [ "v" ] [ { file = "f"; value = 3; } { file = "g"; value = null; } ]; error = "is defined both null and not null, in `f' and `g'"; };

  "coercedTo: a final value stays" = { expr = valueOf intOrStr [ "x" ]; expected = "x"; };
  "coercedTo: another is converted" = { expr = valueOf intOrStr [ 42 ]; expected = "42"; };
  "coercedTo: each definition on its own" = { expr = valueOf (coercedTo str (x: [ x ]) (listOf str)) [ "a" [ "b" ] ]; expected = [ "b" "a" ]; };
  "coercedTo: a default is converted" = { expr = (configOf [ (declare "v" { type = intOrStr; default = 42; }) ]).v; expected = "42"; };
  "coercedTo: conditions inside" = { expr = valueOf (coercedTo str (x: [ x ]) (listOf str)) [ (mkIf true "a") (mkMerge [ [ "b" ] "c" ]) ]; expected = [ "b" "c" "a" ]; };
  "coercedTo in words" = { expr = valueFrom intOrStr [ [ ] ]; error = "is not of type `string or signed integer convertible to it'. TypeError: Definition values: - In `a.nix': [ ]"; };
  "coercedTo: what comes out is checked" = { expr = valueFrom (coercedTo str lib.toInt types.ints.u8) [ "1000" ]; error = [ "is not of type" "- In `a.nix': \"1000\"" ]; };
  "coercedTo: what cannot be converted" = { expr = valueOf (coercedTo str lib.toInt types.ints.u8) [ "x" ]; error = "toInt: Could not convert \"x\" to int."; };
  "coercedTo: from a submodule is refused" = { expr = (coercedTo (submodule { }) (x: x) str).name; error = "coercedTo: coercedType must not have submodules (it’s a submodule)"; };
  "coercedTo: to a submodule" = { expr = valueOf (coercedTo int (x: { inherit x; }) (submodule { options.x = mkOption { }; })) [ 3 ]; expected = { x = 3; }; };
  "coercedTo: from attrsOf to listOf" = { expr = valueOf (coercedTo (attrsOf str) builtins.attrValues (listOf str)) [ { b = "2"; a = "1"; } ]; expected = [ "1" "2" ]; };
  "coercedTo: the function is not called for a final value" = { expr = valueOf (coercedTo (attrsOf str) (abort "called") (listOf str)) [ [ "1" ] ]; expected = [ "1" ]; };
  "coercedTo: nested types" = { expr = builtins.mapAttrs (_: t: t.name) intOrStr.nestedTypes; expected = { coercedType = "int"; finalType = "str"; }; };

  "uniq: only one" = { expr = valueFrom (uniq int) [ 1 1 ]; error = "The option `v' is defined multiple times while it's expected to be unique."; };
  "uniq: mkForce makes it one" = { expr = valueOf (uniq int) [ 1 (mkForce 2) ]; expected = 2; };
  "unique: says why" = { expr = valueFrom (unique { message = "There can be only one."; } int) [ 1 1 ]; error = "There can be only one. Definition values: - In `b.nix': 1 - In `a.nix': 1"; };
  "unique: still checks inside" = { expr = valueOf (unique { message = ""; } (listOf int)) [ [ "x" ] ]; error = "is not of type `signed integer'"; };
  "unique: checks outside" = { expr = valueOf (unique { message = ""; } int) [ "x" ]; error = "is not of type `signed integer'"; };

  "functionTo: results are merged" = { expr = fun (listOf str) [ (x: [ x ]) (x: [ (x + x) ]) ] "a"; expected = [ "aa" "a" ]; };
  "functionTo: sets of results are merged" = { expr = fun (attrsOf str) [ (x: { a = x; }) (x: { b = x; }) ] "v"; expected = { a = "v"; b = "v"; }; };
  "functionTo: order inside" = { expr = fun (listOf str) [ (x: lib.mkAfter [ "last" ]) (x: [ "first" ]) ] null; expected = [ "first" "last" ]; };
  "functionTo: a wrong result" = { expr = fun str [ (x: 1) ] null; error = "A definition for option `v.<function body>' is not of type `string'."; };
  "functionTo: results conflict" = { expr = fun int [ (x: 1) (x: 2) ] null; error = "The option `v.<function body>' has conflicting definition values"; };
  "functionTo: submodules of two declarations" = {
    expr =
      let
        opts = optionsOf [
          (declare "f" { type = functionTo (submodule { options.a = mkOption { }; }); })
          (declare "f" { type = functionTo (submodule { options.b = mkOption { }; }); })
        ];
        sub = opts.f.type.getSubOptions [ "f" ];
      in
      map (o: lib.showOption o.loc) [ sub.a sub.b ];
    expected = [ "f.<function body>.a" "f.<function body>.b" ];
  };
  "functionTo: arguments that have a default everywhere are optional" = {
    expr = lib.functionArgs (fun int [ ({ a, b ? 1, c ? 2 }: 1) ({ a ? 1, b ? 1, ... }: 1) ]);
    expected = { a = false; b = true; c = true; };
  };

  "json: sets are merged" = { expr = valueOf types.json [ { a.b = 1; } { a.c = 2; } ]; expected = { a = { b = 1; c = 2; }; }; };
  "json in words" = { expr = valueFrom types.json [ (x: x) ]; error = "is not of type `JSON value'"; };
  "toml in words" = { expr = valueFrom types.toml [ null ]; error = "is not of type `TOML value'"; };
}
