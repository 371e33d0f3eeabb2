"""JSON to frozen dataclasses and back, naming the field that does not fit.

The one decoder behind every JSON that enters: Nix's spec, records, run-time state. Not for validation of
meaning (that addresses parse, that options go together): types only.
"""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from functools import cache
from typing import Any, TypeVar

from ..base.errors import ContainerError

T = TypeVar("T")


class DecodeError(ContainerError):
    """A JSON value has not the type that its place needs; the text names the place."""


def camel(name: str) -> str:
    """`auto_start` -> `autoStart`: Python's names in Python, the options' names in JSON."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


@cache
def _fields(cls: Any) -> tuple[tuple[str, str, Any, bool], ...]:
    hints = typing.get_type_hints(cls)
    return tuple(
        (
            field.name,
            camel(field.name),
            hints[field.name],
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(cls)
    )


def decode(cls: type[T], value: object, place: str = "") -> T:
    """Make a `cls` of the JSON object `value`; `place` says where in the document it stands.

    Raises DecodeError when a field is missing or of the wrong type.
    """
    return typing.cast("T", _decode(cls, value, place or cls.__name__))


def _decode(hint: Any, value: Any, place: str) -> Any:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _decode_union(typing.get_args(hint), value, place)
    if origin is tuple:
        if not isinstance(value, list):
            raise _mismatch("a list", value, place)
        item = typing.get_args(hint)[0]
        return tuple(_decode(item, entry, f"{place}[{index}]") for index, entry in enumerate(value))
    if origin is dict:
        if not isinstance(value, dict):
            raise _mismatch("an object", value, place)
        item = typing.get_args(hint)[1]
        return {key: _decode(item, entry, f"{place}.{key}") for key, entry in value.items()}
    if dataclasses.is_dataclass(hint):
        return _decode_object(typing.cast("type[Any]", hint), value, place)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        try:
            return hint(value)
        except ValueError:
            raise _mismatch("one of " + ", ".join(str(member.value) for member in hint), value, place) from None
    if hint is Any:
        return value
    if isinstance(value, bool) is not (hint is bool) or not isinstance(value, hint):
        raise _mismatch(hint.__name__, value, place)
    return value


def _decode_union(options: tuple[Any, ...], value: Any, place: str) -> Any:
    if value is None and type(None) in options:
        return None
    failure: DecodeError | None = None
    for option in options:
        if option is type(None):
            continue
        try:
            return _decode(option, value, place)
        except DecodeError as error:
            failure = error
    assert failure is not None
    raise failure


def _decode_object(cls: type[Any], value: Any, place: str) -> Any:
    if not isinstance(value, dict):
        raise _mismatch("an object", value, place)
    arguments = {}
    for name, key, hint, required in _fields(typing.cast("typing.Hashable", cls)):
        if key in value:
            arguments[name] = _decode(hint, value[key], f"{place}.{key}")
        elif required:
            raise DecodeError(f"{place}.{key} is missing")
    return cls(**arguments)


def _mismatch(expected: str, value: object, place: str) -> DecodeError:
    return DecodeError(f"{place} is {value!r}, expected {expected}")


def encode(value: Any) -> Any:
    """The JSON form of a dataclass, or of anything inside one."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {key: encode(getattr(value, name)) for name, key, _, _ in _fields(type(value))}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, dict):
        return {key: encode(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [encode(entry) for entry in value]
    return value
