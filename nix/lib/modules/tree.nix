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
    evaluateOption
    fixupOptionType
    mergeModules'
    mergeOptionDecls
    messages
    positionOf
    pushDownProperties
    ;
  inherit (lib.options) isOption mkOption showOption;

  # What one module declares one level down.
  subtreeOf =
    prefix: module:
    if isAttrs module.options then
      module.options
    else
      throw ''
        An option declaration for `${concatStringsSep "." prefix}' has type
        `${typeOf module.options}' rather than an attribute set.
        Did you mean to define this outside of `options'?
      '';

  # What one module defines one level down.
  subconfigOf =
    prefix: def:
    if isAttrs def.config then
      def.config
    else
      throw ''
        In module `${def.file}', you're trying to define a value of type `${typeOf def.config}'
        rather than an attribute set for the option
        `${concatStringsSep "." prefix}'!

        This usually happens if `${concatStringsSep "." prefix}' has option
        definitions inside that are not matched. Please check how to properly define
        this option by e.g. referring to `man 5 configuration.nix'!
      '';

  # name -> [ { file; value; } ], over all modules, properties untouched.
  definitionsByName =
    prefix: configs:
    if length configs == 1 then
      let
        def = head configs;
      in
      mapAttrs (_: value: [
        {
          inherit (def) file;
          inherit value;
        }
      ]) (subconfigOf prefix def)
    else
      zipAttrsWith (_: defs: defs) (
        map (
          def:
          mapAttrs (_: value: {
            inherit (def) file;
            inherit value;
          }) (subconfigOf prefix def)
        ) configs
      );

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

  # An option that one module declares: nothing has to be merged, unless its
  # type has modules of its own, which have to learn their file.
  evaluateSingle =
    loc: decl: defs:
    let
      type = decl.options.type or lib.types.unspecified;
      isMerged = type.getSubModules or null != null;
      opt = if isMerged then mergeDeclarations loc [ decl ] else decl.options;
    in
    evaluateOption loc opt (if isMerged then opt.type else type) [ decl._file ] [ (positionOf decl) ] defs;

  evaluateMerged =
    loc: decls: defs:
    let
      opt = mergeDeclarations loc decls;
    in
    evaluateOption loc opt opt.type opt.declarations opt.declarationPositions defs;

  mergeDeclarations = loc: decls: fixupOptionType loc (mergeOptionDecls loc decls);
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

  # The result is a node of the tree:
  #   matchedOptions  the declared tree, with evaluated options as its leaves
  #   values          the same tree, with the values of the options
  #   unmatchedDefns  [ { file; prefix; value; } ] that no option takes
  #   definitionsOf   the definitions of a name on this level, as written
  # An option is a node too; of these it has the first two.
  mergeModules' =
    prefix: modules: configs:
    let
      defined = definitionsByName prefix configs;

      # Many modules declare nothing, and below the top there is mostly one
      # that does.
      declaring = filter (module: module.options != { }) modules;
      only = if length declaring == 1 then head declaring else null;
      subtree = subtreeOf prefix only;

      # name -> [ { _file; pos; options; } ]
      declared = zipAttrsWith (_: decls: decls) (
        map (
          module:
          let
            set = subtreeOf prefix module;
          in
          mapAttrs (name: options: {
            inherit (module) _file;
            pos = unsafeGetAttrPos name set;
            inherit options;
          }) set
        ) declaring
      );

      nodeOf =
        name: decls:
        let
          loc = prefix ++ [ name ];
          defs = defined.${name} or [ ];
          optionDecls = filter (declaresOption loc) decls;
        in
        if length decls == 1 && (head decls).options._type or null == "option" then
          evaluateSingle loc (head decls) defs
        else if optionDecls == [ ] then
          mergeModules' loc decls (concatMap pushDown defs)
        else if length optionDecls == length decls then
          evaluateMerged loc decls defs
        else if all (decl: decl.options.type.name or null == "submodule") optionDecls then
          evaluateMerged loc (map asSubmoduleDeclaration decls) defs
        else
          parentOfOptions loc (head optionDecls) (filter (decl: !isOption decl.options) decls);

      nodes =
        if only == null then
          mapAttrs nodeOf declared
        else
          mapAttrs (
            name: options:
            nodeOf name [
              {
                inherit (only) _file;
                pos = unsafeGetAttrPos name subtree;
                inherit options;
              }
            ]
          ) subtree;

      # Only defined names are looked at: a set of options that nobody defines
      # anything in stays unevaluated.
      unmatchedAt =
        name:
        if nodes ? ${name} then
          map (def: def // { prefix = [ name ] ++ def.prefix; }) (nodes.${name}.unmatchedDefns or [ ])
        else
          map (def: def // { prefix = [ name ]; }) defined.${name};
    in
    {
      definitionsOf = name: defined.${name} or [ ];
      matchedOptions = mapAttrs (_: node: node.matchedOptions) nodes;
      values = mapAttrs (_: node: node.values) nodes;
      unmatchedDefns =
        # Without definitions nothing can be unmatched, and not even the names
        # of the options need to be known.
        if configs == [ ] then [ ] else concatMap unmatchedAt (attrNames defined);
    };
}
