# Parts of the module system as values.
#
# For: deferredModule (a module), optionType (a type), optionDeclaration (an
# option).
# Not for: sets evaluated as modules (submodules.nix).
{ lib, types, ... }:

let
  inherit (builtins)
    head
    isAttrs
    length
    map
    ;
  inherit (lib.modules) fixupOptionType mergeOptionDecls setDefaultModuleLocation;
  inherit (lib.options) isOption mkOption showOption;
  inherit (types)
    defaultFunctor
    deferredModuleWith
    isOptionType
    mkOptionType
    submoduleWith
    ;
in
{
  # A module to be imported somewhere else, where it is checked. Definitions
  # are collected; each is reported with its own file.
  deferredModule = deferredModuleWith { };

  deferredModuleWith =
    {
      # Modules that are always in it, and whose options are documented.
      staticModules ? [ ],
    }:
    mkOptionType {
      name = "deferredModule";
      description = "module";
      descriptionClass = "noun";
      check = x: isAttrs x || lib.isFunction x || types.path.check x;
      merge = loc: defs: {
        imports =
          staticModules
          ++ map (
            def: setDefaultModuleLocation "${toString def.file}, via option ${showOption loc}" def.value
          ) defs;
      };
      inherit (submoduleWith { modules = staticModules; }) getSubOptions getSubModules;
      substSubModules = m: deferredModuleWith { staticModules = m; };
      functor = defaultFunctor "deferredModuleWith" // {
        type = lib.types.deferredModuleWith;
        payload = { inherit staticModules; };
        binOp = a: b: { staticModules = a.staticModules ++ b.staticModules; };
      };
    };

  # What mkOption makes, before it is evaluated.
  optionDeclaration = mkOptionType {
    name = "optionDeclaration";
    description = "option declaration";
    descriptionClass = "noun";
    check = x: isOption x && !(x ? value);
  };

  # Several definitions are merged as the types of several declarations of one
  # option would be. A single one is left as it is, with whatever was changed
  # in it by hand.
  optionType = mkOptionType {
    name = "optionType";
    description = "optionType";
    descriptionClass = "noun";
    check = isOptionType;
    merge =
      loc: defs:
      let
        asDeclaration = def: {
          _file = def.file;
          options = mkOption { type = def.value; };
        };
      in
      if length defs == 1 then
        (head defs).value
      else
        (fixupOptionType loc (mergeOptionDecls loc (map asDeclaration defs))).type;
  };
}
