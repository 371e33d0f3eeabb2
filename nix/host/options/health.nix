# How the host finds out whether a running container does its work.
{ lib, ... }:

let
  inherit (lib) mkOption types;

  way =
    type: example: description:
    mkOption {
      type = types.nullOr type;
      default = null;
      inherit example description;
    };

  time =
    default: description:
    mkOption {
      type = types.either types.str types.ints.unsigned;
      inherit default description;
      example = "1min";
    };

  check.options = {
    command = way types.str "pg_isready --quiet" ''
      A command line for the container's /bin/sh, run as its root: the check succeeds when its exit status is 0.
    '';
    http = way types.str "http://localhost/health" "An address that, asked for from inside, is answered with a status below 400.";
    tcp = way (types.either types.port types.str) 5432 "A port, or `HOST:PORT`, that takes connections from inside the container.";
    unit = way types.str "nginx.service" "A unit of the container's systemd that is active.";
    interval = time "30s" "Time between two checks: systemd.time(7) syntax, bare numbers are seconds.";
    timeout = time "5s" "How long a check may take; one that takes longer has failed. All that it has started ends with it, also in the background.";
    retries = mkOption {
      type = types.ints.positive;
      default = 3;
      example = 1;
      description = "How many checks fail in a row until the container counts as unhealthy.";
    };
    startPeriod = time "30s" ''
      Failures do not count for this long after the start, until the first success. Meanwhile checks are made every second, or
      as often as `interval` says if that is more often.
    '';
    readiness = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = ''
        Whether containers that depend on this one (`requires`, `wants`, `after`) start only when the check has succeeded, or for
        as long as `timeoutStartSec` of this one says. One that requires it is not started when the check fails.
      '';
    };
    action = mkOption {
      type = types.enum [
        "none"
        "restart"
        "stop"
      ];
      default = "none";
      example = "restart";
      description = "What is done when the container becomes unhealthy.";
    };
  };
in
{
  options.healthChecks = mkOption {
    type = types.attrsOf (types.submodule check);
    default = { };
    example = lib.literalExpression ''{ web = { http = "http://localhost/"; action = "restart"; }; }'';
    description = ''
      Checks of a running container, each with exactly one of `command`, `http`, `tcp` and `unit`. `list --long` shows the result,
      `wait --for healthy` waits for it. A small shell of the host makes them inside the container, within its limits, also
      when nobody is logged in.
    '';
  };
}
