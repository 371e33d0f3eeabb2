# lib.attrsets: reading and changing by path.
{ lib }:
let
  inherit (import ./rows) equal fails join;
  inherit (lib) attrByPath hasAttrByPath updateManyAttrsByPath;
  bad = throw "must not be forced";
  set = {
    a.b = 3;
    n = null;
    l = [ 1 ];
  };
  longestValidPathPrefix = lib.attrsets.longestValidPathPrefix;
  at = path: update: { inherit path update; };
in
join [
  (equal "attrByPath" {
    "found" = [ (attrByPath [ "a" "b" ] bad set) 3 ];
    "not found" = [ (attrByPath [ "z" "z" ] 6 set) 6 ];
    "not found further down" = [ (attrByPath [ "a" "z" ] 6 set) 6 ];
    "through a value that is no set" = [ (attrByPath [ "a" "b" "c" ] 6 set) 6 ];
    "through a list" = [ (attrByPath [ "l" "x" ] 6 set) 6 ];
    "null is a value" = [ (attrByPath [ "n" ] 6 set) null ];
    "the empty path is the set itself" = [ (attrByPath [ ] 6 "anything") "anything" ];
  })
  (equal "hasAttrByPath" {
    "found" = [ (hasAttrByPath [ "a" "b" ] set) true ];
    "not found" = [ (hasAttrByPath [ "a" "z" ] set) false ];
    "the empty path" = [ (hasAttrByPath [ ] set) true ];
    "the empty path forces nothing" = [ (hasAttrByPath [ ] bad) true ];
    "does not force the value" = [ (hasAttrByPath [ "x" ] { x = bad; }) true ];
    "through null" = [ (hasAttrByPath [ "n" "x" ] set) false ];
  })
  (equal "longestValidPathPrefix" {
    "the whole path" = [ (longestValidPathPrefix [ "a" "b" ] set) [ "a" "b" ] ];
    "a part" = [ (longestValidPathPrefix [ "a" "x" "y" ] set) [ "a" ] ];
    "nothing" = [ (longestValidPathPrefix [ "x" ] set) [ ] ];
    "through a value that is no set" = [ (longestValidPathPrefix [ "a" "b" "c" ] set) [ "a" "b" ] ];
    "of the empty path" = [ (longestValidPathPrefix [ ] bad) [ ] ];
  })
  (equal "setAttrByPath" {
    "two steps" = [ (lib.setAttrByPath [ "a" "b" ] 3) { a.b = 3; } ];
    "no step" = [ (lib.setAttrByPath [ ] 3) 3 ];
    "is lazy in the value" = [ (lib.attrNames (lib.setAttrByPath [ "a" ] bad)) [ "a" ] ];
  })
  (equal "getAttrFromPath" {
    "found" = [ (lib.getAttrFromPath [ "a" "b" ] set) 3 ];
    "the empty path" = [ (lib.getAttrFromPath [ ] 5) 5 ];
  })
  (fails "getAttrFromPath" {
    "not found" = [ (lib.getAttrFromPath [ "z" "y" ] set) "cannot find attribute 'z.y'" ];
  })
  (equal "showAttrPath" {
    "names and numbers" = [ (lib.showAttrPath [ "one" "2" "three" ]) "one.\"2\".three" ];
    "the empty path" = [ (lib.showAttrPath [ ]) "<root attribute path>" ];
    "quotes what is no identifier" = [ (lib.showAttrPath [ "a b" "." "_x-y'z" ]) "\"a b\".\".\"._x-y'z" ];
  })
  (equal "updateManyAttrsByPath" {
    "nothing to do" = [ (updateManyAttrsByPath [ ] "value") "value" ];
    "the root" = [ (updateManyAttrsByPath [ (at [ ] (x: x + 1)) ] 1) 2 ];
    "several at one place, in order" = [ (updateManyAttrsByPath [ (at [ ] (x: x + "b")) (at [ ] (x: x + "c")) ] "a") "abc" ];
    "below, others untouched" = [ (updateManyAttrsByPath [ (at [ "a" "b" ] (x: x * 2)) ] { a = { b = 4; c = 1; }; d = 2; }) { a = { b = 8; c = 1; }; d = 2; } ];
    "creates missing sets" = [ (updateManyAttrsByPath [ (at [ "x" "y" ] (_: 1)) ] { a = 0; }) { a = 0; x.y = 1; } ];
    "inner before outer" = [ (updateManyAttrsByPath [ (at [ "a" ] (x: x // { copy = x.b; })) (at [ "a" "b" ] (x: x + 1)) ] { a.b = 0; }) { a = { b = 1; copy = 1; }; } ];
    "several below one set" = [ (updateManyAttrsByPath [ (at [ "a" "x" ] (_: 1)) (at [ "a" "y" ] (_: 2)) ] { a = { }; }) { a = { x = 1; y = 2; }; } ];
    "what the last update ignores stays unforced" = [ (updateManyAttrsByPath [ (at [ ] (x: x + bad)) (at [ ] (_: "new")) ] bad) "new" ];
    "values elsewhere stay unforced" = [ (updateManyAttrsByPath [ (at [ "a" ] (x: x + 1)) ] { a = 1; b = bad; }).a 2 ];
  })
  (fails "updateManyAttrsByPath" {
    "a missing value that the update reads" = [ (updateManyAttrsByPath [ (at [ "a" "b" ] (x: x + 1)) ] { }) [ "updateManyAttrsByPath: Path 'a.b'" "does not exist in the given value" ] ];
    "a path through something else than a set" = [ (updateManyAttrsByPath [ (at [ "a" "b" ] (_: 1)) ] { a = 5; }) [ "Path 'a.b' needs to be updated" "path 'a' of the given value is not an attribute set" ] ];
  })
]
