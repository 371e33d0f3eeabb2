"""Attempts to get out of a container, each a script for the guest's root that prints ESCAPED when it got further than it may.

Not for judging: test_escape.py says which must fail where. System calls are made with perl's `syscall`, by number.
"""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass

# arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h
_X86 = {
    "ptrace": 101, "init_module": 175, "syslog": 103, "clock_settime": 227, "kexec_load": 246, "bpf": 321, "perf_event_open": 298,
    "open_by_handle_at": 304, "keyctl": 250, "swapon": 167, "iopl": 172, "reboot": 169, "setns": 308, "delete_module": 176,
    "userfaultfd": 323, "acct": 163, "open_tree": 428, "move_mount": 429, "mount_setattr": 442, "quotactl": 179,
}  # fmt: skip
_GENERIC = {
    "ptrace": 117, "init_module": 105, "syslog": 116, "clock_settime": 112, "kexec_load": 104, "bpf": 280, "perf_event_open": 241,
    "open_by_handle_at": 265, "keyctl": 219, "swapon": 224, "iopl": 9999, "reboot": 142, "setns": 268, "delete_module": 106,
    "userfaultfd": 282, "acct": 89, "open_tree": 428, "move_mount": 429, "mount_setattr": 442, "quotactl": 60,
}  # fmt: skip
NUMBERS = {"x86_64": _X86, "aarch64": _GENERIC, "riscv64": _GENERIC}.get(platform.machine(), {})


@dataclass(frozen=True)
class Attempt:
    """`name` in the table, `what` in a few words, and the shell script; {DISK}, {PID}, {MARK} and {NAME} are the host's."""

    name: str
    what: str
    script: str


def _call(name: str, arguments: str, *, refused: str = "1, 13, 38") -> str:
    """A system call that counts as let through unless it fails with one of these errors (EPERM, EACCES, ENOSYS)."""
    number = NUMBERS.get(name, 9999)
    # A system call may write to its arguments: perl refuses words that stand in the program.
    words = re.findall(r"q\([^)]*\)", arguments)
    for place, word in enumerate(words):
        arguments = arguments.replace(word, f"$w[{place}]")
    return (
        f'perl -e \'my @w = ({", ".join(words)}); my $b = "\\0" x 128; my $r = syscall({number}, {arguments}); my $e = $! + 0;'
        f' exit if $r < 0 && grep {{ $_ == $e }} ({refused}); print "ESCAPED $r $e\\n"\''
    )


def _write(place: str) -> str:
    """Write a file's own value back to it."""
    return f'v=$(cat {place} 2>/dev/null) && printf "%s\\n" "$v" > {place} && echo ESCAPED'


# rtnetlink(7): RTM_GETLINK (18) with IFLA_IFNAME (3) and IFLA_TARGET_NETNSID (46); an RTM_NEWLINK (16) is the answer that must not come.
# Whoever may ask may delete as well.
_LINK_BY_ID = r"""perl -MSocket -e '
  socket(my $s, 16, SOCK_RAW, 0) or exit;
  sub attribute { my ($type, $data) = @_; my $n = 4 + length $data; return pack(q(SS), $n, $type) . $data . (qq(\0) x (-$n % 4)) }
  for my $id (0 .. 9) {
    my $body = pack(q(CCSlLL), 0, 0, 0, 0, 0, 0) . attribute(3, qq(ve-{NAME}\0)) . attribute(46, pack(q(l), $id));
    send($s, pack(q(LSSLL), 16 + length $body, 18, 1, 1, 0) . $body, 0) or next;
    recv($s, my $answer, 65536, 0);
    print qq(ESCAPED\n) if unpack(q(S), substr($answer, 4, 2)) == 16;
  }'"""

ATTEMPTS = [
    Attempt("disk-node", "mknod of the host's disk, read from it", "mknod /root/d b {DISK} && dd if=/root/d bs=512 count=1 of=/dev/null && echo ESCAPED"),
    Attempt("disk-mount", "mount the host's disk", "mknod /root/d b {DISK}; mkdir -p /mnt; mount /root/d /mnt && test -e /mnt{MARK} && echo ESCAPED"),
    Attempt("memory-node", "mknod of /dev/mem and /dev/kmsg", "mknod /root/m c 1 1 && head -c 1 /root/m && echo ESCAPED; mknod /root/k c 1 11 && (: < /root/k) && echo ESCAPED"),
    Attempt("kill", "kill a process of the host by its pid", "kill -0 {PID} && kill -9 {PID} && echo ESCAPED"),
    Attempt("ptrace", "ptrace a process of the host", _call("ptrace", "16, {PID}, 0, 0", refused="1, 3, 38")),
    Attempt("module", "load a kernel module", _call("init_module", "$b, 128, $b")),
    Attempt("module-remove", "remove a kernel module", _call("delete_module", "$b, 0")),
    Attempt("kernel-log", "read the kernel's log", _call("syslog", "3, $b, 100") + "; dmesg | grep -q . && echo ESCAPED; dd if=/dev/kmsg bs=100 count=1 | grep -q . && echo ESCAPED"),
    Attempt("clock", "set the clock", "date --set=@$(date +%s) && echo ESCAPED; " + _call("clock_settime", "0, pack(q(qq), time, 0)")),
    Attempt("kexec", "load another kernel", _call("kexec_load", "0, 0, 0, 0")),
    Attempt("reboot", "reboot the host", _call("reboot", "0xfee1dead, 672274793, 0x89abcdef, 0", refused="1, 22, 38")),
    Attempt("swap", "swap to a file", _call("swapon", "$b, 0")),
    Attempt("ports", "raw i/o ports", _call("iopl", "3")),
    Attempt("bpf", "make a bpf map", _call("bpf", "0, pack(q(LLLLx112), 2, 4, 4, 1), 72")),
    Attempt("perf", "watch all processes of a cpu (perf_event_open)", _call("perf_event_open", "pack(q(LLQQx96), 1, 112, 0, 0), -1, 0, -1, 0")),
    Attempt(
        "file-handle", "open the root of the file system by handle (open_by_handle_at)",
        f"perl -e 'open(my $d, q(<), q(/)); my $h = pack(q(LlLL), 8, 1, 2, 0); my $r = syscall({NUMBERS.get('open_by_handle_at', 9999)}, fileno($d), $h, 0200000); print qq(ESCAPED\\n) if $r >= 0'",
    ),
    Attempt("sysrq", "write to /proc/sysrq-trigger", "printf h > /proc/sysrq-trigger && echo ESCAPED"),
    Attempt("sysctl", "write kernel.* in /proc/sys", "; ".join(_write(f"/proc/sys/kernel/{name}") for name in ("core_pattern", "printk", "panic", "modprobe"))),
    Attempt("sysctl-remount", "make /proc/sys writable again", "mount -o remount,rw,bind /proc/sys; umount /proc/sys; " + _write("/proc/sys/kernel/core_pattern")),
    Attempt("proc-anew", "mount a /proc of one's own, write kernel.core_pattern", "mkdir -p /root/p; mount -t proc p /root/p; " + _write("/root/p/sys/kernel/core_pattern")),
    Attempt("sysfs", "write to /sys", _write("/sys/kernel/profiling") + "; " + _write("/sys/kernel/rcu_normal")),
    Attempt("sysfs-anew", "mount a /sys of one's own, write to it", "mkdir -p /root/s; mount -t sysfs s /root/s; mount -o remount,rw /root/s; " + _write("/root/s/kernel/rcu_normal")),
    Attempt("debugfs", "mount debugfs, tracefs, securityfs, bpf", "mkdir -p /root/f; for f in debugfs tracefs securityfs bpf; do mount -t $f f /root/f && ls /root/f/. | grep -q . && echo ESCAPED; done"),
    Attempt("kernel-memory", "kernel addresses and memory", "head -c 1 /proc/kcore | grep -q . && echo ESCAPED; grep -v '^0000000000000000' /proc/kallsyms | grep -q . && echo ESCAPED"),
    Attempt("release-agent", "cgroup v1: mount a hierarchy, set its release_agent", "mkdir -p /root/c; for h in memory pids cpu devices freezer; do mount -t cgroup -o $h c /root/c && (echo > /root/c/release_agent) && echo ESCAPED; umount /root/c; done"),
    Attempt("cgroup-out", "move into another cgroup", "for h in /sys/fs/cgroup /sys/fs/cgroup/memory /sys/fs/cgroup/pids /sys/fs/cgroup/devices; do [ -e $h/../machine.slice ] && echo ESCAPED; echo $$ > $h/machine.slice/cgroup.procs && echo ESCAPED; done; echo a > /sys/fs/cgroup/devices/devices.allow && echo ESCAPED"),
    Attempt("nested-users", "a user namespace inside, /proc and /sys anew in it", "unshare --user --map-root-user --mount --pid --fork sh -c 'mount -t proc p /proc; read -r v < /proc/sys/kernel/core_pattern && echo $v > /proc/sys/kernel/core_pattern && echo ESCAPED; mount -t sysfs s /sys && read -r v < /sys/kernel/rcu_normal && echo $v > /sys/kernel/rcu_normal && echo ESCAPED'"),
    Attempt("chroot", "chroot, and out of it by `..`", "perl -e 'mkdir q(/root/x); chroot q(/root/x); chdir q(..) for 1..64; chroot q(.); print qq(ESCAPED\\n) if -e q({MARK})'"),
    Attempt("proc-root", "/proc/*/root and /proc/*/cwd", "for p in /proc/[0-9]*; do for l in root cwd; do [ -e $p/$l{MARK} ] && echo ESCAPED; done; done"),
    Attempt("other-guest", "the state, the store and the run state of others", "for p in /var/lib/nixos-containers /run/nixos-containers /etc/nixos-containers /nix/var/nix/db /nix/var/nixos-containers; do [ -e $p ] && echo ESCAPED $p; done"),
    Attempt("store", "a path of the host's store that is not the container's", "[ -e {STORE} ] && echo ESCAPED"),
    Attempt("store-write", "write to the store", "mount -o remount,rw,bind /nix/store && touch /nix/store/escaped && echo ESCAPED; chmod u+w /run/current-system/init; (: >> /run/current-system/init) && echo ESCAPED"),
    Attempt(
        "store-clone", "clone the store's mount and make the clone writable (open_tree, mount_setattr)",
        f"mkdir -p /root/t; perl -e 'my ($p, $e, $t) = (q(/nix/store), q(), q(/root/t)); my $fd = syscall({NUMBERS.get('open_tree', 9999)}, -100, $p, 1); exit if $fd < 0;"
        f" my $a = pack(q(QQQQ), 0, 1, 0, 0); syscall({NUMBERS.get('mount_setattr', 9999)}, $fd, $e, 0x1000, $a, 32);"
        f" syscall({NUMBERS.get('move_mount', 9999)}, $fd, $e, -100, $t, 4)'; touch /root/t/escaped && echo ESCAPED",
    ),
    Attempt("hard-link", "a hard link to a file of the store", "ln -L /run/current-system/init /root/l && echo ESCAPED"),
    Attempt("bind-owner", "a set-uid file, left in the store's directory by a bind of one's own", "mkdir -p /root/b; mount --bind /nix/store /root/b; mount -o remount,rw,bind /root/b; touch /root/b/escaped && chmod 4755 /root/b/escaped && echo ESCAPED"),
    Attempt("host-files", "files of the host's /run, /tmp, /home and /root", "for p in {RUN} {TMP} /run/host/root /run/host/home; do [ -e $p ] && echo ESCAPED $p; done; touch /run/host/x && echo ESCAPED; find /run/host -mindepth 1 -maxdepth 1 ! -name container-manager ! -name container-uuid ! -name credentials ! -name inaccessible ! -name incoming ! -name notify ! -name os-release ! -name unix-export ! -name userdb | grep . && echo ESCAPED"),
    Attempt("abstract", "an abstract socket of the host", "perl -MSocket -e 'socket(my $s, PF_UNIX, SOCK_STREAM, 0); print qq(ESCAPED\\n) if connect($s, pack_sockaddr_un(qq(\\0nct-escape-socket)))'"),
    Attempt("setns", "join a namespace of the host", "for n in mnt pid net user; do nsenter --$n=/proc/{PID}/ns/$n true && echo ESCAPED; nsenter --$n=/run/host/ns/$n true && echo ESCAPED; done"),
    Attempt("userfaultfd", "handle the kernel's own page faults (userfaultfd)", _call("userfaultfd", "0")),
    Attempt("acct", "the host's process accounting", _call("acct", "0")),
    Attempt("log-write", "write to the kernel's log", "mknod /root/kmsg c 1 11; (echo x > /root/kmsg) && [ -c /root/kmsg ] && echo ESCAPED; [ -c /dev/kmsg ] && echo ESCAPED"),
    Attempt("oom-score", "be spared when the host's memory runs out", "echo -1000 > /proc/self/oom_score_adj && echo ESCAPED"),
    Attempt("network", "the interfaces of the host", "mkdir -p /root/s; mount -t sysfs s /root/s; for d in /root/s/class/net /sys/class/net; do [ -e $d/ve-{NAME} ] && echo ESCAPED; done; ip link show ve-{NAME} && echo ESCAPED"),
    Attempt("links-by-id", "the host's interfaces, by the number of its network namespace (IFLA_TARGET_NETNSID)", _LINK_BY_ID),
    Attempt("host-keys", "a key of the host's session", _call("keyctl", "10, -3, q(user), q(nct-secret), 0", refused="1, 13, 38, 126")),
    Attempt("key-list", "the names of the host's keys (/proc/keys)", "grep nct-secret /proc/keys && echo ESCAPED"),
    Attempt("launcher", "write to what the launcher reads", "mount -o remount,rw,bind /run/nixos-container; touch /run/nixos-container/x /run/nixos-container/init && echo ESCAPED"),
]  # fmt: skip
