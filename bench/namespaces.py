"""Raw network namespaces for the benchmarks of the network: nothing of the product, gone with their processes."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness import Skipped


class Namespace:
    """A network namespace, as long as its process sleeps."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "ip link set lo up; echo; exec sleep infinity"], stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise Skipped("no network namespace can be made here")

    @property
    def pid(self) -> int:
        """The process that keeps it."""
        return self._process.pid

    def words(self, *words: str) -> list[str]:
        """The command that runs `words` in it."""
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", "--", *words]

    def ip(self, *lines: str) -> None:
        """Run lines of an `ip` batch in it."""
        subprocess.run(self.words("ip", "-batch", "-"), input="".join(f"{line}\n" for line in lines), text=True, check=True)

    def end(self) -> None:
        """Take it away with everything in it."""
        self._process.kill()
        self._process.wait()


@contextmanager
def namespaces(number: int) -> Iterator[list[Namespace]]:
    """So many of them."""
    made: list[Namespace] = []
    try:
        for _ in range(number):
            made.append(Namespace())
        yield made
    finally:
        for namespace in made:
            namespace.end()


def wait_for(check: Callable[[], bool], what: str, *, seconds: float = 20) -> None:
    """Until `check` is true. Raises Skipped, which names `what` was waited for."""
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            raise Skipped(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.02)
