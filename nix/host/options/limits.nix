# What a container may use of the host, enforced on its cgroup. Names and meanings are systemd's.
{ lib, ... }:

let
  inherit (lib) mkOption types;

  sizeType = types.either types.ints.unsigned types.str;
  optional =
    type: example: description:
    mkOption {
      type = types.nullOr type;
      default = null;
      inherit example description;
    };
  perPath =
    type: example: description:
    mkOption {
      type = types.attrsOf type;
      default = { };
      inherit example description;
    };
  live = "Changed by `switch` without a restart.";
in
{
  options.limits = {
    cpuQuota = optional types.str "50%" "CPU time per period, as systemd's CPUQuota=: `100%` is one core. ${live}";
    cpuWeight = optional (types.ints.between 1 10000) 50 ''
      The share of CPU time when several want it, as systemd's CPUWeight=; others have 100. ${live}
    '';
    allowedCpus = optional types.str "0-1" ''
      The CPUs that the container may run on, as systemd's AllowedCPUs=. This is what `nproc` counts in the container. ${live}
    '';
    allowedMemoryNodes = optional types.str "0" "The NUMA nodes that memory is taken from, as systemd's AllowedMemoryNodes=. ${live}";
    memoryMax = optional sizeType "1G" ''
      The most memory, as systemd's MemoryMax=: bytes, or a number with K, M, G or T (base 1024). ${live}
    '';
    memoryHigh = optional sizeType "768M" ''
      Memory above which the container is slowed down and has to give some back, as systemd's MemoryHigh=. On cgroup v1 it is only what
      is taken first when the host runs short. ${live}
    '';
    memorySwapMax = optional sizeType 0 ''
      The most swap, as systemd's MemorySwapMax=. On cgroup v1 it needs `memoryMax` as well. ${live}
    '';
    tasksMax = optional (types.either types.ints.positive (types.enum [ "infinity" ])) 512 ''
      The most processes and threads, as systemd's TasksMax=. Where nothing is said there are 16384, as systemd-nspawn@.service has it: without any limit
      what runs inside could leave the host no processes. `"infinity"` is none. ${live}
    '';
    ioWeight = optional (types.ints.between 1 10000) 50 ''
      The share of disk time when several want it, as systemd's IOWeight=; others have 100. It needs the BFQ scheduler or iocost. ${live}
    '';
    ioReadBandwidthMax = perPath sizeType { "/dev/vda" = "10M"; } ''
      The most bytes a second (base 1000) that are read from a disk, which a device or any path on it names; as systemd's
      IOReadBandwidthMax=. ${live}
    '';
    ioWriteBandwidthMax = perPath sizeType { "/var/lib" = "10M"; } ''
      The most bytes a second that are written, as systemd's IOWriteBandwidthMax=. On cgroup v1 only what is written past the page cache
      (O_DIRECT, sync) is held to it. ${live}
    '';
    ioReadIopsMax = perPath types.ints.positive { "/dev/vda" = 1000; } ''
      The most read operations a second, as systemd's IOReadIOPSMax=. ${live}
    '';
    ioWriteIopsMax = perPath types.ints.positive { "/dev/vda" = 1000; } ''
      The most write operations a second, as systemd's IOWriteIOPSMax=. ${live}
    '';
    limitNofile = optional (types.either types.ints.positive types.str) 65536 ''
      How many files a process of the container may have open, as systemd's LimitNOFILE=: a number, or soft and hard limit as `1024:65536`.
    '';
    oomPolicy =
      optional
        (types.enum [
          "continue"
          "stop"
          "kill"
        ])
        "kill"
        ''
          What happens when the kernel has killed a process of the container for want of memory, as systemd's OOMPolicy=: nothing more, the
          container is shut down, or all of it is killed. Either counts as a failure: the container is started again as
          `systemd.services."container@NAME".serviceConfig.Restart` says, which is `on-failure` unless it is set.
        '';
    diskMax = optional sizeType "2G" ''
      The most disk space of the root. An ephemeral root is memory of that size; any other is a file with an ext4 in it, below
      /var/lib/nixos-containers/.disks, that takes as much of the host's disk as is used. It is made when the container first starts, and grows with
      this option, also while the container runs; it is never made smaller. `convert-disk` moves the root of a container that exists already.
      What is mounted in the root (volumes, bindMounts, persistentPaths, the kept journal of an ephemeral container) does not count.
    '';
    oomScoreAdjust = optional (types.ints.between (-1000) 1000) 500 ''
      How likely the container's processes are to be killed when the host's memory runs out, as systemd's OOMScoreAdjust=.
    '';
  };
}
