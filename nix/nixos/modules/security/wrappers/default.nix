# `security.wrappers`: programs that run with more rights than their caller, in /run/wrappers/bin.
#
# Nothing in the store can carry such rights. NixOS has small wrapper programs; here the program itself is copied: the
# archive's programs find their libraries at fixed places, so a copy works wherever it lies. Scripts cannot be wrapped.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mapAttrsToList mkOption types;
  cfg = config.security;
  active = lib.filterAttrs (_: wrapper: wrapper.enable) cfg.wrappers;

  wrapper =
    { name, config, ... }:
    {
      options = {
        enable = mkOption {
          type = types.bool;
          default = true;
          description = "Whether the wrapper exists.";
        };
        source = mkOption {
          type = types.path;
          description = "The program.";
        };
        program = mkOption {
          type = types.nullOr types.str;
          default = name;
          description = "The name of the wrapper; the name of the attribute by default.";
        };
        owner = mkOption {
          type = types.str;
          description = "Owner of the wrapper.";
        };
        group = mkOption {
          type = types.str;
          description = "Group of the wrapper.";
        };
        permissions = mkOption {
          # chmod(1): symbolic clauses with commas between, or an octal number.
          type = types.strMatching "([ugoa]*([-+=]([rwxXst]*|[ugo]))+)(,[ugoa]*([-+=]([rwxXst]*|[ugo]))+)*|[-+=]?[0-7]+";
          default = "u+rx,g+x,o+x";
          description = "Access mode, without the bits that the other options say.";
        };
        capabilities = mkOption {
          type = types.commas;
          default = "";
          description = "Capabilities of the program, as setcap(8) takes them.";
        };
        setuid = mkOption {
          type = types.bool;
          default = false;
          description = "Whether it runs as its owner.";
        };
        setgid = mkOption {
          type = types.bool;
          default = false;
          description = "Whether it runs with its group.";
        };
      };
    };

  row = w: lib.concatStringsSep "\t" [
    w.program
    "${w.source}"
    w.owner
    w.group
    w.permissions
    (if w.setuid && w.setgid then "ug+s" else if w.setuid then "u+s" else if w.setgid then "g+s" else "-")
    (if w.capabilities == "" then "-" else w.capabilities)
  ];

  table = lib.concatMapStrings (w: row w + "\n") (lib.attrValues active);
  needsSetcap = lib.any (w: w.capabilities != "") (lib.attrValues active);
in
{
  options.security = {
    enableWrappers = mkOption {
      type = types.bool;
      default = true;
      description = "Whether the wrappers are made.";
    };
    wrappers = mkOption {
      type = types.attrsOf (types.submodule wrapper);
      default = { };
      example = lib.literalExpression ''
        {
          doas = { setuid = true; owner = "root"; group = "root"; source = "''${pkgs.doas}/bin/doas"; };
        }
      '';
      description = "Programs with the rights of another account, or with capabilities.";
    };
    wrapperDir = mkOption {
      type = types.path;
      internal = true;
      default = "/run/wrappers/bin";
      description = "Where they are.";
    };
  };

  config = lib.mkIf (cfg.enableWrappers && active != { }) {
    assertions = mapAttrsToList (name: w: {
      assertion = w.setuid || w.setgid -> w.capabilities == "";
      message = ''
        The security.wrappers.${name} wrapper is not valid:
            setuid/setgid and capabilities are mutually exclusive.
      '';
    }) active;

    environment.systemPackages = lib.optional needsSetcap pkgs.libcap2-bin;
    systemd.services.suid-sgid-wrappers = {
      description = "Programs with the rights of other accounts";
      wantedBy = [ "sysinit.target" ];
      before = [ "sysinit.target" "shutdown.target" ];
      conflicts = [ "shutdown.target" ];
      after = [ "systemd-sysusers.service" ];
      unitConfig.DefaultDependencies = false;
      restartTriggers = [ table ];
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${pkgs.staticBusybox}/bin/sh ${./make-wrappers.sh} ${pkgs.writeText "wrappers" table} /run/wrappers";
      };
    };
  };
}
