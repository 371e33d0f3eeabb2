# DHCP in the guest: networking.dhcpcd. It runs only where interfaces ask for it, which they do not do in a container by default.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkIf mkOption types;
  net = config.networking;
  cfg = net.dhcpcd;

  interfaces = builtins.attrValues net.interfaces;
  names = map (interface: interface.name);
  wanted = names (builtins.filter (interface: interface.useDHCP == true) interfaces);
  # Interfaces with static addresses, and those that sit in a bridge or a bond, are left alone.
  refused =
    names (builtins.filter (interface: interface.useDHCP == false || (interface.useDHCP == null && interface.ipv4.addresses != [ ])) interfaces)
    ++ lib.concatMap (link: link.interfaces) (builtins.attrValues net.bridges ++ builtins.attrValues net.bonds)
    ++ cfg.denyInterfaces;
  allowed =
    if cfg.allowInterfaces == null && net.useDHCP then null
    else lib.optionals (cfg.allowInterfaces != null) cfg.allowInterfaces ++ wanted;

  file = pkgs.writeText "dhcpcd.conf" ''
    hostname
    # No device manager runs in a container; with one, dhcpcd would wait for its word on every interface.
    nodev
    option domain_name_servers, domain_name, domain_search
    option classless_static_routes, ntp_servers, interface_mtu
    nohook lookup-hostname
    denyinterfaces ${toString (refused ++ [ "lo" "peth*" "vif*" "tap*" "tun*" "virbr*" "vnet*" "vboxnet*" "sit*" ])}
    ${lib.optionalString (allowed != null) "allowinterfaces ${toString allowed}"}
    ${lib.optionalString (!net.enableIPv6 || cfg.IPv6rs == false) "noipv6rs"}
    ${lib.optionalString (!net.enableIPv6) "noipv6"}
    ${{ background = "background"; any = "waitip"; ipv4 = "waitip 4"; ipv6 = "waitip 6"; both = "waitip 4\nwaitip 6"; if-carrier-up = ""; }.${cfg.wait}}
    ${lib.optionalString cfg.persistent "persistent"}
    ${cfg.extraConfig}
  '';
  exitHook = pkgs.writeText "dhcpcd.exit-hook" cfg.runHook;
in
{
  options.networking.dhcpcd = {
    enable = mkOption { type = types.bool; default = true; description = "Whether dhcpcd serves interfaces that want DHCP."; };
    persistent = mkOption { type = types.bool; default = false; description = "Whether interfaces stay configured when dhcpcd stops."; };
    setHostname = mkOption { type = types.bool; default = net.hostName == ""; defaultText = lib.literalExpression ''config.networking.hostName == ""''; description = "Whether the server's name for this machine is used."; };
    denyInterfaces = mkOption { type = types.listOf types.str; default = [ ]; description = "Interfaces to leave alone."; };
    allowInterfaces = mkOption { type = types.nullOr (types.listOf types.str); default = null; description = "The only interfaces to serve."; };
    extraConfig = mkOption { type = types.lines; default = ""; description = "Text for the end of the configuration."; };
    IPv6rs = mkOption { type = types.nullOr types.bool; default = null; description = "Whether IPv6 routers are asked for."; };
    allowSetuid = mkOption { type = types.bool; default = false; description = "Accepted for compatibility."; };
    runHook = mkOption { type = types.lines; default = ""; description = "Shell commands to run when something has changed."; };
    wait = mkOption {
      type = types.enum [ "background" "any" "ipv4" "ipv6" "both" "if-carrier-up" ];
      default = "any";
      description = "What start waits for.";
    };
  };

  config = mkIf (cfg.enable && !net.useNetworkd && (net.useDHCP || wanted != [ ])) {
    environment.systemPackages = [ pkgs.dhcpcd-base ];
    environment.etc."dhcpcd.exit-hook" = mkIf (cfg.runHook != "") { source = exitHook; };
    users.users.dhcpcd = { isSystemUser = true; group = "dhcpcd"; };
    users.groups.dhcpcd = { };
    systemd.services.dhcpcd = {
      description = "DHCP Client";
      wantedBy = [ "multi-user.target" "network-online.target" ];
      wants = [ "network.target" ];
      before = [ "network-online.target" ];
      stopIfChanged = false;
      restartTriggers = lib.optional (cfg.runHook != "") exitHook;
      unitConfig.ConditionCapability = "CAP_NET_ADMIN";
      serviceConfig = {
        Type = "forking";
        PIDFile = "/run/dhcpcd/pid";
        RuntimeDirectory = "dhcpcd";
        StateDirectory = "dhcpcd";
        ExecStart = "@${pkgs.dhcpcd-base}/usr/sbin/dhcpcd dhcpcd --quiet ${lib.optionalString cfg.persistent "--persistent"} --config ${file}";
        ExecReload = "${pkgs.dhcpcd-base}/usr/sbin/dhcpcd --rebind";
        Restart = "always";
      };
    };
  };
}
