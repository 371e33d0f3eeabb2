"""Builds that several requests want: one at a time for each image, few at a time in all, remembered for a moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from nixos_containers.registry.flights import Busy, Flights

from .registry_images import Client, Images, failure, serving


class Work:
    """Work that goes on until it is let go, and knows how often it was begun."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.go = threading.Event()
        self.count = 0

    def __call__(self) -> int:
        self.count += 1
        self.begun.release()
        assert self.go.wait(5)
        return self.count


def until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        threading.Event().wait(0.01)
    pytest.fail("never happened")


def test_those_who_want_the_same_wait_for_one() -> None:
    flights, work = Flights[int](keep=60, abreast=4, waiting=0), Work()
    with ThreadPoolExecutor(8) as pool:
        wanted = [pool.submit(flights.fly, "a", work) for _ in range(8)]
        assert work.begun.acquire(timeout=5)
        work.go.set()
        assert {future.result(5) for future in wanted} == {1}
    assert work.count == 1


def test_an_outcome_is_good_for_a_while() -> None:
    now = [0.0]
    flights = Flights[int](keep=5, abreast=1, waiting=0, clock=lambda: now[0])
    results = iter([1, 2])
    assert flights.fly("a", lambda: next(results)) == flights.fly("a", lambda: next(results)) == 1
    now[0] = 4.9
    assert flights.fly("a", lambda: next(results)) == 1
    now[0] = 5.1
    assert flights.fly("a", lambda: next(results)) == 2


def test_a_failure_is_an_outcome_and_frees_the_place() -> None:
    now = [0.0]
    flights = Flights[int](keep=5, abreast=1, waiting=0, clock=lambda: now[0])

    def fail() -> int:
        raise failure("first")

    with pytest.raises(Exception, match="first"):
        flights.fly("a", fail)
    with pytest.raises(Exception, match="first"):
        flights.fly("a", lambda: 1)
    now[0] = 6
    assert flights.fly("a", lambda: 1) == 1


def test_few_abreast_then_in_turn_then_busy() -> None:
    flights = Flights[str](keep=0, abreast=2, waiting=2)
    works = {key: Work() for key in "abcd"}
    order: list[str] = []

    def run(key: str) -> str:
        order.append(key)
        works[key]()
        return key

    with ThreadPoolExecutor(8) as pool:
        futures: dict[str, Future[str]] = {}
        for key in "ab":
            futures[key] = pool.submit(flights.fly, key, lambda key=key: run(key))
            assert works[key].begun.acquire(timeout=5)
        for waiting, key in enumerate("cd", 1):
            futures[key] = pool.submit(flights.fly, key, lambda key=key: run(key))
            until(lambda waiting=waiting: flights.waiting == waiting)
        with pytest.raises(Busy):
            flights.fly("e", lambda: "e")
        late = pool.submit(flights.fly, "c", lambda: "another")  # wants what waits already: no place is needed
        assert works["c"].count == works["d"].count == 0
        works["b"].go.set()
        assert works["c"].begun.acquire(timeout=5) and works["d"].count == 0
        works["c"].go.set()
        assert late.result(5) == futures["c"].result(5) == "c" and works["d"].begun.acquire(timeout=5)
        works["a"].go.set()
        works["d"].go.set()
        assert [futures[key].result(5) for key in "abd"] == ["a", "b", "d"]
    assert order == ["a", "b", "c", "d"] and flights.waiting == 0
    assert flights.fly("e", lambda: "e") == "e"


def test_requests_for_one_image_build_it_once(tmp_path: Path) -> None:
    images, work = Images(tmp_path), Work()
    made = images.tag("hello", "latest", images.make())
    images.before_build = lambda: (work(), None)[1]
    with serving(images) as server, ThreadPoolExecutor(6) as pool:
        wanted = [pool.submit(Client(server).get, "/v2/hello/manifests/latest") for _ in range(6)]
        assert work.begun.acquire(timeout=5)
        assert "builds_running 1\n" in Client(server).get("/metrics").body.decode()
        work.go.set()
        assert {future.result(5).body for future in wanted} == {made.body}
    assert images.builds() == 1


def test_too_many_builds_are_refused_for_now(tmp_path: Path) -> None:
    images, work = Images(tmp_path), Work()
    for tag in "abc":
        images.tag("hello", tag, images.make())
    images.before_build = lambda: (work(), None)[1]
    with serving(images, builds=1, waiting=1, retry_after=7) as server, ThreadPoolExecutor(2) as pool:
        first = pool.submit(Client(server).get, "/v2/hello/manifests/a")
        assert work.begun.acquire(timeout=5)
        second = pool.submit(Client(server).get, "/v2/hello/manifests/b")
        client = Client(server)
        until(lambda: "builds_waiting 1\n" in client.get("/metrics").body.decode())
        reply = client.get("/v2/hello/manifests/c")
        assert reply.status == 429 and reply.code == "TOOMANYREQUESTS" and reply.headers["Retry-After"] == "7"
        blob = client.get(f"/v2/hello/blobs/{images.put(b'blob')}")
        assert blob.body == b"blob"  # what needs no build goes on
        work.go.set()
        assert first.result(5).status == second.result(5).status == 200
        assert client.get("/v2/hello/manifests/c").status == 200


def test_without_keeping_every_request_asks_the_source(tmp_path: Path) -> None:
    images = Images(tmp_path)
    images.tag("hello", "latest", images.make())
    with serving(images, keep=0) as server:
        client = Client(server)
        for _ in range(2):
            assert client.get("/v2/hello/manifests/latest").status == 200
    assert images.builds() == 2
