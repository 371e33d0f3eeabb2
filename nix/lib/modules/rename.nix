# Modules that carry an option from an old shape to a new one.
#
# For: renamed, removed, changed and merged options, and aliases.
# Not for: the functions on definitions that they use (aliases.nix).
{ lib, self, ... }:

let
  inherit (builtins) any filter foldl';
  inherit (self)
    doRename
    mkAliasAndWrapDefinitions
    mkAliasAndWrapDefsWithPriority
    mkAliasOptionModule
    mkIf
    mkMerge
    mkMergedOptionModule
    ;
  inherit (lib.attrsets)
    attrByPath
    getAttrFromPath
    recursiveUpdate
    setAttrByPath
    ;
  inherit (lib.options) mkOption showFiles showOption;

  # Stands for "not set" in options whose value mkMergedOptionModule reads.
  unset = "_mkMergedOptionModule";

  obsolete = from: to: "Obsolete option `${showOption from}' is used. It was renamed to `${showOption to}'.";
in
{
  # Defining the option is an error that carries the instructions; reading it
  # throws them.
  mkRemovedOptionModule =
    path: instructions:
    { options, ... }:
    let
      opt = getAttrFromPath path options;
    in
    {
      options = setAttrByPath path (mkOption {
        visible = false;
        apply =
          _:
          throw "The option `${showOption path}' can no longer be used since it's been removed. ${instructions}";
      });
      config.assertions = [
        {
          assertion = !opt.isDefined;
          message = ''
            The option definition `${showOption path}' in ${showFiles opt.files} no longer has any effect; please remove it.
            ${instructions}
          '';
        }
      ];
    };

  # `from` still works, and warns.
  mkRenamedOptionModule =
    from: to:
    doRename {
      inherit from to;
      visible = false;
      warn = true;
      use = builtins.trace (obsolete from to);
    };

  # The same, silent until every supported release knows the new name.
  mkRenamedOptionModuleWith =
    {
      from,
      to,
      # The first release with the new name, as a number: 2211.
      sinceRelease,
    }:
    let
      due = lib.oldestSupportedReleaseIsAtLeast sinceRelease;
    in
    doRename {
      inherit from to;
      visible = false;
      warn = due;
      use = lib.warnIf due (obsolete from to);
    };

  # `from` is another name of `to`, for good.
  mkAliasOptionModule =
    from: to:
    doRename {
      inherit from to;
      visible = true;
      warn = false;
      use = x: x;
    };

  mkAliasOptionModuleMD = lib.warn "mkAliasOptionModuleMD is deprecated and will be removed in 26.05; please use mkAliasOptionModule." mkAliasOptionModule;

  # Several old options together give the value of a new one. `mergeFn` gets
  # the configuration.
  mkMergedOptionModule =
    fromPaths: to: mergeFn:
    { config, options, ... }:
    let
      isSet = path: getAttrFromPath path config != unset;
      declare =
        path:
        setAttrByPath path (mkOption {
          visible = false;
          default = unset;
        });
      warning =
        path:
        "The option `${showOption path}' defined in ${
          showFiles (getAttrFromPath path options).files
        } has been changed to `${showOption to}' that has a different type. Please read `${showOption to}' documentation and update your configuration accordingly.";
    in
    {
      options = foldl' recursiveUpdate { } (map declare fromPaths);
      config = {
        warnings = map warning (filter isSet fromPaths);
      }
      // setAttrByPath to (mkMerge (if any isSet fromPaths then [ (mergeFn config) ] else [ ]));
    };

  # The same with one old option.
  mkChangedOptionModule =
    from: to: changeFn:
    mkMergedOptionModule [ from ] to changeFn;

  # What all renaming is made of.
  doRename =
    {
      # Option paths, as lists of names. `to` must exist, `from` must not.
      from,
      to,
      # Whether `from` is documented.
      visible,
      # Whether to add to `warnings` when `from` is defined (if there is such
      # an option).
      warn,
      # Applied to the value when `from` is read.
      use,
      # Whether definitions keep their priority on the way.
      withPriority ? true,
      # Whether to define `to` at all. Matters when `to` leads into an attrsOf
      # submodule, where even an empty definition makes an entry.
      condition ? true,
    }:
    { config, options, ... }:
    let
      fromOption = getAttrFromPath from options;
      toValue = attrByPath to (
        abort "Renaming error: option `${showOption to}' does not exist."
      );
      # `to` may be a set of options rather than an option; then anything that
      # looks like a module is accepted.
      toType = (attrByPath to { } options).type or (lib.types.submodule { });
      forward = if withPriority then mkAliasAndWrapDefsWithPriority else mkAliasAndWrapDefinitions;
      warnings =
        if warn && fromOption.isDefined then
          [
            "The option `${showOption from}' defined in ${showFiles fromOption.files} has been renamed to `${showOption to}'."
          ]
        else
          [ ];
    in
    {
      options = setAttrByPath from (
        mkOption {
          inherit visible;
          description = "Alias of {option}`${showOption to}`.";
          apply = _: use (toValue config);
        }
        // (if toType != null then { type = toType; } else { })
      );
      config = mkIf condition (mkMerge [
        (if options ? warnings then { inherit warnings; } else { })
        (forward (setAttrByPath to) fromOption)
      ]);
    };
}
