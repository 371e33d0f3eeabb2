# The name server BIND: services.bind.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings concatStrings mapAttrsToList mkEnableOption mkIf mkOption optionalString types;
  cfg = config.services.bind;
  list = concatMapStrings (entry: " ${entry}; ");

  zoneModule = { name, ... }: {
    options = {
      name = mkOption { type = types.str; default = name; description = "Name of the zone."; };
      master = mkOption { type = types.bool; description = "Whether this server has the original of the zone."; };
      file = mkOption { type = types.either types.str types.path; description = "File of the zone."; };
      masters = mkOption { type = types.listOf types.str; default = [ ]; description = "Servers to copy the zone from."; };
      slaves = mkOption { type = types.listOf types.str; default = [ ]; description = "Servers that may copy the zone."; };
      allowQuery = mkOption { type = types.listOf types.str; default = [ "any" ]; description = "Who may ask."; };
      extraConfig = mkOption { type = types.lines; default = ""; description = "Text for the end of the zone's block."; };
    };
  };

  zone = z: ''
    zone "${z.name}" {
      type ${if z.master then "master" else "slave"};
      file "${toString z.file}";
      ${if z.master then "allow-transfer {${list z.slaves}};" else "masters {${list z.masters}};"}
      allow-query {${list z.allowQuery}};
      ${z.extraConfig}
    };
  '';
  file = if cfg.configFile != null then cfg.configFile else pkgs.writeText "named.conf" ''
    include "/etc/bind/rndc.key";
    controls { inet 127.0.0.1 allow { localhost; } keys { "rndc-key"; }; };
    acl cachenetworks {${list cfg.cacheNetworks}};
    acl badnetworks {${list cfg.blockedNetworks}};
    options {
      listen-on {${list cfg.listenOn}};
      listen-on-v6 {${list cfg.listenOnIpv6}};
      allow-query-cache { cachenetworks; };
      blackhole { badnetworks; };
      ${optionalString (cfg.forwarders != [ ]) "forward ${cfg.forward};\n  forwarders {${list cfg.forwarders}};"}
      directory "${cfg.directory}";
      pid-file "/run/named/named.pid";
      ${cfg.extraOptions}
    };
    ${cfg.extraConfig}
    ${concatStrings (mapAttrsToList (_: zone) cfg.zones)}
  '';
  strings = default: description: mkOption { type = types.listOf types.str; inherit default description; };
in
{
  options.services.bind = {
    enable = mkEnableOption "the name server BIND";
    package = mkOption { type = types.package; default = pkgs.bind9; defaultText = lib.literalExpression "pkgs.bind9"; description = "The package of BIND."; };
    cacheNetworks = strings [ "127.0.0.0/24" "::1/128" ] "Networks that may ask for names of other servers.";
    blockedNetworks = strings [ ] "Networks that get no answer.";
    ipv4Only = mkOption { type = types.bool; default = false; description = "Whether to use IPv4 only."; };
    forwarders = mkOption {
      type = types.listOf types.str;
      default = builtins.filter (server: server != "127.0.0.1") config.networking.nameservers;
      defaultText = lib.literalExpression "config.networking.nameservers";
      description = "Servers to ask for names of other servers.";
    };
    forward = mkOption { type = types.enum [ "first" "only" ]; default = "first"; description = "Whether to ask nobody but the forwarders."; };
    listenOn = strings [ "any" ] "IPv4 addresses to listen on.";
    listenOnIpv6 = strings [ "any" ] "IPv6 addresses to listen on.";
    directory = mkOption { type = types.str; default = "/run/named"; description = "Working directory."; };
    zones = mkOption {
      type = types.coercedTo (types.listOf types.attrs) (zones: lib.listToAttrs (map (z: lib.nameValuePair z.name z) zones)) (types.attrsOf (types.submodule zoneModule));
      default = { };
      description = "Zones, by name.";
    };
    extraConfig = mkOption { type = types.lines; default = ""; description = "Text after the options."; };
    extraOptions = mkOption { type = types.lines; default = ""; description = "Text of the options block."; };
    configFile = mkOption { type = types.nullOr types.path; default = null; description = "The whole configuration, instead of what the other options say."; };
  };

  config = mkIf cfg.enable {
    networking.nameservers = [ "127.0.0.1" ];
    networking.resolvconf.useLocalResolver = lib.mkDefault true;
    environment.systemPackages = [ cfg.package ];
    users.users.named = { group = "named"; description = "BIND daemon user"; isSystemUser = true; };
    users.groups.named = { };
    # The archive's file names a group of another spelling; it must not count.
    environment.etc."tmpfiles.d/named.conf".text = "";
    # Not RuntimeDirectory=, which belongs to root here: the server gives its rights up when the ports are open.
    systemd.tmpfiles.rules = [ "d /run/named 0755 named named -" "d /etc/bind 0755 named named -" ];
    systemd.services.bind = {
      description = "BIND Domain Name Server";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      preStart = ''
        if ! [ -f /etc/bind/rndc.key ]; then
          rndc-confgen -c /etc/bind/rndc.key -u named -a -A hmac-sha256
        fi
        named-checkconf ${file}
      '';
      serviceConfig = {
        Type = "forking";
        PIDFile = "/run/named/named.pid";
        ExecStart = "${cfg.package}/usr/sbin/named -u named ${optionalString cfg.ipv4Only "-4"} -c ${file}";
        ExecReload = "/usr/sbin/rndc -k /etc/bind/rndc.key reload";
        ExecStop = "/usr/sbin/rndc -k /etc/bind/rndc.key stop";
      };
      unitConfig.Documentation = "man:named(8)";
    };
  };
}
