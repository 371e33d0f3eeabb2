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
    evalOptionValue
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

  # An option that one module declares, with a type without modules of its
  # own: nothing has to be merged.
  evaluateSingle =
    loc: decl: defs:
    let
      type = decl.options.type or lib.types.unspecified;
    in
    if type.getSubModules or null == null && type.deprecationMessage or null == null then
      evaluateOption loc decl.options type [ decl._file ] [ (positionOf decl) ] defs
    else
      evaluateMerged loc [ decl ] defs;

  # Whether one module, and no other, declares an option.
  isSingle = decls: length decls == 1 && (head decls).options._type or null == "option";

  evaluateMerged =
    loc: decls: defs:
    evalOptionValue loc (fixupOptionType loc (mergeOptionDecls loc decls)) defs;
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

  # The result is { matchedOptions; unmatchedDefns; definitionsOf; }:
  #   matchedOptions  the declared tree, with evaluated options as its leaves
  #   unmatchedDefns  [ { file; prefix; value; } ] that no option takes
  mergeModules' =
    prefix: modules: configs:
    let
      defined = definitionsByName prefix configs;
      defsOf = name: defined.${name} or [ ];

      # Many modules declare nothing, and below the top there is mostly one
      # that does.
      declaring = filter (module: module.options != { }) modules;
      only = if length declaring == 1 then head declaring else null;
      subtree = subtreeOf prefix only;

      # name -> declarations. With one declaring module the names are those of
      # its own set, and the declarations are made when they are asked for.
      declared =
        if only != null then
          subtree
        else
          zipAttrsWith (_: decls: decls) (
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
      declsOf =
        name:
        if only != null then
          [
            {
              inherit (only) _file;
              pos = unsafeGetAttrPos name subtree;
              options = subtree.${name};
            }
          ]
        else
          declared.${name};

      # Sets of options, by name; made for no other names.
      sets = mapAttrs (
        name: _: mergeModules' (prefix ++ [ name ]) (declsOf name) (concatMap pushDown (defsOf name))
      ) declared;

      # Whether the declarations of a name are a set of options.
      isSet = name: all (decl: !declaresOption (prefix ++ [ name ]) decl) (declsOf name);

      evaluateName =
        name:
        let
          loc = prefix ++ [ name ];
          decls = declsOf name;
          defs = defsOf name;
          optionDecls = filter (declaresOption loc) decls;
        in
        if optionDecls == [ ] then
          sets.${name}.matchedOptions
        else if length optionDecls == length decls then
          evaluateMerged loc decls defs
        else if all (decl: decl.options.type.name or null == "submodule") optionDecls then
          evaluateMerged loc (map asSubmoduleDeclaration decls) defs
        else
          parentOfOptions loc (head optionDecls) (filter (decl: !isOption decl.options) decls);

      # Only defined names are looked at: a set of options that nobody defines
      # anything in stays unevaluated.
      unmatchedAt =
        name:
        if !(declared ? ${name}) then
          map (def: def // { prefix = [ name ]; }) defined.${name}
        else if isSingle (declsOf name) then
          [ ]
        else if isSet name then
          map (def: def // { prefix = [ name ] ++ def.prefix; }) sets.${name}.unmatchedDefns
        else
          [ ];
    in
    {
      # The definitions of a name on this level, as they were written.
      definitionsOf = defsOf;

      matchedOptions =
        if only == null then
          mapAttrs (
            name: decls:
            if isSingle decls then
              evaluateSingle (prefix ++ [ name ]) (head decls) (defined.${name} or [ ])
            else
              evaluateName name
          ) declared
        else
          mapAttrs (
            name: options:
            if options._type or null == "option" then
              evaluateSingle (prefix ++ [ name ]) (head (declsOf name)) (defined.${name} or [ ])
            else
              evaluateName name
          ) subtree;

      unmatchedDefns =
        # Without definitions nothing can be unmatched, and not even the names
        # of the options need to be known.
        if configs == [ ] then [ ] else concatMap unmatchedAt (attrNames defined);
    };
}
