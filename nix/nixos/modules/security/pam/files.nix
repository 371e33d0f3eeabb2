# Writes /etc/pam.d and the files that its modules read, and declares the services that every machine has.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mapAttrs' mkDefault nameValuePair;
  cfg = config.security.pam;

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

  # Root is asked nothing, others for their password.
  rootOnly = "auth sufficient pam_rootok.so\nauth required pam_unix.so\naccount required pam_unix.so\npassword required pam_unix.so yescrypt\nsession required pam_unix.so\n";
  env = "session required pam_env.so conffile=/etc/pam/environment readenv=0\n";

  # Services that hardly anybody changes, as files of a package: the same for all systems, and below whatever is declared.
  # Declaring each of them here would cost every evaluation a thousand options.
  defaults = {
    # What has no file of its own is refused.
    other = denied;
    chsh = rootOnly;
    chfn = rootOnly;
    chpasswd = rootOnly;
    newusers = rootOnly;
    runuser = "auth sufficient pam_rootok.so\naccount required pam_unix.so\nsession required pam_unix.so\n";
    runuser-l = "auth sufficient pam_rootok.so\naccount required pam_unix.so\n" + env + "session required pam_unix.so\n";
    # What the packages' own files in /etc/pam.d include; the archive makes these in a maintainer script.
    common-auth = "auth sufficient pam_unix.so nullok try_first_pass\nauth required pam_deny.so\n";
    common-account = "account required pam_unix.so\n";
    common-password = "password required pam_unix.so obscure yescrypt\n";
    common-session = "session required pam_unix.so\n-session optional pam_systemd.so\n";
    common-session-noninteractive = "session required pam_unix.so\n";
  } // lib.genAttrs [ "groupadd" "groupdel" "groupmems" "groupmod" "useradd" "userdel" "usermod" ] (_: rootOnly);

  defaultsPackage = pkgs.runCommand "pam-defaults" { } ("mkdir -p $out/etc/pam.d\n" + lib.concatStrings (
    lib.mapAttrsToList (name: body: "printf '%s' ${lib.escapeShellArg body} > $out/etc/pam.d/${name}\n") defaults
  ));

  services = cfg.services // lib.optionalAttrs (!cfg.services ? su-l) {
    # util-linux asks for "su -" by another name.
    su-l = cfg.services.su // { name = "su-l"; };
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

    environment.systemPackages = [ pkgs.libpam-modules pkgs.libpam-modules-bin defaultsPackage ];

    environment.etc =
      mapAttrs' (name: service: nameValuePair "pam.d/${name}" { inherit (service) enable; text = service.fileText; }) services
      // lib.optionalAttrs (config.users.motd != null) { motd.text = config.users.motd; };

    security.pam.services = {
      login = { startSession = true; allowNullPassword = true; showMotd = true; updateWtmp = true; setLoginUid = mkDefault true; };
      su = { rootOK = true; };
      passwd = { };
      systemd-user = { setLoginUid = mkDefault true; startSession = true; };
    };
  };
}
