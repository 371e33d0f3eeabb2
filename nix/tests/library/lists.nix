# lib.lists: building, folding, searching, parts, sets. Orderings: lists-order.nix
{ lib }:
let
  inherit (import ./rows) equal fails join prints throws;
  inherit (lib) lists range;
  bad = throw "must not be forced";
  letters = [ "a" "b" "c" "d" "e" ];
in
join [
  (equal "building" {
    "singleton" = [ (lib.singleton [ 1 ]) [ [ 1 ] ] ];
    "forEach" = [ (lib.forEach [ 1 2 ] (x: x * 10)) [ 10 20 ] ];
    "optional" = [ [ (lib.optional true 1) (lib.optional false bad) ] [ [ 1 ] [ ] ] ];
    "optional with a list wraps it" = [ (lib.optional true [ 1 ]) [ [ 1 ] ] ];
    "optionals" = [ [ (lib.optionals true [ 1 2 ]) (lib.optionals false bad) ] [ [ 1 2 ] [ ] ] ];
    "toList of a value" = [ (lib.toList "x") [ "x" ] ];
    "toList of a list" = [ (lib.toList [ "x" ]) [ "x" ] ];
    "toList of a set" = [ (lib.toList { }) [ { } ] ];
    "range" = [ (range 2 5) [ 2 3 4 5 ] ];
    "range of one" = [ (range 3 3) [ 3 ] ];
    "range backwards is empty" = [ (range 3 2) [ ] ];
    "range of negative numbers" = [ (range (-2) 1) [ (-2) (-1) 0 1 ] ];
    "replicate" = [ (lib.replicate 3 "x") [ "x" "x" "x" ] ];
    "replicate zero times" = [ (lib.replicate 0 bad) [ ] ];
    "replicate is lazy in the element" = [ (lib.length (lib.replicate 2 bad)) 2 ];
    "genList" = [ (lib.genList (n: n * n) 4) [ 0 1 4 9 ] ];
    "flatten" = [ (lib.flatten [ 1 [ 2 [ 3 [ ] ] ] [ [ 4 ] ] ]) [ 1 2 3 4 ] ];
    "flatten of a value" = [ (lib.flatten 1) [ 1 ] ];
    "concatLists and concatMap" = [ [ (lib.concatLists [ [ 1 ] [ ] [ 2 ] ]) (lib.concatMap (x: [ x x ]) [ 1 2 ]) ] [ [ 1 2 ] [ 1 1 2 2 ] ] ];
    "zipLists stops with the shorter" = [ (lib.zipLists [ 1 2 3 ] [ "a" "b" ]) [ { fst = 1; snd = "a"; } { fst = 2; snd = "b"; } ] ];
    "zipListsWith" = [ (lib.zipListsWith (a: b: a + b) [ 1 2 ] [ 10 20 30 ]) [ 11 22 ] ];
    "imap0" = [ (lib.imap0 (i: x: "${toString i}${x}") [ "a" "b" ]) [ "0a" "1b" ] ];
    "imap1" = [ (lib.imap1 (i: x: "${toString i}${x}") [ "a" "b" ]) [ "1a" "2b" ] ];
    "imap of nothing" = [ [ (lib.imap0 bad [ ]) (lib.imap1 bad [ ]) ] [ [ ] [ ] ] ];
    "ifilter0" = [ (lib.ifilter0 (i: x: i == 0 || x > 2) [ 1 2 3 ]) [ 1 3 ] ];
    "ifilter0 by index forces no element" = [ (lib.length (lib.ifilter0 (i: _: i > 0) [ bad bad bad ])) 2 ];
  })
  (prints "building" {
    "crossLists is an old name" = [ (lib.crossLists (a: b: a + b) [ [ 1 2 ] [ 10 20 ] ]) [ 11 21 12 22 ] "lib.crossLists is deprecated, use lib.mapCartesianProduct instead" ];
    "fold is an old name" = [ (lib.fold (x: acc: [ x ] ++ acc) [ ] [ 1 2 ]) [ 1 2 ] "fold has been deprecated, use foldr instead" ];
  })
  (equal "changing" {
    "replaceElemAt" = [ (lib.replaceElemAt [ 1 2 3 ] 1 "x") [ 1 "x" 3 ] ];
    "replaceElemAt does not force the old one" = [ (lib.replaceElemAt [ bad 2 ] 0 1) [ 1 2 ] ];
    "concatAttrValues" = [ (lib.concatAttrValues { b = [ 3 ]; a = [ 1 2 ]; }) [ 1 2 3 ] ];
  })
  (fails "changing" {
    "replaceElemAt beyond the end" = [ (lib.replaceElemAt [ 1 ] 1 "x") "'lists.replaceElemAt' called with index 1 on a list of size 1" ];
    "replaceElemAt before the start" = [ (lib.replaceElemAt [ 1 ] (-1) "x") "called with index -1" ];
  })
  (equal "folding" {
    "foldr from the right" = [ (lib.foldr (x: acc: "(${x}${acc})") "." [ "a" "b" ]) "(a(b.))" ];
    "foldl from the left" = [ (lib.foldl (acc: x: "(${acc}${x})") "." [ "a" "b" ]) "((.a)b)" ];
    "foldl' from the left" = [ (lib.foldl' (acc: x: "(${acc}${x})") "." [ "a" "b" ]) "((.a)b)" ];
    "of nothing" = [ [ (lib.foldr bad 1 [ ]) (lib.foldl bad 2 [ ]) (lib.foldl' (_: _: bad) 3 [ ]) ] [ 1 2 3 ] ];
    "subtraction tells the direction" = [ [ (lib.foldr lib.sub 0 [ 10 3 1 ]) (lib.foldl lib.sub 0 [ 10 3 1 ]) ] [ 8 (-14) ] ];
    "foldr is lazy in the rest" = [ (lib.foldr (x: rest: x == 1 || rest) bad [ 1 bad ]) true ];
    "foldl is lazy in what came before" = [ (lib.foldl (_: x: x) bad [ bad 2 ]) 2 ];
    "foldl' does not force deeply" = [ (lib.length (lib.foldl' (acc: x: [ x ] ++ acc) [ bad ] [ 1 2 ])) 3 ];
    "foldl' takes many elements" = [ (lib.foldl' lib.add 0 (range 1 50000)) 1250025000 ];
  })
  (throws "folding" {
    "foldl' is strict in the start" = lib.foldl' (_: x: x) (throw "start") [ 1 ];
    "foldl' is strict in the start of nothing" = lib.foldl' (_: x: x) (throw "start") [ ];
    "foldl' is strict in between" = lib.foldl' (_: x: if x == 1 then throw "between" else x) 0 [ 1 2 ];
  })
  (equal "searching" {
    "remove takes out every one" = [ (lib.remove 3 [ 1 3 2 3 ]) [ 1 2 ] ];
    "findSingle: one" = [ (lib.findSingle (x: x == 3) "none" "many" [ 1 3 ]) 3 ];
    "findSingle: none" = [ (lib.findSingle (x: x == 3) "none" "many" [ 9 ]) "none" ];
    "findSingle: many" = [ (lib.findSingle (x: x == 3) "none" "many" [ 3 3 ]) "many" ];
    "findFirst" = [ (lib.findFirst (x: x > 3) bad [ 1 6 4 ]) 6 ];
    "findFirst: none" = [ (lib.findFirst (x: x > 9) 7 [ 1 6 ]) 7 ];
    "findFirst stops at the hit" = [ (lib.findFirst (x: x == 1) 0 [ 1 bad ]) 1 ];
    "findFirst of null" = [ (lib.findFirst (x: x == null) "default" [ 1 null ]) null ];
    "findFirstIndex" = [ (lists.findFirstIndex (x: x > 3) bad [ 1 6 4 ]) 1 ];
    "findFirstIndex: none" = [ (lists.findFirstIndex (_: false) "none" [ bad ]) "none" ];
    "findFirstIndex of nothing" = [ (lists.findFirstIndex bad null [ ]) null ];
    "findFirstIndex takes long lists" = [ (lists.findFirstIndex (x: x == 60000) null (range 0 60000)) 60000 ];
    "any stops at the hit" = [ (lib.any (x: x == 1) [ 1 bad ]) true ];
    "all stops at the miss" = [ (lib.all (x: x == 1) [ 2 bad ]) false ];
    "any and all of nothing" = [ [ (lib.any (_: bad) [ ]) (lib.all (_: bad) [ ]) ] [ false true ] ];
    "count" = [ (lib.count (x: x == "a") [ "a" "b" "a" ]) 2 ];
    "partition" = [ (lib.partition (x: x > 2) [ 5 1 3 2 ]) { right = [ 5 3 ]; wrong = [ 1 2 ]; } ];
    "groupBy" = [ (lib.groupBy (n: if n > 2 then "big" else "small") [ 1 5 2 4 ]) { big = [ 5 4 ]; small = [ 1 2 ]; } ];
    "groupBy'" = [ (lib.groupBy' lib.add 0 (n: if n > 2 then "big" else "small") [ 1 5 2 4 ]) { big = 9; small = 3; } ];
    "groupBy' keeps the order" = [ (lib.groupBy' (acc: x: "${acc}${x}") "" (_: "k") [ "a" "b" ]) { k = "ab"; } ];
    "filter and elem" = [ [ (lib.filter (x: x > 1) [ 1 2 3 ]) (lib.elem 2 [ 1 2 ]) (lib.elem 3 [ ]) ] [ [ 2 3 ] true false ] ];
  })
  (throws "searching" {
    "findFirst looks at everything before the hit" = lib.findFirst (x: x == 2) 0 [ (throw "x") 2 ];
  })
  (equal "parts" {
    "take" = [ (map (n: lib.take n [ 1 2 3 ]) [ 0 2 3 9 ]) [ [ ] [ 1 2 ] [ 1 2 3 ] [ 1 2 3 ] ] ];
    "drop" = [ (map (n: lib.drop n [ 1 2 3 ]) [ 0 2 3 9 ]) [ [ 1 2 3 ] [ 3 ] [ ] [ ] ] ];
    "takeEnd" = [ (map (n: lib.takeEnd n [ 1 2 3 ]) [ 0 2 9 ]) [ [ ] [ 2 3 ] [ 1 2 3 ] ] ];
    "dropEnd" = [ (map (n: lib.dropEnd n [ 1 2 3 ]) [ 0 2 9 ]) [ [ 1 2 3 ] [ 1 ] [ ] ] ];
    "take is lazy in elements" = [ (lib.length (lib.take 2 [ bad bad bad ])) 2 ];
    "sublist" = [ (lib.sublist 1 3 letters) [ "b" "c" "d" ] ];
    "sublist beyond the end" = [ (lib.sublist 3 9 letters) [ "d" "e" ] ];
    "sublist from beyond the end" = [ (lib.sublist 9 2 letters) [ ] ];
    "sublist of nothing" = [ (lib.sublist 0 0 letters) [ ] ];
    "last" = [ (lib.last letters) "e" ];
    "last forces only the last" = [ (lib.last [ bad 2 ]) 2 ];
    "init" = [ (lib.init letters) [ "a" "b" "c" "d" ] ];
    "init of one" = [ (lib.init [ bad ]) [ ] ];
    "head, tail, elemAt" = [ [ (lib.head letters) (lib.length (lib.tail letters)) (lib.elemAt letters 2) ] [ "a" 4 "c" ] ];
    "reverseList" = [ (lib.reverseList [ 1 2 3 ]) [ 3 2 1 ] ];
    "reverseList of nothing" = [ (lib.reverseList [ ]) [ ] ];
    "hasPrefix" = [ [ (lists.hasPrefix [ 1 2 ] [ 1 2 3 ]) (lists.hasPrefix [ 2 ] [ 1 2 ]) (lists.hasPrefix [ ] [ 1 ]) (lists.hasPrefix [ 1 ] [ ]) ] [ true false true false ] ];
    "hasPrefix looks no further" = [ (lists.hasPrefix [ 1 ] [ 1 bad ]) true ];
    "removePrefix" = [ (lists.removePrefix [ 1 ] [ 1 2 ]) [ 2 ] ];
    "removePrefix of nothing" = [ (lists.removePrefix [ ] [ 1 2 ]) [ 1 2 ] ];
    "commonPrefix" = [ (lists.commonPrefix [ 1 2 3 ] [ 1 2 9 3 ]) [ 1 2 ] ];
    "commonPrefix: one is the beginning of the other" = [ (lists.commonPrefix [ 1 2 ] [ 1 2 3 ]) [ 1 2 ] ];
    "commonPrefix: nothing" = [ [ (lists.commonPrefix [ 1 ] [ 2 ]) (lists.commonPrefix [ ] [ 2 ]) ] [ [ ] [ ] ] ];
    "commonPrefix looks no further" = [ (lists.commonPrefix [ 1 ] [ 1 bad ]) [ 1 ] ];
    "commonPrefix takes long lists" = [ (lib.length (lists.commonPrefix (range 0 30000) (range 0 30000))) 30001 ];
  })
  (fails "parts" {
    "last of nothing" = [ (lib.last [ ]) "list must not be empty" ];
    "init of nothing" = [ (lib.init [ ]) "list must not be empty" ];
    "removePrefix of something else" = [ (lists.removePrefix [ 9 ] [ 1 2 ]) "lib.lists.removePrefix: First argument is not a list prefix of the second argument" ];
  })
  (equal "as sets" {
    "unique keeps the first" = [ (lib.unique [ 3 1 3 2 1 ]) [ 3 1 2 ] ];
    "unique of sets" = [ (lib.unique [ { a = 1; } { a = 1; } ]) [ { a = 1; } ] ];
    "uniqueStrings" = [ (lib.uniqueStrings [ "b" "a" "b" ]) [ "a" "b" ] ];
    "allUnique" = [ [ (lib.allUnique [ 1 2 ]) (lib.allUnique [ 1 1 ]) (lib.allUnique [ ]) ] [ true false true ] ];
    "intersectLists keeps the order of the second" = [ (lib.intersectLists [ 1 2 3 ] [ 6 3 2 ]) [ 3 2 ] ];
    "subtractLists takes the first from the second" = [ (lib.subtractLists [ 3 2 ] [ 1 2 3 4 ]) [ 1 4 ] ];
    "mutuallyExclusive" = [ [ (lib.mutuallyExclusive [ 1 ] [ 2 ]) (lib.mutuallyExclusive [ 1 2 ] [ 2 3 ]) (lib.mutuallyExclusive [ ] bad) ] [ true false true ] ];
  })
]
