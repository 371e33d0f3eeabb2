# Git's own server of repositories, without log-ins: services.gitDaemon.
{ config, lib, pkgs, ... }:

let
  inherit (lib) escapeShellArg escapeShellArgs mkEnableOption mkIf mkOption optional types;
  cfg = config.services.gitDaemon;
in
{
  options.services.gitDaemon = {
    enable = mkEnableOption "the Git daemon, which lets everybody read repositories by git://";
    package = mkOption {
      type = types.package;
      default = pkgs.git;
      defaultText = lib.literalExpression "pkgs.git";
      description = "The package of Git.";
    };
    basePath = mkOption {
      type = types.str;
      default = "";
      example = "/srv/git";
      description = "Directory that paths in addresses are relative to.";
    };
    exportAll = mkOption {
      type = types.bool;
      default = false;
      description = "Whether repositories without a file `git-daemon-export-ok` are served as well.";
    };
    repositories = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "/srv/git" ];
      description = "Repositories, or directories of them, that are served; empty for all.";
    };
    listenAddress = mkOption {
      type = types.str;
      default = "";
      description = "Address that the daemon listens on; empty for all.";
    };
    port = mkOption {
      type = types.port;
      default = 9418;
      description = "The port that the daemon listens on.";
    };
    options = mkOption {
      type = types.str;
      default = "";
      example = "--timeout=30";
      description = "Further options of {manpage}`git-daemon(1)`.";
    };
    user = mkOption {
      type = types.str;
      default = "git";
      description = "User that the daemon runs as.";
    };
    group = mkOption {
      type = types.str;
      default = "git";
      description = "Group that the daemon runs as.";
    };
  };

  config = mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    users.users = mkIf (cfg.user == "git") {
      git = { isSystemUser = true; group = "git"; description = "Git daemon user"; };
    };
    users.groups = mkIf (cfg.group == "git") { git = { }; };
    systemd.services.git-daemon = {
      description = "Git daemon";
      after = [ "network.target" ];
      wantedBy = [ "multi-user.target" ];
      # Repositories belong to whoever pushes to them: Git asks to be told that this is meant.
      environment = { GIT_CONFIG_COUNT = "1"; GIT_CONFIG_KEY_0 = "safe.directory"; GIT_CONFIG_VALUE_0 = "*"; };
      serviceConfig = { User = cfg.user; Group = cfg.group; };
      script = lib.concatStringsSep " " (
        [ "exec git daemon --reuseaddr --verbose --port=${toString cfg.port}" ]
        ++ optional (cfg.basePath != "") "--base-path=${escapeShellArg cfg.basePath}"
        ++ optional (cfg.listenAddress != "") "--listen=${cfg.listenAddress}"
        ++ optional cfg.exportAll "--export-all"
        ++ [ cfg.options (escapeShellArgs cfg.repositories) ]
      );
    };
  };
}
