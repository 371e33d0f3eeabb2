# evalModules: a list of modules in, options and configuration out.
#
# For: the fixed point that lets modules read the configuration which they
# define; the `_module` options; freeform types; extendModules.
# Not for: any of the single steps, which have files of their own.
{ lib, self, ... }:

let
  inherit (builtins)
    addErrorContext
    any
    elemAt
    genList
    isAttrs
    length
    mapAttrs
    removeAttrs
    seq
    ;
  inherit (self)
    collectModules
    evalModules
    evaluateModules
    mergeModules
    mkDefault
    pushDownProperties
    throwUnmatched
    ;
  inherit (lib.options) mkOption;
  inherit (lib) types;

  argsDescription = ''
    Additional arguments passed to each module, next to `lib`, `config`,
    `options`, `specialArgs` and whatever `specialArgs` contains.

    Arguments can depend on the configuration, but they cannot be used to
    decide on `imports`: those have to be known before there is a
    configuration. What `imports` needs goes into `specialArgs`.

    Every submodule has this option too. Submodules do not inherit arguments;
    the only one that they get is `name`, the attribute name that the
    submodule is bound to.
  '';

  # Made once, not once per evaluation: every submodule is an evaluation.
  builtinOptions =
    let
      argsOption = {
        type = types.lazyAttrsOf types.raw;
        description = argsDescription;
      };
      common = {
        check = mkOption {
          type = types.bool;
          internal = true;
          default = true;
          description = "Whether a definition without an option is an error.";
        };
        freeformType = mkOption {
          type = types.nullOr types.optionType;
          internal = true;
          default = null;
          description = ''
            If set, all definitions without an option are merged together using
            this type, and the result is combined with the declared options.

            If `null`, a definition without an option is an error, unless
            {option}`_module.check` is off.
          '';
        };
        specialArgs = mkOption {
          readOnly = true;
          internal = true;
          description = ''
            Module arguments from outside. They can be used in `imports`, and
            no module can change them.
          '';
        };
      };
    in
    {
      # Documented once, at the root, and not again for every submodule.
      atRoot._module = common // {
        args = mkOption argsOption;
      };
      below._module = common // {
        args = mkOption (argsOption // { internal = true; });
      };
    };

  reversed =
    list:
    let
      last = length list - 1;
    in
    genList (n: elemAt list (last - n)) (last + 1);

  # `declared` over `free`. The two meet only in sets of options, never in the
  # value of an option, because a definition is either taken by an option or not.
  overlay =
    free: declared:
    free
    // mapAttrs (
      name: value:
      if free ? ${name} && isAttrs free.${name} && isAttrs value then
        overlay free.${name} value
      else
        value
    ) declared;
in
{
  # What evalModules does. moduleArguments: arguments for the modules that are no
  # module of their own, as the name of a submodule is; making one for each
  # submodule would cost more.
  evaluateModules =
    moduleArguments:
    evalArgs@{
      modules,
      prefix ? [ ],
      # Arguments that modules may use in `imports`. `modulesPath` among them
      # is the base of relative strings in disabledModules.
      specialArgs ? { },
      # Only modules of this class, or of none, may be imported.
      class ? null,
      # Deprecated: set config._module.args / config._module.check instead.
      args ? null,
      check ? null,
    }:
    let
      deprecatedModules =
        (if evalArgs ? args then [ { config._module.args = evalArgs.args; } ] else [ ])
        ++ (
          if evalArgs ? check then [ { config._module.check = mkDefault evalArgs.check; } ] else [ ]
        );

      deprecationWarning =
        name:
        lib.warnIf (evalArgs ? ${name})
          "The ${name} argument to evalModules is deprecated. Please set config._module.${name} instead.";

      regularModules = if deprecatedModules == [ ] then modules else modules ++ deprecatedModules;

      # A module like others, but one that nobody can import or disable.
      internalModule = {
        _file = "lib/modules.nix";
        options = if prefix == [ ] then builtinOptions.atRoot else builtinOptions.below;
        config._module = {
          args = {
            inherit extendModules;
            moduleType = type;
          }
          // moduleArguments;
          inherit specialArgs;
        };
      };

      moduleArgs = {
        inherit lib options specialArgs;
        _class = class;
        _prefix = prefix;
        config = addErrorContext "if you get an infinite recursion here, you probably reference `config` in `imports`. If you are trying to achieve a conditional import behavior dependent on `config`, consider importing unconditionally, and using `mkEnableOption` and `mkIf` to control its effect." config;
      }
      // specialArgs;

      # A function, so that its result is not kept alive by this scope.
      collect = _: collectModules class (specialArgs.modulesPath or "") regularModules moduleArgs;

      # Later modules come first, so that lists keep the order of `imports`:
      # what is imported precedes what the importer itself adds.
      merged = mergeModules prefix ([ internalModule ] ++ reversed (collect null).modules);

      options = merged.matchedOptions;
      declared = merged.values;
      # Hardly anybody sets these two. Evaluating them where nobody did would
      # cost more than the rest of a small submodule.
      freeformType = if isSet "freeformType" then declared._module.freeformType else null;
      isChecked = if isSet "check" then declared._module.check else true;
      isSet =
        name: any (def: any (set: set ? ${name}) (pushDownProperties def.value)) (merged.definitionsOf "_module");

      free =
        let
          asDefinition = def: {
            inherit (def) file;
            value = lib.attrsets.setAttrByPath def.prefix def.value;
          };
        in
        if merged.unmatchedDefns == [ ] then
          { }
        else
          freeformType.merge prefix (map asDefinition merged.unmatchedDefns);

      config = if freeformType == null then declared else overlay free declared;

      checked =
        if freeformType == null && isChecked && merged.unmatchedDefns != [ ] then
          throwUnmatched prefix options (builtins.head merged.unmatchedDefns)
        else
          null;

      extendModules =
        extendArgs@{
          modules ? [ ],
          specialArgs ? { },
          prefix ? [ ],
        }:
        evaluateModules moduleArguments (
          # The deprecated arguments are modules by now.
          removeAttrs evalArgs [
            "args"
            "check"
          ]
          // {
            modules = regularModules ++ modules;
            specialArgs = evalArgs.specialArgs or { } // specialArgs;
            prefix = extendArgs.prefix or evalArgs.prefix or [ ];
          }
        );

      type = types.submoduleWith { inherit modules specialArgs class; };
    in
    deprecationWarning "args" (
      deprecationWarning "check" {
        _type = "configuration";
        options = seq checked options;
        config = seq checked (removeAttrs config [ "_module" ]);
        _module = seq checked config._module;
        inherit (collect null) graph;
        inherit extendModules type class;
      }
    );

  evalModules = evaluateModules { };

  # The old way to evaluate a set of modules without checking it.
  fixMergeModules =
    modules: args:
    evalModules {
      inherit modules args;
      check = false;
    };
}
