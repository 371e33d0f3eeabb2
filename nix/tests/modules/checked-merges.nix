# Types that check and merge in one step (merge.v2), valueMeta, addCheck.
{ lib }:

let
  inherit (lib) mkIf mkOption types;
  inherit (types) addCheck attrsOf coercedTo either int lazyAttrsOf listOf mkOptionType nullOr raw str submodule;
  inherit (import ./support/eval.nix { inherit lib; }) configOf declare optionsOf valueFrom valueOf;
  meta = type: v: builtins.removeAttrs (optionsOf [ (declare "v" { inherit type; }) { inherit v; } ]).v.valueMeta [ "_internal" ];
  adhoc = lazyAttrsOf raw // { check = _: false; };
  own = answer: mkOptionType {
    name = "own";
    check = { __functor = _: _: true; isV2MergeCoherent = true; };
    merge = {
      __functor = self: loc: defs: (self.v2 { inherit loc defs; }).value;
      v2 = answer;
    };
  };
  answers = value: own ({ loc, defs }: { headError = null; valueMeta = { n = builtins.length defs; }; inherit value; });
  incoherent = "uses an ad-hoc `type // { check = ...; }' override, which is incompatible with the v2 merge mechanism.";
in
{
  "a type of one's own" = { expr = valueOf (answers 5) [ 1 2 ]; expected = 5; };
  "its valueMeta" = { expr = meta (answers 5) 1; expected = { n = 1; }; };
  "its error" = {
    expr = valueOf (own ({ loc, defs }: { headError = { message = "too blue"; }; value = throw "no"; valueMeta = { }; })) [ 1 ];
    error = "A definition for option `v' is not of type `own'. TypeError: too blue";
  };
  "its answer must be complete" = { expr = valueOf (own ({ loc, defs }: { value = 1; valueMeta = { }; })) [ 1 ]; error = "headError"; };
  "its answer must have no more" = { expr = valueOf (own ({ loc, defs }: { value = 1; valueMeta = { }; headError = null; more = 1; })) [ 1 ]; error = "unexpected argument 'more'"; };
  "merge can be called the old way" = { expr = (listOf int).merge [ "v" ] [ { file = "f"; value = [ 1 ]; } ]; expected = [ 1 ]; };
  "merge.v2 can be called" = {
    expr =
      let
        answer = (listOf int).merge.v2 { loc = [ "v" ]; defs = [ { file = "f"; value = [ 1 ]; } ]; };
      in
      { inherit (answer) headError value; };
    expected = { headError = null; value = [ 1 ]; };
  };
  "headError tells what is wrong" = {
    expr = ((listOf int).merge.v2 { loc = [ "v" ]; defs = [ { file = "f"; value = 1; } ]; }).headError.message;
    expected = "Definition values: \n- In `f': 1";
  };
  "check can be called on a set type" = { expr = map (attrsOf int).check [ { } [ ] ]; expected = [ true false ]; };

  "valueMeta of a plain type" = { expr = meta int 1; expected = { }; };
  "valueMeta of a set" = { expr = meta (attrsOf str) { a = "x"; b = "y"; }; expected = { attrs = { a = { }; b = { }; }; }; };
  "valueMeta of a list" = { expr = meta (listOf str) [ "x" "y" ]; expected = { list = [ { } { } ]; }; };
  "valueMeta leaves out what is undefined" = { expr = meta (attrsOf str) { a = mkIf false "x"; }; expected = { attrs = { }; }; };
  "valueMeta of a submodule" = { expr = builtins.attrNames (meta (submodule { }) { }); expected = [ "configuration" ]; };
  "valueMeta of submodules in a list" = {
    expr = (builtins.head (meta (listOf (submodule { options.x = mkOption { }; })) [ { x = 42; } ]).list).configuration.options.x.value;
    expected = 42;
  };
  "valueMeta of submodules in a set" = {
    expr = (meta (attrsOf (submodule { options.x = mkOption { }; })) { foo.x = 42; }).attrs.foo.configuration.options.x.value;
    expected = 42;
  };
  "valueMeta through either" = { expr = builtins.attrNames (meta (either int (listOf str)) [ "x" ]); expected = [ "list" ]; };
  "valueMeta through nullOr" = { expr = builtins.attrNames (meta (nullOr (listOf str)) [ "x" ]); expected = [ "list" ]; };
  "valueMeta of null" = { expr = meta (nullOr (listOf str)) null; expected = { }; };
  "valueMeta through coercedTo" = { expr = builtins.attrNames (meta (coercedTo str (x: [ x ]) (listOf str)) "x"); expected = [ "list" ]; };
  "valueMeta knows the type" = {
    expr = (optionsOf [ (declare "v" { type = attrsOf int; }) { v.a = 1; } ]).v.valueMeta._internal.type.name;
    expected = "attrsOf";
  };
  "valueMeta of a list does not force the elements" = { expr = builtins.length (meta (listOf int) [ (throw "forced") ]).list; error = "forced"; };

  "addCheck on a plain type" = { expr = valueOf (addCheck int (x: x == 0)) [ 0 ]; expected = 0; };
  "addCheck on a plain type refuses" = { expr = valueFrom (addCheck int (x: x == 0)) [ 1 ]; error = "is not of type `signed integer'. Definition values: - In `a.nix': 1"; };
  "addCheck on a set type" = { expr = valueOf (addCheck (attrsOf int) (x: x ? foo)) [ { foo = 1; } ]; expected = { foo = 1; }; };
  "addCheck on a set type refuses" = { expr = valueFrom (addCheck (attrsOf int) (x: x ? foo)) [ { } ]; error = "is not of type `attribute set of signed integer'. TypeError: Definition values: - In `a.nix': { }"; };
  "addCheck checks each definition" = { expr = valueOf (addCheck (attrsOf int) (x: x ? foo)) [ { foo = 1; } { bar = 1; } ]; error = "is not of type"; };
  "addCheck keeps the first error" = { expr = valueFrom (addCheck (attrsOf int) (x: throw "asked")) [ 1 ]; error = "is not of type `attribute set of signed integer'"; };
  "addCheck twice" = { expr = map (d: (builtins.tryEval (valueOf (addCheck (addCheck int (x: x > 0)) (x: x < 5)) [ d ])).success) [ 0 3 5 ]; expected = [ false true false ]; };
  "addCheck twice on a set type" = {
    expr = map (d: (builtins.tryEval (valueOf (addCheck (addCheck (attrsOf int) (x: x ? a)) (x: x ? b)) [ d ])).success) [ { a = 1; } { b = 1; } { a = 1; b = 1; } ];
    expected = [ false false true ];
  };
  "addCheck inside a container" = { expr = valueOf (lazyAttrsOf (addCheck (lazyAttrsOf raw) (x: x ? foo))) [ { bar.foo = 1; } ]; expected = { bar.foo = 1; }; };
  "addCheck inside a container refuses" = { expr = (valueOf (lazyAttrsOf (addCheck (lazyAttrsOf raw) (x: x ? foo))) [ { bar.baz = 1; } ]).bar; error = "option `v.bar' is not of type"; };

  "replacing the check of a set type is refused" = { expr = valueOf adhoc [ { a = 1; } ]; error = [ "The option `v' has a type `lazy attribute set of raw value' that" incoherent "Please use `lib.types.addCheck` instead" ]; };
  "inside a container" = { expr = (valueOf (lazyAttrsOf adhoc) [ { foo = { }; } ]).foo; error = incoherent; };
  "on the left of either" = { expr = valueOf (either adhoc int) [ { foo = 1; } ]; error = incoherent; };
  "on the right of either" = { expr = valueOf (either int adhoc) [ { foo = 1; } ]; error = incoherent; };
  "as what is coerced" = { expr = valueOf (coercedTo adhoc (x: { bar = 1; }) (lazyAttrsOf int)) [ { foo = { }; } ]; error = incoherent; };
  "as what it is coerced to" = { expr = valueOf (coercedTo str (x: { }) adhoc) [ { foo = 1; } ]; error = incoherent; };
  "in addCheck" = { expr = valueOf (addCheck adhoc (x: true)) [ { foo = 1; } ]; error = incoherent; };
  "in nullOr" = { expr = valueOf (nullOr adhoc) [ { foo = 1; } ]; error = incoherent; };
  "replacing the check of a plain type works" = { expr = valueOf (int // { check = _: true; }) [ "x" ]; expected = "x"; };
  "replacing the merge works" = { expr = valueOf (attrsOf int // { merge = _: defs: builtins.length defs; }) [ { } { } ]; expected = 2; };
}
