# Union, intersection and difference of file sets.
#
# The trees of two sets can only be compared below the same base, so each operation
# first moves them there.  All of this is lazy: a tree is looked at only where the
# answer depends on it.
{ lib, internal }:

let
  inherit (builtins)
    elemAt
    filter
    isAttrs
    isString
    length
    mapAttrs
    ;

  inherit (lib.lists) commonPrefix;
  inherit (internal) _create _emptyWithoutBase;

  depth = fileset: length fileset._internalBaseComponents;

  # How two bases lie to each other: "same", "above" (the first is a parent),
  # "below", or "apart".
  relation =
    first: second:
    let
      shared = length (commonPrefix first._internalBaseComponents second._internalBaseComponents);
    in
    if shared == depth first then
      if shared == depth second then "same" else "above"
    else if shared == depth second then
      "below"
    else
      "apart";

  # The tree of a set as seen from any base that is related to its own.
  treeFrom =
    base: fileset:
    if depth base <= depth fileset then
      internal._shortenTreeBase base._internalBaseComponents fileset
    else
      internal._lengthenTreeBase base._internalBaseComponents fileset;
in
{
  # Seen from a directory further up: nested into the components in between.
  _shortenTreeBase =
    targetComponents: fileset:
    let
      components = fileset._internalBaseComponents;
      nest =
        index:
        if index == length components then
          fileset._internalTree
        else
          { ${elemAt components index} = nest (index + 1); };
    in
    nest (length targetComponents);

  # Seen from a directory further down: the part of the tree that lies there.
  _lengthenTreeBase =
    targetComponents: fileset:
    let
      enter =
        index: tree:
        # null stays "nothing" and "directory" stays "everything" further down.
        if isAttrs tree && index < length targetComponents then
          enter (index + 1) (tree.${elemAt targetComponents index} or null)
        else
          tree;
    in
    enter (length fileset._internalBaseComponents) fileset._internalTree;

  _unionMany =
    filesets:
    let
      based = filter (fileset: !fileset._internalIsEmptyWithoutBase) filesets;
      first = builtins.head based;
      sharedComponents = builtins.foldl' (
        shared: fileset: commonPrefix shared fileset._internalBaseComponents
      ) first._internalBaseComponents (builtins.tail based);
      base = lib.path.append first._internalBaseRoot (lib.path.subpath.join sharedComponents);
    in
    if based == [ ] then
      _emptyWithoutBase
    else
      _create base (internal._unionTrees (map (internal._shortenTreeBase sharedComponents) based));

  # All trees at once: folding pair by pair would stack up as many thunks as trees.
  _unionTrees =
    trees:
    let
      # A string means everything, so nothing after it matters.
      whole = lib.lists.findFirst isString null trees;
      partial = filter (tree: tree != null) trees;
    in
    if whole != null then
      whole
    else if partial == [ ] then
      null
    else
      lib.zipAttrsWith (_name: internal._unionTrees) partial;

  _intersection =
    first: second:
    let
      lower = if depth first < depth second then second else first;
    in
    if
      first._internalIsEmptyWithoutBase
      || second._internalIsEmptyWithoutBase
      || relation first second == "apart"
    then
      _emptyWithoutBase
    else
      _create lower._internalBase (internal._intersectTree (treeFrom lower first) (treeFrom lower second));

  _intersectTree =
    left: right:
    if left == null then
      null
    else if isString right then
      left
    else if isAttrs left && isAttrs right then
      mapAttrs (name: internal._intersectTree left.${name}) (builtins.intersectAttrs left right)
    else
      # Either nothing at the right, or everything at the left.
      right;

  _difference =
    positive: negative:
    let
      removed = if relation positive negative == "apart" then null else treeFrom positive negative;
    in
    if positive._internalIsEmptyWithoutBase then
      _emptyWithoutBase
    else if negative._internalIsEmptyWithoutBase then
      positive
    else
      _create positive._internalBase (
        internal._differenceTree positive._internalBase positive._internalTree removed
      );

  # `path` is where the trees are: a whole directory has to be listed before
  # something can be taken out of it.
  _differenceTree =
    path: left: right:
    if left == null || isString right then
      null
    else if right == null then
      left
    else
      mapAttrs (
        name: entry: internal._differenceTree (path + "/${name}") entry (right.${name} or null)
      ) (internal._directoryEntries path left);
}
