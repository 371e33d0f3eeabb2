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

  numbered = f: list: genList (n: f (n + 1) (elemAt list n)) (length list);
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
      mergeElement =
        loc: n: def: m: value:
        mergeDefinitions (loc ++ [ "[definition ${toString n}-entry ${toString m}]" ]) elemType [
          {
            inherit (def) file;
            inherit value;
          }
        ];
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
          elements = filter (e: e.isDefined) (
            concatLists (numbered (n: def: numbered (mergeElement loc n def) def.value) defs)
          );
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
