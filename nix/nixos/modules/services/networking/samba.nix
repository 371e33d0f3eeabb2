# The file server Samba: services.samba. Shares are sections of settings.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatStrings mapAttrs mapAttrsToList mkDefault mkEnableOption mkIf mkOption types;
  cfg = config.services.samba;

  atom = types.nullOr (types.oneOf [ types.bool types.int types.str ]);
  word = value: if value == true then "yes" else if value == false then "no" else if builtins.isList value then toString value else toString value;
  section = name: keys: "[${name}]\n${concatStrings (mapAttrsToList (key: value: "${key} = ${word value}\n") (lib.filterAttrs (_: v: v != null) keys))}\n";
  file = pkgs.writeText "smb.conf" (
    # The general settings first: testparm complains otherwise.
    section "global" (cfg.settings.global or { })
    + concatStrings (mapAttrsToList section (builtins.removeAttrs cfg.settings [ "global" ]))
  );

  daemon = name: description: extra: {
    inherit description;
    after = [ "network.target" "systemd-tmpfiles-setup.service" ];
    wantedBy = [ "samba.target" ];
    partOf = [ "samba.target" ];
    restartTriggers = [ file ];
    serviceConfig = {
      ExecStart = "/usr/sbin/${name} --foreground --no-process-group";
      ExecReload = "${pkgs.staticBusybox}/bin/kill -HUP $MAINPID";
      LimitNOFILE = 16384;
      PIDFile = "/run/samba/${name}.pid";
      Type = "notify";
      Slice = "system-samba.slice";
      RuntimeDirectory = "samba";
      RuntimeDirectoryPreserve = true;
    } // extra;
  };
in
{
  imports = [
    (lib.mkRenamedOptionModule [ "services" "samba" "enableNmbd" ] [ "services" "samba" "nmbd" "enable" ])
    (lib.mkRenamedOptionModule [ "services" "samba" "enableWinbindd" ] [ "services" "samba" "winbindd" "enable" ])
    (lib.mkRenamedOptionModule [ "services" "samba" "shares" ] [ "services" "samba" "settings" ])
    (lib.mkRemovedOptionModule [ "services" "samba" "extraConfig" ] "Use services.samba.settings instead.")
  ];

  options.services.samba = {
    enable = mkEnableOption "the file server Samba";
    package = mkOption { type = types.package; default = pkgs.samba; defaultText = lib.literalExpression "pkgs.samba"; description = "The package of Samba."; };
    openFirewall = mkOption { type = types.bool; default = false; description = "Whether to allow Samba's ports in the firewall."; };
    smbd.enable = mkOption { type = types.bool; default = true; description = "Whether to serve files."; };
    smbd.extraArgs = mkOption { type = types.listOf types.str; default = [ ]; description = "Accepted for compatibility."; };
    nmbd.enable = mkOption { type = types.bool; default = true; description = "Whether to answer NetBIOS names."; };
    nmbd.extraArgs = mkOption { type = types.listOf types.str; default = [ ]; description = "Accepted for compatibility."; };
    winbindd.enable = mkOption { type = types.bool; default = false; description = "Whether users of a domain exist on this machine."; };
    usershares = {
      enable = mkEnableOption "shares that users make themselves";
      group = mkOption { type = types.str; default = "samba"; description = "Group of users who may."; };
    };
    nsswins = mkOption { type = types.bool; default = false; description = "Accepted for compatibility."; };
    settings = mkOption {
      type = types.attrsOf (types.attrsOf (types.either atom (types.listOf atom)));
      default = { };
      example = { global.security = "user"; public = { path = "/srv/public"; "read only" = true; "guest ok" = true; }; };
      description = "Sections of {file}`smb.conf`: `global`, and one for each share.";
    };
  };

  config = mkIf cfg.enable {
    services.samba.settings.global = mapAttrs (_: mkDefault) {
      security = "user";
      "passwd program" = "/run/wrappers/bin/passwd %u";
      "invalid users" = [ "root" ];
      "log file" = "/var/log/samba/log.%m";
      "pid directory" = "/run/samba";
    };
    environment.systemPackages = [ cfg.package pkgs.smbclient pkgs.samba-common-bin ];
    environment.etc."samba/smb.conf".source = file;
    security.pam.services.samba = { };
    networking.firewall = mkIf cfg.openFirewall {
      allowedTCPPorts = [ 139 445 ];
      allowedUDPPorts = [ 137 138 ];
    };
    users.groups = mkIf cfg.usershares.enable { ${cfg.usershares.group} = { }; };
    systemd.slices.system-samba.description = "Samba Slice";
    systemd.targets.samba = { description = "Samba Server"; after = [ "network.target" ]; wantedBy = [ "multi-user.target" ]; };
    systemd.tmpfiles.rules = [
      "d /var/lib/samba 0755 root root -"
      "d /var/lib/samba/private 0700 root root -"
      "d /var/log/samba 0750 root root -"
      "d /var/cache/samba 0755 root root -"
    ] ++ lib.optional cfg.usershares.enable "d /var/lib/samba/usershares 1775 root ${cfg.usershares.group} -";
    systemd.services = {
      samba-smbd = mkIf cfg.smbd.enable (daemon "smbd" "Samba SMB daemon" { });
      samba-nmbd = mkIf cfg.nmbd.enable (daemon "nmbd" "Samba NMB daemon" { });
      samba-winbindd = mkIf cfg.winbindd.enable (daemon "winbindd" "Samba winbind daemon" { });
    };
  };
}
