# Backups by Borg, each with a timer of its own: services.borgbackup.jobs.
{ config, lib, pkgs, ... }:

let
  inherit (lib) escapeShellArg escapeShellArgs mapAttrs' mapAttrsToList nameValuePair optional optionalString;
  inherit (config.services.borgbackup) jobs package;

  isLocal = repo: lib.hasPrefix "/" repo || lib.hasPrefix "." repo || builtins.match ".*:.*" repo == null;
  homeOf = job: config.users.users.${job.user}.home;
  lines = name: list: pkgs.writeText name (lib.concatMapStrings (line: line + "\n") list);

  environment = { repo, encryption, environment, ... }:
    { BORG_REPO = repo; }
    // (
      if encryption.passCommand != null then { BORG_PASSCOMMAND = encryption.passCommand; }
      else lib.optionalAttrs (encryption.passphrase != null) { BORG_PASSPHRASE = encryption.passphrase; }
    )
    // environment;

  # Names of variables and of the function are NixOS's: hooks use them.
  script = job: ''
    on_exit() {
      exitStatus=$?
      ${job.postHook}
      exit $exitStatus
    }
    trap on_exit EXIT

    borgWrapper() {
      local result
      borg "$@" && result=$? || result=$?
      ${optionalString (!job.failOnWarnings) ''
        if [ "$result" = 1 ]; then echo "ignoring warning return value 1"; return 0; fi
      ''}
      return "$result"
    }

    archiveName="${optionalString (job.archiveBaseName != null) "${job.archiveBaseName}-"}$(date ${job.dateFormat})"
    archiveSuffix="${optionalString job.appendFailedSuffix ".failed"}"
    ${job.preHook}
  ''
  + optionalString job.doInit ''
    if ! borgWrapper list $extraArgs > /dev/null; then
      borgWrapper init $extraArgs --encryption ${job.encryption.mode} $extraInitArgs
      ${job.postInit}
    fi
  ''
  + ''
    (
      set -o pipefail
      ${optionalString (job.dumpCommand != null) "${escapeShellArg (toString job.dumpCommand)} | \\"}
      borgWrapper create $extraArgs --compression ${job.compression} \
        --exclude-from ${lines "excluded" job.exclude} --patterns-from ${lines "patterns" job.patterns} \
        $extraCreateArgs "::$archiveName$archiveSuffix" ${if job.paths == null then "-" else escapeShellArgs job.paths}
    )
    ${optionalString job.appendFailedSuffix ''borgWrapper rename $extraArgs "::$archiveName$archiveSuffix" "$archiveName"''}
    ${job.postCreate}
  ''
  + optionalString (job.prune.keep != { }) ''
    borgWrapper prune $extraArgs ${lib.concatStringsSep " " (mapAttrsToList (what: count: "--keep-${what}=${toString count}") job.prune.keep)} \
      ${optionalString (job.prune.prefix != null) "--glob-archives ${escapeShellArg "${job.prune.prefix}*"}"} $extraPruneArgs
    borgWrapper compact $extraArgs $extraCompactArgs
    ${job.postPrune}
  '';

  service = name: job: nameValuePair "borgbackup-job-${name}" {
    description = "BorgBackup job ${name}";
    path = [ package pkgs.openssh-client ];
    script = script job;
    environment = environment job // { inherit (job) extraArgs extraInitArgs extraCreateArgs extraPruneArgs extraCompactArgs; };
    unitConfig = lib.optionalAttrs (isLocal job.repo) { RequiresMountsFor = [ job.repo ]; };
    restartIfChanged = false;
    serviceConfig = {
      User = job.user;
      Group = job.group;
      # Only what nobody else wants of processor and disk.
      CPUSchedulingPolicy = "idle";
      IOSchedulingClass = "idle";
      ProtectSystem = "strict";
      ReadWritePaths = [ "${homeOf job}/.config/borg" "${homeOf job}/.cache/borg" ] ++ job.readWritePaths ++ optional (isLocal job.repo) job.repo;
      PrivateTmp = job.privateTmp;
    };
  };

  timer = name: job: nameValuePair "borgbackup-job-${name}" {
    description = "Timer of BorgBackup job ${name}";
    wantedBy = [ "timers.target" ];
    timerConfig = { Persistent = job.persistentTimer; OnCalendar = job.startAt; };
    after = optional (job.persistentTimer && !isLocal job.repo) "network-online.target";
    wants = optional (job.persistentTimer && !isLocal job.repo) "network-online.target";
  };

  # What the service may write to has to be there before it starts.
  directories = name: job:
    let own = { d = { inherit (job) user group; }; };
    in nameValuePair "borgbackup-job-${name}" (
      lib.genAttrs (map (directory: homeOf job + directory) [ "/.config" "/.cache" "/.config/borg" "/.cache/borg" ]) (_: own)
      // lib.optionalAttrs (isLocal job.repo && !job.removableDevice) { ${job.repo} = own; }
    );

  wrapper = name: job: pkgs.writeScriptBin "borg-job-${name}" ''
    #!/bin/sh
    ${lib.concatStringsSep "\n" (mapAttrsToList (key: value: "export ${key}=${escapeShellArg value}") (environment job))}
    exec ${package}/usr/bin/borg "$@"
  '';
in
{
  config = lib.mkIf (jobs != { }) {
    assertions = lib.concatLists (mapAttrsToList (name: job: [
      {
        assertion = job.encryption.mode != "none" -> job.encryption.passCommand != null || job.encryption.passphrase != null;
        message = ''passCommand or passphrase has to be specified because borgbackup.jobs.${name}.encryption != "none"'';
      }
      {
        assertion = (job.dumpCommand == null) != (job.paths == null);
        message = "Exactly one of borgbackup.jobs.${name}.paths or borgbackup.jobs.${name}.dumpCommand must be set.";
      }
      {
        assertion = job.removableDevice -> isLocal job.repo;
        message = "borgbackup.jobs.${name}: repo isn't a local path, thus it can't be a removable device!";
      }
    ]) jobs);
    environment.systemPackages = [ package ] ++ mapAttrsToList wrapper jobs;
    systemd.tmpfiles.settings = mapAttrs' directories jobs;
    systemd.services = mapAttrs' service jobs;
    systemd.timers = mapAttrs' timer (lib.filterAttrs (_: job: job.startAt != [ ]) jobs);
  };
}
