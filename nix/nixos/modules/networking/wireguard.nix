# WireGuard tunnels: networking.wireguard.interfaces. The kernel module is the host's.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings concatStringsSep escapeShellArg literalExpression mapAttrs' mkIf mkOption nameValuePair optionalString types;
  cfg = config.networking.wireguard;

  maybe = type: description: mkOption { type = types.nullOr type; default = null; inherit description; };
  lines = description: mkOption { type = types.lines; default = ""; inherit description; };

  peer = {
    options = {
      name = mkOption { type = types.str; default = ""; description = "Name of the peer, for people."; };
      publicKey = mkOption { type = types.singleLineStr; example = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="; description = "The peer's public key."; };
      presharedKey = maybe types.str "A key that both know; readable in the store.";
      presharedKeyFile = maybe types.str "File with a key that both know.";
      allowedIPs = mkOption { type = types.listOf types.str; default = [ ]; example = [ "10.192.122.3/32" ]; description = "Addresses that are the peer's."; };
      endpoint = maybe types.str "Address and port of the peer.";
      persistentKeepalive = maybe types.int "Seconds between packets that keep the way open.";
      dynamicEndpointRefreshSeconds = mkOption { type = types.int; default = 0; description = "Accepted for compatibility."; };
    };
  };

  interface = {
    options = {
      ips = mkOption { type = types.listOf types.str; default = [ ]; example = [ "192.168.2.1/24" ]; description = "Addresses of the interface."; };
      privateKey = maybe types.str "The private key; readable in the store.";
      privateKeyFile = maybe types.str "File with the private key.";
      generatePrivateKeyFile = mkOption { type = types.bool; default = false; description = "Whether to make the file of the private key if it is missing."; };
      listenPort = maybe types.int "Port to listen on.";
      preSetup = lines "Shell commands before the interface is made.";
      postSetup = lines "Shell commands after the interface was made.";
      preShutdown = lines "Shell commands before the interface is removed.";
      postShutdown = lines "Shell commands after the interface was removed.";
      table = mkOption { type = types.str; default = "main"; description = "Routing table for the peers' addresses."; };
      metric = maybe types.int "Metric of the routes.";
      mtu = maybe types.int "Size of the largest packet, in bytes.";
      fwMark = maybe types.str "Mark of outgoing packets.";
      allowedIPsAsRoutes = mkOption { type = types.bool; default = true; description = "Whether the peers' addresses are routed to the interface."; };
      peers = mkOption { type = types.listOf (types.submodule peer); default = [ ]; description = "The peers."; };
    };
  };

  setPeer = name: p: concatStringsSep " " (
    [ "wg set ${name} peer ${escapeShellArg p.publicKey}" ]
    ++ lib.optional (p.presharedKey != null) "preshared-key ${pkgs.writeText "preshared-key" p.presharedKey}"
    ++ lib.optional (p.presharedKeyFile != null) "preshared-key ${escapeShellArg p.presharedKeyFile}"
    ++ lib.optional (p.endpoint != null) "endpoint ${escapeShellArg p.endpoint}"
    ++ lib.optional (p.persistentKeepalive != null) "persistent-keepalive ${toString p.persistentKeepalive}"
    ++ lib.optional (p.allowedIPs != [ ]) "allowed-ips ${escapeShellArg (concatStringsSep "," p.allowedIPs)}"
  ) + "\n";
  routes = name: wg: p: optionalString wg.allowedIPsAsRoutes (concatMapStrings (address:
    "ip route replace ${escapeShellArg address} dev ${name} table ${escapeShellArg wg.table}${optionalString (wg.metric != null) " metric ${toString wg.metric}"}\n"
  ) p.allowedIPs);

  keyOf = wg: if wg.privateKeyFile != null then wg.privateKeyFile else "${pkgs.writeText "wg-key" wg.privateKey}";

  service = name: wg: nameValuePair "wireguard-${name}" {
    description = "WireGuard Tunnel - ${name}";
    wantedBy = [ "multi-user.target" ];
    after = [ "network.target" "network-online.target" ];
    wants = [ "network-online.target" ];
    path = [ pkgs.wireguard-tools pkgs.iproute2 ];
    environment.DEVICE = name;
    serviceConfig = { Type = "oneshot"; RemainAfterExit = true; };
    script = ''
      ${wg.preSetup}
      ${optionalString wg.generatePrivateKeyFile ''
        if [ ! -e ${escapeShellArg wg.privateKeyFile} ]; then
          mkdir -p -m 0700 "$(dirname ${escapeShellArg wg.privateKeyFile})"
          (umask 077; wg genkey > ${escapeShellArg wg.privateKeyFile})
        fi
      ''}
      ip link show dev ${name} > /dev/null 2>&1 || ip link add dev ${name} type wireguard
      ${optionalString (wg.mtu != null) "ip link set dev ${name} mtu ${toString wg.mtu}"}
      ${concatMapStrings (address: "ip addr replace ${escapeShellArg address} dev ${name}\n") wg.ips}
      wg set ${name} private-key ${escapeShellArg (keyOf wg)}${
        optionalString (wg.listenPort != null) " listen-port ${toString wg.listenPort}"
      }${optionalString (wg.fwMark != null) " fwmark ${wg.fwMark}"}
      ip link set up dev ${name}
      ${concatMapStrings (p: setPeer name p + routes name wg p) wg.peers}
      ${wg.postSetup}
    '';
    preStop = wg.preShutdown;
    postStop = ''
      ip link del dev ${name} 2> /dev/null || true
      ${wg.postShutdown}
    '';
  };
in
{
  options.networking.wireguard = {
    enable = mkOption {
      type = types.bool;
      default = cfg.interfaces != { };
      defaultText = literalExpression "config.networking.wireguard.interfaces != { }";
      description = "Whether to set up WireGuard tunnels.";
    };
    interfaces = mkOption {
      type = types.attrsOf (types.submodule interface);
      default = { };
      description = "Tunnels, by the name of their interface.";
    };
  };

  config = mkIf cfg.enable {
    assertions = lib.concatLists (lib.mapAttrsToList (name: wg: [
      {
        assertion = (wg.privateKey != null) != (wg.privateKeyFile != null);
        message = "Either networking.wireguard.interfaces.${name}.privateKey or networking.wireguard.interfaces.${name}.privateKeyFile must be set.";
      }
      {
        assertion = !wg.generatePrivateKeyFile || wg.privateKeyFile != null;
        message = "networking.wireguard.interfaces.${name}.generatePrivateKeyFile requires networking.wireguard.interfaces.${name}.privateKeyFile to be set.";
      }
    ]) cfg.interfaces);
    environment.systemPackages = [ pkgs.wireguard-tools ];
    systemd.services = mapAttrs' service cfg.interfaces;
  };
}
