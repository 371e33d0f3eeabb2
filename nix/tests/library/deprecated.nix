# lib.misc: functions from the early days, which old expressions still call.
{ lib }:
let
  inherit (import ./rows) equal fails join prints;
  inherit (lib) misc;
  node = name: inputs: { outPath = "/${name}"; inherit name; propagatedBuildInputs = inputs; };
  a = node "a" [ ];
  b = node "b" [ a null ];
  c = node "c" [ b a ];
in
join [
  (equal "defaults" {
    "maybeEnv of nothing" = [ (misc.maybeEnv "SURELY_NOT_SET_ANYWHERE" "default") "default" ];
    "maybeAttr" = [ [ (misc.maybeAttr "a" 0 { a = 1; }) (misc.maybeAttr "a" 0 { }) (misc.maybeAttrNullable "a" 0 { }) ] [ 1 0 0 ] ];
    "ifEnable true" = [ (misc.ifEnable true 5) 5 ];
    "ifEnable false" = [ (map (misc.ifEnable false) [ [ 1 ] { a = 1; } true "x" 1 ]) [ [ ] { } false null null ] ];
    "nvs and setAttr" = [ [ (misc.nvs "a" 1) (misc.setAttr { a = 1; b = 2; } "b" 3) ] [ { a = 1; } { a = 1; b = 3; } ] ];
    "setAttrMerge" = [ [ (misc.setAttrMerge "a" [ ] { a = [ 2 ]; } (x: x ++ [ 3 ])) (misc.setAttrMerge "a" [ ] { } (x: x ++ [ 3 ])) ] [ { a = [ 2 3 ]; } { a = [ 3 ]; } ] ];
  })
  (equal "flags" {
    "checkFlag" = [ (map (misc.checkFlag { flags = [ "x" ]; y = true; z = false; }) [ "true" "false" "x" "y" "z" "other" ]) [ true false true true false false ] ];
    "getValue" = [ (map (misc.getValue { flags = [ "x" ]; y = 5; } [ [ "d" 7 ] ]) [ "y" "x" "d" "other" ]) [ 5 true 7 null ] ];
    "checkReqs" = [ (map (misc.checkReqs { flags = [ "tls" ]; ssl = 1; } [ ]) [ [ [ "tls" "ssl" ] ] [ [ "tls" "gnutls" ] ] [ [ "off" "gnutls" ] ] ]) [ true false true ] ];
  })
  (equal "arguments" {
    "defaultMerge with a set" = [ (misc.defaultMerge { a = 1; } { b = 2; }) { a = 1; b = 2; } ];
    "defaultMerge with a function" = [ (misc.defaultMerge { a = 1; } (old: { b = old.a + 1; })) { a = 1; b = 2; } ];
    "foldArgs passes them on" = [ (misc.foldArgs misc.defaultMerge (x: { sum = x.a + x.b; }) { a = 1; } { b = 2; }).sum 3 ];
    "foldArgs override" = [ ((misc.foldArgs misc.defaultMerge (x: { sum = x.a + x.b; }) { a = 1; } { b = 2; }).override { a = 10; }).sum 12 ];
    "modifySumArgs collects until null" = [ (misc.modifySumArgs (args: _: args) { done = true; } { a = 1; } { b = 2; } null) { a = 1; b = 2; done = true; } ];
  })
  (equal "lists" {
    "uniqList" = [ (misc.uniqList { inputList = [ 1 2 1 3 2 ]; }) [ 1 2 3 ] ];
    "uniqList without what is known" = [ (misc.uniqList { inputList = [ 1 2 ]; acc = [ 1 ]; }) [ 2 ] ];
    "uniqListExt by a key" = [ (misc.uniqListExt { inputList = [ { k = 1; v = "a"; } { k = 1; v = "b"; } { k = 2; v = "c"; } ]; getter = x: x.k; }) [ { k = 1; v = "a"; } { k = 2; v = "c"; } ] ];
    "condConcat" = [ (misc.condConcat "tool" [ "x" "-x" "y" "-y" ] (c: c == "y")) "tool-y" ];
    "imap counts from one" = [ (lib.imap (i: x: [ i x ]) [ "a" ]) [ [ 1 "a" ] ] ];
    "lazyGenericClosure" = [ (map (x: x.key) (misc.lazyGenericClosure { startSet = [ { key = 1; } ]; operator = x: if x.key < 3 then [ { key = x.key + 1; } ] else [ ]; })) [ 3 2 1 ] ];
  })
  (prints "lists" {
    "mapAttrsFlatten is an old name" = [ (misc.mapAttrsFlatten (n: v: n + v) { a = "1"; }) [ "a1" ] "lib.misc.mapAttrsFlatten is deprecated, please use lib.attrsets.mapAttrsToList instead" ];
  })
  (prints "descriptions" {
    "mdDoc is an old name" = [ (lib.mdDoc "text") "text" "lib.mdDoc is deprecated" ];
  })
  (equal "closePropagation" {
    "what is propagated, each once" = [ (map (x: x.name) (misc.closePropagation [ c ])) [ "c" "b" "a" ] ];
    "leaves out null" = [ (map (x: x.name) (misc.closePropagation [ null a ])) [ "a" ] ];
    "the slow way finds the same" = [ (lib.sort lib.lessThan (map (x: x.name) (misc.closePropagationSlow [ c ]))) [ "a" "b" "c" ] ];
    "of nothing" = [ (misc.closePropagation [ ]) [ ] ];
  })
  (equal "merging" {
    "mergeAttrsWithFunc" = [ (misc.mergeAttrsWithFunc (x: y: x + y) { a = 1; b = 2; } { a = 10; c = 3; }) { a = 11; b = 2; c = 3; } ];
    "mergeAttrsConcatenateValues" = [ (misc.mergeAttrsConcatenateValues { a = 7; } { a = [ 2 3 ]; b = 1; }) { a = [ 7 2 3 ]; b = 1; } ];
    "mergeAttrsNoOverride" = [ (misc.mergeAttrsNoOverride { } { buildInputs = [ 1 ]; buildPhase = "x"; } { buildInputs = [ 2 ]; buildPhase = "y"; z = 3; }) { buildInputs = [ 2 1 ]; buildPhase = "x"; z = 3; } ];
    "mergeAttrsByFuncDefaultsClean" = [ (misc.mergeAttrsByFuncDefaultsClean [ { buildInputs = [ 1 ]; n = 1; } { buildInputs = [ 2 ]; n = 2; passthru.a = 1; } { passthru.b = 2; } ]) { buildInputs = [ 1 2 ]; n = 2; passthru = { a = 1; b = 2; }; } ];
    "a set's own mergeAttrBy" = [ (misc.mergeAttrsByFuncDefaultsClean [ { mergeAttrBy.n = x: y: x + y; n = 1; } { n = 2; } ]) { n = 3; } ];
    "phases are joined by lines" = [ (misc.mergeAttrsByFuncDefaultsClean [ { postInstall = "a"; } { postInstall = "b"; } ]) { postInstall = "a\nb"; } ];
  })
  (fails "merging" {
    "mergeAttrsNoOverride with a name on both sides" = [ (misc.mergeAttrsNoOverride { } { x = 1; } { x = 2; }) "error mergeAttrsNoOverride, attribute x given in both attributes - no merge func defined" ];
  })
  (equal "nixType" {
    "of every type" = [ (map misc.nixType [ { } { outPath = "/"; } (x: x) [ ] true null 1 "x" ]) [ "attrs" "derivation" "function" "list" "bool" "null" "int" "string" ] ];
  })
]
