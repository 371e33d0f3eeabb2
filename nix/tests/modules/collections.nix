# Collections: listOf, nonEmptyListOf, attrs, attrsOf, lazyAttrsOf, attrsWith.
{ lib }:

let
  inherit (lib) mkForce mkIf mkMerge types;
  inherit (types) attrs attrsOf attrsWith int lazyAttrsOf listOf nonEmptyListOf nullOr str;
  inherit (import ./support/eval.nix { inherit lib; }) accepts configOf declare optionsOf refuses valueFrom valueOf;
  boom = throw "forced";
in
accepts {
  listOf = [ (listOf int) [ ] [ 1 2 ] ];
  nonEmptyListOf = [ (nonEmptyListOf int) [ 1 ] ];
  attrs = [ attrs { } { a = 1; } ];
  attrsOf = [ (attrsOf int) { } { a = 1; } ];
  "listOf attrsOf" = [ (listOf (attrsOf int)) [ { a = 1; } { } ] ];
}
// refuses {
  listOf = [ (listOf int) { } 1 [ "x" ] [ 1 [ ] ] ];
  nonEmptyListOf = [ (nonEmptyListOf int) [ ] [ "x" ] ];
  attrs = [ attrs [ ] 1 ];
  attrsOf = [ (attrsOf int) [ ] 1 { a = "x"; } ];
  "listOf attrsOf" = [ (listOf (attrsOf int)) [ { a = "x"; } ] ];
}
// {
  "lists are concatenated" = { expr = valueOf (listOf int) [ [ 1 2 ] [ 3 ] ]; expected = [ 3 1 2 ]; };
  "lists of lists are concatenated once" = { expr = valueOf (listOf (listOf int)) [ [ [ 1 ] ] [ [ 2 ] ] ]; expected = [ [ 2 ] [ 1 ] ]; };
  "elements are lazy" = { expr = builtins.length (valueOf (listOf int) [ [ 1 ] [ (1 + 1) ] ]); expected = 2; };
  "a list in words" = { expr = valueFrom (listOf int) [ 1 ]; error = "is not of type `list of signed integer'. TypeError: Definition values: - In `a.nix': 1"; };
  "an empty list where none is allowed" = { expr = valueFrom (nonEmptyListOf int) [ [ ] ]; error = "is not of type `non-empty (list of signed integer)'"; };
  "the same with submodules" = {
    expr = (configOf [ (declare "bad" { type = nonEmptyListOf (types.submodule { }); default = [ ]; }) ]).bad;
    error = "A definition for option `bad' is not of type `non-empty (list of (submodule))'";
  };
  "each definition of a nonEmptyListOf must have an element" = { expr = valueOf (nonEmptyListOf int) [ [ 1 ] [ ] ]; error = "non-empty"; };

  "attrs: later attributes win" = { expr = valueOf attrs [ { a = 1; b = 1; } { a = 2; } ]; expected = { a = 1; b = 1; }; };
  "attrs: nothing inside is evaluated" = { expr = (valueOf attrs [ { a = mkForce 1; } ]).a._type; expected = "override"; };

  "attrsOf: attributes are joined" = { expr = valueOf (attrsOf int) [ { a = 1; } { b = 2; } ]; expected = { a = 1; b = 2; }; };
  "attrsOf: equal attributes agree" = { expr = valueOf (attrsOf int) [ { a = 1; } { a = 1; } ]; expected = { a = 1; }; };
  "attrsOf: different ones conflict" = { expr = valueOf (attrsOf int) [ { a = 1; } { a = 2; } ]; error = "The option `v.a' has conflicting definition values"; };
  "attrsOf: lists inside are concatenated" = { expr = valueOf (attrsOf (listOf int)) [ { a = [ 1 ]; } { a = [ 2 ]; } ]; expected = { a = [ 2 ] ++ [ 1 ]; }; };
  "attrsOf: mkIf false removes the attribute" = { expr = valueOf (attrsOf int) [ { a = mkIf false 1; } ] ? a; expected = false; };
  "attrsOf: mkIf false beside a definition keeps it" = { expr = valueOf (attrsOf int) [ { a = mkIf false 1; } { a = 2; } ]; expected = { a = 2; }; };
  "attrsOf: mkMerge inside" = { expr = valueOf (attrsOf (listOf int)) [ { a = mkMerge [ [ 1 ] [ 2 ] ]; } ]; expected = { a = [ 1 2 ]; }; };
  "attrsOf: values are forced to know what is defined" = {
    expr = builtins.attrNames (valueOf (attrsOf int) [ { a = boom; } ]);
    error = "forced";
  };
  "attrsOf: names with blanks" = { expr = valueFrom (attrsOf int) [ { "a b" = "x"; } ]; error = "option `v.\"a b\"' is not of type"; };

  "lazyAttrsOf: values are not forced" = { expr = builtins.attrNames (valueOf (lazyAttrsOf int) [ { a = boom; } ]); expected = [ "a" ]; };
  "lazyAttrsOf: one value is not forced for another" = { expr = (valueOf (lazyAttrsOf int) [ { a = boom; b = 1; } ]).b; expected = 1; };
  "lazyAttrsOf: values may depend on each other" = {
    expr = (configOf [ (declare "v" { type = lazyAttrsOf int; }) ({ config, ... }: { v.a = 1; v.b = config.v.a + 1; }) ]).v.b;
    expected = 2;
  };
  "lazyAttrsOf: mkIf false keeps the name" = { expr = valueOf (lazyAttrsOf int) [ { a = mkIf false 1; } ] ? a; expected = true; };
  "lazyAttrsOf: and reading it is an error" = { expr = (valueOf (lazyAttrsOf int) [ { a = mkIf false 1; } ]).a; error = "The option `v.a' was accessed but has no value defined."; };
  "lazyAttrsOf: or the empty value" = {
    expr = {
      list = (valueOf (lazyAttrsOf (listOf int)) [ { a = mkIf false [ ]; } ]).a;
      attrs = (valueOf (lazyAttrsOf (attrsOf int)) [ { a = mkIf false { }; } ]).a;
      null = (valueOf (lazyAttrsOf (nullOr int)) [ { a = mkIf false null; } ]).a;
    };
    expected = { list = [ ]; attrs = { }; null = null; };
  };
  "lazyAttrsOf: a nonEmptyListOf has no empty value" = { expr = (valueOf (lazyAttrsOf (nonEmptyListOf int)) [ { a = mkIf false [ ]; } ]).a; error = "was accessed but has no value defined"; };
  "lazyAttrsOf: a wrong value is found when read" = { expr = (valueOf (lazyAttrsOf int) [ { a = "x"; b = 1; } ]).b; expected = 1; };

  "attrsWith is attrsOf" = { expr = valueOf (attrsWith { elemType = int; }) [ { a = mkIf false 1; } ]; expected = { }; };
  "attrsWith lazy is lazyAttrsOf" = { expr = builtins.attrNames (valueOf (attrsWith { elemType = int; lazy = true; }) [ { a = boom; } ]); expected = [ "a" ]; };
  "names" = { expr = map (t: t.name) [ (listOf int) (attrsOf int) (lazyAttrsOf int) (attrsWith { elemType = int; lazy = true; }) ]; expected = [ "listOf" "attrsOf" "lazyAttrsOf" "lazyAttrsOf" ]; };

  "empty values" = {
    expr = map (t: t.emptyValue) [ (listOf int) (attrsOf int) attrs (nullOr int) (nonEmptyListOf int) int ];
    expected = [ { value = [ ]; } { value = { }; } { value = { }; } { value = null; } { } { } ];
  };
  "an option with an empty value needs no definition" = {
    expr = configOf [ (declare "l" { type = listOf int; }) (declare "a" { type = attrsOf int; }) (declare "n" { type = nullOr int; }) ];
    expected = { l = [ ]; a = { }; n = null; };
  };
  "but it is not defined" = { expr = (optionsOf [ (declare "l" { type = listOf int; }) ]).l.isDefined; expected = false; };
  "nestedTypes.elemType" = { expr = map (t: t.nestedTypes.elemType.name) [ (listOf int) (attrsOf str) (nullOr int) ]; expected = [ "int" "str" "int" ]; };
  "functor.wrapped is an old name of it" = {
    expr = (listOf int).functor.wrapped.name;
    expected = "int";
    trace = "use `nestedTypes.elemType` instead";
  };
  "loaOf is attrsOf, and warns" = {
    expr = (configOf [ (declare "v" { type = types.loaOf int; }) { v.a = 1; } ]).v;
    expected = { a = 1; };
    trace = "The type `types.loaOf' of option `v' defined in `<unknown-file>' is deprecated.";
  };
}
