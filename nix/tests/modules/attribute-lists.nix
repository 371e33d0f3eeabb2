# attrListOf and attrListWith: ordered name-value pairs.
{ lib }:

let
  inherit (lib) mkAfter mkBefore mkDefault mkForce mkIf mkMerge mkOption mkOrder mkOverride types;
  inherit (types) attrListOf attrListWith int listOf str;
  inherit (import ./support/eval.nix { inherit lib; }) accepts configOf declare from optionsOf refuses valueFrom valueOf;
  strs = valueOf (attrListOf str);
  boom = abort "an overridden entry was forced";
  opt = type: defs: (optionsOf ([ (declare "v" { inherit type; }) ] ++ map (v: { inherit v; }) defs)).v;
  flags = attrListWith { elemType = str; asAttrs = true; };
in
accepts {
  attrListOf = [ (attrListOf int) [ ] { } [ { a = 1; } ] { a = 1; b = 2; } [ { a = 1; } { a = 2; } ] ];
}
// refuses {
  attrListOf = [ (attrListOf int) 1 "x" [ 1 ] [ { } ] [ { a = 1; b = 2; } ] [ { a = "x"; } ] { a = "x"; } ];
}
// {
  "a list stays a list" = { expr = strs [ [ { b = "1"; } { a = "2"; } ] ]; expected = [ { b = "1"; } { a = "2"; } ]; };
  "a set becomes a list by name" = { expr = strs [ { b = "1"; a = "2"; } ]; expected = [ { a = "2"; } { b = "1"; } ]; };
  "a set may be ordered" = { expr = strs [ { x = mkOrder 200 "x"; y = mkOrder 100 "y"; } ]; expected = [ { y = "y"; } { x = "x"; } ]; };
  "list elements may be ordered" = {
    expr = strs [ [ (mkAfter { z = "3"; }) { m = "2"; } (mkBefore { a = "1"; }) ] ];
    expected = [ { a = "1"; } { m = "2"; } { z = "3"; } ];
  };
  "values in list elements may be ordered" = { expr = strs [ [ { z = mkAfter "2"; } { a = "1"; } ] ]; expected = [ { a = "1"; } { z = "2"; } ]; };
  "lists and sets may be mixed" = {
    expr = strs [ (mkMerge [ [ { m = "list"; } ] { n = mkOrder 50 "set"; } ]) ];
    expected = [ { n = "set"; } { m = "list"; } ];
  };
  "names may repeat" = { expr = strs [ [ { a = "1"; } { a = "2"; } ] ]; expected = [ { a = "1"; } { a = "2"; } ]; };
  "several modules add up" = { expr = strs [ [ { a = "1"; } ] [ { b = "2"; } ] ]; expected = [ { b = "2"; } { a = "1"; } ]; };
  "mkIf false drops an entry" = { expr = strs [ [ { a = mkIf true "1"; } { b = mkIf false "2"; } ] ]; expected = [ { a = "1"; } ]; };
  "mkIf false drops an entry of a set" = { expr = strs [ { a = mkIf true "1"; b = mkIf false "2"; } ]; expected = [ { a = "1"; } ]; };
  "mkForce on the whole drops the rest" = { expr = strs [ [ { a = "1"; } ] (mkForce [ { b = "2"; } ]) ]; expected = [ { b = "2"; } ]; };
  "mkDefault on the whole gives way" = { expr = strs [ (mkDefault [ { a = "1"; } ]) [ { b = "2"; } ] ]; expected = [ { b = "2"; } ]; };
  "mkForce on an entry beats the same name only" = {
    expr = strs [ [ { a = mkDefault boom; } { a = mkForce "1"; } { a = mkOverride 100 boom; } { b = "2"; } ] ];
    expected = [ { a = "1"; } { b = "2"; } ];
  };
  "two forced entries of a name both stay" = {
    expr = strs [ [ { x = mkOverride 100 boom; } { x = mkForce "1"; } { x = mkForce "2"; } ] ];
    expected = [ { x = "1"; } { x = "2"; } ];
  };
  "mkForce in a set beats a list" = {
    expr = strs [ (mkMerge [ [ { x = mkOverride 100 boom; } { y = "y"; } ] { x = mkForce "x"; } ]) ];
    expected = [ { y = "y"; } { x = "x"; } ];
  };
  "mkForce around mkOrder" = { expr = strs [ [ { x = mkForce (mkOrder 1500 "x"); } { y = "y"; } ] ]; expected = [ { y = "y"; } { x = "x"; } ]; };
  "mkOrder around mkForce" = { expr = strs [ [ { x = mkOrder 1500 (mkForce "x"); } { x = "gone"; } { y = "y"; } ] ]; expected = [ { y = "y"; } { x = "x"; } ]; };
  "the empty value" = { expr = (configOf [ (declare "v" { type = attrListOf str; }) ]).v; expected = [ ]; };
  "the description" = { expr = (attrListOf (types.either int str)).description; expected = "attribute list of (signed integer or string)"; };
  "the name" = { expr = (attrListOf int).name; expected = "attrListOf"; };

  "submodules as values" = {
    expr = valueOf (attrListOf (types.submodule { options.port = mkOption { type = int; default = 1; }; })) [ [ { web.port = 80; } { db = { }; } ] ];
    expected = [ { web.port = 80; } { db.port = 1; } ];
  };
  "in an either" = { expr = map (d: valueOf (types.either (attrListOf str) int) [ d ]) [ [ { a = "1"; } ] 42 ]; expected = [ [ { a = "1"; } ] 42 ]; };

  "asAttrs collects values by name" = { expr = valueOf flags [ [ { a = "1"; } { b = "2"; } { a = "3"; } ] ]; expected = { a = [ "1" "3" ]; b = [ "2" ]; }; };
  "mergeAttrValues combines them" = {
    expr = valueOf (attrListWith { elemType = str; asAttrs = true; mergeAttrValues = name: values: "${name}=${toString values}"; }) [ [ { a = "1"; } { a = "2"; } ] ];
    expected = { a = "a=1 2"; };
  };
  "asAttrs keeps the order in valueMeta" = { expr = (opt flags [ { b = mkBefore "1"; a = "2"; } ]).valueMeta.attrListValue; expected = [ { b = "1"; } { a = "2"; } ]; };
  "the empty value with asAttrs" = { expr = (configOf [ (declare "v" { type = flags; }) ]).v; expected = { }; };
  "valueMeta has one entry per element" = { expr = builtins.length (opt (attrListOf str) [ [ { a = "1"; } { a = mkIf false "2"; } ] ]).valueMeta.attrList; expected = 1; };
  "valueMeta.definitions can be handed on" = {
    expr = (configOf [
      (declare "flags" { type = attrListOf str; })
      (declare "other" { type = attrListOf str; })
      { flags = { b = mkBefore "1"; a = "2"; }; }
      ({ options, ... }: { other = mkMerge (map (d: [ d.value ]) options.flags.valueMeta.definitions); })
    ]).other;
    expected = [ { b = "1"; } { a = "2"; } ];
  };
  "and keep their files" = {
    expr = (configOf [
      (declare "flags" { type = attrListWith { elemType = types.anything; asAttrs = true; }; })
      (declare "argv" { type = listOf str; })
      (from "the-defs-file.nix" { flags.my-flag = 3.14; })
      ({ options, ... }: { argv = mkMerge options.flags.valueMeta.definitions; })
    ]).argv;
    error = "the-defs-file.nix";
  };

  "an element that is no set" = {
    expr = valueFrom (attrListOf str) [ [ "x" ] ];
    error = "is not of type `attribute list of string'. Each list element must be an attribute set, but got string. - In `a.nix': \"x\"";
  };
  "an element with two names" = {
    expr = valueFrom (attrListOf str) [ [ { a = "1"; b = "2"; } ] ];
    error = "Each list element must be a single-key attribute set, but got 2 keys.";
  };
  "a wrong value" = { expr = valueFrom (attrListOf int) [ [ { a = "x"; } ] ]; error = "A definition for option `v.a' is not of type `signed integer'"; };
  "a wrong definition" = { expr = valueFrom (attrListOf int) [ "x" ]; error = "is not of type `attribute list of signed integer'. TypeError: Definition values:"; };
  "two declarations do not merge" = {
    expr = (configOf [ (declare "v" { type = attrListOf str; }) (declare "v" { type = attrListOf str; }) ]).v;
    error = "is already declared in";
  };
}
