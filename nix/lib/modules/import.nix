# Making modules from files and values.
#
# For: modules that come from data files, from functions of two arguments, or
# from values without a place of their own.
# Not for: what `imports` does (collect.nix).
{ lib, self, ... }:

{
  # `m`, reported as coming from `file` unless it says otherwise itself.
  setDefaultModuleLocation = file: m: {
    _file = file;
    imports = [ m ];
  };

  # `import file arg` as a module that still knows its file. Two uses with
  # different arguments are different modules, so it gets no key.
  importApply = file: arg: self.setDefaultModuleLocation file (import file arg);

  importJSON = file: {
    _file = file;
    config = lib.importJSON file;
  };

  importTOML = file: {
    _file = file;
    config = lib.importTOML file;
  };
}
