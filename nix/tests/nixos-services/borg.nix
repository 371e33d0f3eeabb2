# Backups by Borg, and dumps of MariaDB.
{ lib }:
let
  inherit (import ./support/eval.nix { inherit lib; }) configOf failures has service;
  job = settings: { services.borgbackup.jobs.home = { repo = "/srv/backup"; paths = "/home"; encryption.mode = "none"; } // settings; };
  unit = settings: service "borgbackup-job-home" (job settings);
  repo = settings: { services.borgbackup.repos.all = { authorizedKeys = [ "ssh-ed25519 AAAA" ]; } // settings; };
  keys = settings: (configOf (repo settings)).users.users.borg.openssh.authorizedKeys.keys;
  dumps = settings: { services.mysql.enable = true; services.mysqlBackup = { enable = true; databases = [ "shop" ]; } // settings; };
in
{
  "nothing of all this runs unless asked for" = {
    expr = builtins.filter (name: lib.hasPrefix "borg" name || lib.hasPrefix "mysql" name) (builtins.attrNames (configOf { }).systemd.services);
    expected = [ ];
  };
  "a job has a daily timer" = { expr = (configOf (job { })).systemd.timers.borgbackup-job-home.timerConfig.OnCalendar; expected = "daily"; };
  "or none" = { expr = (configOf (job { startAt = [ ]; })).systemd.timers ? borgbackup-job-home; expected = false; };
  "one path may be said as such" = { expr = has (unit { }).script "$archiveName$archiveSuffix\" /home"; expected = true; };
  "an archive is named after the machine and the job" = { expr = has (unit { }).script "archiveName=\"web-home-$(date"; expected = true; };
  "a repository is made unless told otherwise" = {
    expr = map (doInit: has (unit { inherit doInit; }).script "borgWrapper init") [ true false ];
    expected = [ true false ];
  };
  "old archives are removed only if asked for, and only this job's" = {
    expr = map (settings: has (unit settings).script "--keep-daily=7 \\\n  --glob-archives 'web-home*'") [ { } { prune.keep.daily = 7; } ];
    expected = [ false true ];
  };
  "the output of a program is saved" = { expr = has (unit { paths = null; dumpCommand = "/bin/dump"; }).script "/bin/dump | \\\n  borgWrapper create"; expected = true; };
  "paths and a program together are refused" = { expr = builtins.length (failures (job { dumpCommand = "/bin/dump"; })); expected = 1; };
  "encryption without a passphrase is refused" = { expr = builtins.length (failures (job { encryption.mode = "repokey"; })); expected = 1; };
  "a command for the passphrase" = {
    expr = (unit { encryption = { mode = "repokey"; passCommand = "cat /pw"; }; }).environment.BORG_PASSCOMMAND;
    expected = "cat /pw";
  };
  "a job may write to a repository that is here" = {
    expr = map (repo: (unit { inherit repo; }).serviceConfig.ReadWritePaths) [ "/srv/backup" "borg@there:." ];
    expected = let own = [ "/root/.config/borg" "/root/.cache/borg" ]; in [ (own ++ [ "/srv/backup" ]) own ];
  };
  "arguments may be a list" = { expr = (unit { extraCreateArgs = [ "--stats" "a b" ]; }).environment.extraCreateArgs; expected = "--stats 'a b'"; };

  "a key serves one repository" = {
    expr = keys { quota = "1G"; };
    expected = [ ''command="cd /var/lib/borgbackup && borg serve --restrict-to-repository . --storage-quota 1G",restrict ssh-ed25519 AAAA'' ];
  };
  "a key may be for adding alone" = { expr = has (builtins.head (keys { authorizedKeys = [ ]; authorizedKeysAppendOnly = [ "k" ]; })) "--append-only"; expected = true; };
  "a repository for nobody is refused" = { expr = builtins.length (failures (repo { authorizedKeys = [ ]; })); expected = 1; };

  "MariaDB: whoever dumps may read what is dumped" = {
    expr = (configOf (dumps { })).services.mysql.ensureUsers;
    expected = [ { name = "mysqlbackup"; ensurePermissions."shop.*" = "SELECT, SHOW VIEW, TRIGGER, LOCK TABLES"; } ];
  };
  "MariaDB: how dumps are compressed" = {
    expr = map (settings: has (service "mysql-backup" (dumps settings)).script "shop.zst\n") [ { } { compressionAlg = "zstd"; compressionLevel = 3; } ];
    expected = [ false true ];
  };
  "MariaDB: when" = { expr = (configOf (dumps { calendar = "02:00:00"; })).systemd.timers.mysql-backup.timerConfig.OnCalendar; expected = "02:00:00"; };
}
