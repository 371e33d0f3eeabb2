# systemd.network as files in /etc/systemd/network, and the service that reads them.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings mapAttrs' mapAttrsToList mkIf nameValuePair optionalAttrs optionalString;
  cfg = config.systemd.network;

  word = value: if value == true then "yes" else if value == false then "no" else toString value;
  line = name: value:
    if value == null then ""
    else if builtins.isList value then concatMapStrings (item: "${name}=${word item}\n") value
    else "${name}=${word value}\n";
  section = name: settings: optionalString (settings != { })
    "[${name}]\n${lib.concatStrings (mapAttrsToList line settings)}\n";
  each = name: concatMapStrings (section name);
  nonEmpty = lib.filterAttrs (_: value: value != [ ] && value != null);

  linkFile = link: section "Match" link.matchConfig + section "Link" link.linkConfig + link.extraConfig;

  netdevFile = netdev:
    section "Match" netdev.matchConfig
    + section "NetDev" netdev.netdevConfig
    + lib.concatStrings (mapAttrsToList (option: name: section name netdev.${option}) {
      bridgeConfig = "Bridge";
      vlanConfig = "VLAN";
      macvlanConfig = "MACVLAN";
      ipvlanConfig = "IPVLAN";
      vxlanConfig = "VXLAN";
      tunnelConfig = "Tunnel";
      peerConfig = "Peer";
      tunConfig = "Tun";
      tapConfig = "Tap";
      l2tpConfig = "L2TP";
      bondConfig = "Bond";
      xfrmConfig = "Xfrm";
      vrfConfig = "VRF";
      wireguardConfig = "WireGuard";
      batmanAdvancedConfig = "BatmanAdvanced";
      fooOverUDPConfig = "FooOverUDP";
    })
    + each "WireGuardPeer" netdev.wireguardPeers
    + netdev.extraConfig;

  networkFile = network:
    section "Match" (optionalAttrs (network.name != null) { Name = network.name; } // network.matchConfig)
    + section "Link" network.linkConfig
    + section "Network" (nonEmpty {
      inherit (network) DHCP;
      Domains = if network.domains == null then null else toString network.domains;
      Address = network.address;
      Gateway = network.gateway;
      DNS = network.dns;
      NTP = network.ntp;
      Bridge = network.bridge;
      Bond = network.bond;
      VRF = network.vrf;
      VLAN = network.vlan;
      MACVLAN = network.macvlan;
      IPVLAN = network.ipvlan;
      VXLAN = network.vxlan;
      Tunnel = network.tunnel;
    } // network.networkConfig)
    + each "Address" network.addresses
    + each "RoutingPolicyRule" network.routingPolicyRules
    + each "Route" network.routes
    + section "DHCPv4" network.dhcpV4Config
    + section "DHCPv6" network.dhcpV6Config
    + section "IPv6AcceptRA" network.ipv6AcceptRAConfig
    + section "DHCPServer" network.dhcpServerConfig
    + section "IPv6SendRA" network.ipv6SendRAConfig
    + each "IPv6Prefix" network.ipv6Prefixes
    + section "Bridge" network.bridgeConfig
    + each "BridgeVLAN" network.bridgeVLANs
    + each "DHCPServerStaticLease" network.dhcpServerStaticLeases
    + network.extraConfig;

  enabled = lib.filterAttrs (_: file: file.enable);
  disabled = lib.filterAttrs (_: file: !file.enable);
  rendered = suffix: render: files: mapAttrs' (name: file: nameValuePair "${name}.${suffix}" (render file)) (enabled files);
  masked = suffix: files: mapAttrs' (name: _: nameValuePair "systemd/network/${name}.${suffix}" {
    source = "/dev/null";
    mode = "direct-symlink";
  }) (disabled files);

  waitOnline = cfg.wait-online;
in
{
  config = lib.mkMerge [
    { environment.etc = masked "link" cfg.links; }
    (mkIf cfg.enable {
      systemd.network.units =
        rendered "link" linkFile cfg.links // rendered "netdev" netdevFile cfg.netdevs // rendered "network" networkFile cfg.networks;

      environment.etc =
        mapAttrs' (name: text: nameValuePair "systemd/network/${name}" { inherit text; }) cfg.units
        // masked "netdev" cfg.netdevs // masked "network" cfg.networks
        // {
          "systemd/networkd.conf".text =
            section "Network" (cfg.config.networkConfig // optionalAttrs (cfg.config.routeTables != { }) {
              RouteTable = mapAttrsToList (name: number: "${name}:${toString number}") cfg.config.routeTables;
            })
            + section "DHCPv4" cfg.config.dhcpV4Config
            + section "DHCPv6" cfg.config.dhcpV6Config;
        };

      users.users.systemd-network = { isSystemUser = true; group = "systemd-network"; };
      users.groups.systemd-network = { };

      # systemd has the units; here they are only wanted, and restarted when a file changes.
      systemd.services.systemd-networkd = {
        wantedBy = [ "multi-user.target" ];
        aliases = [ "dbus-org.freedesktop.network1.service" ];
        restartTriggers = mapAttrsToList (name: _: config.environment.etc."systemd/network/${name}".source) cfg.units;
        # A stop takes addresses away; a restart keeps them.
        stopIfChanged = false;
      };
      systemd.sockets.systemd-networkd.wantedBy = [ "sockets.target" ];
      systemd.services.systemd-networkd-wait-online = mkIf waitOnline.enable {
        wantedBy = [ "network-online.target" ];
        serviceConfig.ExecStart = [
          ""
          ("/usr/lib/systemd/systemd-networkd-wait-online"
            + optionalString waitOnline.anyInterface " --any"
            + concatMapStrings (name: " --ignore=${name}") waitOnline.ignoredInterfaces
            + " --timeout=${toString waitOnline.timeout}"
            + concatMapStrings (arg: " ${arg}") waitOnline.extraArgs)
        ];
      };
    })
  ];
}
