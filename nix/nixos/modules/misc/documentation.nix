# `documentation.*`: which manuals are installed.
#
# Archive packages carry their manuals in /usr/share; leaving them out is done through environment.pathsToLink. The
# option manual of a system is not built inside a container.
{ config, lib, ... }:

let
  inherit (lib) mkIf mkOption types;
  cfg = config.documentation;
  switch = default: description: mkOption { type = types.bool; inherit default description; };
in
{
  options.documentation = {
    enable = switch true "Whether documentation of packages is installed.";
    doc = {
      enable = switch false "Whether files under share/doc are linked into the system.";
    };
    info.enable = switch true "Whether info pages are linked into the system.";
    dev.enable = switch false "Whether documentation for developers is installed.";
    man = {
      enable = switch true "Whether manual pages are linked into the system.";
      generateCaches = switch false "Accepted for compatibility: no whatis database is built.";
      man-db.enable = switch true "Accepted for compatibility.";
      mandoc.enable = switch false "Accepted for compatibility.";
    };
    nixos = {
      enable = switch false "Accepted for compatibility: the manual of all options is not built in a container.";
      includeAllModules = switch false "Accepted for compatibility.";
      extraModuleSources = mkOption {
        type = types.listOf types.raw;
        default = [ ];
        description = "Accepted for compatibility.";
      };
      extraModules = mkOption {
        type = types.listOf types.raw;
        default = [ ];
        description = "Accepted for compatibility.";
      };
      options.warningsAreErrors = switch true "Accepted for compatibility.";
    };
  };

  config = mkIf cfg.enable {
    environment.pathsToLink =
      lib.optional cfg.man.enable "/share/man"
      ++ lib.optional cfg.info.enable "/share/info"
      ++ lib.optional cfg.doc.enable "/share/doc";
  };
}
