"""From "start" to the first answered ping of the guest: ours, and upstream's way, which gives the host's end its addresses after READY.

Both are the same system on the same root. Ours is also timed to the guest's multi-user.target, which systemd notes with the
kernel's clock: the ping has to come before.
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import struct
import subprocess
import threading
import time
from pathlib import Path

from harness import Contestant, Result, Skipped, compete, end
from product import NAME, Product
from start import _IN_FRESH_CGROUPS, _listening, _nspawn_words, _remove_cgroups

GATEWAY, ADDRESS = "10.100.251.1", "10.100.251.2"  # bench/product.py's container
_TIMEOUT = 30.0


def measure(product: Product, *, runs: int) -> Result:
    """The container must be built; it is up again at the end."""
    multi_user: list[float] = []
    ready: list[float] = []
    product.run("stop", NAME)
    after_ready: list[float] = []
    upstream = _Upstream(product, after_ready)
    result = compete(
        "start until the guest answers a ping",
        [
            Contestant("nixos-container start", lambda: _ours(product, multi_user, ready)),
            Contestant("raw systemd-nspawn, upstream's way", upstream.once, "the host's end gets its addresses after the guest's READY"),
        ],
        runs=runs,
    )
    product.run("start", NAME)
    for text, times in (
        ("ours: multi-user.target reached after", multi_user),
        ("ours: the command ends after", ready),
        ("upstream's way: READY after", after_ready),
    ):
        if times:
            result.facts[text] = f"{statistics.median(times[1:] or times) * 1000:.0f} ms"
    return result


class _Pinger(threading.Thread):
    """Asks every millisecond until it is answered; `at` is then the time (time.monotonic())."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.at: float | None = None
        self._ended = False
        self._patience = Path(f"/proc/sys/net/ipv4/neigh/ve-{NAME}/retrans_time_ms")
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self._socket.settimeout(0.001)

    def run(self) -> None:
        """RFC 792: echo request 8, echo reply 0."""
        head = struct.pack("!BBHHH", 8, 0, 0, os.getpid() & 0xFFFF, 1)
        total = sum(struct.unpack("!4H", head))
        packet = struct.pack("!BBHHH", 8, 0, ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF, os.getpid() & 0xFFFF, 1)
        while not self._ended:
            # Only by the pair: without its route others might answer. A question to a neighbour that is not there yet would be repeated
            # after a second only.
            try:
                self._patience.write_text("5", encoding="utf-8")
                if _source() != GATEWAY:
                    raise OSError
                self._socket.sendto(packet, (ADDRESS, 0))
                answer = self._socket.recv(256)
            except OSError:
                time.sleep(0.001)
                continue
            if answer[20] == 0 and answer[12:16] == socket.inet_aton(ADDRESS):
                self.at = time.monotonic()
                return

    def answered(self) -> float:
        """When the answer came. Raises Skipped when none does."""
        self.join(_TIMEOUT)
        self._ended = True
        self.join()
        self._socket.close()
        if self.at is None:
            raise Skipped(f"{ADDRESS} did not answer within {_TIMEOUT:.0f} s")
        return self.at


def _source() -> str:
    """The host's address from which it would ask the guest."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((ADDRESS, 9))
        return str(probe.getsockname()[0])


def _ours(product: Product, multi_user: list[float], ready: list[float]) -> float:
    pinger = _Pinger()
    pinger.start()
    begun = time.monotonic()
    product.run("start", NAME)
    ready.append(time.monotonic() - begun)
    seconds = pinger.answered() - begun
    said = product.run("run", NAME, "--", "systemctl", "show", "--property=ActiveEnterTimestampMonotonic", "--value", "multi-user.target")
    multi_user.append(int(said) / 1e6 - begun)
    product.run("stop", NAME)
    return seconds


class _Upstream:
    """nspawn as ours calls it, with the guest's script that does not wait for the host; the host's end follows READY=1 (postStart)."""

    def __init__(self, product: Product, ready: list[float]) -> None:
        self._ready = ready
        state = product.run_state
        self._links = (state / "links").read_text(encoding="utf-8")
        directory = product.root.parent / "upstream"
        shutil.copytree(state / "guest", directory, ignore=lambda _, names: [name for name in names if name in ("request", "answer")])
        script = directory / "init"
        lines = script.read_text(encoding="utf-8").splitlines(keepends=True)
        waits = [line for line in lines if "$directory/request" in line or "$directory/answer" in line]
        script.write_text("".join(line for line in lines if line not in waits), encoding="utf-8")
        script.chmod(0o755)
        self._words = [word.replace(str(state / "guest"), str(directory)) for word in _nspawn_words(product)]
        self._skip = "" if len(waits) == 2 else "the guest's script has changed: this benchmark does not know how it waits"

    def once(self) -> float:
        """One start."""
        if self._skip:
            raise Skipped(self._skip)
        path = Path("/run/nixos-containers-bench.sock")
        with _listening(path) as wait:
            pinger = _Pinger()
            pinger.start()
            begun = time.monotonic()
            child = subprocess.Popen(
                ["/bin/sh", "-c", _IN_FRESH_CGROUPS, "sh", *self._words],
                env={**os.environ, "NOTIFY_SOCKET": str(path)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                wait(child)
                self._ready.append(time.monotonic() - begun)
                subprocess.run(["ip", "-force", "-batch", "-"], input=self._links, text=True, capture_output=True, check=False)
                return pinger.answered() - begun
            finally:
                end(child)
                _remove_cgroups()
