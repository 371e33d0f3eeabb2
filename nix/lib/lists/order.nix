# Orderings of lists: sorting, comparing, and walking a "comes before" graph.
#
# Not for: searching and cutting (../lists.nix).
{ lib }:

let
  inherit (builtins)
    elemAt
    filter
    length
    map
    ;

in
rec {
  inherit (builtins) sort;

  # The key of every element is computed once, not once per comparison.
  sortOn =
    key: list:
    map (pair: elemAt pair 1) (
      sort (a: b: elemAt a 0 < elemAt b 0) (map (x: [ (key x) x ]) list)
    );

  compareLists =
    cmp: a: b:
    let
      go =
        n:
        if n == length a then
          if n == length b then 0 else -1
        else if n == length b then
          1
        else
          let
            result = cmp (elemAt a n) (elemAt b n);
          in
          if result == 0 then go (n + 1) else result;
    in
    go 0;

  # Digits compare as numbers, everything else as text.
  naturalSort =
    list:
    let
      vectorise =
        s: map (part: if builtins.isList part then lib.toInt (builtins.head part) else part) (builtins.split "(0|[1-9][0-9]*)" s);
    in
    map (pair: elemAt pair 1) (
      sort (a: b: compareLists lib.trivial.compare (elemAt a 0) (elemAt b 0) < 0) (
        map (x: [ (vectorise x) x ]) list
      )
    );

  # Depth first: follow what comes before the current element until nothing
  # does, or until an element of the current path comes again (a loop).
  listDfs =
    stopOnCycles: before: list:
    let
      walk =
        us: visited: rest:
        let
          split = builtins.partition (x: before x us) rest;
          cycles = filter (x: before x us) visited;
          next = builtins.head split.right;
        in
        if stopOnCycles && cycles != [ ] then
          {
            cycle = us;
            loops = cycles;
            inherit visited rest;
          }
        else if split.right == [ ] then
          { minimal = us; inherit visited rest; }
        else
          walk next ([ us ] ++ visited) (builtins.tail split.right ++ split.wrong);
    in
    walk (builtins.head list) [ ] (builtins.tail list);

  toposort =
    before: list:
    let
      found = listDfs true before list;
      sorted = toposort before (found.visited ++ found.rest);
    in
    if length list < 2 then
      { result = list; }
    else if found ? cycle then
      # Reversed: the walk went from an element to what comes before it.
      {
        cycle = lib.lists.reverseList ([ found.cycle ] ++ found.visited);
        inherit (found) loops;
      }
    else if sorted ? cycle then
      sorted
    else
      { result = [ found.minimal ] ++ sorted.result; };
}
