"""Builds that several requests want: one at a time for each image, few at a time in all, remembered for a moment.

No part of the specification; 429 with Retry-After is (distribution-spec, "Error codes", TOOMANYREQUESTS).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")


class Busy(Exception):
    """As many builds run and wait as may."""


class _Flight(Generic[T]):
    """One piece of work, under way or lately ended."""

    def __init__(self) -> None:
        self.landed = threading.Event()
        self.result: T
        self.error: BaseException | None = None
        self.forget_at: float | None = None  # None: under way

    def outcome(self) -> T:
        if self.error is not None:
            raise self.error.with_traceback(None)
        return self.result


class Flights(Generic[T]):
    """Runs pieces of work by key; whoever wants one that is under way waits for its outcome, be it a failure."""

    def __init__(self, *, keep: float, abreast: int, waiting: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._keep = keep
        self._clock = clock
        self._free = abreast
        self._most_waiting = waiting
        self._lock = threading.Lock()
        self._flights: dict[Hashable, _Flight[T]] = {}
        self._queue: deque[threading.Event] = deque()

    @property
    def waiting(self) -> int:
        """How many pieces of work wait for their turn."""
        return len(self._queue)

    def fly(self, key: Hashable, work: Callable[[], T]) -> T:
        """The outcome of `work` for `key`: of the one under way, of the last one if it ended just now, or of this one.

        Raises what the work raised, or Busy.
        """
        with self._lock:
            self._forget()
            flight = self._flights.get(key)
            if flight is None:
                turn = self._take_turn()
                mine = self._flights[key] = _Flight()
        if flight is not None:
            flight.landed.wait()
            return flight.outcome()
        if turn is not None:
            turn.wait()
        try:
            mine.result = work()
        except BaseException as error:
            mine.error = error
        finally:
            self._land(mine)
        return mine.outcome()

    def _take_turn(self) -> threading.Event | None:
        """None: start now; else wait for the event. Under the lock."""
        if self._free > 0:
            self._free -= 1
            return None
        if len(self._queue) >= self._most_waiting:
            raise Busy
        turn = threading.Event()
        self._queue.append(turn)
        return turn

    def _land(self, flight: _Flight[T]) -> None:
        with self._lock:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._free += 1
            flight.forget_at = self._clock() + self._keep
            self._forget()
        flight.landed.set()

    def _forget(self) -> None:
        now = self._clock()
        for key in [key for key, flight in self._flights.items() if flight.forget_at is not None and flight.forget_at <= now]:
            del self._flights[key]
