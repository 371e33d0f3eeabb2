"""A mount namespace for one piece of work: what is mounted there, nobody else sees, and it is gone with the thread that did it.

So a kill -9 at any point leaves neither mounts nor loop devices. Not for knowing what is mounted.
"""

from __future__ import annotations

import ctypes
import os
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_NEWNS = 0x00020000  # CLONE_NEWNS
_SLAVE, _RECURSIVE = 1 << 19, 1 << 14  # MS_*
_Result = TypeVar("_Result")


def in_private_mounts(work: Callable[[], _Result]) -> _Result:
    """Do `work` in a thread with a mount namespace of its own (unshare(2)); return what it returns, raise what it raises.

    Programs that it starts are in there as well. Mounts of the host still arrive, none goes out. Raises OSError without the right to.
    """
    results: list[_Result] = []
    failures: list[BaseException] = []

    def thread() -> None:
        try:
            library = ctypes.CDLL(None, use_errno=True)
            for done in (library.unshare(_NEWNS), library.mount(None, b"/", None, _SLAVE | _RECURSIVE, None)):
                if done != 0:
                    raise OSError(ctypes.get_errno(), f"a mount namespace: {os.strerror(ctypes.get_errno())}")
            results.append(work())
        except BaseException as failure:
            failures.append(failure)

    # A thread and no child: the work has the caller's locks and memory, and Python's own state stays whole.
    worker = threading.Thread(target=thread, name="private mounts")
    worker.start()
    worker.join()
    if failures:
        raise failures[0]
    return results[0]
