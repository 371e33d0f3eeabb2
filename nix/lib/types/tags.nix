# Tagged values.
#
# For: attrTag: a set with exactly one attribute, whose name says what the
# value is.
# Not for: a value that is one of several types without saying which
# (choices.nix).
{ lib, types, ... }:

let
  inherit (builtins)
    addErrorContext
    attrNames
    concatMap
    concatStringsSep
    head
    intersectAttrs
    isAttrs
    length
    map
    mapAttrs
    unsafeGetAttrPos
    zipAttrsWith
    ;
  inherit (lib.modules) evalOptionValue mergeOptionDecls;
  inherit (lib.options) getFiles showFiles showOption;
  inherit (lib.strings) escapeNixIdentifier escapeNixString;
  inherit (types) attrTag defaultFunctor mkOptionType;

  # A tag must be an option; a bare type is the usual mistake.
  checkTag =
    tags: name: option:
    let
      pos = unsafeGetAttrPos name tags;
      at = if pos == null then "" else " at ${pos.file}:${toString pos.line}:${toString pos.column}";
      kind =
        if !(option ? _type) then
          "was not."
        else if option._type == "option-type" then
          "was a bare type, not wrapped in mkOption."
        else
          "was of type ${escapeNixString option._type}.";
    in
    addErrorContext "while checking that attrTag tag ${escapeNixIdentifier name} is an option with a type${at}" (
      if option._type or null == "option" then
        {
          declarations = if pos == null then [ ] else [ pos.file ];
          declarationPositions = if pos == null then [ ] else [ pos ];
        }
        // option
      else
        throw "In attrTag, each tag value must be an option, but tag ${escapeNixIdentifier name} ${kind}"
    );

  # The option of a tag that two declarations have in common.
  mergeTag =
    name: a: b:
    let
      decl = options: {
        inherit options;
        _file = "<attrTag {...}>";
        pos = null;
      };
    in
    mergeOptionDecls [ name ] [
      (decl a)
      (decl b)
    ]
    // {
      # Both know where they come from; the file made up above does not count.
      declarations = a.declarations ++ b.declarations;
      declarationPositions = a.declarationPositions ++ b.declarationPositions;
    };
in
{
  attrTag =
    givenTags:
    let
      tags = mapAttrs (checkTag givenTags) givenTags;
      choices = concatStringsSep ", " (map escapeNixIdentifier (attrNames tags));

      modulesByTag =
        let
          all = mapAttrs (_: option: option.type.getSubModules) tags;
        in
        lib.attrsets.filterAttrs (_: modules: modules != null) all;
    in
    mkOptionType {
      name = "attrTag";
      description = "attribute-tagged union with choices: ${choices}";
      descriptionClass = "noun";
      check =
        x:
        isAttrs x
        && (
          let
            names = attrNames x;
          in
          length names == 1 && tags ? ${head names}
        );
      merge =
        loc: defs:
        let
          tagOf = def: head (attrNames def.value);
          tag = tagOf (head defs);
          untag =
            def:
            if tagOf def != tag then
              throw "The option `${showOption loc}` is defined both as `${tag}` and `${tagOf def}`, in ${showFiles (getFiles defs)}."
            else
              {
                inherit (def) file;
                value = def.value.${tag};
              };
        in
        if tags ? ${tag} then
          { ${tag} = (evalOptionValue (loc ++ [ tag ]) tags.${tag} (map untag defs)).value; }
        else
          throw "The option `${showOption loc}` is defined as ${escapeNixIdentifier tag}, but ${escapeNixIdentifier tag} is not among the valid choices (${choices}). Value ${tag} was defined in ${showFiles (getFiles defs)}.";
      getSubOptions = prefix: mapAttrs (tag: option: option // { loc = prefix ++ [ tag ]; }) tags;

      # The modules of all tags travel as one set in a list, because a list of
      # modules is what the declarations of an option are collected into; each
      # item comes back as { _file; imports = [ <the set> ]; }.
      getSubModules = if modulesByTag == { } then null else [ modulesByTag ];
      substSubModules =
        collected:
        let
          perTag = concatMap (
            m: map (mapAttrs (_: imports: { inherit (m) _file; inherit imports; })) m.imports
          ) collected;
          newTypes = zipAttrsWith (tag: tags.${tag}.type.substSubModules) perTag;
        in
        attrTag (
          tags // mapAttrs (tag: type: tags.${tag} // { inherit type; }) (intersectAttrs tags newTypes)
        );

      nestedTypes = tags;
      functor = defaultFunctor "attrTag" // {
        type = payload: lib.types.attrTag payload.tags;
        payload = { inherit tags; };
        binOp = a: b: {
          tags =
            a.tags
            // b.tags
            // mapAttrs (tag: mergeTag tag a.tags.${tag}) (intersectAttrs a.tags b.tags);
        };
      };
    };
}
