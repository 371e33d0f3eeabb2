# Regular dumps of PostgreSQL's databases: services.postgresqlBackup.
{ config, lib, pkgs, ... }:

let
  inherit (lib) escapeShellArg mkEnableOption mkIf mkOption types;
  cfg = config.services.postgresqlBackup;

  compress = {
    none = { program = "cat"; suffix = ""; level = ""; packages = [ ]; };
    gzip = { program = "gzip -c"; suffix = ".gz"; packages = [ pkgs.gzip ]; };
    zstd = { program = "zstd -c"; suffix = ".zst"; packages = [ pkgs.zstd ]; };
  }.${cfg.compression};
  level = lib.optionalString (cfg.compression != "none") " -${toString cfg.compressionLevel}";

  # The dump before is kept as NAME.prev, and a dump that fails leaves both as they were.
  job = name: command: {
    description = "Backup of ${name} databases";
    requires = [ "postgresql.target" ];
    after = [ "postgresql.target" ];
    inherit (cfg) startAt;
    script = ''
      set -e -o pipefail
      umask 0077
      to=${escapeShellArg "${cfg.location}/${name}.sql${compress.suffix}"}
      before=${escapeShellArg "${cfg.location}/${name}.prev.sql${compress.suffix}"}
      ${command} | ${compress.program}${level} > "$to.part"
      if [ -e "$to" ]; then mv "$to" "$before"; fi
      mv "$to.part" "$to"
    '';
    serviceConfig = { Type = "oneshot"; User = "postgres"; };
  };
in
{
  options.services.postgresqlBackup = {
    enable = mkEnableOption "regular dumps of PostgreSQL's databases";
    startAt = mkOption {
      type = types.either types.str (types.listOf types.str);
      default = "*-*-* 01:15:00";
      description = "When: see {manpage}`systemd.time(7)`.";
    };
    databases = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "shop" ];
      description = "The databases that are dumped.";
    };
    backupAll = mkOption {
      type = types.bool;
      default = cfg.databases == [ ];
      defaultText = lib.literalExpression "config.services.postgresqlBackup.databases == [ ]";
      description = "Whether all databases are dumped, into one file.";
    };
    location = mkOption {
      type = types.path;
      default = "/var/backup/postgresql";
      description = "Directory of the dumps.";
    };
    pgdumpOptions = mkOption {
      type = types.separatedString " ";
      default = "-C";
      description = "Options of {manpage}`pg_dump(1)`.";
    };
    compression = mkOption {
      type = types.enum [ "none" "gzip" "zstd" ];
      default = "gzip";
      description = "How dumps are compressed.";
    };
    compressionLevel = mkOption {
      type = types.ints.between 1 19;
      default = 6;
      description = "How much.";
    };
  };

  config = mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.backupAll -> cfg.databases == [ ];
        message = "services.postgresqlBackup: backupAll dumps all databases; either that or databases.";
      }
      {
        assertion = config.services.postgresql.enable;
        message = "services.postgresqlBackup needs services.postgresql.enable.";
      }
    ];
    environment.systemPackages = compress.packages;
    systemd.tmpfiles.rules = [ "d '${cfg.location}' 0700 postgres - - -" ];
    systemd.services =
      if cfg.backupAll then { postgresqlBackup = job "all" "pg_dumpall"; }
      else lib.listToAttrs (map (database: lib.nameValuePair "postgresqlBackup-${database}"
        (job database "pg_dump ${cfg.pgdumpOptions} ${escapeShellArg database}")) cfg.databases);
  };
}
