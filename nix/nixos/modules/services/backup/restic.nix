# Backups by restic, each with a timer of its own: services.restic.backups.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings concatStringsSep escapeShellArg escapeShellArgs mkOption optionalString types;
  cfg = config.services.restic.backups;

  maybe = description: mkOption { type = types.nullOr types.str; default = null; inherit description; };
  words = description: mkOption { type = types.listOf types.str; default = [ ]; inherit description; };
  # Words and switches of rclone; without any, null as well as nothing.
  forRclone = example: description: mkOption {
    type = types.nullOr (types.attrsOf (types.either types.str types.bool));
    default = null;
    inherit example description;
  };
  yes = default: description: mkOption { type = types.bool; inherit default description; };

  backup = { config, ... }: {
    options = {
      package = mkOption {
        type = types.package;
        default = pkgs.restic;
        defaultText = lib.literalExpression "pkgs.restic";
        description = "The package of restic.";
      };
      repository = maybe "The repository.";
      repositoryFile = mkOption { type = types.nullOr types.path; default = null; description = "File that holds the repository's address."; };
      passwordFile = mkOption { type = types.nullOr types.str; default = null; description = "File that holds the password of the repository."; };
      environmentFile = maybe "File of environment variables, such as keys of a storage service.";
      rcloneOptions = forRclone { bwlimit = "10M"; drive-use-trash = "true"; } "Options of rclone, for a repository `rclone:REMOTE:PATH`, without the dashes before them.";
      rcloneConfig = forRclone { type = "b2"; hard_delete = true; } "Settings of the repository's remote in rclone; readable in the store.";
      rcloneConfigFile = mkOption { type = types.nullOr types.path; default = null; description = "File of rclone's configuration, for remotes with secrets."; };
      paths = mkOption { type = types.nullOr (types.listOf types.str); default = [ ]; example = [ "/var/lib" ]; description = "What is saved."; };
      dynamicFilesFrom = maybe "Script that prints what else is saved, one path a line.";
      exclude = words "Patterns of what is left out.";
      user = mkOption { type = types.str; default = "root"; description = "User that the backup runs as."; };
      initialize = yes false "Whether the repository is made if it is not there.";
      inhibitsSleep = yes false "Accepted for compatibility, without effect in a container.";
      createWrapper = yes true "Whether there is a command `restic-NAME` with the repository and the password set.";
      extraBackupArgs = words "Further arguments of `restic backup`.";
      extraOptions = words "Options of the storage, as `-o` takes them.";
      pruneOpts = mkOption { type = types.listOf types.str; default = [ ]; example = [ "--keep-daily 7" ]; description = "Which snapshots `restic forget --prune` keeps; empty for all."; };
      runCheck = mkOption {
        type = types.bool;
        default = config.checkOpts != [ ] || config.pruneOpts != [ ];
        defaultText = lib.literalExpression "checkOpts != [ ] || pruneOpts != [ ]";
        description = "Whether the repository is checked afterwards.";
      };
      checkOpts = words "Arguments of `restic check`.";
      backupPrepareCommand = maybe "Script that runs before.";
      backupCleanupCommand = maybe "Script that runs afterwards, also when the backup failed.";
      timerConfig = mkOption {
        type = types.nullOr (types.attrsOf (types.oneOf [ types.bool types.int types.str ]));
        default = { OnCalendar = "daily"; Persistent = true; };
        description = "When: see {manpage}`systemd.timer(5)`; null for never by itself.";
      };
    };
  };

  command = b: concatStringsSep " " ([ "${b.package}/usr/bin/restic" ] ++ map (option: "-o ${escapeShellArg option}") b.extraOptions);
  # rclone reads all that it can be told from variables, too.
  rcloneVariables = nameOf: values:
    lib.mapAttrs' (name: value: lib.nameValuePair (lib.toUpper (nameOf name)) (if builtins.isBool value then lib.boolToString value else value))
      (if values == null then { } else values);
  # "rclone:backup:/data" -> "backup"
  remote = b: builtins.elemAt (lib.splitString ":" b.repository) 1;
  # restic starts it by its name.
  usesRclone = b:
    b.rcloneOptions != null || b.rcloneConfig != null || b.rcloneConfigFile != null
    || (b.repository != null && lib.hasPrefix "rclone:" b.repository);
  environment = name: b:
    { RESTIC_CACHE_DIR = "/var/cache/restic-backups-${name}"; }
    // lib.optionalAttrs (b.passwordFile != null) { RESTIC_PASSWORD_FILE = b.passwordFile; }
    // lib.optionalAttrs (b.repository != null) { RESTIC_REPOSITORY = b.repository; }
    // lib.optionalAttrs (b.repositoryFile != null) { RESTIC_REPOSITORY_FILE = toString b.repositoryFile; }
    // lib.optionalAttrs (b.rcloneConfigFile != null) { RCLONE_CONFIG = b.rcloneConfigFile; }
    // rcloneVariables (option: "RCLONE_${lib.replaceStrings [ "-" ] [ "_" ] option}") b.rcloneOptions
    // rcloneVariables (setting: "RCLONE_CONFIG_${remote b}_${setting}") b.rcloneConfig;
  saves = b: b.dynamicFilesFrom != null || (b.paths != null && b.paths != [ ]);

  service = name: b: {
    description = "Backup ${name} by restic";
    environment = environment name b;
    wants = [ "network-online.target" ];
    after = [ "network-online.target" ];
    restartIfChanged = false;
    preStart = optionalString (b.backupPrepareCommand != null) "( ${b.backupPrepareCommand}\n)\n"
      + optionalString b.initialize "${command b} cat config > /dev/null 2>&1 || ${command b} init\n";
    script = ''
      set -e
    ''
    + optionalString (saves b) ''
      list=$(mktemp)
      trap 'rm -f "$list"' EXIT
      printf '%s\n' ${escapeShellArgs (if b.paths == null then [ ] else b.paths)} > "$list"
      ${optionalString (b.dynamicFilesFrom != null) "( ${b.dynamicFilesFrom}\n) >> \"$list\""}
      ${command b} backup ${concatStringsSep " " b.extraBackupArgs} ${concatMapStrings (p: "--exclude=${escapeShellArg p} ") b.exclude}--files-from "$list"
    ''
    + optionalString (b.pruneOpts != [ ]) "${command b} forget --prune ${concatStringsSep " " b.pruneOpts}\n"
    + optionalString b.runCheck "${command b} check ${concatStringsSep " " b.checkOpts}\n";
    postStop = optionalString (b.backupCleanupCommand != null) b.backupCleanupCommand;
    serviceConfig = {
      Type = "oneshot";
      User = b.user;
      CacheDirectory = "restic-backups-${name}";
      CacheDirectoryMode = "0700";
      PrivateTmp = true;
    }
    // lib.optionalAttrs (b.environmentFile != null) { EnvironmentFile = b.environmentFile; };
  };

  wrapper = name: b: pkgs.writeScriptBin "restic-${name}" ''
    #!/bin/sh
    set -a
    ${optionalString (b.environmentFile != null) ". ${escapeShellArg b.environmentFile}"}
    ${concatStringsSep "\n" (lib.mapAttrsToList (key: value: "${key}=${escapeShellArg "${value}"}") (environment name b))}
    exec ${command b} "$@"
  '';
in
{
  options.services.restic.backups = mkOption {
    type = types.attrsOf (types.submodule backup);
    default = { };
    example = lib.literalExpression ''{ home = { paths = [ "/home" ]; repository = "/srv/backup"; passwordFile = "/etc/restic"; initialize = true; }; }'';
    description = "Regular backups by restic.";
  };

  config = {
    assertions = lib.mapAttrsToList (name: b: {
      assertion = b.rcloneConfig != null -> b.repository != null && lib.hasPrefix "rclone:" b.repository;
      message = "services.restic.backups.${name}: rcloneConfig is about the remote of a repository ‘rclone:REMOTE:PATH’.";
    }) cfg
    ++ lib.mapAttrsToList (name: b: {
      assertion = (b.repository == null) != (b.repositoryFile == null) || b.environmentFile != null;
      message = "services.restic.backups.${name}: exactly one of repository and repositoryFile is needed.";
    }) cfg;
    environment.systemPackages = lib.concatLists (lib.mapAttrsToList (name: b: [ b.package ] ++ lib.optional (usesRclone b) pkgs.rclone ++ lib.optional b.createWrapper (wrapper name b)) cfg);
    systemd.services = lib.mapAttrs' (name: b: lib.nameValuePair "restic-backups-${name}" (service name b)) cfg;
    systemd.timers = lib.mapAttrs' (name: b: lib.nameValuePair "restic-backups-${name}" {
      wantedBy = [ "timers.target" ];
      inherit (b) timerConfig;
    }) (lib.filterAttrs (_: b: b.timerConfig != null) cfg);
  };
}
