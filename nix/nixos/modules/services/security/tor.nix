# Tor as client and for onion services: services.tor. Relays are possible with settings.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings mapAttrsToList mkDefault mkEnableOption mkIf mkOption optionalString types;
  cfg = config.services.tor;

  word = value: if value == true then "1" else if value == false then "0" else toString value;
  line = name: value:
    if value == null then "" else if builtins.isList value then concatMapStrings (item: "${name} ${word item}\n") value else "${name} ${word value}\n";
  atom = types.nullOr (types.oneOf [ types.bool types.int types.str ]);

  mapping = map': "HiddenServicePort ${toString map'.port}"
    + optionalString (map'.target != null) " ${optionalString (map'.target.unix != null) "unix:${map'.target.unix}"}${
      optionalString (map'.target.unix == null) "${map'.target.addr}:${toString map'.target.port}"
    }" + "\n";
  onion = name: service: ''
    HiddenServiceDir /var/lib/tor/onion/${name}
    HiddenServiceVersion ${toString service.version}
    ${concatMapStrings mapping service.map}${lib.concatStrings (mapAttrsToList line service.settings)}'';

  file = pkgs.writeText "torrc" (
    lib.concatStrings (mapAttrsToList line cfg.settings)
    + lib.concatStrings (mapAttrsToList onion cfg.relay.onionServices)
  );

  mapModule = {
    options = {
      port = mkOption { type = types.port; description = "Port of the onion service."; };
      target = mkOption {
        type = types.nullOr (types.submodule {
          options = {
            unix = mkOption { type = types.nullOr types.path; default = null; description = "Socket of the service behind."; };
            addr = mkOption { type = types.str; default = "127.0.0.1"; description = "Address of the service behind."; };
            port = mkOption { type = types.port; default = 80; description = "Port of the service behind."; };
          };
        });
        default = null;
        description = "The service behind; the same port of this machine without.";
      };
    };
  };
in
{
  options.services.tor = {
    enable = mkEnableOption "Tor";
    package = mkOption {
      type = types.package;
      default = pkgs.tor;
      defaultText = lib.literalExpression "pkgs.tor";
      description = "The package of Tor.";
    };
    openFirewall = mkEnableOption "the relay's port in the firewall";
    client = {
      enable = mkEnableOption "the SOCKS proxy for local programs";
      socksListenAddress = mkOption {
        type = types.attrsOf atom;
        default = { addr = "127.0.0.1"; port = 9050; };
        description = "Where the proxy listens.";
      };
    };
    relay.onionServices = mkOption {
      type = types.attrsOf (types.submodule {
        options = {
          version = mkOption { type = types.int; default = 3; description = "Version of the onion service."; };
          map = mkOption {
            type = types.listOf (types.coercedTo types.port (port: { inherit port; }) (types.submodule mapModule));
            default = [ ];
            description = "Ports of the onion service, and what is behind them.";
          };
          settings = mkOption { type = types.attrsOf (types.either atom (types.listOf atom)); default = { }; description = "Further settings."; };
        };
      });
      default = { };
      description = "Onion services, by name. Their addresses are in {file}`/var/lib/tor/onion/<name>/hostname`.";
    };
    settings = mkOption {
      type = types.attrsOf (types.either atom (types.listOf atom));
      default = { };
      description = "Settings of {manpage}`torrc(5)`.";
    };
  };

  config = mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    services.tor.settings = {
      DataDirectory = mkDefault "/var/lib/tor";
      SOCKSPort = mkDefault (
        if cfg.client.enable then "${toString cfg.client.socksListenAddress.addr}:${toString cfg.client.socksListenAddress.port}" else 0
      );
    };
    networking.firewall.allowedTCPPorts = mkIf (cfg.openFirewall && builtins.isInt (cfg.settings.ORPort or null)) [ cfg.settings.ORPort ];
    users.users.tor = { description = "Tor Daemon User"; home = "/var/lib/tor"; group = "tor"; uid = config.ids.uids.tor or 35; isSystemUser = true; };
    users.groups.tor.gid = config.ids.gids.tor or 35;
    # The archive's own start of a default instance.
    systemd.generators.tor-generator = "/dev/null";
    systemd.services.tor = {
      description = "Tor Daemon";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      restartTriggers = [ file ];
      preStart = "mkdir -p -m 0700 /var/lib/tor/onion";
      serviceConfig = {
        Type = "notify";
        User = "tor";
        Group = "tor";
        ExecStartPre = "${cfg.package}/usr/bin/tor -f ${file} --verify-config";
        ExecStart = "${cfg.package}/usr/bin/tor -f ${file}";
        ExecReload = "${pkgs.staticBusybox}/bin/kill -HUP $MAINPID";
        KillSignal = "SIGINT";
        TimeoutSec = "60s";
        Restart = "on-failure";
        StateDirectory = "tor";
        StateDirectoryMode = "0700";
        AmbientCapabilities = [ "CAP_NET_BIND_SERVICE" ];
        NoNewPrivileges = true;
        PrivateTmp = true;
        ProtectHome = true;
        ProtectSystem = "strict";
      };
    };
  };
}
