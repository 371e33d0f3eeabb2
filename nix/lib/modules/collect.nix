# Collecting modules: from the list given to evalModules, through all
# `imports`, to one flat list in which every module occurs once and disabled
# modules do not occur.
#
# For: loading paths, attribute sets and functions as modules; keys;
# disabledModules; the class check; the import graph.
#
# Not for: what a module contains (syntax.nix, tree.nix).
{ lib, self, ... }:

let
  inherit (builtins)
    catAttrs
    concatLists
    concatMap
    elem
    elemAt
    filter
    genList
    genericClosure
    isAttrs
    isList
    isString
    length
    substring
    typeOf
    ;
  inherit (self)
    applyModuleArgs
    applyModuleArgsIfFunction
    messages
    unifyModuleSyntax
    ;
  inherit (lib.options) showDefs unknownModule;

  # Read one item of `imports` or `modules`.
  loadModule =
    class: args:
    let
      load =
        file: key: m:
        if lib.isFunction m then
          unifyModuleSyntax file key (applyModuleArgs key m args)
        else if isAttrs m then
          let
            tag = m._type or "module";
          in
          if tag == "module" then
            unifyModuleSyntax file key m
          # `imports = [ (mkIf cond { ... }) ]`: the whole item is configuration.
          else if tag == "if" || tag == "override" then
            load file key { config = m; }
          else
            throw (
              messages.not_a_module {
                fallbackFile = file;
                value = m;
                _type = tag;
                expectedClass = class;
                prefix = args._prefix;
              }
            )
        else if isList m then
          throw "Module imports can't be nested lists. Perhaps you meant to remove one level of lists? Definitions: ${
            showDefs [
              {
                inherit file;
                value = m;
              }
            ]
          }"
        else
          let
            name = toString m;
          in
          unifyModuleSyntax name name (applyModuleArgsIfFunction name (import m) args);
    in
    load;

  # A module without a class fits everywhere.
  checkClass =
    class:
    if class == null then
      module: module
    else
      module:
      if module._class == null || module._class == class then
        module
      else
        throw (messages.wrong_class { inherit class module; });

  # The key that an item of disabledModules stands for.
  disabledKey =
    modulesPath: file: item:
    if isString item then
      if substring 0 1 item == "/" then item else "${toString modulesPath}/${item}"
    else if lib.strings.isConvertibleWithToString item then
      if item ? key && item.key != toString item then
        throw "Module `${file}` contains a disabledModules item that is an attribute set that can be converted to a string (${toString item}) but also has a `.key` attribute (${toString item.key}) with a different value. This makes it ambiguous which module should be disabled."
      else
        toString item
    else if item ? key then
      toString item.key
    else if isAttrs item then
      throw "Module `${file}` contains a disabledModules item that is an attribute set, presumably a module, that does not have a `key` attribute. This means that the module system doesn't have any means to identify the module that should be disabled. Make sure that you've put the correct value in disabledModules: a string path relative to modulesPath, a path value, or an attribute set with a `key` attribute."
    else
      throw "Each disabledModules item must be a path, string, or a attribute set with a key attribute, or a value supported by toString. However, one of the disabledModules items in `${toString file}` is none of that, but is of type ${typeOf item}.";
in
{
  # collectModules class modulesPath modules args
  #   modules: the flat list, in the order in which they are found: first the
  #            given ones, then what they import, level by level.
  #   graph:   what imports what, with disabled modules marked.
  collectModules =
    class:
    let
      accept = checkClass class;

      # What a module imports, as nodes that carry their own imports, and all
      # that is disabled in them or below. A module's key names it for
      # de-duplication; one without a name of its own is called by its place.
      #
      # importers: the keys on the way here. A module that imports itself, by
      # whatever detour, is not followed again.
      gather =
        load: importers: parent:
        let
          nodes = genList (
            n:
            let
              module = accept (
                load parent._file "${parent.key}:anon-${toString (n + 1)}" (elemAt parent.imports n)
              );
              below =
                if module.imports == [ ] || elem module.key importers then
                  nothing
                else
                  gather load ([ module.key ] ++ importers) module;
            in
            {
              inherit (module) key;
              inherit module;
              modules = below.nodes;
              disabled =
                if module.disabledModules == [ ] then
                  below.disabled
                else
                  [
                    {
                      file = module._file;
                      items = module.disabledModules;
                    }
                  ]
                  ++ below.disabled;
            }
          ) (length parent.imports);
        in
        {
          inherit nodes;
          disabled = concatLists (catAttrs "disabled" nodes);
        };

      nothing = {
        nodes = [ ];
        disabled = [ ];
      };

      gatherAll =
        items: args:
        gather (loadModule class args) [ ] {
          _file = unknownModule;
          key = "";
          imports = items;
        };

      # A predicate over nodes. Most configurations disable nothing, so the
      # common answer is found without comparing any key.
      disabledBy =
        modulesPath: disabled:
        let
          keys = concatMap (d: map (disabledKey modulesPath d.file) d.items) disabled;
        in
        if disabled == [ ] then _: false else node: elem node.key keys;
    in
    modulesPath: items: args: {
      modules =
        let
          tree = gatherAll items args;
          isDisabled = disabledBy modulesPath tree.disabled;
          keep = if tree.disabled == [ ] then nodes: nodes else filter (node: !isDisabled node);
        in
        catAttrs "module" (genericClosure {
          startSet = keep tree.nodes;
          operator = node: keep node.modules;
        });

      # Gathered a second time on purpose: sharing would keep the whole tree
      # of modules in memory for as long as the result lives.
      graph =
        let
          tree = gatherAll items args;
          isDisabled = disabledBy modulesPath tree.disabled;
          show = node: {
            disabled = isDisabled node;
            inherit (node) key;
            file = node.module._file;
            imports = map show node.modules;
          };
        in
        map show tree.nodes;
    };
}
