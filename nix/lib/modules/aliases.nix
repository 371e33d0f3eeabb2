# Aliases: use the definitions of one option as definitions of another.
#
# For: mkAlias*, mkDerivedConfig.
# Not for: modules that rename or remove options (rename.nix).
{ lib, self, ... }:

let
  inherit (self)
    defaultOverridePriority
    mkAliasAndWrapDefinitions
    mkIf
    mkMerge
    mkOverride
    ;
in
{
  # All definitions of `option`, with the properties they still carry, for use
  # as a definition of another option. Differs from using the value: a
  # definition that does not exist defines nothing.
  mkAliasDefinitions = mkAliasAndWrapDefinitions (x: x);

  mkAliasAndWrapDefinitions =
    wrap: option: mkIf option.isDefined (wrap (mkMerge option.definitions));

  # The same, and the definitions keep the priority that won for `option`, so
  # that an mkForce on the old name is an mkForce on the new one.
  mkAliasAndWrapDefsWithPriority =
    wrap: option:
    let
      prioritise = mkOverride (option.highestPrio or defaultOverridePriority);
    in
    mkIf option.isDefined (wrap (mkMerge (map prioritise option.definitions)));

  mkAliasIfDef = lib.warn "Usage of 'mkAliasIfDef' has been deprecated. Use 'mkIf option.isDefined' instead." (
    option: mkIf option.isDefined
  );

  # A definition made from the value of `option`, as strong as the definition
  # that it comes from.
  mkDerivedConfig =
    option: f: mkOverride (option.highestPrio or defaultOverridePriority) (f option.value);
}
