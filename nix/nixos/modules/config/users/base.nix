# Accounts that every system has. The rest of the archive's own (daemon, www-data, ...: package base-passwd's numbers)
# come from files of the systemd package (lib/sysusers.d/basic.conf) and need no declaration; see package-users.sh.
{ config, lib, ... }:

let
  inherit (lib) mkDefault;
  inherit (config.ids) gids uids;

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
    systemd-network = service "systemd Network Management" "systemd-network";
    systemd-resolve = service "systemd Resolver" "systemd-resolve";
    systemd-timesync = service "systemd Time Synchronization" "systemd-timesync";
  };

  users.groups =
    lib.genAttrs
      [
        "root" "wheel" "disk" "kmem" "tty" "floppy" "uucp" "lp" "cdrom" "tape" "audio" "video" "dialout" "nogroup" "users"
        "utmp" "adm" "input" "kvm" "render" "shadow" "www-data" "systemd-journal" "systemd-network" "systemd-resolve"
        "systemd-timesync"
      ]
      (name: { gid = mkDefault gids.${name}; });
}
