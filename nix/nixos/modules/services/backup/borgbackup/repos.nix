# Repositories that other machines save to by SSH: services.borgbackup.repos.
{ config, lib, pkgs, ... }:

let
  inherit (lib) escapeShellArg mapAttrs' mapAttrsToList mkOption nameValuePair optionalString types;
  inherit (config.services.borgbackup) repos package;

  keys = description: mkOption { type = types.listOf types.str; default = [ ]; inherit description; };
  repo = {
    options = {
      path = mkOption { type = types.path; default = "/var/lib/borgbackup"; description = "Directory of the repository."; };
      user = mkOption { type = types.str; default = "borg"; description = "User that others log in as."; };
      group = mkOption { type = types.str; default = "borg"; description = "Group of that user."; };
      authorizedKeys = keys "SSH keys that may do everything with this repository, and nothing else.";
      authorizedKeysAppendOnly = keys "SSH keys that may only add archives.";
      allowSubRepos = mkOption { type = types.bool; default = false; description = "Whether repositories may be made below the directory."; };
      quota = mkOption { type = types.nullOr (types.strMatching "[[:digit:].]+[KMGTP]?"); default = null; example = "100G"; description = "How large each repository may become."; };
    };
  };

  # From the directory, so that clients need not know its path.
  authorized = cfg: appendOnly: key:
    "command=\"cd ${escapeShellArg (toString cfg.path)} && borg serve --restrict-to-${if cfg.allowSubRepos then "path" else "repository"} ."
    + "${optionalString appendOnly " --append-only"}${optionalString (cfg.quota != null) " --storage-quota ${cfg.quota}"}\",restrict ${key}";
in
{
  options.services.borgbackup.repos = mkOption {
    type = types.attrsOf (types.submodule repo);
    default = { };
    description = "Repositories for other machines, which name them as `borg@machine:.`.";
  };

  config = lib.mkIf (repos != { }) {
    assertions = mapAttrsToList (name: cfg: {
      assertion = cfg.authorizedKeys != [ ] || cfg.authorizedKeysAppendOnly != [ ];
      message = "borgbackup.repos.${name} does not make sense without at least one public key";
    }) repos;
    environment.systemPackages = [ package ];
    users = lib.mkMerge (mapAttrsToList (_: cfg: {
      users.${cfg.user} = {
        isSystemUser = true;
        useDefaultShell = true;
        group = cfg.group;
        openssh.authorizedKeys.keys = map (authorized cfg false) cfg.authorizedKeys ++ map (authorized cfg true) cfg.authorizedKeysAppendOnly;
      };
      groups.${cfg.group} = { };
    }) repos);
    systemd.services = mapAttrs' (name: cfg: nameValuePair "borgbackup-repo-${name}" {
      description = "Create BorgBackup repository ${name} directory";
      wantedBy = [ "multi-user.target" ];
      serviceConfig.Type = "oneshot";
      script = ''
        mkdir -p ${escapeShellArg (toString cfg.path)}
        chown ${cfg.user}:${cfg.group} ${escapeShellArg (toString cfg.path)}
      '';
    }) repos;
  };
}
