# The name and address server dnsmasq: services.dnsmasq.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings mapAttrsToList mkDefault mkEnableOption mkIf mkOption types;
  cfg = config.services.dnsmasq;

  atom = types.nullOr (types.oneOf [ types.bool types.int types.str types.path ]);
  line = key: value:
    if value == null || value == false then ""
    else if value == true then "${key}\n"
    else if builtins.isList value then concatMapStrings (line key) value
    else "${key}=${toString value}\n";
  file = pkgs.writeText "dnsmasq.conf" (lib.concatStrings (mapAttrsToList line cfg.settings));
  dnsmasq = "${cfg.package}/usr/sbin/dnsmasq";
in
{
  imports = [
    (lib.mkRenamedOptionModule [ "services" "dnsmasq" "servers" ] [ "services" "dnsmasq" "settings" "server" ])
    (lib.mkRemovedOptionModule [ "services" "dnsmasq" "extraConfig" ] "This option has been replaced by `services.dnsmasq.settings`")
  ];

  options.services.dnsmasq = {
    enable = mkEnableOption "dnsmasq, which answers name lookups and gives out addresses";
    package = mkOption {
      type = types.package;
      default = pkgs.dnsmasq-base;
      defaultText = lib.literalExpression "pkgs.dnsmasq-base";
      description = "The package of dnsmasq.";
    };
    resolveLocalQueries = mkOption {
      type = types.bool;
      default = true;
      description = "Whether this machine asks its own dnsmasq.";
    };
    alwaysKeepRunning = mkOption {
      type = types.bool;
      default = false;
      description = "Whether dnsmasq is started again whenever it ends.";
    };
    configFile = mkOption {
      type = types.package;
      default = file;
      defaultText = lib.literalExpression "a file made from services.dnsmasq.settings";
      internal = true;
      description = "The configuration file.";
    };
    settings = mkOption {
      type = types.submodule {
        freeformType = types.attrsOf (types.either atom (types.listOf atom));
        options.server = mkOption {
          type = types.listOf types.str;
          default = [ ];
          example = [ "192.0.2.53" "/example.org/10.0.0.1" ];
          description = "Servers that are asked for names that dnsmasq does not know.";
        };
      };
      default = { };
      description = "Settings of {manpage}`dnsmasq(8)`; `true` stands for a setting without a value.";
    };
  };

  config = mkIf cfg.enable {
    services.dnsmasq.settings = {
      dhcp-leasefile = mkDefault "/var/lib/dnsmasq/dnsmasq.leases";
      user = mkDefault "dnsmasq";
      # The host's servers, if no others are given; our own resolv.conf names dnsmasq itself.
      resolv-file = mkIf cfg.resolveLocalQueries (mkDefault "/run/resolvconf/host");
    };
    networking.nameservers = mkIf cfg.resolveLocalQueries [ "127.0.0.1" ];
    networking.resolvconf.useLocalResolver = mkIf cfg.resolveLocalQueries (mkDefault true);

    users.users.dnsmasq = { isSystemUser = true; group = "dnsmasq"; description = "Dnsmasq daemon user"; };
    users.groups.dnsmasq = { };

    systemd.services.dnsmasq = {
      description = "Dnsmasq Daemon";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" "systemd-resolved.service" "resolvconf.service" ];
      restartTriggers = [ cfg.configFile ];
      preStart = ''
        mkdir -m 755 -p /var/lib/dnsmasq
        touch /var/lib/dnsmasq/dnsmasq.leases
        chown -R dnsmasq /var/lib/dnsmasq
        ${dnsmasq} --test -C ${cfg.configFile}
      '';
      serviceConfig = {
        Type = "exec";
        ExecStart = "${dnsmasq} -k --user=dnsmasq -C ${cfg.configFile}";
        ExecReload = "${pkgs.staticBusybox}/bin/kill -HUP $MAINPID";
        PrivateTmp = true;
        ProtectSystem = true;
        ProtectHome = true;
        Restart = if cfg.alwaysKeepRunning then "always" else "on-failure";
      };
    };
  };
}
