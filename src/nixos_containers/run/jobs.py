"""Work on several containers at once: each in a process of its own, in order, and as many as the processors can take.

A process, not a thread: Ctrl-C reaches every one of them, each undoes what it began, and none waits for another's
interpreter. Not for deciding what to do: see plan/order.py.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..base import log
from ..base.errors import ContainerError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

_INTERRUPTED = 130
# Seconds.
_LOOK = 0.5


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do for container `name`. `after` and `needs` are positions of other jobs in the list.

    It begins when those of `after` and `needs` have ended, and is left out when one that it `needs` failed.
    """

    name: str
    work: Callable[[], None]
    after: frozenset[int] = frozenset()
    needs: frozenset[int] = frozenset()
    verb: str = "done"


def at_once() -> int:
    """How many jobs run at the same time: they wait for the guest most of the time, so that there are more than processors."""
    wanted = os.environ.get("NIXOS_CONTAINERS_JOBS", "")
    return int(wanted) if wanted.isdigit() and int(wanted) > 0 else 2 * len(os.sched_getaffinity(0)) + 2


def run_jobs(jobs: Sequence[Job], *, limit: int) -> None:
    """Do all `jobs`, at most `limit` at a time. The failure of one ends no other, except those that need it.

    Raises ContainerError, in the end, when any failed; KeyboardInterrupt after all have undone what they had begun.
    """
    if len(jobs) == 1:
        jobs[0].work()
        return
    failures: dict[int, ContainerError] = {}
    waiting, ended = set(range(len(jobs))), set[int]()
    children: dict[int, tuple[int, int]] = {}  # reading end of the pipe -> pid, position
    # Ctrl-C is let in only while waiting, when every child is on the list.
    signals = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        while waiting or children:
            for position in sorted(waiting):
                job = jobs[position]
                if not (job.after | job.needs) <= ended:
                    continue
                failed = next((other for other in sorted(job.needs) if other in failures), None)
                if failed is not None:
                    failures[position] = failures[failed] if jobs[failed].name == job.name else _left_out(job, jobs[failed])
                    ended.add(position)
                elif len(children) < limit:
                    pid, end = _fork(job.work, signals)
                    children[end] = (pid, position)
                else:
                    continue
                waiting.discard(position)
            if not children and not any((jobs[p].after | jobs[p].needs) <= ended for p in waiting):
                assert not waiting, "jobs wait for each other"
            for end in _ended(children, signals):
                pid, position = children.pop(end)
                failure = _result(pid, end)
                ended.add(position)
                if failure is not None:
                    failures[position] = failure
    except BaseException:
        for pid, _ in children.values():
            os.kill(pid, signal.SIGINT)
        for pid, _ in children.values():
            os.waitpid(pid, 0)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, signals)
    if any(failure.exit_code == _INTERRUPTED for failure in failures.values()):
        raise KeyboardInterrupt
    _raise(jobs, failures)


def _ended(children: Collection[int], signals: Collection[int]) -> list[int]:
    """Wait until one of the pipes has something to say; the `signals` that are blocked meanwhile are the caller's own."""
    if not children:
        return []
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, signals)
        # Not without end: a signal that comes just before the system call is seen just after it.
        while not (ready := select.select(list(children), [], [], _LOOK)[0]):
            pass
        return ready
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _left_out(job: Job, failed: Job) -> ContainerError:
    return ContainerError(
        f"container ‘{job.name}’ was not {job.verb}: it requires ‘{failed.name}’, which failed",
        hint=f"when ‘{failed.name}’ is well again: nixos-container start {job.name}",
    )


def _raise(jobs: Sequence[Job], failures: dict[int, ContainerError]) -> None:
    if not failures:
        return
    different = {id(failure): failure for _, failure in sorted(failures.items())}
    if len(different) == 1:
        raise next(iter(different.values()))
    names = dict.fromkeys(jobs[position].name for position in sorted(failures))
    raise ContainerError(
        f"{len(names)} of {len({job.name for job in jobs})} containers failed: {', '.join(names)}",
        details="\n".join(str(failure) for failure in different.values()),
        exit_code=max(failure.exit_code for failure in failures.values()),
    )


def _fork(work: Callable[[], None], signals: Collection[int]) -> tuple[int, int]:
    """Do `work` in a child, with `signals` blocked; return its pid and a pipe's end from which its failure, if any, can be read."""
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setpgid(0, 0)  # Ctrl-C is the parent's, who passes it on once: what is being undone must not be interrupted again
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.pthread_sigmask(signal.SIG_SETMASK, signals)
            os.close(reading)
            os.write(writing, _outcome(work).encode())
        finally:
            os._exit(0)
    os.close(writing)
    return pid, reading


def _outcome(work: Callable[[], None]) -> str:
    """Empty when `work` succeeded, or its failure as JSON."""
    try:
        work()
        failure = None
    except ContainerError as error:
        failure = error
    except KeyboardInterrupt:
        failure = ContainerError("interrupted", exit_code=_INTERRUPTED)
    except OSError as error:
        failure = ContainerError(f"{error.filename or 'the host'}: {error.strerror or error}", hint="--debug shows where")
        log.debug(traceback.format_exc())
    except BaseException:
        failure = ContainerError("a mistake of this program's", details=traceback.format_exc())
    sys.stdout.flush()
    sys.stderr.flush()
    if failure is None:
        return ""
    return json.dumps([failure.what, failure.details, failure.hint, failure.exit_code])


def _result(pid: int, end: int) -> ContainerError | None:
    with os.fdopen(end, "rb") as pipe:
        text = pipe.read().decode()
    _, status = os.waitpid(pid, 0)
    if text:
        what, details, hint, exit_code = json.loads(text)
        return ContainerError(what, details=details, hint=hint, exit_code=exit_code)
    if status != 0:
        return ContainerError(f"process {pid} of this command was killed", hint="run the command again: it goes on where this one ended")
    return None
