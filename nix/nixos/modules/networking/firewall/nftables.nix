# Loads the packet filter with nftables: table inet nixos-fw.
#
# With networking.nftables.enable the table is one of networking.nftables.tables and nftables.service loads it;
# otherwise firewall.service does, in one transaction, before any interface unit of ours runs.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkIf mkMerge;
  cfg = config.networking.firewall;
  nftables = config.networking.nftables;

  contentWith = reversePath: import ./ruleset.nix { inherit lib reversePath; firewall = cfg; plus = !nftables.enable; };
  content = contentWith (cfg.checkReversePath != false);

  # Declaring the table first makes the deletion succeed at the first load too; all three are one transaction.
  file = name: body: pkgs.writeText name ''
    table inet nixos-fw
    delete table inet nixos-fw
    table inet nixos-fw {
    ${body}
    }
  '';
  full = file "nixos-fw.nft" content;

  load = ''
    # Left by a configuration that had raw iptables commands.
    if [ -e /run/firewall-teardown ]; then
      /run/firewall-teardown || true # its raw commands may take away what is gone already
      rm -f /run/firewall-teardown
    fi
  '' + (
    if cfg.checkReversePath == false then "nft -f ${full}\n"
    else ''
      # Some kernels lack the fib expression. Better everything but the reverse path filter than nothing.
      if ! nft -f ${full}; then
        echo "loading the firewall without its reverse path filter, which this kernel may not support" >&2
        nft -f ${file "nixos-fw-without-rpfilter.nft" (contentWith false)}
      fi
    ''
  );
in
{
  config = mkIf (cfg.enable && cfg.backend == "nftables") (mkMerge [
    {
      assertions = [
        {
          assertion = cfg.extraCommands == "";
          message = "extraCommands is incompatible with the nftables based firewall: ${cfg.extraCommands}";
        }
        {
          assertion = cfg.extraStopCommands == "";
          message = "extraStopCommands is incompatible with the nftables based firewall: ${cfg.extraStopCommands}";
        }
        {
          assertion = nftables.enable -> nftables.rulesetFile == null;
          message = "networking.nftables.rulesetFile conflicts with the firewall";
        }
      ];
    }

    (mkIf nftables.enable {
      networking.nftables.tables.nixos-fw = { family = "inet"; inherit content; };
    })

    (mkIf (!nftables.enable) {
      systemd.services.firewall = import ./unit.nix { inherit pkgs; } // {
        path = [ cfg.package ];
        script = load;
        reload = load;
        # Not postStop, which also runs when the condition says that the network is not ours.
        preStop = "nft delete table inet nixos-fw 2>/dev/null || true";
      };
    })
  ]);
}
