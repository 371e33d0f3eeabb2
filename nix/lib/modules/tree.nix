# The tree of options: declarations and definitions of all modules, matched
# name by name.
#
# For: walking down the attribute sets of all modules at once, deciding what
# is an option and what is a set of options, and keeping what nobody declared.
#
# Not for: merging declarations (declarations.nix) or definitions
# (definitions.nix) of one option.
#
# Cost: a set of options is visited once, with one zip over its declarations
# and one over its definitions. Nothing below a name is looked at before that
# name is asked for.
{ lib, self, ... }:

let
  inherit (builtins)
    all
    attrNames
    concatLists
    concatMap
    concatStringsSep
    filter
    head
    isAttrs
    length
    map
    mapAttrs
    sort
    typeOf
    unsafeGetAttrPos
    zipAttrsWith
    ;
  inherit (self)
    evalOptionValue
    fixupOptionType
    mergeModules'
    mergeOptionDecls
    messages
    pushDownProperties
    ;
  inherit (lib.options) isOption mkOption showOption;

  # What one module declares one level down, name by name, as `use` makes of it.
  declarationsOf =
    prefix: use: module:
    let
      subtree = module.options;
    in
    if isAttrs subtree then
      mapAttrs (
        name: options:
        use name {
          inherit (module) _file;
          pos = unsafeGetAttrPos name subtree;
          inherit options;
        }
      ) subtree
    else
      throw ''
        An option declaration for `${concatStringsSep "." prefix}' has type
        `${typeOf subtree}' rather than an attribute set.
        Did you mean to define this outside of `options'?
      '';

  # What one module defines one level down, properties untouched.
  definitionsOf =
    prefix: use: def:
    if isAttrs def.config then
      mapAttrs (
        _: value:
        use {
          inherit (def) file;
          inherit value;
        }
      ) def.config
    else
      throw ''
        In module `${def.file}', you're trying to define a value of type `${typeOf def.config}'
        rather than an attribute set for the option
        `${concatStringsSep "." prefix}'!

        This usually happens if `${concatStringsSep "." prefix}' has option
        definitions inside that are not matched. Please check how to properly define
        this option by e.g. referring to `man 5 configuration.nix'!
      '';

  # name -> f name [ { _file; pos; options; } ], over all modules. Many
  # modules declare nothing.
  mapDeclarations =
    prefix: f: all:
    let
      modules = filter (module: module.options != { }) all;
    in
    if length modules == 1 then
      declarationsOf prefix (name: decl: f name [ decl ]) (head modules)
    else
      zipAttrsWith f (map (declarationsOf prefix (_: decl: decl)) modules);

  # name -> [ { file; value; } ], over all modules.
  definitionsByName =
    prefix: configs:
    if length configs == 1 then
      definitionsOf prefix (def: [ def ]) (head configs)
    else
      zipAttrsWith (_: defs: defs) (map (definitionsOf prefix (def: def)) configs);

  pushDown =
    def:
    map (config: {
      inherit (def) file;
      inherit config;
    }) (pushDownProperties def.value);

  # A set of options declared below an option of submodule type is one more
  # module of that submodule. shorthandOnlyDefinesConfig = null stands for
  # "as the other declaration says".
  asSubmoduleDeclaration =
    decl:
    if isOption decl.options then
      decl
    else
      decl
      // {
        options = mkOption {
          type = lib.types.submoduleWith {
            modules = [ { inherit (decl) options; } ];
            shorthandOnlyDefinesConfig = null;
          };
        };
      };

  # Is this declaration an option? A set of another _type is neither an option
  # nor a set of options: nearly always a type that lacks its mkOption.
  declaresOption =
    loc: decl:
    decl.options ? _type
    && (
      decl.options._type == "option" || throw (messages.not_an_option loc decl.options._type decl._file)
    );

  parentOfOptions =
    loc: option: others:
    let
      show =
        decl: name: " - option(s) with prefix `${showOption (loc ++ [ name ])}' in module `${decl._file}'";
      lines = concatMap (decl: map (show decl) (attrNames decl.options)) others;
    in
    throw "The option `${showOption loc}' in module `${option._file}' would be a parent of the following options, but its type `${
      option.options.type.description or "<no description>"
    }' does not support nested options.\n${concatStringsSep "\n" (sort (a: b: a < b) lines)}";

  optionNode = loc: decls: defs: {
    matchedOptions = evalOptionValue loc (fixupOptionType loc (mergeOptionDecls loc decls)) defs;
    unmatchedDefns = [ ];
  };
in
{
  # modules: [ { _file; options; config; } ], strongest order first.
  mergeModules =
    prefix: modules:
    mergeModules' prefix modules (
      concatMap (
        m:
        pushDown {
          file = m._file;
          value = m.config;
        }
      ) modules
    );

  # The result is { matchedOptions; unmatchedDefns; }:
  #   matchedOptions  the declared tree, with evaluated options as its leaves
  #   unmatchedDefns  [ { file; prefix; value; } ] that no option takes
  mergeModules' =
    prefix: modules: configs:
    let
      defined = definitionsByName prefix configs;

      nodes = mapDeclarations prefix (
        name: decls:
        let
          loc = prefix ++ [ name ];
          defs = defined.${name} or [ ];
          optionDecls = filter (declaresOption loc) decls;
        in
        if length optionDecls == length decls then
          optionNode loc decls defs
        else if optionDecls == [ ] then
          mergeModules' loc decls (concatMap pushDown defs)
        else if all (decl: decl.options.type.name or null == "submodule") optionDecls then
          optionNode loc (map asSubmoduleDeclaration decls) defs
        else
          parentOfOptions loc (head optionDecls) (filter (decl: !isOption decl.options) decls)
      ) modules;

      # Only defined names are looked at: a set of options that nobody defines
      # anything in stays unevaluated.
      unmatchedAt =
        name:
        let
          left = if nodes ? ${name} then nodes.${name}.unmatchedDefns else defined.${name};
        in
        map (def: def // { prefix = [ name ] ++ def.prefix or [ ]; }) left;
    in
    {
      matchedOptions = mapAttrs (_: node: node.matchedOptions) nodes;
      unmatchedDefns =
        # Without definitions nothing can be unmatched, and not even the names
        # of the options need to be known.
        if configs == [ ] then [ ] else concatLists (map unmatchedAt (attrNames defined));
    };
}
