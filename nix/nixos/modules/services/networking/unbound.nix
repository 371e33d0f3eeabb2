# The validating resolver Unbound: services.unbound.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings mapAttrsToList mkDefault mkEnableOption mkIf mkOption optional types;
  cfg = config.services.unbound;

  word = value: if value == true then "yes" else if value == false then "no" else toString value;
  # Clauses may be repeated (forward-zone), and so may settings in them.
  render = indent: key: value:
    if builtins.isAttrs value then "${indent}${key}:\n${lib.concatStrings (mapAttrsToList (render (indent + "  ")) value)}"
    else if builtins.isList value then concatMapStrings (render indent key) value
    else "${indent}${key}: ${word value}\n";
  file = pkgs.writeText "unbound.conf" (lib.concatStrings (mapAttrsToList (render "") cfg.settings));

  # Lists of several definitions follow each other, for settings in a clause as for clauses that may be repeated.
  setting = let one = types.oneOf [ types.int types.str types.bool types.float ]; in types.either one (types.listOf one);
  clause = types.either types.str (types.attrsOf setting);

  trustAnchor = "${cfg.stateDir}/root.key";
in
{
  options.services.unbound = {
    enable = mkEnableOption "the resolver Unbound";
    package = mkOption {
      type = types.package;
      default = pkgs.unbound;
      defaultText = lib.literalExpression "pkgs.unbound";
      description = "The package of Unbound.";
    };
    user = mkOption { type = types.str; default = "unbound"; description = "User who runs the server."; };
    group = mkOption { type = types.str; default = "unbound"; description = "Group of the server."; };
    stateDir = mkOption { type = types.path; default = "/var/lib/unbound"; description = "Directory of what the server writes."; };
    checkconf = mkOption { type = types.bool; default = true; description = "Whether the configuration is checked before every start."; };
    resolveLocalQueries = mkOption { type = types.bool; default = true; description = "Whether this machine asks its own Unbound."; };
    enableRootTrustAnchor = mkOption { type = types.bool; default = true; description = "Whether answers are validated from the root on."; };
    localControlSocketPath = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "/run/unbound/unbound.ctl";
      description = "Path of a socket for {command}`unbound-control`.";
    };
    settings = mkOption {
      type = types.submodule { freeformType = types.attrsOf (types.either clause (types.listOf clause)); };
      default = { };
      example = { server.interface = [ "127.0.0.1" ]; forward-zone = [ { name = "."; forward-addr = "1.1.1.1"; } ]; };
      description = "Settings of {manpage}`unbound.conf(5)`, by clause.";
    };
  };

  config = mkIf cfg.enable {
    services.unbound.settings = {
      server = {
        directory = mkDefault cfg.stateDir;
        username = ''""'';
        chroot = ''""'';
        pidfile = ''""'';
        interface = mkDefault ([ "127.0.0.1" ] ++ optional config.networking.enableIPv6 "::1");
        access-control = mkDefault ([ "127.0.0.0/8 allow" ] ++ optional config.networking.enableIPv6 "::1/128 allow");
        auto-trust-anchor-file = mkIf cfg.enableRootTrustAnchor trustAnchor;
        tls-cert-bundle = mkDefault "/etc/ssl/certs/ca-certificates.crt";
        do-daemonize = false;
      };
      remote-control = {
        control-enable = mkDefault false;
        control-interface = mkDefault ([ "127.0.0.1" ] ++ optional config.networking.enableIPv6 "::1");
      } // lib.optionalAttrs (cfg.localControlSocketPath != null) {
        control-enable = true;
        control-interface = cfg.localControlSocketPath;
      };
    };
    environment.systemPackages = [ cfg.package ];
    environment.etc."unbound/unbound.conf".source = file;
    networking.nameservers = mkIf cfg.resolveLocalQueries [ "127.0.0.1" ];
    networking.resolvconf.useLocalResolver = mkIf cfg.resolveLocalQueries (mkDefault true);

    users.users = lib.optionalAttrs (cfg.user == "unbound") { unbound = { isSystemUser = true; group = cfg.group; description = "unbound daemon user"; }; };
    users.groups = lib.optionalAttrs (cfg.group == "unbound") { unbound = { }; };

    systemd.services.unbound = {
      description = "Unbound recursive Domain Name Server";
      wantedBy = [ "multi-user.target" ];
      wants = [ "nss-lookup.target" ];
      after = [ "network.target" ];
      before = [ "nss-lookup.target" ];
      restartTriggers = [ file ];
      path = optional cfg.enableRootTrustAnchor pkgs.unbound-anchor;
      preStart = ''
        ${lib.optionalString cfg.enableRootTrustAnchor ''
          # Exits 1 when it has updated the key, which is no failure.
          unbound-anchor -a ${trustAnchor} || echo "Root anchor updated!"
        ''}
        ${lib.optionalString cfg.checkconf "${cfg.package}/usr/sbin/unbound-checkconf /etc/unbound/unbound.conf"}
      '';
      serviceConfig = {
        Type = "notify";
        ExecStart = "${cfg.package}/usr/sbin/unbound -p -d -c /etc/unbound/unbound.conf";
        ExecReload = "+${pkgs.staticBusybox}/bin/kill -HUP $MAINPID";
        User = cfg.user;
        Group = cfg.group;
        StateDirectory = "unbound";
        RuntimeDirectory = "unbound";
        AmbientCapabilities = [ "CAP_NET_BIND_SERVICE" ];
        NoNewPrivileges = true;
        ProtectSystem = "strict";
        ProtectHome = true;
        PrivateTmp = true;
        Restart = "on-failure";
        RestartSec = "5s";
      };
    };
  };
}
