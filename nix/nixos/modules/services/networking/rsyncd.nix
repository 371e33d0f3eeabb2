# The rsync daemon: services.rsyncd.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatStrings mapAttrsToList mkEnableOption mkIf mkOption optionalString types;
  cfg = config.services.rsyncd;

  atom = types.oneOf [ types.bool types.int types.str types.path ];
  value = v:
    if v == true then "yes" else if v == false then "no"
    else if builtins.isList v then lib.concatMapStringsSep " " toString v
    else toString v;
  lines = attributes: concatStrings (mapAttrsToList (name: v: "${name} = ${value v}\n") attributes);

  # Up to NixOS 24.11 sections stood beside one called `global`; since then below `sections`, beside `globalSection`.
  global = (cfg.settings.global or { }) // (cfg.settings.globalSection or { });
  sections = removeAttrs cfg.settings [ "global" "globalSection" "sections" ] // (cfg.settings.sections or { });
  file = pkgs.writeText "rsyncd.conf" (
    lines ({ "use chroot" = true; port = cfg.port; } // global)
    + concatStrings (mapAttrsToList (name: settings: "\n[${name}]\n${lines settings}") sections)
  );
in
{
  options.services.rsyncd = {
    enable = mkEnableOption "the rsync daemon";
    port = mkOption {
      type = types.port;
      default = 873;
      description = "The port that the daemon listens on.";
    };
    settings = mkOption {
      type = types.attrsOf (types.attrsOf (types.oneOf [ atom (types.listOf atom) (types.attrsOf (types.either atom (types.listOf atom))) ]));
      default = { };
      example = {
        globalSection = { uid = "nobody"; gid = "nogroup"; "max connections" = 4; };
        sections.backup = { path = "/srv/backup"; "read only" = false; comment = "backups"; };
      };
      description = "Settings of {manpage}`rsyncd.conf(5)`: `globalSection`, and below `sections` one set for each module.";
    };
  };

  config = mkIf cfg.enable {
    environment.systemPackages = [ pkgs.rsync ];
    environment.etc."rsyncd.conf".source = file;
    systemd.services.rsync = {
      description = "Fast remote file copy program daemon";
      documentation = [ "man:rsync(1)" "man:rsyncd.conf(5)" ];
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      aliases = [ "rsyncd.service" ];
      restartTriggers = [ file ];
      serviceConfig = {
        ExecStart = "${pkgs.rsync}/usr/bin/rsync --daemon --no-detach --config=${file}";
        RestartSec = 1;
        Restart = "on-failure";
        ProtectSystem = "full";
        PrivateDevices = true;
        NoNewPrivileges = true;
      };
    };
  };
}
