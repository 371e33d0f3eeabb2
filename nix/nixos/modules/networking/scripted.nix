# Carries out networking.interfaces, the virtual links and the default gateways with iproute2.
#
# Units have the names of NixOS's scripted networking: <link>-netdev, network-addresses-<interface>, network-setup,
# network-local-commands. Interfaces that the configuration does not mention are never touched: the container
# manager has configured them before systemd started. networkd.nix is the other implementation.
{ config, lib, pkgs, ... }:

let
  inherit (lib) attrNames attrValues mapAttrs' mkIf mkMerge nameValuePair optional optionalString;
  cfg = config.networking;
  commands = import ./link-commands.nix { inherit lib; };

  interfaces = attrValues cfg.interfaces;
  needsWork = interface:
    interface.ipv4.addresses != [ ] || interface.ipv6.addresses != [ ]
    || interface.ipv4.routes != [ ] || interface.ipv6.routes != [ ]
    || interface.macAddress != null || interface.mtu != null;

  # Everything that a unit of ours creates: others that sit on top of it wait for that unit.
  created =
    attrNames cfg.bridges ++ attrNames cfg.vlans ++ attrNames cfg.bonds ++ attrNames cfg.macvlans
    ++ attrNames cfg.ipvlans ++ attrNames cfg.sits ++ attrNames cfg.greTunnels
    ++ map (interface: interface.name) (builtins.filter (interface: interface.virtual) interfaces);
  netdevsOf = names: map (name: "${name}-netdev.service") (builtins.filter (name: builtins.elem name created) names);

  base = {
    wantedBy = [ "network.target" "multi-user.target" ];
    before = [ "network.target" "shutdown.target" ];
    after = [ "network-pre.target" ];
    wants = [ "network.target" ];
    conflicts = [ "shutdown.target" ];
    unitConfig.DefaultDependencies = false;
    path = [ pkgs.iproute2 ];
    serviceConfig = { Type = "oneshot"; RemainAfterExit = true; };
  };

  netdev = kind: below: render: name: link:
    nameValuePair "${name}-netdev" (mkMerge [
      base
      {
        description = "${kind} ${name}";
        requires = netdevsOf (below link);
        after = netdevsOf (below link);
        script = render name link;
        postStop = commands.remove name;
      }
    ]);
  one = link: [ link.interface ];
  maybe = link: optional (link.dev != null) link.dev;

  netdevs =
    mapAttrs' (netdev "Bridge" (link: link.interfaces) commands.bridge) cfg.bridges
    // mapAttrs' (netdev "Bond" (link: link.interfaces) commands.bond) cfg.bonds
    // mapAttrs' (netdev "VLAN" one commands.vlan) cfg.vlans
    // mapAttrs' (netdev "Macvlan" one commands.macvlan) cfg.macvlans
    // mapAttrs' (netdev "Ipvlan" one commands.ipvlan) cfg.ipvlans
    // mapAttrs' (netdev "Tunnel" maybe commands.sit) cfg.sits
    // mapAttrs' (netdev "Tunnel" maybe commands.gre) cfg.greTunnels
    // mapAttrs' (netdev "Virtual interface" (_: [ ]) (_: commands.tunTap))
      (lib.filterAttrs (_: interface: interface.virtual) cfg.interfaces);

  addresses = interface:
    nameValuePair "network-addresses-${interface.name}" (mkMerge [
      base
      {
        description = "Address configuration of ${interface.name}";
        requires = netdevsOf [ interface.name ];
        after = netdevsOf [ interface.name ];
        # A stop would take the connection away under whoever is changing the configuration over it.
        stopIfChanged = false;
        script = commands.interfaceUp interface;
        preStop = commands.interfaceDown interface;
      }
    ]);

  gateways =
    optionalString (cfg.defaultGateway != null && cfg.defaultGateway.address != "")
      (commands.defaultRoute { version = 4; windowSize = cfg.defaultGatewayWindowSize; } cfg.defaultGateway)
    + optionalString (cfg.enableIPv6 && cfg.defaultGateway6 != null && cfg.defaultGateway6.address != "")
      (commands.defaultRoute { version = 6; windowSize = cfg.defaultGatewayWindowSize; } cfg.defaultGateway6);

  working = builtins.filter needsWork interfaces;
  addressUnits = map (interface: "network-addresses-${interface.name}.service") working;

  # Ports of bridges and bonds are below the network layer: an address there would not work.
  ports = lib.concatMap (link: link.interfaces) (attrValues cfg.bridges ++ attrValues cfg.bonds);
in
{
  config = mkMerge [
    {
      assertions = map (name: {
        assertion = !(cfg.interfaces ? ${name}) || (
          cfg.interfaces.${name}.ipv4.addresses == [ ] && cfg.interfaces.${name}.ipv6.addresses == [ ]
        );
        message = ''The networking.interfaces."${name}" must not have any defined ips when it is a slave.'';
      }) ports;

      # ip and ping are on every NixOS machine.
      environment.systemPackages = [ pkgs.iproute2 pkgs.iputils-ping ];

      boot.kernel.sysctl = mkIf (builtins.any (interface: interface.proxyARP) interfaces) (
        { "net.ipv4.ip_forward" = lib.mkDefault true; }
        // lib.listToAttrs (map
          (interface: nameValuePair "net.ipv4.conf.${interface.name}.proxy_arp" true)
          (builtins.filter (interface: interface.proxyARP) interfaces))
      );
    }

    (mkIf (!cfg.useNetworkd) {
      systemd.services =
        netdevs
        // lib.listToAttrs (map addresses working)
        // lib.optionalAttrs (gateways != "") {
          network-setup = mkMerge [
            base
            {
              description = "Default gateways";
              after = addressUnits ++ netdevsOf created;
              stopIfChanged = false;
              script = gateways;
            }
          ];
        };
    })

    (mkIf (cfg.localCommands != "") {
      systemd.services.network-local-commands = mkMerge [
        base
        {
          description = "Commands of networking.localCommands";
          after = addressUnits ++ [ "network-setup.service" ];
          stopIfChanged = false;
          script = cfg.localCommands;
        }
      ];
    })
  ];
}
