# Attribute sets: reading by path, filtering, mapping, building, merging.
#
# Not for: package outputs and old names (attrsets/outputs.nix), which this
# file only re-exports; module-system merging (modules.nix).
#
# The functions that large configurations call by the hundred thousand are
# thin over the evaluator's built-ins, and none of them forces a value that
# the caller did not ask for.
{ lib }:

let
  inherit (builtins)
    attrNames
    attrValues
    concatLists
    concatMap
    elemAt
    foldl'
    head
    isAttrs
    length
    listToAttrs
    map
    mapAttrs
    removeAttrs
    zipAttrsWith
    ;
  inherit (lib.trivial) warn;

  nameValuePair = name: value: { inherit name value; };

  # The path as a person would write it, for messages.
  showAttrPath =
    path: if path == [ ] then "<root attribute path>" else lib.concatMapStringsSep "." lib.strings.escapeNixIdentifier path;

  # Walk down `path`; `found` and `missing` continue with the value and with
  # the number of steps that could be taken.
  walk =
    path: found: missing:
    let
      end = length path;
      step =
        depth: value:
        let
          name = elemAt path depth;
        in
        if depth == end then
          found value
        else if value ? ${name} then
          step (depth + 1) value.${name}
        else
          missing depth;
    in
    step 0;
in
rec {
  inherit (builtins)
    attrNames
    attrValues
    catAttrs
    getAttr
    hasAttr
    intersectAttrs
    isAttrs
    listToAttrs
    mapAttrs
    removeAttrs
    ;
  inherit nameValuePair showAttrPath zipAttrsWith;

  # --- by path --------------------------------------------------------------

  attrByPath = path: default: walk path (value: value) (_: default);

  hasAttrByPath = path: walk path (_: true) (_: false);

  longestValidPathPrefix =
    path: walk path (_: path) (depth: lib.lists.take depth path);

  getAttrFromPath =
    path: attrByPath path (abort ("cannot find attribute '" + builtins.concatStringsSep "." path + "'"));

  setAttrByPath =
    path: value:
    let
      end = length path;
      wrap = depth: if depth == end then value else { ${elemAt path depth} = wrap (depth + 1); };
    in
    wrap 0;

  # Updates below a path come before the updates of the path itself; among
  # those of one path the order of the list counts. An intermediate value that
  # the next update ignores is never forced, hence `foldl` and not `foldl'`.
  updateManyAttrsByPath =
    let
      # `depth` steps of every update's path are already walked.
      go =
        depth: exists: value: updates:
        let
          split = lib.lists.partition (update: length update.path == depth) updates;
          deeper = builtins.mapAttrs (name: go (depth + 1) (exists && value ? ${name}) (value.${name} or null)) (
            lib.lists.groupBy (update: elemAt update.path depth) split.wrong
          );
          path = (head split.wrong).path;
          start =
            if split.wrong != [ ] then
              if !exists then
                deeper
              else if isAttrs value then
                value // deeper
              else
                throw (
                  "updateManyAttrsByPath: Path '${showAttrPath path}' needs to be updated, but path "
                  + "'${showAttrPath (lib.lists.take depth path)}' of the given value is not an attribute set, "
                  + "so we can't update an attribute inside of it."
                )
            else if exists then
              value
            else
              throw (
                "updateManyAttrsByPath: Path '${showAttrPath (head split.right).path}' does not exist in the "
                + "given value, but the first update to this path tries to access the existing value."
              );
        in
        lib.lists.foldl (current: update: update.update current) start split.right;
    in
    updates: value: go 0 true value updates;

  # --- choosing -------------------------------------------------------------

  attrVals = names: set: map (name: set.${name}) names;

  getAttrs = names: attrs: genAttrs names (name: attrs.${name});

  filterAttrs =
    pred: set: removeAttrs set (builtins.filter (name: !pred name set.${name}) (attrNames set));

  filterAttrsRecursive =
    pred: set:
    mapAttrs (_: value: if isAttrs value then filterAttrsRecursive pred value else value) (
      filterAttrs pred set
    );

  collect =
    pred: value:
    if pred value then
      [ value ]
    else if isAttrs value then
      concatMap (collect pred) (attrValues value)
    else
      [ ];

  # --- folding --------------------------------------------------------------

  foldlAttrs =
    f: init: set:
    foldl' (acc: name: f acc name set.${name}) init (attrNames set);

  foldAttrs =
    op: nul: sets:
    lib.lists.foldr (
      set: acc: foldl' (acc: name: acc // { ${name} = op set.${name} (acc.${name} or nul); }) acc (attrNames set)
    ) { } sets;

  # --- building -------------------------------------------------------------

  genAttrs = names: f: listToAttrs (map (name: nameValuePair name (f name)) names);

  genAttrs' = xs: f: listToAttrs (map f xs);

  optionalAttrs = cond: attrs: if cond then attrs else { };

  cartesianProduct =
    attrs:
    foldl' (
      rows: name: concatMap (row: map (value: row // { ${name} = value; }) attrs.${name}) rows
    ) [ { } ] (attrNames attrs);

  mapCartesianProduct = f: attrs: map f (cartesianProduct attrs);

  # --- mapping --------------------------------------------------------------

  mapAttrs' = f: set: listToAttrs (attrValues (mapAttrs f set));

  mapAttrsToList = f: attrs: attrValues (mapAttrs f attrs);

  attrsToList = mapAttrsToList nameValuePair;

  concatMapAttrs = f: attrs: foldl' (acc: new: acc // new) { } (mapAttrsToList f attrs);

  mapAttrsRecursive = mapAttrsRecursiveCond (_: true);

  mapAttrsRecursiveCond = cond: f: mapAttrsRecursiveCond' (_: value: cond value) f;

  # The condition here also gets the path. Only sets are asked about.
  mapAttrsRecursiveCond' =
    cond: f:
    let
      go =
        path:
        mapAttrs (
          name: value:
          let
            here = path ++ [ name ];
          in
          if isAttrs value && cond here value then go here value else f here value
        );
    in
    go [ ];

  mapAttrsToListRecursive = mapAttrsToListRecursiveCond (_: _: true);

  mapAttrsToListRecursiveCond =
    cond: f:
    let
      visit =
        path: value:
        if isAttrs value && cond path value then
          concatLists (mapAttrsToList (name: visit (path ++ [ name ])) value)
        else
          [ (f path value) ];
    in
    set: concatLists (mapAttrsToList (name: visit [ name ]) set);

  # --- merging --------------------------------------------------------------

  zipAttrsWithNames =
    names: f: sets:
    listToAttrs (map (name: nameValuePair name (f name (builtins.catAttrs name sets))) names);

  zipAttrs = zipAttrsWith (_: values: values);

  # Halving keeps the number of copied attributes at n log n; a left fold of
  # `//` copies the growing set once per element.
  mergeAttrsList =
    list:
    let
      merge =
        start: end:
        if end - start >= 2 then
          let
            middle = start + (end - start) / 2;
          in
          merge start middle // merge middle end
        else
          elemAt list start;
    in
    if list == [ ] then { } else merge 0 (length list);

  # The names of the result are known before any value is forced, and where
  # only one side has a name its value is passed on unforced.
  recursiveUpdateUntil =
    pred:
    let
      go =
        path:
        zipAttrsWith (
          name: values:
          let
            here = path ++ [ name ];
            new = head values;
            old = elemAt values 1;
          in
          if length values == 1 || pred here old new then new else go here values
        );
    in
    old: new: go [ ] [ new old ];

  recursiveUpdate = recursiveUpdateUntil (_: old: new: !(isAttrs old && isAttrs new));

  matchAttrs =
    pattern:
    assert isAttrs pattern;
    attrs:
    builtins.all (
      name:
      let
        expected = pattern.${name};
        actual = attrs.${name};
      in
      attrs ? ${name}
      && (if isAttrs expected then isAttrs actual && matchAttrs expected actual else expected == actual)
    ) (attrNames pattern);

  overrideExisting = old: new: old // builtins.intersectAttrs old new;

  unionOfDisjoint =
    a: b:
    let
      common = attrNames (builtins.intersectAttrs a b);
      collisions = listToAttrs (
        map (
          name:
          nameValuePair name (
            throw "unionOfDisjoint: collision on ${name}; complete list: ${builtins.concatStringsSep " " common}"
          )
        ) common
      );
    in
    a // b // collisions;

  inherit (import ./attrsets/outputs.nix { inherit lib; })
    chooseDevOutputs
    dontRecurseIntoAttrs
    getBin
    getDev
    getFirstOutput
    getInclude
    getLib
    getMan
    getOutput
    getStatic
    isDerivation
    recurseIntoAttrs
    toDerivation
    ;

  # --- old names ------------------------------------------------------------

  zipWithNames = warn "lib.zipWithNames is a deprecated alias of lib.zipAttrsWithNames." zipAttrsWithNames;

  zip = warn "lib.zip is a deprecated alias of lib.zipAttrsWith." zipAttrsWith;

  cartesianProductOfSets = warn "lib.cartesianProductOfSets is a deprecated alias of lib.cartesianProduct." cartesianProduct;
}
