"""What a process listens to, as the kernel tells of it."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from nixos_containers.kernel import processes

HALT = signal.SIGRTMIN + 3


@pytest.mark.parametrize(
    ("prepare", "heard"),
    (
        ("pass", False),
        (f"signal.signal({HALT}, lambda *_: None)", True),
        (f"signal.pthread_sigmask(signal.SIG_BLOCK, [{HALT}])", True),
        (f"signal.signal({HALT}, signal.SIG_IGN)", False),
        (f"signal.pthread_sigmask(signal.SIG_BLOCK, [{HALT - 1}, {HALT + 1}])", False),
    ),
)
def test_who_catches_or_keeps_a_signal_listens_to_it(prepare: str, heard: bool) -> None:
    program = f"import signal, sys; {prepare}; print('ready', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        assert processes.listens(process.pid, HALT) is heard


def test_nobody_listens_where_nobody_is() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    assert not processes.listens(process.pid, HALT)
