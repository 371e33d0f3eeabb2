# `ids.uids` and `ids.gids`: numbers that must be the same on every system.
#
# The first part is what packages of the Debian archive have built in (package base-passwd: users and groups below 100,
# 65534). The rest are static numbers that modules written for NixOS look up with `config.ids.uids.<name>`; only those
# that do not contradict the first part are listed, other services let the activation script choose a number.
{ lib, ... }:

let
  inherit (lib) mkOption types;

  # name = number of the user, and of the group of the same name
  both = {
    root = 0;
    daemon = 1;
    bin = 2;
    sys = 3;
    lp = 7;
    mail = 8;
    news = 9;
    uucp = 10;
    proxy = 13;
    www-data = 33;
    backup = 34;
    list = 38;
    irc = 39;
    nixbld = 30000;
  };
in
{
  options.ids = {
    uids = mkOption {
      type = types.attrsOf types.int;
      internal = true;
      description = "User numbers that never change.";
    };
    gids = mkOption {
      type = types.attrsOf types.int;
      internal = true;
      description = "Group numbers that never change.";
    };
  };

  config.ids = {
    uids = both // {
      sync = 4;
      games = 5;
      man = 6;
      _apt = 42;
      messagebus = 101;
      nginx = 60;
      postgres = 71;
      mysql = 84;
      redis = 96;
      nscd = 114;
      chrony = 61;
      systemd-network = 152;
      systemd-resolve = 153;
      systemd-timesync = 154;
      systemd-coredump = 151;
      nobody = 65534;
    };
    gids = both // {
      adm = 4;
      tty = 5;
      disk = 6;
      man = 12;
      kmem = 15;
      dialout = 20;
      fax = 21;
      voice = 22;
      cdrom = 24;
      floppy = 25;
      tape = 26;
      wheel = 997;
      sudo = 27;
      audio = 29;
      dip = 30;
      operator = 37;
      src = 40;
      messagebus = 101;
      shadow = 42;
      utmp = 43;
      video = 44;
      sasl = 45;
      plugdev = 46;
      staff = 50;
      games = 60;
      users = 100;
      postgres = 71;
      mysql = 84;
      nginx = 61;
      redis = 96;
      keys = 96 + 200;
      systemd-journal = 62;
      systemd-network = 152;
      systemd-resolve = 153;
      systemd-timesync = 154;
      systemd-coredump = 151;
      kvm = 302;
      render = 303;
      sgx = 304;
      input = 174;
      nogroup = 65534;
    };
  };
}
