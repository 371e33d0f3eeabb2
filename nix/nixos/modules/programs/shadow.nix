# Passwords and login: the tools that change accounts, /etc/login.defs, and users' default shell.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkDefault mkIf mkOption types;
  cfg = config.security.loginDefs;

  setuid = source: { setuid = true; owner = "root"; group = "root"; inherit source; };

  # Suites disagree about which package has these two.
  groupTools = pkgs.runCommand "newgrp-and-sg" { } ''
    mkdir -p $out/bin
    for tool in newgrp sg; do
      for package in ${pkgs.login} ${cfg.package} ${pkgs.util-linux}; do
        if [ -e "$package/usr/bin/$tool" ]; then ln -s "$package/usr/bin/$tool" "$out/bin/$tool"; break; fi
      done
      # A system without them should start all the same.
      [ -e "$out/bin/$tool" ] || ln -s ${pkgs.coreutils}/usr/bin/false "$out/bin/$tool"
    done
  '';

  line = name: value:
    "${name} ${if builtins.isBool value then (if value then "yes" else "no") else toString value}\n";
in
{
  options = {
    security.shadow.enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether to install the tools that change passwords and accounts.";
    };

    security.loginDefs = {
      package = mkOption {
        type = types.package;
        default = pkgs.passwd;
        defaultText = lib.literalExpression "pkgs.passwd";
        internal = true;
        description = "The package of the tools.";
      };
      chfnRestrict = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "Fields that chfn may change.";
      };
      settings = mkOption {
        type = types.attrsOf (types.nullOr (types.oneOf [ types.bool types.int types.str ]));
        default = { };
        description = "Settings of {file}`/etc/login.defs`.";
      };
    };

    users.defaultUserShell = mkOption {
      type = types.either types.path types.shellPackage;
      default = "/bin/bash";
      example = lib.literalExpression "pkgs.zsh";
      description = "Login shell of users that have none of their own.";
    };
  };

  config = mkIf config.security.shadow.enable {
    security.loginDefs.settings = {
      DEFAULT_HOME = mkDefault true;
      SYS_UID_MIN = mkDefault 400;
      SYS_UID_MAX = mkDefault 999;
      UID_MIN = mkDefault 1000;
      UID_MAX = mkDefault 29999;
      SYS_GID_MIN = mkDefault 400;
      SYS_GID_MAX = mkDefault 999;
      GID_MIN = mkDefault 1000;
      GID_MAX = mkDefault 29999;
      TTYGROUP = mkDefault "tty";
      TTYPERM = mkDefault "0620";
      UMASK = mkDefault "077";
      ENCRYPT_METHOD = mkDefault "YESCRYPT";
      CHFN_RESTRICT = mkIf (cfg.chfnRestrict != null) (mkDefault cfg.chfnRestrict);
    };
    environment.etc."login.defs".text = lib.concatStrings (lib.mapAttrsToList line (lib.filterAttrs (_: v: v != null) cfg.settings));

    environment.systemPackages = [ cfg.package pkgs.login pkgs.util-linux ];

    security.wrappers = {
      su = setuid "${pkgs.util-linux}/usr/bin/su";
      passwd = setuid "${cfg.package}/usr/bin/passwd";
      chsh = setuid "${cfg.package}/usr/bin/chsh";
      newgrp = setuid "${groupTools}/bin/newgrp";
      sg = setuid "${groupTools}/bin/sg";
    };
  };
}
