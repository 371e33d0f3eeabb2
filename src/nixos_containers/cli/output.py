"""Printing answers: JSON or aligned text, on stdout only."""

from __future__ import annotations

import json
import sys

TYPE_CHECKING = False  # importing typing would cost `list` 5 ms
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def emit_json(value: Any) -> None:
    """Print `value` as JSON, sorted and indented, so that it can be compared."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    sys.stdout.write(text.encode(errors="replace").decode() + "\n")  # names of files may be no text


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns that align; the last one is not padded."""
    everything = [list(headings), *[list(row) for row in rows]]
    widths = [max(len(row[column]) for row in everything) for column in range(len(headings))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in everything)
