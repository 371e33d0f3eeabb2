# Regular dumps of MariaDB's databases: services.mysqlBackup.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStringsSep escapeShellArg mkEnableOption mkIf mkOption optionalString types;
  cfg = config.services.mysqlBackup;

  level = optionalString (cfg.compressionLevel != null) " -${toString cfg.compressionLevel}";
  compress = {
    gzip = { command = "gzip -c ${cfg.gzipOptions}${level}"; suffix = ".gz"; package = pkgs.gzip; };
    zstd = { command = "zstd -c${level}"; suffix = ".zst"; package = pkgs.zstd; };
    xz = { command = "xz -c${level}"; suffix = ".xz"; package = pkgs.xz-utils; };
  }.${cfg.compressionAlg};

  # A dump that fails leaves the one before as it was, and the others are made nevertheless.
  dump = database: ''
    to=${escapeShellArg "${cfg.location}/${database}${compress.suffix}"}
    if mariadb-dump ${optionalString cfg.singleTransaction "--single-transaction "}${escapeShellArg database} | ${compress.command} > "$to.tmp"; then
      mv "$to.tmp" "$to"
      echo "Backed up to $to"
    else
      echo "Failed to back up to $to"
      rm -f "$to.tmp"
      failed="$failed "${escapeShellArg database}
    fi
  '';
in
{
  options.services.mysqlBackup = {
    enable = mkEnableOption "regular dumps of MariaDB's databases";
    calendar = mkOption { type = types.str; default = "01:15:00"; description = "When: see {manpage}`systemd.time(7)`."; };
    user = mkOption { type = types.str; default = "mysqlbackup"; description = "User who makes the dumps, on the machine and in the database."; };
    databases = mkOption { type = types.listOf types.str; default = [ ]; example = [ "shop" ]; description = "The databases that are dumped."; };
    location = mkOption { type = types.path; default = "/var/backup/mysql"; description = "Directory of the dumps."; };
    singleTransaction = mkOption { type = types.bool; default = false; description = "Whether a dump is made in one transaction, without locks."; };
    compressionAlg = mkOption { type = types.enum [ "gzip" "zstd" "xz" ]; default = "gzip"; description = "How dumps are compressed."; };
    compressionLevel = mkOption { type = types.nullOr types.int; default = null; description = "How much."; };
    gzipOptions = mkOption { type = types.str; default = "--no-name --rsyncable"; description = "Options of {manpage}`gzip(1)`."; };
  };

  config = mkIf cfg.enable {
    environment.systemPackages = [ compress.package pkgs.mariadb-client ];
    users.users = lib.optionalAttrs (cfg.user == "mysqlbackup") {
      mysqlbackup = { isSystemUser = true; home = cfg.location; group = "nogroup"; description = "Dumps of MariaDB"; };
    };
    services.mysql.ensureUsers = [
      {
        name = cfg.user;
        ensurePermissions = lib.listToAttrs (map (database: lib.nameValuePair "${database}.*" "SELECT, SHOW VIEW, TRIGGER, LOCK TABLES") cfg.databases);
      }
    ];
    systemd.tmpfiles.rules = [ "d ${cfg.location} 0700 ${cfg.user} - - -" ];
    systemd.timers.mysql-backup = {
      description = "Timer of the dumps of MariaDB";
      wantedBy = [ "timers.target" ];
      timerConfig = { OnCalendar = cfg.calendar; AccuracySec = "5m"; Unit = "mysql-backup.service"; };
    };
    systemd.services.mysql-backup = {
      description = "Dumps of MariaDB";
      serviceConfig = { Type = "oneshot"; User = cfg.user; };
      script = ''
        set -o pipefail
        failed=
        ${concatMapStringsSep "\n" dump cfg.databases}
        if [ -n "$failed" ]; then
          echo "Backup of database(s) failed:$failed"
          exit 1
        fi
      '';
    };
  };
}
