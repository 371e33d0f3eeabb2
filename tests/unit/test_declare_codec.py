"""The one JSON door: what goes out comes back, and what does not fit is named with its place."""

from __future__ import annotations

import dataclasses
import json
from enum import Enum
from typing import Any

import pytest

from nixos_containers.declare.codec import DecodeError, camel, decode, encode
from nixos_containers.declare.container import AllowedDevice, Bind, Container, Limits, Record, Spec

from .samples import FULL_NETWORK, container, record


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass(frozen=True)
class Mixed:
    number: int
    colour: Colour = Colour.RED
    either: int | str | None = None
    by_name: dict[str, tuple[int, ...]] = dataclasses.field(default_factory=dict)
    whatever: Any = None


FULL = record(
    auto_start=True,
    binds=(Bind("/a", "/b", False), Bind("/c")),
    allowed_devices=(AllowedDevice("/dev/net/tun", "rwm"),),
    limits=Limits(cpu_quota="50%", memory_max=1 << 30, tasks_max=5),
    slice_limits={"MemoryMax": "1G", "Deep": {"list": [1, 2.5, None]}},
    extra_flags=("--a=ü",),
    network=FULL_NETWORK,
)


@pytest.mark.parametrize("value", [record(), FULL], ids=["plain", "full"])
def test_a_record_survives_the_way_to_disk_and_back(value: Record) -> None:
    assert decode(Record, json.loads(json.dumps(encode(value)))) == value


def test_keys_are_the_options_names() -> None:
    assert {"autoStart", "restartIfChanged", "privateUsers", "enableTun", "extraFlags"} <= set(encode(container()))
    assert "hostAddress6" in encode(FULL_NETWORK)


@pytest.mark.parametrize(("name", "key"), [("name", "name"), ("auto_start", "autoStart"), ("local_mac_address", "localMacAddress")])
def test_camel(name: str, key: str) -> None:
    assert camel(name) == key


def test_what_is_left_out_has_its_default() -> None:
    assert decode(Container, {"name": "web", "system": {"path": None}}).timeout_start == "1min"


def test_keys_of_a_newer_version_are_ignored() -> None:
    assert decode(Limits, {"tasksMax": 1, "ioMax": 5}) == Limits(tasks_max=1)


def test_every_kind_of_value() -> None:
    value = Mixed(number=1, colour=Colour.BLUE, either="x", by_name={"a": (1, 2)}, whatever={"k": [True]})
    assert decode(Mixed, encode(value)) == value
    assert encode(value)["colour"] == "blue"


@pytest.mark.parametrize(
    ("cls", "data", "words"),
    [
        (Mixed, {}, ("Mixed.number", "missing")),
        (Mixed, {"number": "1"}, ("Mixed.number", "'1'", "int")),
        (Mixed, {"number": True}, ("Mixed.number", "True", "int")),
        (Mixed, {"number": 1.0}, ("Mixed.number", "int")),
        (Mixed, {"number": None}, ("Mixed.number", "None")),
        (Mixed, {"number": 1, "colour": "green"}, ("Mixed.colour", "'green'", "red, blue")),
        (Mixed, {"number": 1, "byName": {"a": [1, "2"]}}, ("Mixed.byName.a[1]", "'2'")),
        (Mixed, {"number": 1, "byName": []}, ("Mixed.byName", "an object")),
        (Mixed, [], ("Mixed", "an object")),
        (Container, {"name": "web", "system": {}}, ("Container.system.path", "missing")),
        (Container, {"name": "web", "system": {"path": None}, "autoStart": 1}, ("Container.autoStart", "1", "bool")),
        (Container, {"name": "web", "system": {"path": None}, "binds": [{}]}, ("Container.binds[0].mountPoint", "missing")),
        (
            Container,
            {"name": "web", "system": {"path": None}, "network": {"forwardPorts": [{"hostPort": "80"}]}},
            ("Container.network.forwardPorts[0].hostPort", "'80'"),
        ),
        (Spec, {"version": 1}, ("Spec.declared", "missing")),
    ],
)
def test_the_field_that_does_not_fit_is_named(cls: type, data: object, words: tuple[str, ...]) -> None:
    with pytest.raises(DecodeError) as failure:
        decode(cls, data)
    for word in words:
        assert word in str(failure.value)


def test_a_place_of_ones_own_is_in_the_message() -> None:
    with pytest.raises(DecodeError, match=r"/var/lib/file\.a is 'x'"):
        decode(dict[str, int], {"a": "x"}, "/var/lib/file")
