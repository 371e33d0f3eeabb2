# What systemd leaves alone in a container: units that want hardware, a kernel of their own, or a first boot.
#
# Most have conditions and would be skipped; a masked unit is not even loaded. A definition under systemd.services
# etc. brings any of them back.
{ config, lib, ... }:

{
  systemd.maskedUnits = lib.mkIf config.boot.isContainer [
    # devices and drivers: the host's
    "systemd-udevd.service"
    "systemd-udevd-control.socket"
    "systemd-udevd-kernel.socket"
    "systemd-udev-trigger.service"
    "systemd-udev-settle.service"
    "systemd-hwdb-update.service"
    "systemd-modules-load.service"
    "kmod-static-nodes.service"
    "kmod.service"
    "modprobe@.service"
    "systemd-tmpfiles-setup-dev.service"
    "systemd-rfkill.service"
    "systemd-rfkill.socket"
    "systemd-backlight@.service"
    "systemd-pstore.service"
    "systemd-binfmt.service"
    "proc-sys-fs-binfmt_misc.automount"
    "proc-sys-fs-binfmt_misc.mount"
    "sys-kernel-config.mount"
    "sys-kernel-debug.mount"
    "sys-kernel-tracing.mount"
    "sys-fs-fuse-connections.mount"
    "dev-hugepages.mount"
    "systemd-vconsole-setup.service"
    # disks and boot loaders
    "systemd-remount-fs.service"
    "systemd-fsck-root.service"
    "systemd-quotacheck.service"
    "quotaon.service"
    "systemd-boot-check-no-failures.service"
    "systemd-boot-system-token.service"
    "systemd-boot-update.service"
    "systemd-bless-boot.service"
    "systemd-pcrphase.service"
    "systemd-pcrphase-sysinit.service"
    "systemd-pcrmachine.service"
    "systemd-pcrfs-root.service"
    "systemd-repart.service"
    "systemd-sysext.service"
    "e2scrub_all.timer"
    "fstrim.timer"
    # /etc and users are made by the activation script
    "systemd-firstboot.service"
    "systemd-machine-id-commit.service"
    "systemd-sysusers.service"
    "systemd-update-done.service"
    "systemd-journal-catalog-update.service"
    "ldconfig.service"
    "first-boot-complete.target"
    # the clock, randomness and consoles are the host's
    "hwclock.service"
    "hwclock-save.service"
    "systemd-time-wait-sync.service"
    "systemd-random-seed.service"
    "getty-static.service"
    "console-getty.service"
    "systemd-ask-password-console.path"
    "systemd-ask-password-console.service"
    "systemd-ask-password-wall.path"
    "systemd-ask-password-wall.service"
    "systemd-update-utmp-runlevel.service"
    "systemd-initctl.socket"
    "systemd-initctl.service"
    # the archive's own package manager does not manage this system
    "apt-daily.timer"
    "apt-daily.service"
    "apt-daily-upgrade.timer"
    "apt-daily-upgrade.service"
    "dpkg-db-backup.timer"
    "dpkg-db-backup.service"
    # waiting for a network that is already there when the system starts
    "systemd-networkd-wait-online.service"
    "ifupdown-wait-online.service"
    "networking.service"
  ];

  # Looks for partitions, encrypted disks and the like at every start.
  systemd.generators = lib.mkIf config.boot.isContainer (
    lib.genAttrs [
      "systemd-cryptsetup-generator"
      "systemd-debug-generator"
      "systemd-fstab-generator"
      "systemd-gpt-auto-generator"
      "systemd-hibernate-resume-generator"
      "systemd-integritysetup-generator"
      "systemd-rc-local-generator"
      "systemd-run-generator"
      "systemd-system-update-generator"
      "systemd-sysv-generator"
      "systemd-veritysetup-generator"
      "systemd-bless-boot-generator"
      "lvm2-activation-generator"
    ] (_: lib.mkDefault "/dev/null")
  );
}
