"""Enough of JSON Schema for docs/json.schema.json: types, enum, required, properties, additionalProperties, items."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "json.schema.json").read_text(encoding="utf-8"))
_TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float), "null": type(None)}


def problems(value: Any, name: str) -> list[str]:
    """What in `value` does not fit the definition `name`; empty when all does."""
    return _problems(value, SCHEMA["$defs"][name], name)


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and not (isinstance(value, bool) and kind in ("integer", "number"))  # type: ignore[arg-type]


def _problems(value: Any, schema: dict[str, Any], place: str) -> list[str]:
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(value, kind) for kind in kinds):
        return [f"{place}: {value!r} is not {' or '.join(kinds)}"]
    found = [f"{place}: {value!r} is not one of {schema['enum']}"] if "enum" in schema and value not in schema["enum"] else []
    if isinstance(value, dict):
        found += [f"{place}: {key} is missing" for key in schema.get("required", ()) if key not in value]
        more = schema.get("additionalProperties", True)
        for key, item in value.items():
            if key in schema.get("properties", {}):
                found += _problems(item, schema["properties"][key], f"{place}.{key}")
            elif more is False:
                found.append(f"{place}.{key} is not documented")
            elif isinstance(more, dict):
                found += _problems(item, more, f"{place}.{key}")
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            found += _problems(item, schema["items"], f"{place}[{number}]")
    return found
