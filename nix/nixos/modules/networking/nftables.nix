# Rules that the user writes in nftables' own language: networking.nftables.
#
# The firewall (networking.firewall) and NAT (networking.nat) add tables of theirs. Nothing is loaded on a
# network that is not the container's own (private-network.nix).
{ config, lib, pkgs, ... }:

let
  inherit (lib) literalExpression mkEnableOption mkIf mkOption optionalString types;
  cfg = config.networking.nftables;

  enabled = lib.filterAttrs (_: table: table.enable) cfg.tables;
  each = lib.concatMapStrings;
  delete = table: "table ${table.family} ${table.name}\ndelete table ${table.family} ${table.name}\n";
  tables = builtins.attrValues enabled;

  ruleset =
    (if cfg.flushRuleset then "flush ruleset\n" else each delete tables + cfg.extraDeletions)
    + each (table: "table ${table.family} ${table.name} {\n${table.content}\n}\n") tables
    + cfg.ruleset + "\n"
    + optionalString (cfg.rulesetFile != null) ''include "${cfg.rulesetFile}"
    '';
  file = pkgs.writeText "nftables.conf" ruleset;

  stop = if cfg.flushRuleset then "flush ruleset\n" else each delete tables + cfg.extraDeletions;
in
{
  options.networking.nftables = {
    enable = mkEnableOption ''
      rules written for nftables. The firewall then becomes one of the tables here, and raw iptables commands are refused'';

    checkRuleset = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Accepted for compatibility. The rules are checked when they are loaded: in one transaction, so that
        a mistake leaves the old rules in force.
      '';
    };
    checkRulesetRedirects = mkOption {
      type = types.attrsOf types.path;
      default = { };
      description = "Accepted for compatibility.";
    };
    preCheckRuleset = mkOption {
      type = types.lines;
      default = "";
      description = "Accepted for compatibility.";
    };
    flattenRulesetFile = mkOption {
      type = types.bool;
      default = false;
      description = "Accepted for compatibility.";
    };

    flushRuleset = mkOption {
      type = types.bool;
      default = lib.versionOlder config.system.stateVersion "23.11" || cfg.rulesetFile != null || cfg.ruleset != "";
      defaultText = literalExpression ''
        lib.versionOlder config.system.stateVersion "23.11" || rulesetFile != null || ruleset != ""
      '';
      description = "Whether every table is deleted before the rules are loaded, not only those declared here.";
    };

    extraDeletions = mkOption {
      type = types.lines;
      default = "";
      example = ''
        table inet some-table
        delete table inet some-table
      '';
      description = "nftables commands that delete what an earlier load of `ruleset` has made, when flushRuleset is off.";
    };

    ruleset = mkOption {
      type = types.lines;
      default = "";
      example = ''
        table inet filter {
          chain input { type filter hook input priority 0; }
        }
      '';
      description = "nftables commands to load after the tables.";
    };

    rulesetFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "A file of nftables commands to load.";
    };

    tables = mkOption {
      type = types.attrsOf (types.submodule ({ name, ... }: {
        options = {
          enable = mkOption {
            type = types.bool;
            default = true;
            description = "Whether to load this table.";
          };
          name = mkOption {
            type = types.str;
            default = name;
            description = "Name of the table.";
          };
          content = mkOption {
            type = types.lines;
            description = "What stands between the braces of the table.";
          };
          family = mkOption {
            type = types.enum [ "ip" "ip6" "inet" "arp" "bridge" "netdev" ];
            description = "Address family of the table.";
          };
        };
      }));
      default = { };
      description = "Tables to load. Each is deleted and made anew in one transaction.";
    };
  };

  config = mkIf cfg.enable {
    environment.systemPackages = [ pkgs.nftables ];
    systemd.services.nftables = {
      description = "nftables rules";
      wantedBy = [ "sysinit.target" ];
      wants = [ "network-pre.target" ];
      # The interface is up from the first moment: nothing may listen before the filter is there.
      before = [ "network-pre.target" "sysinit.target" "shutdown.target" ];
      conflicts = [ "shutdown.target" ];
      unitConfig.DefaultDependencies = false;
      path = [ pkgs.nftables ];
      reloadIfChanged = true;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecCondition = import ./private-network.nix { inherit pkgs; };
      };
      script = "nft -f ${file}";
      # What the running rules were made from is gone after a switch: remember the deletions.
      postStart = "mkdir -p /run/nftables && printf '%s' ${lib.escapeShellArg stop} > /run/nftables/deletions";
      reload = ''
        { cat /run/nftables/deletions 2>/dev/null || true; printf 'include "%s"\n' ${file}; } > /run/nftables/next
        nft -f /run/nftables/next
        printf '%s' ${lib.escapeShellArg stop} > /run/nftables/deletions
      '';
      preStop = "nft -f /run/nftables/deletions || true";
    };
  };
}
