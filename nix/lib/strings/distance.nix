# How far two strings are apart, for "did you mean" suggestions.
#
# Not for: ranking by anything else than Levenshtein's distance.
{ lib }:

let
  inherit (builtins)
    elemAt
    genList
    stringLength
    substring
    ;
  inherit (lib) min;

  # How many positions agree before the first that does not.
  run =
    limit: same:
    let
      go = n: if n < limit && same n then go (n + 1) else n;
    in
    go 0;
in
rec {
  commonPrefixLength = a: b: run (min (stringLength a) (stringLength b)) (n: substring n 1 a == substring n 1 b);

  commonSuffixLength =
    a: b:
    let
      fromEnd = s: n: substring (stringLength s - n - 1) 1 s;
    in
    run (min (stringLength a) (stringLength b)) (n: fromEnd a n == fromEnd b n);

  # Each row of the table is built from the one before it; a cell is a thunk
  # that is computed once.
  levenshtein =
    a: b:
    let
      width = stringLength b;
      firstRow = genList (j: j) (width + 1);
      nextRow =
        previous: i:
        lib.foldl'
          (
            row: j:
            let
              cost = if substring i 1 a == substring j 1 b then 0 else 1;
              best = min (min (elemAt previous (j + 1) + 1) (row.last + 1)) (elemAt previous j + cost);
            in
            builtins.seq best {
              last = best;
              cells = row.cells ++ [ best ];
            }
          )
          {
            last = i + 1;
            cells = [ (i + 1) ];
          }
          (genList (j: j) width);
    in
    elemAt (lib.foldl' (row: i: (nextRow row i).cells) firstRow (genList (i: i) (stringLength a))) width;

  # The same as `levenshtein a b <= k`, without the table for small k: common
  # ends never cost anything, and what remains decides by its lengths.
  levenshteinAtMost =
    k: a: b:
    let
      lenA = stringLength a;
      lenB = stringLength b;
      prefix = commonPrefixLength a b;
      suffix = min (commonSuffixLength a b) (min lenA lenB - prefix);
      restA = lenA - prefix - suffix;
      restB = lenB - prefix - suffix;
      middle = s: len: substring prefix len s;
    in
    if k < 0 then
      false
    else if restA == 0 || restB == 0 then
      restA + restB <= k
    else if k == 0 then
      false
    else if restA - restB > k || restB - restA > k then
      false
    else if k == 1 then
      restA == 1 && restB == 1
    else
      levenshtein (middle a restA) (middle b restB) <= k;
}
