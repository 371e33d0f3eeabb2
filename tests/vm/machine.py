"""A whole machine for the tests: Debian with its own kernel and systemd, emulated by QEMU, and the product installed in it.

For what the machine at hand may not have: nothing but cgroup v2, swap, two NUMA nodes, a slow disk. QEMU emulates every instruction (TCG), so
that it runs anywhere, some twenty times slower. There is no network: systems are built outside, and their closures copied.
"""

from __future__ import annotations

import json
import os
import platform
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from nixos_containers.base.paths import Paths

from ..host.conftest import PACKAGES, base_root, build, install

_KERNEL = ",linux-image-cloud-amd64,initramfs-tools,udev,kmod,procps,e2fsprogs"
_QEMU = "qemu-system-x86_64"
_SECONDS = 1500
# Runs each step in a shell, and says on the second serial line what came of it.
_STEPS = """\
import json, subprocess
steps = json.load(open("/root/steps.json"))
with open("/dev/ttyS1", "w") as line:
    for name, script in steps:
        done = subprocess.run(["bash", "-c", script], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        print(json.dumps([name, done.returncode, done.stdout, done.stderr]), file=line, flush=True)
subprocess.run(["systemctl", "poweroff"])
"""
_UNIT = """\
[Unit]
After=multi-user.target
[Service]
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ExecStartPre=/bin/sh -c "nix-store --load-db < /root/registration"
ExecStart=/usr/bin/python3 /root/steps.py
[Install]
WantedBy=multi-user.target
"""


class Answer:
    """What one step came to."""

    def __init__(self, status: int, out: str, said: str) -> None:
        self.status, self.out, self.said = status, out, said

    def __repr__(self) -> str:
        return f"status {self.status}, {self.out!r}, {self.said!r}"


def answers(directory: Path, definition: str, steps: dict[str, str]) -> dict[str, Answer]:
    """Boot a machine that has `definition` as its /etc/nixos/configuration.nix, run `steps` there as root, and end it."""
    if platform.machine() != "x86_64":
        pytest.skip("the machine that is emulated is an x86-64")
    for program in (_QEMU, "mkfs.ext4"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: make vm-test")
    root = directory / "root"
    subprocess.run(["cp", "--archive", base_root(PACKAGES + _KERNEL), root], check=True)
    _furnish(root, directory, definition, steps)
    disk, swap, slow, said = directory / "disk.img", directory / "swap.img", directory / "slow.img", directory / "answers"
    for image, size in ((disk, 4 << 30), (swap, 512 << 20), (slow, 256 << 20)):
        image.touch()
        os.truncate(image, size)
    subprocess.run(["mkfs.ext4", "-q", "-d", root, disk], check=True)
    memory = [word for node in (0, 1) for word in ("-object", f"memory-backend-ram,id=m{node},size=1024M",
              "-numa", f"node,nodeid={node},cpus={node},memdev=m{node}")]  # fmt: skip
    drives = [word for image in (disk, swap) for word in ("-drive", f"file={image},format=raw,if=virtio,cache=unsafe")]
    # One that is the bottleneck whatever the emulated processors can do.
    drives += ["-drive", f"file={slow},format=raw,if=virtio,throttling.bps-total={8 << 20}"]
    command = [
        _QEMU, "-accel", "tcg,thread=multi", "-cpu", "max", "-m", "2048", "-smp", "2", *memory, *drives,
        "-nodefaults", "-display", "none", "-no-reboot", "-serial", f"file:{directory}/console", "-serial", f"file:{said}",
        "-kernel", str(root / "vmlinuz"), "-initrd", str(root / "initrd.img"), "-append", "root=/dev/vda rw console=ttyS0",
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=_SECONDS)
    lines = [json.loads(line) for line in said.read_text(encoding="utf-8").splitlines()]
    found = {name: Answer(status, out, error) for name, status, out, error in lines}
    assert list(found) == list(steps), (directory / "console").read_text(encoding="utf-8", errors="replace")[-3000:]
    return found


def _furnish(root: Path, directory: Path, definition: str, steps: dict[str, str]) -> None:
    """The product, the definition with its system, and the steps."""
    install(root, "machine")
    place = directory / "definition"
    place.mkdir()
    systems = build(place, definition, root)
    # The package index, so that nobody asks an archive.
    shutil.copytree(Paths().cache, root / Paths().cache.lstrip("/"), symlinks=True, dirs_exist_ok=True)
    closure = subprocess.run(
        ["nix-store", "--query", "--requisites", *systems], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.split()
    (root / "nix/store").mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "--archive", "--target-directory", root / "nix/store", *closure], check=True)
    with (root / "root/registration").open("w", encoding="utf-8") as file:
        subprocess.run(["nix-store", "--dump-db", *closure], check=True, stdout=file)
    texts = {
        "root/steps.py": _STEPS,
        "root/steps.json": json.dumps(list(steps.items())),
        "etc/systemd/system/steps.service": _UNIT,
    }
    for path, text in texts.items():
        (root / path).write_text(text, encoding="utf-8")
    wanted = root / "etc/systemd/system/multi-user.target.wants"
    wanted.mkdir(exist_ok=True)
    (wanted / "steps.service").symlink_to("../steps.service")


def inside(name: str, program: str) -> str:
    """The step that runs a Python program in container `name`."""
    return f"nixos-container run {name} -- python3 -c {shlex.quote(program)}"
