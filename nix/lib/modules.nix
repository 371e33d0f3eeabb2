# lib.modules: the module system, put together from its parts.
#
# For: naming what the module system offers, and tying its parts into one
# fixed point. Each part lives in ./modules/<subject>.nix and gets `lib` (the
# whole library) and `self` (all parts together, including the private ones).
#
# Not for: option declarations and their documentation (options.nix), types
# (types.nix), or any logic of its own.
{ lib }:

let
  load = file: import file { inherit lib self; };

  self =
    load ./modules/properties.nix
    // load ./modules/aliases.nix
    // load ./modules/syntax.nix
    // load ./modules/collect.nix
    // load ./modules/declarations.nix
    // load ./modules/definitions.nix
    // load ./modules/tree.nix
    // load ./modules/unmatched.nix
    // load ./modules/evaluate.nix
    // load ./modules/rename.nix
    // load ./modules/import.nix
    // load ./modules/messages.nix;

  # These were reachable in older trees of nixpkgs. They still are, but using
  # them prints a warning, because their shapes are details that may change.
  private =
    builtins.mapAttrs
      (
        name:
        lib.warn "External use of `lib.modules.${name}` is deprecated. It is a detail of the module system whose shape may change; use evalModules, extendModules or a submodule type instead."
      )
      {
        inherit (self)
          applyModuleArgsIfFunction
          dischargeProperties
          mergeModules
          mergeModules'
          pushDownProperties
          unifyModuleSyntax
          ;
        collectModules = self.collectModules null;
      };
in
private
// {
  inherit (self)
    checkV2MergeCoherence
    defaultOrderPriority
    defaultOverridePriority
    doRename
    evalModules
    evalOptionValue
    evaluateModules
    filterOverrides
    filterOverrides'
    fixMergeModules
    fixupOptionType
    importApply
    importJSON
    importTOML
    mapDefinitionValue
    mergeAttrDefinitionsWithPrio
    mergeDefinitions
    mergeOptionDecls
    mkAfter
    mkAliasAndWrapDefinitions
    mkAliasAndWrapDefsWithPriority
    mkAliasDefinitions
    mkAliasIfDef
    mkAliasOptionModule
    mkAliasOptionModuleMD
    mkAssert
    mkBefore
    mkChangedOptionModule
    mkDefault
    mkDefinition
    mkDerivedConfig
    mkFixStrictness
    mkForce
    mkIf
    mkImageMediaOverride
    mkMerge
    mkMergedOptionModule
    mkOptionDefault
    mkOrder
    mkOverride
    mkRemovedOptionModule
    mkRenamedOptionModule
    mkRenamedOptionModuleWith
    mkVMOverride
    setDefaultModuleLocation
    sortProperties
    ;
}
