# users.users and users.groups: what the activation script is told, and which declarations are refused.
{ lib }:
let
  inherit (import ./support/eval.nix { inherit lib; }) configOf failuresWith has pkgs warnings;
  accounts = users: lib.splitString "\n" (configOf { inherit users; }).system.build.accounts;
  rows = kind: name: users: map (row: lib.drop 2 (lib.splitString "\t" (builtins.unsafeDiscardStringContext row))) (
    lib.filter (lib.hasPrefix "${kind}\t${name}\t") (accounts users)
  );
  alice = more: { users.alice = { isNormalUser = true; } // more; };
  system = more: { users.x = { isSystemUser = true; group = "x"; } // more; groups.x = { }; };
  failures = part: users: builtins.length (failuresWith part { inherit users; });
in
{
  "a normal user" = {
    expr = rows "user" "alice" (alice { description = "Alice"; });
    expected = [ [ "-" "users" "Alice" "/home/alice" "/bin/bash" "0" "700" "-" ] ];
  };
  "a system user cannot log in and has no home" = {
    expr = rows "user" "x" (system { });
    expected = [ [ "-" "x" "" "/var/empty" "/usr/sbin/nologin" "1" "-" "-" ] ];
  };
  "numbers, home, expiry" = {
    expr = rows "user" "x" (system { uid = 300; home = "/srv/x"; createHome = true; homeMode = "0750"; expires = "2030-01-02"; });
    expected = [ [ "300" "x" "" "/srv/x" "/usr/sbin/nologin" "1" "0750" "2030-01-02" ] ];
  };
  "a shell may be a package" = {
    expr = builtins.elemAt (builtins.head (rows "user" "alice" (alice { shell = pkgs.zsh; ignoreShellProgramCheck = true; }))) 4;
    expected = "/run/current-system/sw/bin/zsh";
  };
  "the package for no login" = { expr = builtins.elemAt (builtins.head (rows "user" "x" (system { shell = pkgs.passwd; }))) 4; expected = "/usr/sbin/nologin"; };
  "and is installed then" = {
    expr = builtins.elem "zsh" (map lib.getName (configOf { users = alice { shell = pkgs.zsh; }; }).environment.systemPackages);
    expected = true;
  };
  "so may everybody's shell, which is installed as well" = {
    expr =
      let users = { defaultUserShell = pkgs.zsh; users.alice.isNormalUser = true; };
      in [
        (map (name: builtins.elemAt (builtins.head (rows "user" name users)) 4) [ "root" "alice" ])
        (builtins.elem "zsh" (map lib.getName (configOf { inherit users; }).environment.systemPackages))
      ];
    expected = [ [ "/run/current-system/sw/bin/zsh" "/run/current-system/sw/bin/zsh" ] true ];
  };
  "null keeps the shell" = { expr = builtins.elemAt (builtins.head (rows "user" "x" (system { shell = null; }))) 4; expected = "-"; };
  "extraGroups make members" = {
    expr = builtins.elemAt (builtins.head (rows "group" "wheel" (alice { extraGroups = [ "wheel" ]; }))) 1;
    expected = "alice";
  };
  "members are named once" = {
    expr = rows "group" "g" (alice { extraGroups = [ "g" ]; } // { groups.g = { gid = 500; members = [ "alice" "bob" ]; }; });
    expected = [ [ "500" "alice,bob" ] ];
  };
  "a user who is switched off is nowhere" = {
    expr = [ (rows "user" "alice" (alice { enable = false; })) (rows "group" "wheel" (alice { enable = false; extraGroups = [ "wheel" ]; })) ];
    expected = [ [ ] [ [ "997" "" ] ] ];
  };
  "other names than attributes" = { expr = rows "user" "bob" (alice { name = "bob"; }) == [ ]; expected = false; };
  "the old names of the options" = {
    expr = (configOf { users.extraUsers.alice.isNormalUser = true; users.extraGroups.g = { }; }).users.users.alice.home;
    expected = "/home/alice";
  };
  "passwords: the file first, then the strongest of the others" = {
    expr = rows "password" "alice" (alice { hashedPasswordFile = "/f"; password = "p"; hashedPassword = "h"; initialPassword = "i"; });
    expected = [ [ "file" "/f" ] [ "plain" "p" ] ];
  };
  "a first password is marked as such" = {
    expr = rows "password" "alice" (alice { initialHashedPassword = "h"; });
    expected = [ [ "first-hashed" "h" ] ];
  };
  "with immutable users it is the only one" = {
    expr = rows "password" "alice" ({ mutableUsers = false; allowNoPasswordLogin = true; } // alice { initialPassword = "i"; });
    expected = [ [ "plain" "i" ] ];
  };
  "an empty hash is not no hash" = { expr = rows "password" "alice" (alice { hashedPassword = ""; }); expected = [ [ "hashed" "" ] ]; };
  "subordinate numbers" = {
    expr = rows "subuid" "x" (system { subUidRanges = [ { startUid = 100000; count = 65536; } ]; });
    expected = [ [ "100000" "65536" ] ];
  };
  "normal users get some by themselves" = { expr = builtins.elem "autosub\talice" (accounts (alice { })); expected = true; };
  "some accounts are always declared" = {
    expr = map (name: builtins.head (builtins.head (rows "user" name { }))) [ "root" "nobody" "systemd-network" ];
    expected = [ "0" "65534" "152" ];
  };
  "group numbers are the archive's" = {
    expr = map (name: builtins.head (builtins.head (rows "group" name { }))) [ "shadow" "nogroup" "www-data" "utmp" ];
    expected = [ "42" "65534" "33" "43" ];
  };

  "neither normal nor system is refused" = {
    expr = failures "Exactly one of users.users.x.isSystemUser and users.users.x.isNormalUser must be set." { users.x.group = "users"; };
    expected = 1;
  };
  "both is refused" = { expr = failures "Exactly one of" (alice { isSystemUser = true; }); expected = 1; };
  "a low number makes a system user" = { expr = failures "Exactly one of" { users.x = { uid = 300; group = "users"; }; }; expected = 0; };
  "no group is refused" = { expr = failures "users.users.x.group is unset" { users.x.isSystemUser = true; }; expected = 1; };
  "a group that does not exist is refused" = {
    expr = failures "The following users have a primary group that is undefined: x" { users.x = { isSystemUser = true; group = "y"; }; };
    expected = 1;
  };
  "one number for two is refused" = {
    expr = failures "UIDs and GIDs must be unique!" { users.x = { uid = 65534; group = "users"; isSystemUser = true; }; };
    expected = 1;
  };
  "unless that is wanted" = {
    expr = failures "UIDs and GIDs" { enforceIdUniqueness = false; users.x = { uid = 65534; isSystemUser = true; group = "users"; }; };
    expected = 0;
  };
  "a normal user has a number from 1000 on" = { expr = failures "uid set below 1000" (alice { uid = 999; }); expected = 1; };
  "odd names are refused" = { expr = failures ''The username "a b" is not valid'' (alice { name = "a b"; }); expected = 1; };
  "a hash with a colon is refused" = { expr = accounts (alice { hashedPassword = "a:b"; }); error = "users.users.alice.hashedPassword"; };
  "zsh as a shell wants programs.zsh" = { expr = failures "programs.zsh.enable" (alice { shell = pkgs.zsh; }); expected = 1; };
  "a name of 32 characters is an error" = {
    expr = accounts (alice { name = lib.concatStrings (lib.replicate 32 "a"); });
    error = "is longer than 31 characters which is not allowed!";
  };
  "a line break in a description is an error" = { expr = accounts (alice { description = "a\nb"; }); error = "users.users.alice.description"; };
  "two passwords are warned of" = {
    expr = builtins.length (lib.filter (text: has text "multiple of the options") (warnings { users = alice { password = "a"; hashedPassword = "$6$a$b"; }; }));
    expected = 1;
  };
  "a hash that is none is warned of" = {
    expr = builtins.length (lib.filter (text: has text "may be invalid") (warnings { users = alice { hashedPassword = "hunter2"; }; }));
    expected = 1;
  };
  "yescrypt, bcrypt and SHA-512 are hashes" = {
    expr = lib.concatMap (hash: lib.filter (text: has text "may be invalid") (warnings { users = alice { hashedPassword = hash; }; })) [
      "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7"
      "$2b$05$c92SVSfjeiCD6F2nAD6y0uBpJDjdRkt0EgeC4/31Rf2LUZbDRDE.O"
      "$6$rounds=5000$salt$hash"
    ];
    expected = [ ];
  };
  "sessions are kept where people log in" = {
    expr = map (users: (configOf { inherit users; }).services.logind.enable) [ { } (alice { }) (system { linger = true; }) ];
    expected = [ false true true ];
  };
}
