# Backups, servers of files and repositories, fail2ban, and what is accepted without effect.
{ lib }:
let
  inherit (import ./support/eval.nix { inherit lib; }) configOf etc failures hasLine service;
  units = module: (configOf module).systemd.services;
  timers = module: (configOf module).systemd.timers;
  restic = settings: { services.restic.backups.home = { repository = "/srv/backup"; passwordFile = "/etc/pw"; } // settings; };
  dumps = settings: { services.postgresql.enable = true; services.postgresqlBackup = { enable = true; } // settings; };
  banned = settings: { services.fail2ban = { enable = true; } // settings; };
  rsync = settings: (configOf { services.rsyncd = { enable = true; inherit settings; }; }).environment.etc."rsyncd.conf".source.text;
in
{
  "nothing of all this runs unless asked for" = {
    expr = builtins.filter (name: (units { }) ? ${name}) [ "fail2ban" "rsync" "syncthing" "git-daemon" "postgresqlBackup" ];
    expected = [ ];
  };

  "restic: a backup has a service and a daily timer" = {
    expr = (timers (restic { paths = [ "/home" ]; })).restic-backups-home.timerConfig.OnCalendar;
    expected = "daily";
  };
  "restic: without a timer it is never run by itself" = {
    expr = (timers (restic { timerConfig = null; })) ? restic-backups-home;
    expected = false;
  };
  "restic: rclone is told by variables, and is there" = {
    expr =
      let
        module = restic { repository = "rclone:far:/x"; rcloneOptions = { drive-use-trash = true; bwlimit = "10M"; }; rcloneConfig = { type = "b2"; hard_delete = true; }; rcloneConfigFile = "/run/rclone.conf"; };
      in
      [
        (lib.filterAttrs (name: _: lib.hasPrefix "RCLONE_" name) (service "restic-backups-home" module).environment)
        (builtins.elem "rclone" (map lib.getName (configOf module).environment.systemPackages))
        (failures module)
      ];
    expected = [
      { RCLONE_BWLIMIT = "10M"; RCLONE_CONFIG = "/run/rclone.conf"; RCLONE_CONFIG_FAR_HARD_DELETE = "true"; RCLONE_CONFIG_FAR_TYPE = "b2"; RCLONE_DRIVE_USE_TRASH = "true"; }
      true
      [ ]
    ];
  };
  "restic: settings of a remote need a remote" = {
    expr = map (lib.hasInfix "rcloneConfig is about the remote") (failures (restic { rcloneConfig.type = "b2"; }));
    expected = [ true ];
  };
  "restic: without rclone there is nothing of it" = {
    expr = builtins.elem "rclone" (map lib.getName (configOf (restic { })).environment.systemPackages);
    expected = false;
  };
  "restic: a repository is made only if asked for" = {
    expr = map (initialize: lib.hasInfix "restic init" (service "restic-backups-home" (restic { inherit initialize; })).preStart) [ true false ];
    expected = [ true false ];
  };
  "restic: what is left out, and what is kept" = {
    expr =
      let script = (service "restic-backups-home" (restic { paths = [ "/home" ]; exclude = [ "*.o" ]; pruneOpts = [ "--keep-daily 7" ]; })).script;
      in map (part: lib.hasInfix part script) [ "--exclude='*.o'" "forget --prune --keep-daily 7" "restic check" ];
    expected = [ true true true ];
  };
  "restic: a backup without a repository is refused" = {
    expr = builtins.length (failures { services.restic.backups.home.passwordFile = "/etc/pw"; });
    expected = 1;
  };

  "dumps: all databases go into one file" = { expr = (units (dumps { })) ? postgresqlBackup; expected = true; };
  "dumps: named databases have units of their own" = {
    expr = map (name: (units (dumps { databases = [ "shop" ]; })) ? ${name}) [ "postgresqlBackup" "postgresqlBackup-shop" ];
    expected = [ false true ];
  };
  "dumps: all and named ones are refused together" = {
    expr = builtins.length (failures (dumps { databases = [ "shop" ]; backupAll = true; }));
    expected = 1;
  };
  "dumps without the database are refused" = {
    expr = failures { services.postgresqlBackup.enable = true; };
    expected = [ "services.postgresqlBackup needs services.postgresql.enable." ];
  };

  "rsync: modules are sections" = {
    expr = hasLine (rsync { globalSection.uid = "nobody"; sections.www = { path = "/srv/www"; "read only" = false; }; }) "read only = no";
    expected = true;
  };
  "rsync: the older shape of its settings means the same" = {
    expr = rsync { global.uid = "nobody"; www.path = "/srv/www"; } == rsync { globalSection.uid = "nobody"; sections.www.path = "/srv/www"; };
    expected = true;
  };

  "Syncthing opens its ports if asked for" = {
    expr = (configOf { services.syncthing = { enable = true; openDefaultPorts = true; }; }).networking.firewall.allowedUDPPorts;
    expected = [ 21027 22000 ];
  };
  "the Git daemon serves what is named" = {
    expr = lib.hasInfix "--export-all" (service "git-daemon" { services.gitDaemon = { enable = true; exportAll = true; }; }).script;
    expected = true;
  };

  "fail2ban watches nothing by itself without an SSH server" = {
    expr = hasLine (etc "fail2ban/jail.local" (banned { })) "[sshd]";
    expected = false;
  };
  "fail2ban watches the ports of the SSH server" = {
    expr = hasLine (etc "fail2ban/jail.local" { services = { fail2ban.enable = true; openssh = { enable = true; ports = [ 22 2222 ]; }; }; }) "port = 22,2222";
    expected = true;
  };
  "fail2ban never locks its own machine out" = {
    expr = hasLine (etc "fail2ban/jail.local" (banned { ignoreIP = [ "192.0.2.0/24" ]; })) "ignoreip = 127.0.0.1/8 ::1 192.0.2.0/24";
    expected = true;
  };
  "fail2ban: a filter of one's own" = {
    expr = hasLine (etc "fail2ban/filter.d/mine.local" (banned { jails.mine.filter.Definition.failregex = "bad <HOST>"; })) "failregex = bad <HOST>";
    expected = true;
  };
  "fail2ban: a jail as text" = {
    expr = hasLine (etc "fail2ban/jail.local" (banned { jails.mine = "port = 99"; })) "port = 99";
    expected = true;
  };

  "what is accepted but missed is said" = {
    expr = map (lib.hasPrefix "virtualisation.docker.enable has no effect") (configOf { virtualisation.docker.enable = true; }).warnings;
    expected = [ true ];
  };
  "hardware is not" = { expr = (configOf { services.fstrim.enable = true; boot.loader.grub.enable = true; }).warnings; expected = [ ]; };
}
