# Programs whose module does little more than install a package: programs.<name>.enable.
#
# One table instead of one file each. Those with real options have files of their own.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkEnableOption mkIf mkMerge mkOption types;
  cfg = config.programs;

  # name = what it is; the package has the program's name unless `packages` says otherwise.
  table = {
    htop = "htop, which shows processes";
    iotop = "iotop, which shows who reads and writes";
    mosh = "mosh, a remote shell for bad connections";
    tcpdump = "tcpdump, which shows packets";
    mtr = "mtr, which shows the way of packets";
    iftop = "iftop, which shows connections";
    usbtop = "usbtop, which shows USB traffic";
    traceroute = "traceroute, which shows the way of packets";
    screen = "screen, which keeps terminals alive";
    java = "the Java runtime";
    npm = "npm, the package manager of Node.js";
  };
  packages = {
    mtr = pkgs.mtr-tiny;
    java = pkgs.default-jre-headless;
  };
  packageOf = name: packages.${name} or pkgs.${name};

  # Programs that need raw sockets, and so a capability when users run them.
  rawSockets = {
    mtr = "usr/bin/mtr-packet";
    tcpdump = "usr/bin/tcpdump";
    traceroute = "usr/bin/traceroute.db";
  };

  switch = default: description: mkOption {
    type = types.bool;
    inherit default description;
  };
in
{
  options.programs =
    builtins.mapAttrs (name: what: {
      enable = mkEnableOption what;
      package = mkOption {
        type = types.package;
        default = packageOf name;
        defaultText = lib.literalExpression "pkgs.${name}";
        description = "The package of ${name}.";
      };
    }) table
    // {
      # Here so that shared modules evaluate. The first suggests packages for unknown commands, the second runs foreign
      # binaries on NixOS; a system of archive packages needs neither.
      command-not-found.enable = switch false "Accepted for compatibility, without effect.";
      nix-ld = {
        enable = switch false "Accepted for compatibility: binaries made for other distributions run here anyway.";
        libraries = mkOption {
          type = types.listOf types.package;
          default = [ ];
          description = "Libraries for such binaries: installed in the system.";
        };
      };
      gnupg.agent = {
        enable = switch false "Whether to install GnuPG with its agent, which starts when it is needed.";
        enableSSHSupport = switch false "Whether the agent also serves SSH.";
        pinentryPackage = mkOption {
          type = types.nullOr types.package;
          default = null;
          description = "Program that asks for passphrases.";
        };
      };
      dconf.enable = switch false "Accepted for compatibility, without effect.";
      fuse.userAllowOther = switch false "Accepted for compatibility, without effect.";
      ccache.enable = switch false "Accepted for compatibility, without effect.";
    };

  config = mkMerge [
    {
      environment.systemPackages =
        lib.concatMap (name: lib.optional cfg.${name}.enable cfg.${name}.package) (builtins.attrNames table)
        ++ lib.optionals cfg.nix-ld.enable cfg.nix-ld.libraries
        ++ lib.optionals cfg.gnupg.agent.enable [ pkgs.gnupg pkgs.gpg-agent ]
        ++ lib.optional (cfg.gnupg.agent.pinentryPackage != null) cfg.gnupg.agent.pinentryPackage;
    }
    {
      security.wrappers = lib.concatMapAttrs (name: path: lib.optionalAttrs cfg.${name}.enable {
        ${lib.last (lib.splitString "/" path)} = {
          owner = "root";
          group = "root";
          capabilities = "cap_net_raw+p";
          source = "${cfg.${name}.package}/${path}";
        };
      }) rawSockets;
    }
    (mkIf cfg.gnupg.agent.enableSSHSupport {
      environment.extraInit = ''
        if [ -z "$SSH_AUTH_SOCK" ] && command -v gpgconf > /dev/null; then
          export SSH_AUTH_SOCK=$(gpgconf --list-dirs agent-ssh-socket)
        fi
      '';
    })
  ];
}
