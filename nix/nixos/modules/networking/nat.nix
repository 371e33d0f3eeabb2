# Network address translation that a guest does for others: networking.nat, as an nftables table of its own.
#
# For containers that are routers or VPN gateways. The address translation of the containers themselves is the host's.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings mkIf mkOption optionalString types;
  cfg = config.networking.nat;

  interfaces = import ./firewall/interface-names.nix { inherit lib; plus = !config.networking.nftables.enable; };
  on = direction: name: optionalString (name != null) (interfaces.match direction name);

  split = destination:
    # "10.0.0.1:80", "10.0.0.1:8000-8100", "[fd00::1]:80", or a bare address.
    let
      v6 = builtins.match "\\[(.*)](:([0-9]+(-[0-9]+)?))?" destination;
      v4 = builtins.match "([^:]*)(:([0-9]+(-[0-9]+)?))?" destination;
      found = if v6 != null then v6 else v4;
    in
    if found == null then { address = destination; ports = null; }
    else { address = builtins.elemAt found 0; ports = builtins.elemAt found 2; };

  portSet = port: lib.replaceStrings [ ":" ] [ "-" ] (toString port);
  dnat = external: condition: forward:
    let
      to = split forward.destination;
      address = if lib.hasInfix ":" to.address then "[${to.address}]" else to.address;
      target = if to.ports == null then to.address else "${address}:${to.ports}";
    in
    "${on "iifname" external}${condition}${forward.proto} dport ${portSet forward.sourcePort} dnat to ${target}\n";

  # For each address in loopbackIPs, and for packets of this machine itself: the same forward as from outside.
  loopbacks = forward: concatMapStrings (ip: dnat null "${familyOf ip} daddr ${ip} " forward) forward.loopbackIPs;
  familyOf = address: if lib.hasInfix ":" address then "ip6" else "ip";

  table = family: { externalIP, internalIPs, forwards, dmz }:
    let
      out = on "oifname" cfg.externalInterface;
      verdict = if externalIP == null then "masquerade" else "snat to ${externalIP}";
      # Who asks for a forward at one of its loopbackIPs from inside has to be answered by way of this machine.
      hairpin = forward: concatMapStrings (_:
        let to = split forward.destination; in
        on "iifname !=" cfg.externalInterface + "${family} daddr ${to.address} "
        + "${forward.proto} dport ${if to.ports != null then to.ports else portSet forward.sourcePort} masquerade\n"
      ) (lib.take 1 forward.loopbackIPs);
      snat =
        concatMapStrings (condition: "${condition}${out}${verdict}\n") (interfaces.matches "iifname" cfg.internalInterfaces)
        + optionalString (internalIPs != [ ]) "${family} saddr { ${lib.concatStringsSep ", " internalIPs} } ${out}${verdict}\n"
        + concatMapStrings hairpin forwards;
    in
    {
      family = family;
      name = "nixos-nat";
      content = ''
        chain pre {
          type nat hook prerouting priority dstnat;
          ${concatMapStrings (dnat cfg.externalInterface "") forwards}${concatMapStrings loopbacks forwards}${
            optionalString (dmz != null) "${on "iifname" cfg.externalInterface}dnat to ${dmz}"
          }
        }
        chain post {
          type nat hook postrouting priority srcnat;
          ${snat}
        }
        chain out {
          type nat hook output priority mangle;
          ${concatMapStrings loopbacks forwards}
        }
      '';
    };

  tables = [
    (table "ip" {
      inherit (cfg) externalIP internalIPs;
      forwards = builtins.filter (f: !lib.hasPrefix "[" f.destination) cfg.forwardPorts;
      dmz = cfg.dmzHost;
    })
  ] ++ lib.optional cfg.enableIPv6 (table "ip6" {
    externalIP = cfg.externalIPv6;
    internalIPs = cfg.internalIPv6s;
    forwards = builtins.filter (f: lib.hasPrefix "[" f.destination) cfg.forwardPorts;
    dmz = null;
  });

  file = pkgs.writeText "nixos-nat.nft" (concatMapStrings (t: ''
    table ${t.family} ${t.name}
    delete table ${t.family} ${t.name}
    table ${t.family} ${t.name} {
    ${t.content}
    }
  '') tables);

  list = type: description: mkOption {
    type = types.listOf type;
    default = [ ];
    inherit description;
  };
  maybe = type: description: mkOption {
    type = types.nullOr type;
    default = null;
    inherit description;
  };
  lines = mkOption {
    type = types.lines;
    default = "";
    description = "Shell commands with raw iptables rules (not available here: write networking.nftables.tables).";
  };

  forward = {
    options = {
      sourcePort = mkOption {
        type = types.either types.int (types.strMatching "[[:digit:]]+:[[:digit:]]+");
        example = 8080;
        description = "Port, or range `from:to`, of the external interface.";
      };
      destination = mkOption {
        type = types.str;
        example = "10.0.0.1:80";
        description = "Address and port to which connections go.";
      };
      proto = mkOption {
        type = types.str;
        default = "tcp";
        example = "udp";
        description = "Protocol.";
      };
      loopbackIPs = list types.str "Further addresses at which the forward works, also from this machine.";
    };
  };
in
{
  options.networking.nat = {
    enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether to translate addresses for others.";
    };
    enableIPv6 = mkOption {
      type = types.bool;
      default = false;
      description = "Whether to do so for IPv6 too.";
    };
    externalInterface = maybe types.str "The interface to the outside." // { example = "eth1"; };
    externalIP = maybe types.str "The address to use outside; the interface's without.";
    externalIPv6 = maybe types.str "The IPv6 address to use outside; the interface's without.";
    internalInterfaces = list types.str "Interfaces whose packets are translated." // { example = [ "eth0" ]; };
    internalIPs = list types.str "Networks whose packets are translated." // { example = [ "192.168.1.0/24" ]; };
    internalIPv6s = list types.str "IPv6 networks whose packets are translated." // { example = [ "fc00::/64" ]; };
    forwardPorts = list (types.submodule forward) "Ports of the external interface that are forwarded to machines inside.";
    dmzHost = maybe types.str "Machine inside to which everything else goes.";
    extraCommands = lines;
    extraStopCommands = lines;
  };

  config = mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.forwardPorts != [ ] || cfg.dmzHost != null -> cfg.externalInterface != null;
        message = "networking.nat.forwardPorts requires networking.nat.externalInterface";
      }
      {
        assertion = cfg.enableIPv6 -> config.networking.enableIPv6;
        message = "networking.nat.enableIPv6 requires networking.enableIPv6";
      }
      {
        assertion = config.networking.nftables.enable -> config.networking.nftables.rulesetFile == null;
        message = "networking.nftables.rulesetFile conflicts with networking.nat";
      }
      {
        assertion = cfg.extraCommands == "" && cfg.extraStopCommands == "";
        message = "networking.nat.extraCommands is not available here; write the rules as networking.nftables.tables.";
      }
    ];

    boot.kernel.sysctl = {
      "net.ipv4.conf.all.forwarding" = lib.mkOverride 99 true;
      "net.ipv4.conf.default.forwarding" = lib.mkOverride 99 true;
    } // lib.optionalAttrs cfg.enableIPv6 {
      "net.ipv6.conf.all.forwarding" = lib.mkOverride 99 true;
      "net.ipv6.conf.default.forwarding" = lib.mkOverride 99 true;
    };

    # What is translated is also let through.
    networking.firewall.extraForwardRules = mkIf config.networking.firewall.filterForward (
      let
        out = on "oifname" cfg.externalInterface;
        pass = condition: ''${condition}${out}accept comment "networking.nat"'' + "\n";
        from = what: list: optionalString (list != [ ]) (pass "${what} { ${lib.concatStringsSep ", " list} } ");
      in
      concatMapStrings pass (interfaces.matches "iifname" cfg.internalInterfaces) + from "ip saddr" cfg.internalIPs
      + optionalString cfg.enableIPv6 (from "ip6 saddr" cfg.internalIPv6s)
    );

    networking.nftables.tables = mkIf config.networking.nftables.enable {
      nixos-nat = builtins.elemAt tables 0;
      nixos-nat6 = mkIf cfg.enableIPv6 (builtins.elemAt tables 1);
    };

    systemd.services.nat = mkIf (!config.networking.nftables.enable) {
      description = "Network Address Translation";
      wantedBy = [ "multi-user.target" ];
      before = [ "network.target" ];
      wants = [ "network.target" ];
      after = [ "network-pre.target" "systemd-sysctl.service" ];
      path = [ pkgs.nftables ];
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecCondition = import ./private-network.nix { inherit pkgs; };
      };
      script = "nft -f ${file}";
      preStop = lib.concatMapStrings (t: "nft delete table ${t.family} ${t.name} 2>/dev/null || true\n") tables;
    };
  };
}
