# `environment.systemPackages` and what is built from it: system.path, the programs and libraries of the system.
#
# Everything that the system consists of is in there, dependencies included: /usr/bin, /usr/lib and the rest of /usr are
# links into it.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkOption types;
  cfg = config.environment;

  # What nobody wants to miss in a system that is entered with a shell.
  required = [
    pkgs.bash
    pkgs.coreutils
    pkgs.diffutils
    pkgs.findutils
    pkgs.gawk
    pkgs.grep
    pkgs.sed
    pkgs.tar
    pkgs.gzip
    pkgs.hostname
    pkgs.iproute2
    pkgs.less
    pkgs.libc-bin
    pkgs.login
    pkgs.mount
    pkgs.ncurses-base
    pkgs.ncurses-bin
    pkgs.netbase
    pkgs.passwd
    pkgs.procps
    pkgs.systemd-sysv # reboot, poweroff, halt, shutdown
    pkgs.util-linux
  ];

  # No package of the archive brings /bin/sh for certain: dash's is a diversion that its maintainer script makes.
  posixShell = pkgs.runCommandLocal "binsh" { } ''
    mkdir -p $out/usr/bin
    ln -s ${cfg.binsh} $out/usr/bin/sh
    cp ${./nixos-version.sh} $out/usr/bin/nixos-version
    chmod +x $out/usr/bin/nixos-version
    ln -s usr/bin $out/bin
  '';

  closure = config.system.archive.closurePackages;

  archiveEnv = pkgs.archiveEnv {
    name = "system-path";
    packages = cfg.systemPackages;
    inherit closure;
  };
in
{
  options = {
    environment = {
      systemPackages = mkOption {
        type = types.listOf types.package;
        default = [ ];
        example = lib.literalExpression "[ pkgs.vim pkgs.git ]";
        description = "Packages whose programs, manuals and so on are in the system for all users.";
      };
      defaultPackages = mkOption {
        type = types.listOf types.package;
        default = [ ];
        description = "Packages that are there for convenience and may be left out.";
      };
      corePackages = mkOption {
        type = types.listOf types.package;
        internal = true;
        default = required;
        defaultText = lib.literalMD "the usual tools of a shell";
        description = "Packages that a system cannot do without.";
      };
      pathsToLink = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "/" ];
        description = "Directories of the packages that are linked into {file}`/run/current-system/sw`.";
      };
      extraOutputsToInstall = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "doc" "info" "devdoc" ];
        description = "Outputs that are installed besides a package's main ones.";
      };
      extraSetup = mkOption {
        type = types.lines;
        default = "";
        description = "Commands that run while the system's path is built.";
      };
    };

    system.path = mkOption {
      internal = true;
      description = "The packages of the system in one tree.";
    };
  };

  config = {
    environment.systemPackages = [ posixShell ] ++ cfg.corePackages ++ cfg.defaultPackages ++ config.system.archive.packages;

    # The parts of a usr-merged archive system; "share" as a whole, because programs find their data in it.
    environment.pathsToLink = [
      "/bin"
      "/sbin"
      "/lib"
      "/lib64"
      "/libexec"
      "/share"
      "/include"
      "/etc"
    ];

    # The archive's own way to join packages knows dangling links and alternatives. A package set without it (a nixpkgs
    # that somebody put into nixpkgs.pkgs) joins them Nix's way.
    system.path =
      if pkgs ? archiveEnv then
        if cfg.extraSetup == "" then
          archiveEnv
        else
          # Links only, so a copy of the tree is cheap.
          pkgs.runCommandLocal "system-path" { } ''
            cp -a ${archiveEnv} $out
            chmod -R u+w $out
            ${cfg.extraSetup}
          ''
      else
        pkgs.buildEnv {
          name = "system-path";
          paths = cfg.systemPackages ++ closure;
          inherit (cfg) pathsToLink extraOutputsToInstall;
          ignoreCollisions = true;
          postBuild = cfg.extraSetup;
        };
  };
}
