# What a container may use of the host, enforced on its cgroup.
{ lib, ... }:

let
  inherit (lib) mkOption types;

  size = types.nullOr (types.either types.ints.positive types.str);
in
{
  options.limits = {
    cpuQuota = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "50%";
      description = "CPU time per period, as systemd's CPUQuota=: `100%` is one core.";
    };
    memoryMax = mkOption {
      type = size;
      default = null;
      example = "1G";
      description = "The most memory, as systemd's MemoryMax=: bytes, or a number with K, M, G or T (base 1024).";
    };
    tasksMax = mkOption {
      type = types.nullOr types.ints.positive;
      default = null;
      example = 512;
      description = "The most processes and threads, as systemd's TasksMax=.";
    };
  };
}
