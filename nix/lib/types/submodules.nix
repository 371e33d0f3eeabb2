# Submodules: sets whose attributes are options.
#
# For: submodule, submoduleWith.
# Not for: modules as values (modules.nix); evaluating modules
# (../modules/evaluate.nix).
{ lib, types, ... }:

let
  inherit (builtins)
    attrNames
    intersectAttrs
    isAttrs
    map
    ;
  inherit (lib.lists) last toList;
  inherit (types)
    checkDefsForError
    defaultFunctor
    mergeWith
    mkOptionType
    noCheckForDocsModule
    phrase
    submoduleWith
    ;

  # Until a submodule is bound to a name, documentation needs one to show.
  # Typographic quotes, because < and > would be taken for markup.
  placeholderName = {
    _module.args.name = lib.modules.mkOptionDefault "‹name›";
  };

  # Of two values, null being "no wish"; `conflict` if they differ.
  reconcile =
    a: b: conflict:
    if a == null || a == b then
      b
    else if b == null then
      a
    else
      throw "A submoduleWith option is declared multiple times with conflicting ${conflict}";

  mergePayloads = a: b: {
    modules = a.modules ++ b.modules;
    class = reconcile (a.class or null) (b.class or null)
      "class values \"${toString (a.class or null)}\" and \"${toString (b.class or null)}\".";
    specialArgs =
      let
        both = intersectAttrs a.specialArgs b.specialArgs;
      in
      if both == { } then
        a.specialArgs // b.specialArgs
      else
        throw "A submoduleWith option is declared multiple times with the same specialArgs \"${toString (attrNames both)}\"";
    shorthandOnlyDefinesConfig =
      reconcile a.shorthandOnlyDefinesConfig b.shorthandOnlyDefinesConfig
        "shorthandOnlyDefinesConfig values";
    description = reconcile a.description b.description "descriptions";
  };
in
{
  submodule =
    modules:
    submoduleWith {
      modules = toList modules;
      shorthandOnlyDefinesConfig = true;
    };

  submoduleWith =
    {
      modules,
      specialArgs ? { },
      # Whether a set is only configuration, even if it has attributes named
      # config or options. Null, for use by the module system, means "as the
      # other declaration says".
      shorthandOnlyDefinesConfig ? false,
      # Replaces the description made from the freeform type.
      description ? null,
      class ? null,
    }@attrs:
    let
      # The type without a value: for documentation, and for what a value is
      # when nothing is defined.
      base = lib.modules.evalModules {
        inherit class specialArgs;
        modules = [ placeholderName ] ++ modules;
      };

      docsIn = extra: base.extendModules ({ modules = [ noCheckForDocsModule ]; } // extra);

      asModule =
        def:
        {
          _file = def.file;
        }
        // (
          if isAttrs def.value && shorthandOnlyDefinesConfig then
            { config = def.value; }
          else
            { imports = [ def.value ]; }
        );

      inherit (base._module) freeformType;

      check = {
        __functor = _: x: isAttrs x || lib.isFunction x || types.path.check x;
        isV2MergeCoherent = true;
      };
    in
    mkOptionType {
      name = "submodule";
      description =
        let
          freeform = (docsIn { })._module.freeformType;
        in
        if description != null then
          description
        else if freeform ? description then
          "open submodule of ${
            phrase [
              "noun"
              "composite"
            ] freeform
          }"
        else
          "submodule";
      inherit check;
      merge = mergeWith (
        { loc, defs }:
        let
          configuration = lib.modules.evaluateModules { name = last loc; } {
            inherit class specialArgs;
            modules = modules ++ map asModule defs;
            prefix = loc;
          };
        in
        {
          headError = checkDefsForError check defs;
          value = configuration.config;
          valueMeta = { inherit configuration; };
        }
      );
      emptyValue.value = base.config;
      getSubOptions =
        prefix:
        let
          docs = docsIn { inherit prefix; };
          freeform = docs._module.freeformType;
        in
        docs.options
        // (
          if freeform == null then
            { }
          else
            # The name does not show; it only has to differ from the options.
            { _freeformOptions = freeform.getSubOptions prefix; }
        );
      getSubModules = modules;
      substSubModules = m: submoduleWith (attrs // { modules = m; });
      nestedTypes = if freeformType == null then { } else { inherit freeformType; };
      functor = defaultFunctor "submodule" // {
        type = lib.types.submoduleWith;
        payload = {
          inherit
            modules
            class
            specialArgs
            shorthandOnlyDefinesConfig
            description
            ;
        };
        binOp = mergePayloads;
      };
    };
}
