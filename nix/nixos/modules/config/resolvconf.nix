# Who answers name lookups: networking.nameservers, search, resolvconf.*, useHostResolvConf.
#
# A container starts with a copy of its host's /etc/resolv.conf. As long as the configuration says nothing about
# name servers, that copy stays. Otherwise a oneshot unit writes the file at start: the servers declared
# here first, then (with useHostResolvConf) what the host had. systemd-resolved has its own module.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings mkIf mkOption optional types;
  net = config.networking;
  cfg = net.resolvconf;

  search = lib.unique (net.search ++ optional (net.domain != null) net.domain);
  options =
    cfg.extraOptions
    ++ optional cfg.dnsExtensionMechanism "edns0"
    ++ optional cfg.dnsSingleRequest "single-request";
  servers = if cfg.useLocalResolver then [ "127.0.0.1" ] else net.nameservers;

  # Is there anything to say that the host's copy does not say already? The resolver option edns0, which
  # is on by default, is not worth taking the file over.
  hasOwn =
    servers != [ ] || net.search != [ ] || net.domain != null || cfg.extraOptions != [ ] || cfg.dnsSingleRequest;
  takesOver = cfg.enable && (hasOwn || !net.useHostResolvConf);

  own =
    concatMapStrings (server: "nameserver ${server}\n") servers
    + lib.optionalString (search != [ ]) "search ${toString search}\n"
    + lib.optionalString (options != [ ]) "options ${toString options}\n";

  # With a local resolver only that one may be asked: it decides itself where to forward.
  keepHostServers = net.useHostResolvConf && !cfg.useLocalResolver;
in
{
  imports = [
    (lib.mkRenamedOptionModule [ "networking" "dnsSingleRequest" ] [ "networking" "resolvconf" "dnsSingleRequest" ])
    (lib.mkRenamedOptionModule [ "networking" "dnsExtensionMechanism" ] [ "networking" "resolvconf" "dnsExtensionMechanism" ])
    (lib.mkRenamedOptionModule [ "networking" "extraResolvconfConf" ] [ "networking" "resolvconf" "extraConfig" ])
    (lib.mkRenamedOptionModule [ "networking" "resolvconfOptions" ] [ "networking" "resolvconf" "extraOptions" ])
  ];

  options.networking = {
    nameservers = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "192.0.2.53" "2001:db8::53" ];
      description = "The DNS servers to ask, in this order.";
    };

    search = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "example.com" "home.arpa" ];
      description = "Domains that are tried as endings of short host names.";
    };

    useHostResolvConf = mkOption {
      type = types.bool;
      default = config.boot.isContainer && !config.services.resolved.enable;
      defaultText = lib.literalExpression "config.boot.isContainer && !config.services.resolved.enable";
      description = ''
        In a container: whether to use the name servers of the host's {file}`/etc/resolv.conf`,
        after those of {option}`networking.nameservers`.
      '';
    };

    resolvconf = {
      enable = mkOption {
        type = types.bool;
        default = !(config.environment.etc ? "resolv.conf");
        defaultText = lib.literalExpression ''!(config.environment.etc ? "resolv.conf")'';
        description = "Whether {file}`/etc/resolv.conf` is managed from the options here.";
      };
      package = mkOption {
        type = types.nullOr types.package;
        default = null;
        internal = true;
        description = "Accepted for compatibility; the file is written without the resolvconf program.";
      };
      dnsSingleRequest = mkOption {
        type = types.bool;
        default = false;
        description = ''
          Whether the resolver asks for the IPv4 and the IPv6 address one after the other, for
          servers that answer only the first of two questions.
        '';
      };
      dnsExtensionMechanism = mkOption {
        type = types.bool;
        default = true;
        description = "Whether the resolver may use EDNS0, which allows answers beyond 512 bytes.";
      };
      extraConfig = mkOption {
        type = types.lines;
        default = "";
        description = ''
          Settings for {file}`resolvconf.conf`. They are installed for programs that read that file; this
          system's own {file}`/etc/resolv.conf` does not depend on them.
        '';
      };
      extraOptions = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "ndots:1" "rotate" ];
        description = "Words for the `options` line of {file}`/etc/resolv.conf`.";
      };
      useLocalResolver = mkOption {
        type = types.bool;
        default = false;
        description = "Whether only the name server on this machine (127.0.0.1) is asked.";
      };
      subscriberFiles = mkOption {
        type = types.listOf types.path;
        default = [ ];
        internal = true;
        description = "Accepted for compatibility.";
      };
    };
  };

  config = {
    assertions = [
      {
        assertion = !(net.useHostResolvConf && config.services.resolved.enable);
        message = ''
          Using host resolv.conf is not supported with systemd-resolved:
          set networking.useHostResolvConf = false.
        '';
      }
    ];

    # Not under cfg.enable: whether this module is enabled depends on the names in environment.etc.
    environment.etc."resolvconf.conf" = mkIf (cfg.extraConfig != "") { text = cfg.extraConfig; };

    systemd.services.resolvconf = mkIf takesOver {
      description = "Name servers in /etc/resolv.conf";
      wantedBy = [ "multi-user.target" ];
      wants = [ "network-pre.target" ];
      before = [ "network-pre.target" "nss-lookup.target" "shutdown.target" ];
      unitConfig.DefaultDependencies = false;
      after = [ "local-fs.target" "systemd-tmpfiles-setup.service" ];
      conflicts = [ "shutdown.target" ];
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
      };
      script = ''
        mkdir -p /run/resolvconf
        # The first run after start finds the host's copy; later runs (a switch) find our own file.
        if [ ! -e /run/resolvconf/host ]; then
          if [ -f /etc/resolv.conf ]; then cat /etc/resolv.conf; fi > /run/resolvconf/host
        fi
        {
          printf '%s' ${lib.escapeShellArg own}
          ${if keepHostServers then "cat /run/resolvconf/host" else ":"}
        } > /etc/resolv.conf.new
        chmod 0644 /etc/resolv.conf.new
        mv -f /etc/resolv.conf.new /etc/resolv.conf
      '';
      # A configuration without servers of its own gets the host's back.
      preStop = ''
        if [ -e /run/resolvconf/host ]; then
          rm -f /etc/resolv.conf
          cat /run/resolvconf/host > /etc/resolv.conf
        fi
      '';
    };
  };
}
