# The web server Caddy, which gets its certificates itself: services.caddy.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings concatStringsSep literalExpression mkEnableOption mkIf mkOption optional optionalString types;
  cfg = config.services.caddy;

  host = { name, ... }: {
    options = {
      hostName = mkOption { type = types.str; default = name; description = "Address of the site."; };
      serverAliases = mkOption { type = types.listOf types.str; default = [ ]; description = "Further addresses."; };
      listenAddresses = mkOption { type = types.listOf types.str; default = [ ]; description = "Addresses of this machine to listen on; all without."; };
      useACMEHost = mkOption { type = types.nullOr types.str; default = null; description = "Certificate of security.acme to use (not available here; Caddy gets its own)."; };
      logFormat = mkOption {
        type = types.nullOr types.lines;
        default = "output file ${cfg.logDir}/access-${lib.replaceStrings [ "/" " " ] [ "_" "_" ] name}.log";
        defaultText = literalExpression ''"output file ''${logDir}/access-''${name}.log"'';
        description = "Block `log` of the site; none with `null`.";
      };
      extraConfig = mkOption { type = types.lines; default = ""; description = "Text of the site's block."; };
    };
  };

  indent = text: concatMapStrings (line: if line == "" then "\n" else "\t${line}\n") (lib.splitString "\n" (lib.removeSuffix "\n" text));
  site = host:
    "${concatStringsSep " " ([ host.hostName ] ++ host.serverAliases)} {\n"
    + optionalString (host.listenAddresses != [ ]) "\tbind ${toString host.listenAddresses}\n"
    + optionalString (host.logFormat != null) "\tlog {\n${indent (indent host.logFormat)}\t}\n"
    + indent host.extraConfig + "}\n";
  global =
    optionalString (cfg.email != null) "email ${cfg.email}\n"
    + optionalString (cfg.acmeCA != null) "acme_ca ${cfg.acmeCA}\n"
    + "log {\n${indent cfg.logFormat}}\n"
    + cfg.globalConfig;
  file = pkgs.writeText "Caddyfile" (
    "{\n${indent global}}\n${cfg.extraConfig}\n" + concatMapStrings site (builtins.attrValues cfg.virtualHosts)
  );
  caddy = "${cfg.package}/usr/bin/caddy";
  adapter = optionalString (cfg.adapter != null) " --adapter ${cfg.adapter}";
in
{
  options.services.caddy = {
    enable = mkEnableOption "the web server Caddy";
    package = mkOption { type = types.package; default = pkgs.caddy; defaultText = literalExpression "pkgs.caddy"; description = "The package of Caddy."; };
    user = mkOption { type = types.str; default = "caddy"; description = "User who runs the server."; };
    group = mkOption { type = types.str; default = "caddy"; description = "Group of the server."; };
    dataDir = mkOption { type = types.path; default = "/var/lib/caddy"; description = "Directory of certificates and state."; };
    logDir = mkOption { type = types.path; default = "/var/log/caddy"; description = "Directory of the logs."; };
    logFormat = mkOption { type = types.lines; default = "level ERROR\n"; description = "Block `log` of the server."; };
    configFile = mkOption {
      type = types.path;
      default = file;
      defaultText = literalExpression "a Caddyfile made from the other options";
      description = "The configuration file.";
    };
    adapter = mkOption {
      type = types.nullOr types.str;
      default = "caddyfile";
      description = "Language of the configuration file; JSON with `null`.";
    };
    resume = mkOption { type = types.bool; default = false; description = "Whether changes made through the server's API outlive a restart."; };
    globalConfig = mkOption { type = types.lines; default = ""; description = "Text of the block of global options."; };
    extraConfig = mkOption { type = types.lines; default = ""; description = "Text before the sites."; };
    email = mkOption { type = types.nullOr types.str; default = null; description = "Mail address for the certificate authority."; };
    acmeCA = mkOption { type = types.nullOr types.str; default = null; description = "URL of the certificate authority; Caddy's own choice without."; };
    environmentFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = "/run/secrets/caddy.env";
      description = "File of environment variables, which the configuration reads as `{$NAME}`: a place for secrets.";
    };
    enableReload = mkOption { type = types.bool; default = true; description = "Whether a change of the configuration reloads the server instead of restarting it."; };
    openFirewall = mkOption { type = types.bool; default = false; description = "Whether to allow ports 80 and 443 in the firewall."; };
    virtualHosts = mkOption {
      type = types.attrsOf (types.submodule host);
      default = { };
      example = literalExpression ''{ "hydra.example.com".extraConfig = "reverse_proxy localhost:3000"; }'';
      description = "Sites, by address.";
    };
  };

  config = mkIf cfg.enable {
    assertions = lib.mapAttrsToList (name: host: {
      assertion = host.useACMEHost == null;
      message = ''services.caddy.virtualHosts."${name}".useACMEHost is not available here: Caddy gets certificates itself, or takes those that a `tls` directive names.'';
    }) cfg.virtualHosts;

    environment.systemPackages = [ cfg.package ];
    environment.etc."caddy/caddy_config".source = cfg.configFile;
    networking.firewall.allowedTCPPorts = mkIf cfg.openFirewall [ 80 443 ];
    users.users = lib.optionalAttrs (cfg.user == "caddy") {
      caddy = { group = cfg.group; uid = config.ids.uids.caddy or 239; home = cfg.dataDir; isSystemUser = true; };
    };
    users.groups = lib.optionalAttrs (cfg.group == "caddy") { caddy.gid = config.ids.gids.caddy or 239; };

    systemd.services.caddy = {
      description = "Caddy";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      startLimitIntervalSec = 14400;
      startLimitBurst = 10;
      reloadTriggers = optional cfg.enableReload cfg.configFile;
      restartTriggers = optional (!cfg.enableReload) cfg.configFile;
      serviceConfig = {
        Type = "notify";
        ExecStartPre = "${caddy} validate --config /etc/caddy/caddy_config${adapter}";
        ExecStart = "${caddy} run --config /etc/caddy/caddy_config${adapter}${optionalString cfg.resume " --resume"}";
        ExecReload = "${caddy} reload --config /etc/caddy/caddy_config${adapter} --force";
        User = cfg.user;
        Group = cfg.group;
        ReadWritePaths = [ cfg.dataDir ];
        StateDirectory = mkIf (cfg.dataDir == "/var/lib/caddy") "caddy";
        LogsDirectory = mkIf (cfg.logDir == "/var/log/caddy") "caddy";
        Environment = "HOME=${cfg.dataDir}";
        EnvironmentFile = optional (cfg.environmentFile != null) cfg.environmentFile;
        Restart = "on-failure";
        RestartPreventExitStatus = 1;
        RestartSec = "5s";
        AmbientCapabilities = "CAP_NET_BIND_SERVICE";
        NoNewPrivileges = true;
        PrivateTmp = true;
        ProtectHome = true;
        ProtectSystem = "full";
      };
    };
  };
}
