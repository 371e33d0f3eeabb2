# Module syntax: the forms in which a module may be written, brought to one.
#
# For: calling module functions with the arguments that they name, and turning
# the short form ({ imports = ..; x = ..; }) into the long one
# ({ imports; options; config; }).
#
# Not for: finding modules (collect.nix), merging them (tree.nix).
{ lib, self, ... }:

let
  inherit (builtins)
    addErrorContext
    attrNames
    elem
    head
    isAttrs
    mapAttrs
    removeAttrs
    ;
  inherit (self) applyModuleArgs mkMerge;

  # What may stand beside `options` and `config`.
  longFormNames = [
    "_class"
    "_file"
    "_type"
    "key"
    "disabledModules"
    "imports"
    "options"
    "config"
    "meta"
    "freeformType"
  ];

  # What the short form does not treat as configuration. `meta` is missing on
  # purpose: in the short form it is an ordinary definition.
  shortFormReserved = [
    "_class"
    "_file"
    "_type"
    "key"
    "disabledModules"
    "require"
    "imports"
    "freeformType"
  ];

  # A whole module may be one property: { lib, ... }: lib.mkIf condition { ... }.
  properties = [
    "if"
    "merge"
    "order"
    "override"
  ];
in
{
  unifyModuleSyntax =
    file: key: m:
    let
      withFreeformType =
        config:
        if m ? freeformType then
          mkMerge [
            config
            { _module.freeformType = m.freeformType; }
          ]
        else
          config;

      withMeta =
        config:
        if m ? meta then
          mkMerge [
            config
            { inherit (m) meta; }
          ]
        else
          config;

      _file = toString (m._file or file);
      _class = m._class or null;
      disabledModules = m.disabledModules or [ ];

      strayNames = attrNames (removeAttrs m longFormNames);
    in
    if !isAttrs m then
      throw "module ${toString file} (${toString key}) does not look like a module."
    else if m ? config || m ? options then
      if strayNames != [ ] then
        throw "Module `${toString key}' has an unsupported attribute `${head strayNames}'. This is caused by introducing a top-level `config' or `options' attribute. Add configuration attributes immediately on the top level instead, or move all of them (namely: ${toString strayNames}) into the explicit `config' attribute."
      else
        {
          inherit _file _class disabledModules;
          key = toString (m.key or key);
          imports = m.imports or [ ];
          options = m.options or { };
          config = withFreeformType (withMeta (m.config or { }));
        }
    else
      {
        inherit _file _class disabledModules;
        key = toString (m.key or key);
        imports = if m ? require then m.require ++ m.imports or [ ] else m.imports or [ ];
        options = { };
        config =
          if elem (m._type or null) properties then m else withFreeformType (removeAttrs m shortFormReserved);
      };

  applyModuleArgsIfFunction =
    key: f: args:
    if lib.isFunction f then applyModuleArgs key f args else f;

  # Call a module function. Nix forces the names of a function's argument set,
  # not its values; so every argument that the function names gets a thunk
  # here, and a module argument that comes from `_module.args` is looked up
  # only when the module uses it. Looking it up earlier would need the
  # configuration that this very module is part of.
  applyModuleArgs =
    key: f: args:
    let
      lookup =
        name: _:
        addErrorContext "while evaluating the module argument `${name}' in \"${toString key}\":" (
          args.${name} or (addErrorContext
            "noting that argument `${name}` is not externally provided, so querying `_module.args` instead, requiring `config`"
            args.config._module.args.${name}
          )
        );
    in
    f (args // mapAttrs lookup (lib.functionArgs f));
}
