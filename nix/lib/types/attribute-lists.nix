# Ordered lists of single-attribute sets.
#
# For: attrListOf, attrListWith: names with values where the order counts and
# a name may occur more than once, such as command line flags.
# Not for: plain lists (lists.nix), sets (attribute-sets.nix).
{ lib, types, ... }:

let
  inherit (builtins)
    attrNames
    concatMap
    filter
    foldl'
    head
    isAttrs
    isList
    length
    map
    sort
    typeOf
    zipAttrsWith
    ;
  inherit (lib.modules)
    defaultOrderPriority
    defaultOverridePriority
    mergeDefinitions
    mkDefinition
    mkOrder
    mkOverride
    ;
  inherit (lib.options) showDefs showOption;
  inherit (types)
    attrListWith
    checkDefsForError
    mergeWith
    mkOptionType
    phrase
    ;

  # Order and override of a value, however they are nested. The order is
  # taken off, because the list is sorted here; the override stays, because
  # mergeDefinitions takes it off.
  peel =
    value:
    let
      tag = value._type or null;
      inner = peel value.content;
    in
    # Written out: `inner // { .. }` would look inside an entry that loses.
    if tag == "order" then
      {
        order = value.priority;
        inherit (inner) override value;
      }
    else if tag == "override" then
      {
        inherit (inner) order;
        override = value.priority;
        value = mkOverride value.priority inner.value;
      }
    else
      {
        inherit value;
        order = defaultOrderPriority;
        override = defaultOverridePriority;
      };
in
{
  attrListOf = elemType: attrListWith { inherit elemType; };

  # Definitions are lists of single-attribute sets, or sets; both can be
  # ordered entry by entry, and mixed. mkForce on an entry beats the other
  # entries of the same name only.
  attrListWith =
    {
      elemType,
      # Give the value as a set, entries of one name combined by
      # mergeAttrValues. The list is in valueMeta.attrListValue.
      asAttrs ? false,
      mergeAttrValues ? _name: values: values,
    }:
    let
      description = "attribute list of ${
        phrase [
          "noun"
          "composite"
        ] elemType
      }";

      check = {
        __functor = _: x: isList x || isAttrs x;
        isV2MergeCoherent = true;
      };

      # An element of a list definition.
      fromElement =
        loc: file: raw:
        let
          ordered = raw._type or null == "order";
          item = if ordered then raw.content else raw;
          names = attrNames item;
          key = head names;
          entry = peel item.${key};
          wrong =
            what:
            throw "A definition for option `${showOption loc}' is not of type `${description}'. Each list element must be ${what}.${
              showDefs [
                {
                  inherit file;
                  value = raw;
                }
              ]
            }";
        in
        if !isAttrs item then
          wrong "an attribute set, but got ${typeOf item}"
        else if length names != 1 then
          wrong "a single-key attribute set, but got ${toString (length names)} keys"
        else
          entry // { inherit file key; } // (if ordered then { order = raw.priority; } else { });

      fromAttribute = def: key: peel def.value.${key} // { inherit (def) file; inherit key; };

      entriesOf =
        loc: def:
        if isList def.value then
          map (fromElement loc def.file) def.value
        else
          map (fromAttribute def) (attrNames def.value);
    in
    mkOptionType {
      name = "attrListOf";
      inherit description check;
      descriptionClass = "composite";
      merge = mergeWith (
        { loc, defs }:
        let
          all = concatMap (entriesOf loc) defs;

          # The best override of every name that has a better one than plain.
          best = foldl' (
            acc: entry:
            if entry.override < acc.${entry.key} or defaultOverridePriority then
              acc // { ${entry.key} = entry.override; }
            else
              acc
          ) { } all;

          winners = filter (entry: entry.override == best.${entry.key} or defaultOverridePriority) all;

          evaluate =
            entry:
            entry
            // {
              merged = mergeDefinitions (loc ++ [ entry.key ]) elemType [
                { inherit (entry) file value; }
              ];
            };

          entries = filter (entry: entry.merged.isDefined) (
            map evaluate (sort (a: b: a.order < b.order) winners)
          );

          single = entry: { ${entry.key} = entry.merged.mergedValue; };
          attrListValue = map single entries;
        in
        {
          headError = checkDefsForError check defs;
          value = if asAttrs then zipAttrsWith mergeAttrValues attrListValue else attrListValue;
          valueMeta = {
            inherit attrListValue;
            attrList = map (entry: entry.merged.checkedAndMerged.valueMeta) entries;
            # For handing the entries on to another option, with their files
            # and their order.
            definitions = map (
              entry:
              mkDefinition {
                inherit (entry) file;
                value = mkOrder entry.order (single entry);
              }
            ) entries;
          };
        }
      );
      emptyValue.value = if asAttrs then { } else [ ];
      getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "*" ]);
      inherit (elemType) getSubModules;
      substSubModules =
        m:
        attrListWith {
          elemType = elemType.substSubModules m;
          inherit asAttrs mergeAttrValues;
        };
      # Two declarations could disagree about mergeAttrValues, a function.
      typeMerge = _: null;
      nestedTypes = { inherit elemType; };
    };
}
