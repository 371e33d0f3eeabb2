# `services.logind.*`: sessions of users, /etc/systemd/logind.conf.
#
# In a container the settings about lids, keys and sleep have nothing to act on; they are written all the same.
{ config, lib, ... }:

let
  inherit (lib) mkOption types;
  cfg = config.services.logind;
  inherit (import ../../../../lib/systemd-unit-options.nix { inherit lib; }) unitOption;
  action = default: mkOption {
    type = types.enum [
      "ignore" "poweroff" "reboot" "halt" "kexec" "suspend" "hibernate" "hybrid-sleep" "suspend-then-hibernate" "lock"
    ];
    inherit default;
    description = "What a key or lid does; without meaning in a container.";
  };
  line = name: value: "${name}=${if value == true then "yes" else if value == false then "no" else toString value}\n";
in
{
  options.services.logind = {
    enable = mkOption {
      type = types.bool;
      default = lib.any (user: user.enable && (user.isNormalUser || user.linger == true)) (lib.attrValues config.users.users);
      defaultText = lib.literalMD "whether there is a user with `isNormalUser` or `linger`";
      description = ''
        Whether logind keeps sessions: runtime directories, users' own service managers, lingering. A system that only
        root enters does without, and without the two processes.
      '';
    };
    settings.Login = mkOption {
      type = types.attrsOf unitOption;
      default = { };
      description = "Settings of logind.conf(5).";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Lines for the `[Login]` section of logind.conf(5).";
    };
    killUserProcesses = mkOption {
      type = types.bool;
      default = false;
      description = "Whether a user's processes end when the user logs out.";
    };
    powerKey = action "poweroff";
    powerKeyLongPress = action "ignore";
    rebootKey = action "reboot";
    rebootKeyLongPress = action "poweroff";
    suspendKey = action "suspend";
    suspendKeyLongPress = action "hibernate";
    hibernateKey = action "hibernate";
    hibernateKeyLongPress = action "ignore";
    lidSwitch = action "suspend";
    lidSwitchExternalPower = action "suspend";
    lidSwitchDocked = action "ignore";
  };

  config.systemd.maskedUnits = lib.optional (!cfg.enable) "systemd-logind.service";

  config.environment.etc."systemd/logind.conf".text =
    "[Login]\n"
    + lib.concatStrings (
      lib.mapAttrsToList line (
        {
          KillUserProcesses = cfg.killUserProcesses;
          # Virtual terminals do not exist here.
          NAutoVTs = 0;
          ReserveVT = 0;
        }
        // cfg.settings.Login
      )
    )
    + cfg.extraConfig;
}
