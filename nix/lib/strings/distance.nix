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

  # The same as `levenshtein a b <= k`. For small k no table is built: skip what
  # agrees, then spend one edit in each of the three possible ways. Used over
  # all package names when a name is missing.
  levenshteinAtMost =
    let
      within =
        k: a: b: i: j:
        let
          restA = stringLength a - i;
          restB = stringLength b - j;
          gap = if restA > restB then restA - restB else restB - restA;
        in
        if gap > k then
          false
        else if restA == 0 || restB == 0 then
          true
        else if substring i 1 a == substring j 1 b then
          within k a b (i + 1) (j + 1)
        else
          k > 0
          && (
            within (k - 1) a b (i + 1) (j + 1)
            || within (k - 1) a b (i + 1) j
            || within (k - 1) a b i (j + 1)
          );
    in
    k: a: b:
    if k < 0 then
      false
    else if k <= 2 then
      within k a b 0 0
    else
      levenshtein a b <= k;
}
