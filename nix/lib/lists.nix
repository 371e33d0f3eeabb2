# Lists: folding, searching, taking apart, ordering, treating as sets.
#
# Not for: lists of strings becoming text (strings/concat.nix). Orderings and
# graph walks live in lists/order.nix and are re-exported here.
{ lib }:

let
  inherit (builtins)
    concatLists
    elem
    elemAt
    filter
    foldl'
    genList
    head
    isList
    length
    ;
  inherit (lib.trivial) warn;
  order = import ./lists/order.nix { inherit lib; };
in
rec {
  inherit (builtins)
    all
    any
    concatLists
    concatMap
    elem
    elemAt
    filter
    genList
    head
    isList
    length
    map
    partition
    tail
    ;
  inherit (order)
    compareLists
    listDfs
    naturalSort
    sort
    sortOn
    toposort
    ;

  # --- building -------------------------------------------------------------

  singleton = x: [ x ];

  forEach = xs: f: map f xs;

  optional = cond: x: if cond then [ x ] else [ ];

  optionals = cond: xs: if cond then xs else [ ];

  toList = x: if isList x then x else [ x ];

  range = first: last: if first > last then [ ] else genList (n: first + n) (last - first + 1);

  replicate = n: x: genList (_: x) n;

  # --- folding --------------------------------------------------------------

  foldr =
    op: nul: list:
    let
      end = length list;
      go = n: if n == end then nul else op (elemAt list n) (go (n + 1));
    in
    go 0;

  fold = warn "fold has been deprecated, use foldr instead" foldr;

  # Lazy in the accumulator: walks back from the end, so that an operator which
  # ignores what came before it never forces it.
  foldl =
    op: nul: list:
    let
      go = n: if n == -1 then nul else op (go (n - 1)) (elemAt list n);
    in
    go (length list - 1);

  # The built-in of older Nix leaves the starting value unforced; this one is
  # strict in it everywhere.
  foldl' = op: acc: builtins.seq acc (builtins.foldl' op acc);

  # --- changing -------------------------------------------------------------

  replaceElemAt =
    list: index: new:
    assert lib.asserts.assertMsg (index >= 0 && index < length list)
      "'lists.replaceElemAt' called with index ${toString index} on a list of size ${toString (length list)}";
    genList (n: if n == index then new else elemAt list n) (length list);

  # The lists of a set, one after the other by name.
  concatAttrValues = set: concatLists (builtins.attrValues set);

  # --- mapping --------------------------------------------------------------

  imap0 = f: list: genList (n: f n (elemAt list n)) (length list);

  imap1 = f: list: genList (n: f (n + 1) (elemAt list n)) (length list);

  ifilter0 =
    pred: list:
    map (elemAt list) (filter (n: pred n (elemAt list n)) (genList (n: n) (length list)));

  flatten = x: if isList x then concatLists (map flatten x) else [ x ];

  zipListsWith =
    f: xs: ys:
    genList (n: f (elemAt xs n) (elemAt ys n)) (lib.trivial.min (length xs) (length ys));

  zipLists = zipListsWith (fst: snd: { inherit fst snd; });

  crossLists =
    warn
      "lib.crossLists is deprecated, use lib.mapCartesianProduct instead: crossLists (a: b: f a b) [ as bs ] becomes mapCartesianProduct ({ a, b }: f a b) { a = as; b = bs; }"
      (f: foldl (partial: args: builtins.concatMap (g: map g args) partial) [ f ]);

  # --- searching ------------------------------------------------------------

  remove = x: filter (y: y != x);

  findSingle =
    pred: default: multiple: list:
    let
      found = filter pred list;
      n = length found;
    in
    if n == 0 then default else if n == 1 then head found else multiple;

  # Stops at the first hit, and needs no stack for the elements before it.
  findFirstIndex =
    pred: default: list:
    let
      # -1 - n while n elements were looked at without success, else the index.
      state = foldl' (
        state: x: if state >= 0 then state else if pred x then -state - 1 else state - 1
      ) (-1) list;
    in
    if state < 0 then default else state;

  findFirst =
    pred: default: list:
    let
      index = findFirstIndex pred null list;
    in
    if index == null then default else elemAt list index;

  count = pred: foldl' (n: x: if pred x then n + 1 else n) 0;

  groupBy = builtins.groupBy;

  groupBy' =
    op: nul: pred: list:
    builtins.mapAttrs (_: foldl op nul) (groupBy pred list);

  # --- parts ----------------------------------------------------------------

  sublist =
    start: count: list:
    let
      available = length list - start;
    in
    genList (n: elemAt list (n + start)) (
      if available <= 0 then 0 else if count < available then count else available
    );

  take = count: sublist 0 count;

  takeEnd = n: xs: drop (lib.trivial.max 0 (length xs - n)) xs;

  drop = count: list: sublist count (length list) list;

  dropEnd = n: xs: take (lib.trivial.max 0 (length xs - n)) xs;

  last =
    list:
    assert lib.asserts.assertMsg (list != [ ]) "lists.last: list must not be empty!";
    elemAt list (length list - 1);

  init =
    list:
    assert lib.asserts.assertMsg (list != [ ]) "lists.init: list must not be empty!";
    genList (elemAt list) (length list - 1);

  reverseList =
    xs:
    let
      end = length xs;
    in
    genList (n: elemAt xs (end - n - 1)) end;

  hasPrefix = prefix: list: take (length prefix) list == prefix;

  removePrefix =
    prefix: list:
    if hasPrefix prefix list then
      drop (length prefix) list
    else
      throw "lib.lists.removePrefix: First argument is not a list prefix of the second argument";

  commonPrefix =
    xs: ys:
    let
      matching = builtins.genList (n: elemAt xs n == elemAt ys n) (
        lib.trivial.min (length xs) (length ys)
      );
    in
    take (findFirstIndex (same: !same) (length matching) matching) xs;

  # --- as sets --------------------------------------------------------------

  unique = foldl' (acc: x: if elem x acc then acc else acc ++ [ x ]) [ ];

  uniqueStrings =
    list: builtins.attrNames (builtins.groupBy lib.trivial.id list);

  allUnique = list: length (unique list) == length list;

  intersectLists = keep: filter (x: elem x keep);

  subtractLists = without: filter (x: !elem x without);

  mutuallyExclusive = a: b: length a == 0 || !builtins.any (x: elem x a) b;
}
