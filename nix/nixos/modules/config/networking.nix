# /etc/hosts and the small files beside it, the proxy variables, and the list of time servers.
#
# Not here: /etc/resolv.conf (config/resolvconf.nix), /etc/nsswitch.conf (config/nsswitch.nix).
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatStringsSep mapAttrsToList mkIf mkOption optional optionalString types;
  cfg = config.networking;
  proxy = cfg.proxy;

  hostLines = concatStringsSep "" (
    mapAttrsToList (address: names: optionalString (names != [ ]) "${address} ${toString names}\n") cfg.hosts
  );

  # "localhost" is the first name of 127.0.0.1 and ::1, so that programs which look the address up get
  # that name back and not the machine's own.
  ownHosts = pkgs.writeText "hosts" (
    "127.0.0.1 localhost\n"
    + optionalString cfg.enableIPv6 "::1 localhost\n"
    + hostLines
    + optionalString (cfg.extraHosts != "") (cfg.extraHosts + "\n")
  );

  mkProxy = variable: mkOption {
    type = types.nullOr types.str;
    default = proxy.default;
    defaultText = lib.literalExpression "config.networking.proxy.default";
    example = "http://127.0.0.1:3128";
    description = "The value of the environment variable `${variable}`.";
  };
in
{
  options.networking = {
    hosts = mkOption {
      type = types.attrsOf (types.listOf types.str);
      example = lib.literalExpression ''{ "192.0.2.2" = [ "db.example.org" "db" ]; }'';
      description = "Host names of addresses, for {file}`/etc/hosts`.";
    };

    hostFiles = mkOption {
      type = types.listOf types.path;
      defaultText = lib.literalExpression "the files made from networking.hosts and networking.extraHosts";
      description = "Files whose contents, one after another, become {file}`/etc/hosts`.";
    };

    extraHosts = mkOption {
      type = types.lines;
      default = "";
      example = "192.0.2.1 gateway.example.org";
      description = "Lines to put at the end of {file}`/etc/hosts`.";
    };

    timeServers = mkOption {
      type = types.listOf types.str;
      default = map (n: "${toString n}.nixos.pool.ntp.org") [ 0 1 2 3 ];
      description = ''
        The NTP servers that a time service of this machine asks. A container shares the clock of its
        host, so nothing asks them unless such a service is enabled.
      '';
    };

    proxy = {
      default = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "http://127.0.0.1:3128";
        description = "The proxy for every protocol that has none of its own below.";
      };
      httpProxy = mkProxy "http_proxy";
      httpsProxy = mkProxy "https_proxy";
      ftpProxy = mkProxy "ftp_proxy";
      rsyncProxy = mkProxy "rsync_proxy";
      allProxy = mkProxy "all_proxy";
      noProxy = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "127.0.0.1,localhost,.localdomain";
        description = "The value of the environment variable `no_proxy`: hosts to reach directly.";
      };
      envVars = mkOption {
        type = types.attrs;
        internal = true;
        default = { };
        description = "The proxy variables, for services that need them.";
      };
    };
  };

  config = {
    assertions = [
      {
        assertion = builtins.elem "localhost" (cfg.hosts."127.0.0.1" or [ "localhost" ]);
        message = ''`networking.hosts` doesn't map "127.0.0.1" to "localhost"'';
      }
    ];

    # The machine's own name resolves without any server, full name first, as `hostname -f` wants it.
    networking.hosts."127.0.0.2" =
      optional (cfg.hostName != "" && cfg.domain != null) "${cfg.hostName}.${cfg.domain}"
      ++ optional (cfg.hostName != "") cfg.hostName;

    networking.hostFiles = lib.mkBefore [ ownHosts ];

    networking.proxy.envVars =
      let
        variables = lib.filterAttrs (_: value: value != null) {
          http_proxy = proxy.httpProxy;
          https_proxy = proxy.httpsProxy;
          ftp_proxy = proxy.ftpProxy;
          rsync_proxy = proxy.rsyncProxy;
          all_proxy = proxy.allProxy;
          no_proxy = proxy.noProxy;
        };
      in
      if variables == { } then { }
      else variables // lib.optionalAttrs (variables ? http_proxy) { HTTP_PROXY = variables.http_proxy; };

    environment.sessionVariables = mkIf (proxy.envVars != { }) proxy.envVars;

    environment.etc = {
      hosts.source =
        if builtins.length cfg.hostFiles == 1 then builtins.head cfg.hostFiles
        else pkgs.concatText "hosts" cfg.hostFiles;
      "host.conf".text = "multi on\n";
    };

    # Its /etc/services, /etc/protocols and /etc/rpc are what getservbyname(3) and its kin read.
    environment.systemPackages = [ pkgs.netbase ];
  };
}
