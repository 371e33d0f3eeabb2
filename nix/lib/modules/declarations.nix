# Option declarations: several declarations of one option become one.
#
# For: mergeOptionDecls, fixupOptionType.
# Not for: the tree in which options are found (tree.nix), values.
{ lib, self, ... }:

let
  inherit (builtins)
    foldl'
    head
    length
    tail
    ;
  inherit (self) positionOf setDefaultModuleLocation;
  inherit (lib.options) showFiles showOption;

  # The modules of a submodule type, each knowing the file of its declaration.
  subModulesOf =
    decl:
    let
      modules = decl.options.type.getSubModules or null;
    in
    if modules == null then [ ] else map (setDefaultModuleLocation decl._file) modules;

  first =
    loc: decl:
    decl.options
    // {
      inherit loc;
      declarations = [ decl._file ];
      declarationPositions = [ (positionOf decl) ];
      options = subModulesOf decl;
    };

  # These say one thing about the option; two declarations saying it is an
  # error even when they agree.
  exclusiveFields = [
    "default"
    "example"
    "description"
    "apply"
  ];

  add =
    loc: acc: decl:
    let
      fields = decl.options;
      alreadyDeclared = throw "The option `${showOption loc}' in `${decl._file}' is already declared in ${showFiles acc.declarations}.";
      mergedType = acc.type.typeMerge fields.type.functor;
    in
    if builtins.any (field: fields ? ${field} && acc ? ${field}) exclusiveFields then
      alreadyDeclared
    else
      fields
      // acc
      // {
        declarations = acc.declarations ++ [ decl._file ];
        declarationPositions = acc.declarationPositions ++ [ (positionOf decl) ];
        options = subModulesOf decl ++ acc.options;
      }
      // (
        if fields ? type && acc ? type then
          { type = if mergedType != null then mergedType else alreadyDeclared; }
        else
          { }
      );
in
{
  # Where an option was written. Generated options have no position; then the
  # file must do.
  positionOf =
    decl:
    let
      pos = decl.pos or null;
    in
    if pos != null then
      pos
    else
      {
        file = decl._file;
        line = null;
        column = null;
      };

  # loc: the option's path. decls: [ { _file; pos; options = <mkOption result>; } ].
  # Adds loc, declarations, declarationPositions, and (private) `options`: the
  # submodules that the declarations bring.
  mergeOptionDecls =
    loc: decls:
    if decls == [ ] then
      {
        inherit loc;
        declarations = [ ];
        declarationPositions = [ ];
        options = [ ];
      }
    else if length decls == 1 then
      first loc (head decls)
    else
      foldl' (add loc) (first loc (head decls)) (tail decls);

  # Give the option a type that can be used: unspecified where none was named,
  # and for submodules the modules collected by mergeOptionDecls, which know
  # the files that they come from.
  fixupOptionType =
    loc: opt:
    if opt.type.getSubModules or null == null then
      if opt ? type then opt else opt // { type = lib.types.unspecified; }
    else
      opt
      // {
        type = opt.type.substSubModules opt.options;
        options = [ ];
      };
}
