# The options of services.borgbackup.jobs.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkOption types;
  inherit (config.networking) hostName;

  maybe = type: description: mkOption { type = types.nullOr type; default = null; inherit description; };
  yes = default: description: mkOption { type = types.bool; inherit default description; };
  hook = description: mkOption { type = types.lines; default = ""; inherit description; };
  words = description: mkOption { type = types.listOf types.str; default = [ ]; inherit description; };
  arguments = of: mkOption {
    type = types.coercedTo (types.listOf types.str) lib.escapeShellArgs types.str;
    default = [ ];
    description = "Further arguments of ${of}; hooks may change the variable of this name.";
  };

  job = { name, config, ... }: {
    options = {
      paths = maybe (types.coercedTo types.str lib.singleton (types.listOf types.str)) "What is saved." // { example = [ "/home" ]; };
      dumpCommand = maybe types.path "Program whose output is saved, instead of paths.";
      repo = mkOption { type = types.str; example = "user@machine:/path/to/repo"; description = "The repository, here or on another machine."; };
      removableDevice = yes false "Whether the repository's directory is not made, because it comes with a medium.";
      archiveBaseName = mkOption {
        type = types.nullOr (types.strMatching "[^/{}]+");
        default = "${hostName}-${name}";
        defaultText = lib.literalExpression ''"''${config.networking.hostName}-<name>"'';
        description = "Beginning of the archives' names; the time follows.";
      };
      dateFormat = mkOption { type = types.str; default = "+%Y-%m-%dT%H:%M:%S"; example = "-u +%s"; description = "How the time in an archive's name is written: arguments of {manpage}`date(1)`."; };
      startAt = mkOption {
        type = types.either types.str (types.listOf types.str);
        default = "daily";
        description = "When: see {manpage}`systemd.time(7)`; an empty list for never by itself.";
      };
      persistentTimer = yes false "Whether a backup that was missed is made up for.";
      inhibitsSleep = yes false "Accepted for compatibility, without effect in a container.";
      user = mkOption { type = types.str; default = "root"; description = "User that Borg runs as."; };
      group = mkOption { type = types.str; default = "root"; description = "Group that Borg runs as."; };
      encryption = {
        mode = mkOption {
          type = types.enum [ "repokey" "keyfile" "repokey-blake2" "keyfile-blake2" "authenticated" "authenticated-blake2" "none" ];
          example = "repokey-blake2";
          description = "How the repository is encrypted.";
        };
        passCommand = maybe types.str "Command that prints the passphrase." // { example = "cat /path/to/passphrase_file"; };
        passphrase = maybe types.str "The passphrase; readable in the store.";
      };
      compression = mkOption {
        type = types.strMatching "none|(auto,)?(lz4|zstd|zlib|lzma)(,[[:digit:]]{1,2})?";
        default = "lz4";
        example = "auto,lzma";
        description = "How archives are compressed.";
      };
      exclude = words "Patterns of what is left out." // { example = [ "/home/*/.cache" ]; };
      patterns = words "Patterns of what is saved (`+`) and left out (`-`); the first that matches counts." // { example = [ "+ /home/susan" "- /home/*" ]; };
      readWritePaths = mkOption { type = types.listOf types.path; default = [ ]; description = "What hooks may write to, besides the repository and Borg's own directories."; };
      privateTmp = yes true "Whether the job has a {file}`/tmp` of its own.";
      failOnWarnings = yes true "Whether a warning of Borg's, as about a file that changed, is a failure.";
      doInit = yes true "Whether the repository is made if it is not there.";
      appendFailedSuffix = yes true "Whether an archive is called `NAME.failed` until it is complete.";
      prune.keep = mkOption {
        type = types.attrsOf (types.either types.int (types.strMatching "[[:digit:]]+[Hdwmy]"));
        default = { };
        example = { within = "1d"; daily = 7; weekly = 4; monthly = -1; };
        description = "Which archives are kept; empty for all.";
      };
      prune.prefix = mkOption {
        type = types.nullOr types.str;
        default = config.archiveBaseName;
        defaultText = lib.literalExpression "archiveBaseName";
        description = "Beginning of the names of archives that may be removed; `null` for all.";
      };
      environment = mkOption { type = types.attrsOf types.str; default = { }; example = { BORG_RSH = "ssh -i /path/to/key"; }; description = "Environment variables."; };
      preHook = hook "Commands that run before.";
      postInit = hook "Commands that run after the repository was made.";
      postCreate = hook "Commands that run after the archive was made; its name is in `$archiveName`.";
      postPrune = hook "Commands that run after old archives were removed.";
      postHook = hook "Commands that run at the end, also of a failure; `$exitStatus` tells.";
      extraArgs = arguments "every call of Borg's";
      extraInitArgs = arguments "`borg init`";
      extraCreateArgs = arguments "`borg create`";
      extraPruneArgs = arguments "`borg prune`";
      extraCompactArgs = arguments "`borg compact`";
    };
  };
in
{
  options.services.borgbackup = {
    package = mkOption { type = types.package; default = pkgs.borgbackup; defaultText = lib.literalExpression "pkgs.borgbackup"; description = "The package of Borg."; };
    jobs = mkOption {
      type = types.attrsOf (types.submodule job);
      default = { };
      example = lib.literalExpression ''{ home = { paths = [ "/home" ]; repo = "/srv/backup"; encryption.mode = "none"; prune.keep.daily = 7; }; }'';
      description = "Regular backups by Borg. `borg-job-NAME` is a command with the repository and the passphrase set.";
    };
  };
}
