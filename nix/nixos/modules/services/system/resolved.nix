# systemd-resolved: a resolver on this machine with a cache, DNSSEC and mDNS.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkIf mkOption optionalString types;
  cfg = config.services.resolved;
  list = name: values: optionalString (values != [ ]) "${name}=${toString values}\n";
in
{
  options.services.resolved = {
    enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether systemd-resolved answers name lookups.";
    };
    fallbackDns = mkOption {
      type = types.nullOr (types.listOf types.str);
      default = null;
      example = [ "9.9.9.9" "2620:fe::fe" ];
      description = "Servers to ask if no other is known. systemd's own list with `null`, none with an empty list.";
    };
    domains = mkOption {
      type = types.listOf types.str;
      default = config.networking.search;
      defaultText = lib.literalExpression "config.networking.search";
      example = [ "example.com" ];
      description = "Domains that are tried as endings of short host names.";
    };
    llmnr = mkOption {
      type = types.enum [ "true" "resolve" "false" ];
      default = "true";
      description = "Whether link-local multicast name resolution is used.";
    };
    dnssec = mkOption {
      type = types.enum [ "true" "allow-downgrade" "false" ];
      default = "false";
      description = "Whether answers must carry valid signatures.";
    };
    dnsovertls = mkOption {
      type = types.enum [ "true" "opportunistic" "false" ];
      default = "false";
      description = "Whether servers are asked over TLS.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Text for the end of {file}`resolved.conf`.";
    };
  };

  config = mkIf cfg.enable {
    environment.systemPackages = [ pkgs.systemd-resolved pkgs.libnss-resolve ];

    users.users.systemd-resolve = { isSystemUser = true; group = "systemd-resolve"; };
    users.groups.systemd-resolve = { };

    # The file is the daemon's: what it says there is 127.0.0.53.
    environment.etc = {
      "resolv.conf" = { source = "/run/systemd/resolve/stub-resolv.conf"; mode = "direct-symlink"; };
      "systemd/resolved.conf".text = ''
        [Resolve]
        ${list "DNS" config.networking.nameservers}${
          optionalString (cfg.fallbackDns != null) "FallbackDNS=${toString cfg.fallbackDns}\n"
        }${list "Domains" cfg.domains}LLMNR=${cfg.llmnr}
        DNSSEC=${cfg.dnssec}
        DNSOverTLS=${cfg.dnsovertls}
        ${cfg.extraConfig}
      '';
    };

    system.nssDatabases.hosts = lib.mkOrder 501 [ "resolve [!UNAVAIL=return]" ];

    # The unit itself comes with the package.
    systemd.packages = [ pkgs.systemd-resolved ];
    systemd.services.systemd-resolved = {
      wantedBy = [ "sysinit.target" ];
      aliases = [ "dbus-org.freedesktop.resolve1.service" ];
      restartTriggers = [ config.environment.etc."systemd/resolved.conf".source ];
    };
  };
}
