# OpenVPN: services.openvpn.servers, each a client or a server. Needs /dev/net/tun (the host's option enableTun).
{ config, lib, pkgs, ... }:

let
  inherit (lib) literalExpression mapAttrs' mkIf mkOption nameValuePair optionalString types;
  cfg = config.services.openvpn;

  script = name: text: pkgs.writeScript name ''
    #!${pkgs.runtimeShell}
    export PATH=/run/wrappers/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin
    ${text}
  '';
  file = name: server: pkgs.writeText "openvpn-${name}.conf" ''
    ${optionalString (server.up != "" || server.down != "" || server.updateResolvConf) "script-security 2"}
    ${server.config}
    ${optionalString (server.up != "") "up ${script "openvpn-${name}-up" server.up}"}
    ${optionalString (server.down != "") "down ${script "openvpn-${name}-down" server.down}"}
    ${optionalString (server.authUserPass != null) (
      if builtins.isString server.authUserPass then "auth-user-pass ${server.authUserPass}"
      else "auth-user-pass ${pkgs.writeText "openvpn-credentials-${name}" "${server.authUserPass.username}\n${server.authUserPass.password}\n"}"
    )}
  '';

  server = {
    options = {
      config = mkOption { type = types.lines; description = "The configuration, as in {manpage}`openvpn(8)`."; };
      up = mkOption { type = types.lines; default = ""; description = "Shell commands for when the connection is up."; };
      down = mkOption { type = types.lines; default = ""; description = "Shell commands for when the connection is down."; };
      autoStart = mkOption { type = types.bool; default = true; description = "Whether to start with the machine."; };
      updateResolvConf = mkOption { type = types.bool; default = false; description = "Accepted for compatibility: use `up` to change {file}`/etc/resolv.conf`."; };
      authUserPass = mkOption {
        type = types.nullOr (types.either types.str (types.submodule {
          options = {
            username = mkOption { type = types.str; description = "Name."; };
            password = mkOption { type = types.str; description = "Password; readable in the store."; };
          };
        }));
        default = null;
        description = "Name and password, or the path of a file with both.";
      };
    };
  };
in
{
  options.services.openvpn = {
    restartAfterSleep = mkOption { type = types.bool; default = true; description = "Accepted for compatibility: a container does not sleep."; };
    servers = mkOption {
      type = types.attrsOf (types.submodule server);
      default = { };
      example = literalExpression ''{ home.config = "config /root/nixos/openvpn/home.conf"; }'';
      description = "Clients and servers, by name.";
    };
  };

  config = mkIf (cfg.servers != { }) {
    environment.systemPackages = [ pkgs.openvpn ];
    # The archive's own start of what lies in /etc/openvpn.
    systemd.generators.openvpn-generator = "/dev/null";
    systemd.services = mapAttrs' (name: server: nameValuePair "openvpn-${name}" {
      description = "OpenVPN instance ‘${name}’";
      wantedBy = lib.optional server.autoStart "multi-user.target";
      after = [ "network.target" ];
      serviceConfig = {
        ExecStart = "@${pkgs.openvpn}/usr/sbin/openvpn openvpn --suppress-timestamps --config ${file name server}";
        Restart = "always";
        Type = "notify";
      };
    }) cfg.servers;
  };
}
