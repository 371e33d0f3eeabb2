# Accounts that every system has: those the archive's packages take for granted (package base-passwd, with its
# numbers), and those of systemd.
{ config, lib, ... }:

let
  inherit (lib) mkDefault;
  inherit (config.ids) gids uids;

  # Owners of old, with nothing to log in to: name -> home.
  classic = {
    daemon = "/usr/sbin";
    bin = "/bin";
    sys = "/dev";
    man = "/var/cache/man";
    lp = "/var/spool/lpd";
    mail = "/var/mail";
    www-data = "/var/www";
    backup = "/var/backups";
  };
  service = description: name: {
    uid = mkDefault uids.${name};
    group = mkDefault name;
    isSystemUser = mkDefault true;
    description = mkDefault description;
  };
in
{
  users.users = {
    root = {
      uid = uids.root;
      description = "System administrator";
      home = "/root";
      shell = mkDefault config.users.defaultUserShell;
      group = "root";
    };
    nobody = {
      uid = uids.nobody;
      isSystemUser = true;
      description = "Unprivileged account (don't use!)";
      group = "nogroup";
    };
    _apt = {
      uid = mkDefault uids._apt;
      isSystemUser = mkDefault true;
      group = mkDefault "nogroup";
      home = mkDefault "/nonexistent";
    };
    systemd-network = service "systemd Network Management" "systemd-network";
    systemd-resolve = service "systemd Resolver" "systemd-resolve";
    systemd-timesync = service "systemd Time Synchronization" "systemd-timesync";
  }
  // builtins.mapAttrs (name: home: {
    uid = mkDefault uids.${name};
    group = mkDefault name;
    isSystemUser = mkDefault true;
    home = mkDefault home;
  }) classic;

  users.groups =
    lib.genAttrs
      [
        "root" "daemon" "bin" "sys" "adm" "tty" "disk" "lp" "mail" "man" "kmem" "dialout" "cdrom" "floppy" "tape" "audio"
        "www-data" "backup" "shadow" "utmp" "video" "staff" "users" "nogroup" "wheel" "uucp" "input" "kvm" "render"
        "systemd-journal" "systemd-network" "systemd-resolve" "systemd-timesync"
      ]
      (name: { gid = mkDefault gids.${name}; });
}
