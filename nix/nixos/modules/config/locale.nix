# The time zone: time.timeZone, and the place stubs that go with it.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkIf mkOption types;
  cfg = config.time;

  # A name such as "Europe/Paris". Blanks are a frequent mistake ("America/New York").
  zone = types.nullOr (types.addCheck types.str (name: !lib.hasInfix " " name) // {
    description = "null or string without spaces";
  });
in
{
  options = {
    time = {
      timeZone = mkOption {
        type = zone;
        default = null;
        example = "America/New_York";
        description = ''
          The time zone, one of the names in {file}`/usr/share/zoneinfo`. With `null` it is UTC until
          somebody runs {command}`timedatectl set-timezone`.
        '';
      };
      hardwareClockInLocalTime = mkOption {
        type = types.bool;
        default = false;
        description = "Accepted for compatibility: the hardware clock is the host's.";
      };
    };

    location = {
      latitude = mkOption {
        type = types.float;
        description = "Latitude of the machine, for programs that need it.";
      };
      longitude = mkOption {
        type = types.float;
        description = "Longitude of the machine, for programs that need it.";
      };
      provider = mkOption {
        type = types.enum [ "manual" "geoclue2" ];
        default = "manual";
        description = "Where the place is known from. Only `manual` has an effect.";
      };
    };
  };

  config = {
    environment.systemPackages = [ pkgs.tzdata ];
    # A link whose target has "zoneinfo/" in it: that is how timedatectl reads the zone's name.
    environment.etc.localtime = mkIf (cfg.timeZone != null) {
      source = "/usr/share/zoneinfo/${cfg.timeZone}";
      mode = "direct-symlink";
    };
    environment.etc.timezone = mkIf (cfg.timeZone != null) { text = cfg.timeZone + "\n"; };
  };
}
