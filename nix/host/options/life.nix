# When a container starts, and what a change to it does.
{ lib, ... }:

let
  inherit (lib) mkOption types;
in
{
  options = {
    autoStart = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the container starts with the host, and with `switch`.";
    };

    restartIfChanged = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Whether a running container is brought to its new definition by `switch`. When false, it keeps running as it is until it
        is started again.
      '';
    };

    timeoutStartSec = mkOption {
      type = types.either types.str types.ints.positive;
      default = "1min";
      description = "How long a start may take until the guest says that it is ready: systemd.time(7) syntax, bare numbers are seconds.";
    };
  };
}
