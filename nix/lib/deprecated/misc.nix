# Functions from the early days, kept because old expressions call them. New
# code has better ones in the other parts.
#
# Not for: anything new. The attribute-merging family lives in merge.nix.
{ lib }:

let
  inherit (builtins)
    elem
    head
    isAttrs
    isList
    tail
    ;
  merge = import ./merge.nix { inherit lib; };
in
rec {
  inherit (merge)
    mergeAttrBy
    mergeAttrByFunc
    mergeAttrsByFuncDefaults
    mergeAttrsByFuncDefaultsClean
    mergeAttrsConcatenateValues
    mergeAttrsNoOverride
    mergeAttrsWithFunc
    nvs
    setAttr
    setAttrMerge
    ;

  # --- environment and attributes with a default ----------------------------

  maybeEnv =
    name: default:
    let
      value = builtins.getEnv name;
    in
    if value == "" then default else value;

  maybeAttr =
    name: default: attrs:
    attrs.${name} or default;

  maybeAttrNullable = maybeAttr;

  # The value, or the empty value of its type.
  ifEnable =
    cond: value:
    if cond then
      value
    else if isList value then
      [ ]
    else if isAttrs value then
      { }
    else if builtins.isBool value then
      false
    else
      null;

  # --- flags ----------------------------------------------------------------

  checkFlag =
    attrs: name:
    if name == "true" then
      true
    else if name == "false" then
      false
    else
      elem name (attrs.flags or [ ]) || attrs.${name} or false;

  # From the set, else a flag, else from the list of [ name default ] pairs.
  getValue =
    attrs: defaults: name:
    attrs.${name} or (
      if checkFlag attrs name then
        true
      else
        builtins.elemAt (lib.findFirst (pair: head pair == name) [ name null ] defaults) 1
    );

  # Each condition is [ flag requirement... ].
  checkReqs =
    attrs: defaults: conditions:
    let
      met =
        name:
        let
          value = getValue attrs defaults name;
        in
        value != null && value != false;
    in
    builtins.all (
      condition: checkFlag attrs (head condition) -> builtins.all met (tail condition)
    ) conditions;

  # --- arguments that add up ------------------------------------------------

  defaultMergeArg = old: new: if isAttrs new then new else new old;

  defaultMerge = old: new: old // defaultMergeArg old new;

  foldArgs =
    merger: f: init: new:
    let
      args = merger init (defaultMergeArg init new);
      base = setAttrMerge "passthru" { } (f args) (
        passthru:
        passthru
        // {
          function = foldArgs merger f args;
          args = (passthru.passthru.args or { }) // new;
        }
      );
    in
    base // { override = base.passthru.function; };

  innerModifySumArgs =
    f: extra: acc: new:
    if new == null then f acc new // extra else innerModifySumArgs f extra (acc // new);

  modifySumArgs = f: extra: innerModifySumArgs f extra { };

  # --- lists ----------------------------------------------------------------

  # `acc` holds what was seen before the list.
  uniqList =
    {
      inputList,
      acc ? [ ],
    }:
    (builtins.foldl'
      (
        state: x:
        if elem x state.seen then
          state
        else
          {
            seen = [ x ] ++ state.seen;
            result = state.result ++ [ x ];
          }
      )
      {
        seen = acc;
        result = [ ];
      }
      inputList
    ).result;

  uniqListExt =
    {
      inputList,
      outputList ? [ ],
      getter ? (x: x),
      compare ? (a: b: a == b),
    }:
    builtins.foldl' (
      result: x: if builtins.any (y: compare (getter y) (getter x)) result then result else result ++ [ x ]
    ) outputList inputList;

  # The list is [ condition text condition text ... ].
  condConcat =
    name: list: checker:
    if list == [ ] then
      name
    else
      condConcat (if checker (head list) then name + builtins.elemAt list 1 else name) (lib.drop 2 list) checker;

  imap = lib.imap1;

  mapAttrsFlatten = lib.warn "lib.misc.mapAttrsFlatten is deprecated, please use lib.attrsets.mapAttrsToList instead." lib.mapAttrsToList;

  # Descriptions have been Markdown without it for years.
  mdDoc = lib.warn "lib.mdDoc is deprecated and does nothing: option descriptions are Markdown already." (text: text);

  # --- closures -------------------------------------------------------------

  # Unlike the evaluator's `genericClosure`: the newest comes first, and keys
  # need not be comparable.
  lazyGenericClosure =
    { startSet, operator }:
    let
      work =
        todo: done: result:
        let
          x = head todo;
        in
        if todo == [ ] then
          result
        else if elem x.key done then
          work (tail todo) done result
        else
          work (tail todo ++ operator x) ([ x.key ] ++ done) ([ x ] ++ result);
    in
    work startSet [ ] [ ];

  innerClosePropagation =
    acc: todo:
    let
      x = head todo;
      acc' = [ x ] ++ acc;
    in
    if todo == [ ] then
      acc
    else if !isAttrs x then
      innerClosePropagation acc (tail todo)
    else
      innerClosePropagation acc' (uniqList {
        inputList =
          (x.propagatedBuildInputs or [ ]) ++ (x.propagatedNativeBuildInputs or [ ]) ++ tail todo;
        acc = acc';
      });

  closePropagationSlow = list: uniqList { inputList = innerClosePropagation [ ] list; };

  closePropagationFast =
    list:
    let
      entries =
        values:
        map (val: {
          key = val.outPath;
          inherit val;
        }) (builtins.filter (val: val != null) values);
      next =
        entry:
        if isAttrs entry.val then
          entries (
            (entry.val.propagatedBuildInputs or [ ]) ++ (entry.val.propagatedNativeBuildInputs or [ ])
          )
        else
          [ ];
    in
    map (entry: entry.val) (builtins.genericClosure {
      startSet = entries list;
      operator = next;
    });

  closePropagation = closePropagationFast;

  # --- types and hashes -----------------------------------------------------

  nixType =
    x:
    if isAttrs x then
      if x ? outPath then "derivation" else "attrs"
    else if lib.isFunction x then
      "function"
    else if isList x then
      "list"
    else if builtins.isBool x then
      "bool"
    else if x == null then
      "null"
    else if builtins.isInt x then
      "int"
    else
      "string";

  # Placeholders for a hash that is not known yet: the failing build tells it.
  fakeHash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  fakeSha256 = lib.strings.replicate 64 "0";
  fakeSha512 = lib.strings.replicate 128 "0";
}
