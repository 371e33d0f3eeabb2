# Avahi, which finds and announces machines and services on the local network: services.avahi.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatStringsSep mkIf mkOption optional optionalString types;
  cfg = config.services.avahi;

  yes = default: description: mkOption { type = types.bool; inherit default description; };
  maybe = type: description: mkOption { type = types.nullOr type; default = null; inherit description; };
  yesNo = value: if value then "yes" else "no";

  file = pkgs.writeText "avahi-daemon.conf" ''
    [server]
    ${optionalString (cfg.hostName != "") "host-name=${cfg.hostName}"}
    browse-domains=${concatStringsSep ", " cfg.browseDomains}
    use-ipv4=${yesNo cfg.ipv4}
    use-ipv6=${yesNo cfg.ipv6}
    ${optionalString (cfg.allowInterfaces != null) "allow-interfaces=${concatStringsSep "," cfg.allowInterfaces}"}
    ${optionalString (cfg.denyInterfaces != null) "deny-interfaces=${concatStringsSep "," cfg.denyInterfaces}"}
    ${optionalString (cfg.domainName != null) "domain-name=${cfg.domainName}"}
    allow-point-to-point=${yesNo cfg.allowPointToPoint}
    ${optionalString (cfg.cacheEntriesMax != null) "cache-entries-max=${toString cfg.cacheEntriesMax}"}

    [wide-area]
    enable-wide-area=${yesNo cfg.wideArea}

    [publish]
    disable-publishing=${yesNo (!cfg.publish.enable)}
    disable-user-service-publishing=${yesNo (!cfg.publish.userServices)}
    publish-addresses=${yesNo (cfg.publish.userServices || cfg.publish.addresses)}
    publish-hinfo=${yesNo cfg.publish.hinfo}
    publish-workstation=${yesNo cfg.publish.workstation}
    publish-domain=${yesNo cfg.publish.domain}

    [reflector]
    enable-reflector=${yesNo cfg.reflector}
    ${cfg.extraConfig}
  '';

  library = if cfg.nssmdns4 && cfg.nssmdns6 then "mdns" else if cfg.nssmdns6 then "mdns6" else "mdns4";
in
{
  imports = [
    (lib.mkRenamedOptionModule [ "services" "avahi" "interfaces" ] [ "services" "avahi" "allowInterfaces" ])
    (lib.mkRenamedOptionModule [ "services" "avahi" "nssmdns" ] [ "services" "avahi" "nssmdns4" ])
  ];

  options.services.avahi = {
    enable = yes false "Whether to run Avahi, which finds and announces machines and services on the local network.";
    package = mkOption { type = types.package; default = pkgs.avahi-daemon; defaultText = lib.literalExpression "pkgs.avahi-daemon"; description = "The package of the daemon."; };
    hostName = mkOption {
      type = types.str;
      default = config.networking.hostName;
      defaultText = lib.literalExpression "config.networking.hostName";
      description = "Name under which this machine is announced.";
    };
    domainName = mkOption { type = types.nullOr types.str; default = "local"; description = "Domain of what is announced."; };
    browseDomains = mkOption { type = types.listOf types.str; default = [ ]; example = [ "0pointer.de" ]; description = "Further domains that are looked through."; };
    ipv4 = yes true "Whether to use IPv4.";
    ipv6 = yes false "Whether to use IPv6.";
    allowInterfaces = maybe (types.listOf types.str) "Interfaces that are used; all without, but loopback and tunnels.";
    denyInterfaces = maybe (types.listOf types.str) "Interfaces that are not used.";
    openFirewall = yes true "Whether to allow UDP port 5353 in the firewall.";
    allowPointToPoint = yes false "Whether tunnels are used as well.";
    wideArea = yes false "Whether services are looked for in the DNS as well.";
    reflector = yes false "Whether questions are passed on between interfaces.";
    extraServiceFiles = mkOption {
      type = types.attrsOf (types.either types.str types.path);
      default = { };
      description = "Services that are announced, by name: files of {manpage}`avahi.service(5)`, or their texts.";
    };
    publish = {
      enable = yes false "Whether anything is announced.";
      userServices = yes false "Whether users may announce services; announces addresses, too.";
      addresses = yes false "Whether this machine's addresses are announced.";
      hinfo = yes false "Whether system and processor are announced.";
      workstation = yes false "Whether this machine is announced as a workstation.";
      domain = yes false "Whether the domain is announced for others to look through.";
    };
    nssmdns4 = yes false "Whether names in `.local` mean IPv4 addresses for all programs.";
    nssmdns6 = yes false "Whether they mean IPv6 addresses; questions without an answer are slow.";
    cacheEntriesMax = maybe types.int "How many records are remembered per interface.";
    debug = yes false "Whether much is logged.";
    extraConfig = mkOption { type = types.lines; default = ""; description = "Text for the end of {file}`avahi-daemon.conf`."; };
  };

  config = mkIf cfg.enable {
    environment.systemPackages = [ cfg.package pkgs.avahi-utils ];
    environment.etc = lib.mapAttrs' (name: service: lib.nameValuePair "avahi/services/${name}.service" (
      if types.path.check service then { source = service; } else { text = service; }
    )) cfg.extraServiceFiles;

    users.users.avahi = { isSystemUser = true; home = "/var/empty"; group = "avahi"; description = "avahi-daemon privilege separation user"; };
    users.groups.avahi = { };
    # The archive's rules for the bus let this group change the machine's name.
    users.groups.netdev = { };

    system.nssModules = optional (cfg.nssmdns4 || cfg.nssmdns6) pkgs.libnss-mdns;
    system.nssDatabases.hosts = mkIf (cfg.nssmdns4 || cfg.nssmdns6) (lib.mkMerge [
      # Before the resolver; and last, for names that are none of .local.
      (lib.mkOrder 900 [ "${library}_minimal [NOTFOUND=return]" ])
      (lib.mkOrder 1502 [ library ])
    ]);

    networking.firewall.allowedUDPPorts = mkIf cfg.openFirewall [ 5353 ];
    systemd.tmpfiles.rules = [ "d /run/avahi-daemon - avahi avahi -" ];
    systemd.sockets.avahi-daemon = {
      description = "Avahi mDNS/DNS-SD Stack Activation Socket";
      wantedBy = [ "sockets.target" ];
      listenStreams = [ "/run/avahi-daemon/socket" ];
    };
    systemd.services.avahi-daemon = {
      description = "Avahi mDNS/DNS-SD Stack";
      wantedBy = [ "multi-user.target" ];
      requires = [ "avahi-daemon.socket" ];
      restartTriggers = builtins.attrValues (lib.mapAttrs (_: toString) cfg.extraServiceFiles);
      serviceConfig = {
        Type = "dbus";
        BusName = "org.freedesktop.Avahi";
        NotifyAccess = "main";
        # Without limits of its own: on processes of its user, who is one number for all guests of a host.
        ExecStart = "${cfg.package}/usr/sbin/avahi-daemon --syslog --no-rlimits -f ${file}${optionalString cfg.debug " --debug"}";
        ConfigurationDirectory = "avahi/services";
      };
    };
  };
}
