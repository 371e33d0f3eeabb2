# List types.
#
# For: listOf, nonEmptyListOf.
# Not for: lists of single-attribute sets (attribute-lists.nix).
{ lib, types, ... }:

let
  inherit (builtins)
    concatLists
    elemAt
    filter
    genList
    isList
    length
    map
    ;
  inherit (lib.modules) mergeDefinitions;
  inherit (types)
    addCheck
    checkDefsForError
    elemTypeFunctor
    listOf
    mergeWith
    mkOptionType
    nonEmptyListOf
    phrase
    ;
in
{
  # Definitions are concatenated. Each element is merged on its own, so mkIf
  # and mkForce work inside the list; an element that is left undefined is
  # left out.
  listOf =
    elemType:
    let
      check = {
        __functor = _: isList;
        isV2MergeCoherent = true;
      };
      isChecked = elemType.merge ? v2;

      # One element, merged on its own: { isDefined; mergedValue; checkedAndMerged; }.
      # A plain value needs no more than a check and a merge; lists are long.
      element =
        loc: n: def: m:
        let
          value = elemAt def.value m;
          place = loc ++ [ "[definition ${toString n}-entry ${toString (m + 1)}]" ];
          defs = [
            {
              inherit (def) file;
              inherit value;
            }
          ];
        in
        if isChecked || value._type or null != null then
          mergeDefinitions place elemType defs
        else
          {
            isDefined = true;
            mergedValue =
              if elemType.check value then
                elemType.merge place defs
              else
                (mergeDefinitions place elemType defs).mergedValue;
            checkedAndMerged.valueMeta = { };
          };
    in
    mkOptionType {
      name = "listOf";
      description = "list of ${
        phrase [
          "noun"
          "composite"
        ] elemType
      }";
      descriptionClass = "composite";
      inherit check;
      merge = mergeWith (
        { loc, defs }:
        let
          elementsOf =
            n:
            let
              def = elemAt defs n;
            in
            genList (element loc (n + 1) def) (length def.value);
          elements = filter (e: e.isDefined) (concatLists (genList elementsOf (length defs)));
        in
        {
          headError = checkDefsForError check defs;
          value = map (e: e.mergedValue) elements;
          valueMeta.list = map (e: e.checkedAndMerged.valueMeta) elements;
        }
      );
      emptyValue.value = [ ];
      getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "*" ]);
      inherit (elemType) getSubModules;
      substSubModules = m: listOf (elemType.substSubModules m);
      functor = elemTypeFunctor "listOf" { inherit elemType; };
      nestedTypes = { inherit elemType; };
    };

  # Every definition must have an element; there is no empty value to fall
  # back to.
  nonEmptyListOf =
    elemType:
    let
      list = addCheck (listOf elemType) (l: l != [ ]);
    in
    list
    // {
      description = "non-empty ${phrase [ "noun" ] list}";
      emptyValue = { };
      substSubModules = m: nonEmptyListOf (elemType.substSubModules m);
    };
}
