# Writes /etc/pam.d and the files that its modules read, and declares the services that every machine has.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mapAttrs' mkDefault nameValuePair;
  cfg = config.security.pam;

  limitsFile = limits: pkgs.writeText "limits.conf" (
    lib.concatMapStrings ({ domain, type, item, value, ... }: "${domain} ${type} ${item} ${toString value}\n") limits
  );

  motdFile =
    if config.users.motdFile != null then config.users.motdFile
    else if config.users.motd != null then "/etc/motd"
    else null;

  text = import ./rules.nix {
    inherit lib limitsFile motdFile;
    inherit (cfg) makeHomeDir;
    isContainer = config.boot.isContainer;
  };

  denied = ''
    auth required pam_warn.so
    auth required pam_deny.so
    account required pam_warn.so
    account required pam_deny.so
    password required pam_warn.so
    password required pam_deny.so
    session required pam_warn.so
    session required pam_deny.so
  '';

  # Changing accounts as root asks nothing.
  rootOnly = lib.genAttrs [ "chpasswd" "groupadd" "groupdel" "groupmems" "groupmod" "useradd" "userdel" "usermod" ]
    (_: "auth sufficient pam_rootok.so\nauth required pam_unix.so\naccount required pam_unix.so\npassword required pam_unix.so yescrypt\n");

  # What the packages' own files in /etc/pam.d include; the archive makes these in a maintainer script.
  common = {
    common-auth = "auth sufficient pam_unix.so nullok try_first_pass\nauth required pam_deny.so\n";
    common-account = "account required pam_unix.so\n";
    common-password = "password required pam_unix.so obscure yescrypt\n";
    common-session = "session required pam_unix.so\n-session optional pam_systemd.so\n";
    common-session-noninteractive = "session required pam_unix.so\n";
  };
in
{
  config = {
    assertions = [
      {
        assertion = config.users.motd == null || config.users.motdFile == null;
        message = "Only one of users.motd and users.motdFile can be set.";
      }
    ];

    environment.systemPackages = [ pkgs.libpam-modules pkgs.libpam-modules-bin ];

    # A service that somebody declares replaces the fixed text of the same name.
    environment.etc =
      lib.mapAttrs' (name: body: nameValuePair "pam.d/${name}" { text = mkDefault body; }) (rootOnly // common)
      // mapAttrs' (name: service: nameValuePair "pam.d/${name}" { inherit (service) enable; text = text service; }) cfg.services
      // lib.optionalAttrs (config.users.motd != null) { motd.text = config.users.motd; };

    security.pam.services = {
      # What has no file of its own is refused.
      other.text = mkDefault denied;
      login = { startSession = true; allowNullPassword = true; showMotd = true; updateWtmp = true; setLoginUid = mkDefault true; };
      su = { rootOK = true; };
      # "su -" is "su" here; the file exists for util-linux, which asks for it by name.
      su-l = { rootOK = true; };
      passwd = { };
      chsh = { rootOK = true; };
      chfn = { rootOK = true; };
      runuser = { rootOK = true; unixAuth = false; setEnvironment = false; };
      runuser-l = { rootOK = true; unixAuth = false; };
      systemd-user = { setLoginUid = mkDefault true; startSession = true; };
    };
  };
}
