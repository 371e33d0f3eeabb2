# When a container starts, and what a change to it does.
{ lib, ... }:

let
  inherit (lib) mkOption types;

  containers =
    description:
    mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "db" ];
      inherit description;
    };
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
        is started again: the same as `activation = "none"`.
      '';
    };

    activation = mkOption {
      type = types.enum [
        "auto"
        "reload"
        "restart"
        "none"
      ];
      default = "auto";
      example = "restart";
      description = ''
        How `switch` and `update` bring a running container to its new definition. `auto`: a new system is switched to in place, and
        the container is restarted only when something changed that nothing else can change (its network, binds, users, ...).
        `reload`: in place, and never restarted by itself. `restart`: restarted for every change. `none`: left as it runs until
        it is started again. The chosen way and its reason are printed.
      '';
    };

    after = containers ''
      Containers, by name, that this one is ordered after, as systemd's `After=`: when both are started, this one begins when
      they are ready (and healthy, where they have health checks); when both are stopped, this one stops first. By itself it brings nothing along.
    '';

    before = containers "The opposite of `after`, as systemd's `Before=`: those containers are ordered after this one.";

    requires = containers ''
      Containers, by name, that this one cannot do without, as systemd's `Requires=`: they are started with it, and it is stopped
      and restarted with them. It also waits for them (`after`): when one fails to start, this one is not started.
    '';

    wants = containers ''
      Containers, by name, that are started with this one and before it, as systemd's `Wants=`: it is started also when they
      fail, and stays when they stop.
    '';

    timeoutStartSec = mkOption {
      type = types.either types.str types.ints.positive;
      default = "1min";
      description = "How long a start may take until the guest says that it is ready: systemd.time(7) syntax, bare numbers are seconds.";
    };
  };
}
