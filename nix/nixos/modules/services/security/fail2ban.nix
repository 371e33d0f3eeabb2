# fail2ban, which locks out addresses that try passwords: services.fail2ban.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatStrings concatStringsSep mapAttrs mapAttrsToList mkDefault mkEnableOption mkIf mkOption optionalAttrs types;
  cfg = config.services.fail2ban;

  atom = types.nullOr (types.oneOf [ types.bool types.int types.str ]);
  section = types.attrsOf (types.either atom (types.listOf types.str));
  value = v:
    if v == true then "true" else if v == false then "false"
    else if builtins.isList v then concatStringsSep " " v
    else lib.replaceStrings [ "\n" ] [ "\n  " ] (toString v);
  ini = sections: concatStrings (mapAttrsToList (name: settings:
    "[${name}]\n" + concatStrings (mapAttrsToList (key: v: "${key} = ${value v}\n") (lib.filterAttrs (_: v: v != null) settings)) + "\n"
  ) sections);

  increment = cfg.bantime-increment;
  jail = {
    options = {
      enabled = mkOption { type = types.bool; default = true; description = "Whether this jail is watched."; };
      filter = mkOption {
        type = types.nullOr (types.either types.str (types.attrsOf section));
        default = null;
        description = "Name of the filter (default: the jail's name), or the filter itself.";
      };
      settings = mkOption { type = types.submodule { freeformType = section; }; default = { }; description = "Settings of {manpage}`jail.conf(5)`."; };
    };
  };
  # As text, a jail is written as it stands in the file.
  jails = mapAttrs (name: jail:
    if builtins.isString jail then "[${name}]\nenabled = true\n${jail}\n\n"
    else ini {
      # What [DEFAULT] says holds for every jail that fail2ban comes with: `enabled` there would switch all of them on.
      ${name} = optionalAttrs (name != "DEFAULT") { inherit (jail) enabled; }
        // optionalAttrs (jail.filter != null) { filter = if builtins.isString jail.filter then jail.filter else name; }
        // jail.settings;
    }) cfg.jails;
  ownFilters = lib.filterAttrs (_: jail: builtins.isAttrs jail && builtins.isAttrs jail.filter) cfg.jails;

  defaults = {
    backend = "systemd";
    banaction = cfg.banaction;
    banaction_allports = cfg.banaction-allports;
    maxretry = cfg.maxretry;
    bantime = cfg.bantime;
    ignoreip = [ "127.0.0.1/8" "::1" ] ++ cfg.ignoreIP;
    "bantime.increment" = increment.enable;
    "bantime.factor" = increment.factor;
    "bantime.maxtime" = increment.maxtime;
    "bantime.rndtime" = increment.rndtime;
    "bantime.multipliers" = increment.multipliers;
    "bantime.formula" = increment.formula;
    "bantime.overalljails" = increment.overalljails;
  };
  maybe = description: mkOption { type = types.nullOr types.str; default = null; inherit description; };
in
{
  options.services.fail2ban = {
    enable = mkEnableOption "fail2ban, which locks out addresses after failed log-ins";
    package = mkOption {
      type = types.package;
      default = pkgs.fail2ban;
      defaultText = lib.literalExpression "pkgs.fail2ban";
      description = "The package of fail2ban.";
    };
    extraPackages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Programs that actions call.";
    };
    bantime = mkOption { type = types.nullOr types.str; default = null; example = "10m"; description = "How long an address is locked out (fail2ban's default: 10 minutes)."; };
    maxretry = mkOption { type = types.ints.unsigned; default = 3; description = "Failures before an address is locked out."; };
    banaction = mkOption { type = types.str; default = "nftables-multiport"; description = "How a jail with ports locks an address out."; };
    banaction-allports = mkOption { type = types.str; default = "nftables-allports"; description = "How a jail without ports does."; };
    ignoreIP = mkOption { type = types.listOf types.str; default = [ ]; example = [ "192.168.0.0/16" "2001:db8::42" ]; description = "Addresses and networks that are never locked out."; };
    bantime-increment = {
      enable = mkOption { type = types.nullOr types.bool; default = null; description = "Whether an address that comes again is locked out longer."; };
      factor = maybe "Factor of the growth.";
      maxtime = maybe "The longest time.";
      rndtime = maybe "The most that is added at random.";
      multipliers = maybe "Multipliers of the first times, such as `1 2 4 8`.";
      formula = maybe "Formula of the growth, in Python.";
      overalljails = mkOption { type = types.nullOr types.bool; default = null; description = "Whether failures in all jails count together."; };
    };
    daemonSettings = mkOption {
      type = types.submodule { freeformType = types.attrsOf section; };
      default = { };
      example = { Definition.loglevel = "NOTICE"; };
      description = "Settings of the daemon itself, as in fail2ban.conf.";
    };
    jails = mkOption {
      type = types.attrsOf (types.either types.lines (types.submodule jail));
      default = { };
      example = { nginx-http-auth.settings = { port = "http,https"; maxretry = 5; }; };
      description = "What is watched. Each is a section of {manpage}`jail.conf(5)`; the archive's filters are there by name.";
    };
  };

  config = mkIf cfg.enable {
    services.fail2ban.jails.DEFAULT.settings = mapAttrs (_: mkDefault) defaults;
    # Some failures are logged on this level only.
    services.openssh.settings.LogLevel = mkDefault "VERBOSE";
    services.fail2ban.jails.sshd = mkIf config.services.openssh.enable {
      settings.port = mkDefault (lib.concatMapStringsSep "," toString config.services.openssh.ports);
    };
    services.fail2ban.daemonSettings.Definition = {
      logtarget = mkDefault "SYSTEMD-JOURNAL";
      dbfile = mkDefault "/var/lib/fail2ban/fail2ban.sqlite3";
    };
    environment.systemPackages = [ cfg.package pkgs.python3-systemd pkgs.nftables ] ++ cfg.extraPackages;
    environment.etc = {
      "fail2ban/fail2ban.local".text = ini cfg.daemonSettings;
      "fail2ban/jail.local".text = concatStrings (builtins.attrValues jails);
      # The archive's own choice of jails, which reads log files that a journal makes superfluous.
      "fail2ban/jail.d/defaults-debian.conf".enable = false;
    }
    // lib.mapAttrs' (name: jail: lib.nameValuePair "fail2ban/filter.d/${name}.local" { text = ini jail.filter; }) ownFilters;
    systemd.services.fail2ban = {
      description = "Fail2Ban Service";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" "firewall.service" "nftables.service" ];
      partOf = lib.optional config.networking.firewall.enable "firewall.service";
      restartTriggers = [ config.environment.etc."fail2ban/jail.local".text config.environment.etc."fail2ban/fail2ban.local".text ];
      serviceConfig = {
        Type = "simple";
        ExecStart = "${cfg.package}/usr/bin/fail2ban-server -xf start";
        ExecStop = "${cfg.package}/usr/bin/fail2ban-client stop";
        ExecReload = "${cfg.package}/usr/bin/fail2ban-client reload";
        Restart = "on-failure";
        RuntimeDirectory = "fail2ban";
        StateDirectory = "fail2ban";
        StateDirectoryMode = "0750";
        ProtectSystem = "strict";
        ProtectHome = true;
        PrivateTmp = true;
      };
    };
  };
}
