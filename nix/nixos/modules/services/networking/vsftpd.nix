# The FTP server vsftpd: services.vsftpd.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatStrings mapAttrsToList mkEnableOption mkIf mkOption optionalString types;
  cfg = config.services.vsftpd;
  yes = value: if value then "YES" else "NO";

  # Switches that have the same meaning in the configuration file, under its spelling.
  switches = {
    allowWriteableChroot = [ "allow_writeable_chroot" false "Whether a user's root may be writable." ];
    anonymousMkdirEnable = [ "anon_mkdir_write_enable" false "Whether anonymous users may make directories." ];
    anonymousUploadEnable = [ "anon_upload_enable" false "Whether anonymous users may upload." ];
    anonymousUser = [ "anonymous_enable" false "Whether anonymous users may log in." ];
    anonymousUserNoPassword = [ "no_anon_password" false "Whether anonymous users are not asked for a password." ];
    chrootlocalUser = [ "chroot_local_user" false "Whether local users see only their home directories." ];
    forceLocalDataSSL = [ "force_local_data_ssl" false "Whether local users' data must be encrypted." ];
    forceLocalLoginsSSL = [ "force_local_logins_ssl" false "Whether local users' logins must be encrypted." ];
    localUsers = [ "local_enable" false "Whether local users may log in." ];
    portPromiscuous = [ "port_promiscuous" false "Whether data may go to another address than the client's." ];
    ssl_sslv2 = [ "ssl_sslv2" false "Whether SSL 2 is allowed." ];
    ssl_sslv3 = [ "ssl_sslv3" false "Whether SSL 3 is allowed." ];
    ssl_tlsv1 = [ "ssl_tlsv1" true "Whether TLS is allowed." ];
    userlistDeny = [ "userlist_deny" false "Whether the users of userlist are those who may not log in." ];
    virtualUseLocalPrivs = [ "virtual_use_local_privs" false "Whether virtual users have the rights of local ones." ];
    writeEnable = [ "write_enable" false "Whether anything may be written." ];
  };

  file = pkgs.writeText "vsftpd.conf" ''
    ${concatStrings (mapAttrsToList (name: row: "${builtins.elemAt row 0}=${yes cfg.${name}}\n") switches)}background=NO
    listen=NO
    listen_ipv6=YES
    nopriv_user=vsftpd
    secure_chroot_dir=/run/vsftpd/empty
    pam_service_name=vsftpd
    syslog_enable=YES
    # The sandbox wants namespaces and system call filters that a guest in a user namespace may not have.
    seccomp_sandbox=NO
    isolate=NO
    isolate_network=NO
    ${optionalString (cfg.rsaCertFile != null) "ssl_enable=YES\nrsa_cert_file=${toString cfg.rsaCertFile}"}
    ${optionalString (cfg.rsaKeyFile != null) "rsa_private_key_file=${toString cfg.rsaKeyFile}"}
    ${optionalString cfg.userlistEnable "userlist_enable=YES\nuserlist_file=${toString cfg.userlistFile}"}
    ${optionalString (cfg.localRoot != null) "local_root=${cfg.localRoot}"}
    ${optionalString cfg.anonymousUser "anon_root=${toString cfg.anonymousUserHome}\nanon_umask=${cfg.anonymousUmask}"}
    ${cfg.extraConfig}
  '';
in
{
  options.services.vsftpd = builtins.mapAttrs (_: row: mkOption {
    type = types.bool;
    default = builtins.elemAt row 1;
    description = builtins.elemAt row 2;
  }) switches // {
    enable = mkEnableOption "the FTP server vsftpd";
    userlist = mkOption { type = types.listOf types.str; default = [ ]; description = "Users who may (or, with userlistDeny, may not) log in."; };
    userlistEnable = mkOption { type = types.bool; default = false; description = "Whether userlist counts."; };
    userlistFile = mkOption {
      type = types.path;
      default = pkgs.writeText "userlist" (lib.concatMapStrings (name: name + "\n") cfg.userlist);
      defaultText = lib.literalMD "a file made from `userlist`";
      description = "File with such users.";
    };
    anonymousUserHome = mkOption { type = types.path; default = "/home/ftp/"; description = "Directory of anonymous users."; };
    anonymousUmask = mkOption { type = types.str; default = "077"; description = "Mode bits that files of anonymous users do not have."; };
    localRoot = mkOption { type = types.nullOr types.str; default = null; description = "Directory of local users; their home directories without."; };
    rsaCertFile = mkOption { type = types.nullOr types.path; default = null; description = "The certificate."; };
    rsaKeyFile = mkOption { type = types.nullOr types.path; default = null; description = "The key of the certificate."; };
    extraConfig = mkOption { type = types.lines; default = ""; description = "Text for the end of the configuration."; };
  };

  config = mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.forceLocalLoginsSSL || cfg.forceLocalDataSSL -> cfg.rsaCertFile != null;
        message = "vsftpd: If forceLocalLoginsSSL or forceLocalDataSSL is true then a rsaCertFile must be provided!";
      }
    ];
    users.users = {
      vsftpd = { group = "vsftpd"; isSystemUser = true; description = "VSFTPD user"; home = "/run/vsftpd/empty"; };
    } // lib.optionalAttrs cfg.anonymousUser {
      ftp = { name = "ftp"; uid = config.ids.uids.ftp or 58; group = "ftp"; isSystemUser = true; description = "Anonymous FTP user"; home = cfg.anonymousUserHome; };
    };
    users.groups = { vsftpd = { }; } // lib.optionalAttrs cfg.anonymousUser { ftp.gid = config.ids.gids.ftp or 58; };
    security.pam.services.vsftpd = { };
    systemd.tmpfiles.rules =
      [ "d /run/vsftpd/empty 0755 root root -" ]
      ++ lib.optional cfg.anonymousUser "d '${toString cfg.anonymousUserHome}' 0555 ftp ftp -";
    systemd.services.vsftpd = {
      description = "Vsftpd Server";
      wantedBy = [ "multi-user.target" ];
      serviceConfig = {
        ExecStart = "${pkgs.vsftpd}/usr/sbin/vsftpd ${file}";
        Restart = "always";
        Type = "exec";
      };
    };
  };
}
