"""What Nix prints with --show-trace, taken apart: the sentence, the place it names, and what was being done. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Up to 2.17 the sentence comes first, right after the word, and the trace below it, innermost first; later Nix begins with
# the trace, outermost first, and ends with the sentence, indented.
_SENTENCE = re.compile(r"^error:(?: |\n\s+)(?=[^\s…])", re.MULTILINE)
_INDENTED_SENTENCE = re.compile(r"^ +error:(?: |\n\s+)(?=[^\s…])", re.MULTILINE)
_FRAME = re.compile(r"^ +… ", re.MULTILINE)
_PLACE = re.compile(r"^ *at (/.+?):\d+:\d+:$")
_MARGIN = " " * 7


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file, as Nix shows it: `at FILE:LINE:COLUMN:` and the lines around it."""

    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One thing that Nix was doing: in words, and where."""

    words: str
    place: Place | None


@dataclass(frozen=True, slots=True)
class Backtrace:
    """A failed evaluation: what Nix said, line by line, where it says that it is, and the frames, innermost first."""

    lines: tuple[str, ...]
    place: Place | None
    frames: tuple[Frame, ...]

    def innermost(self, pattern: re.Pattern[str]) -> str | None:
        """What `pattern` captures in the innermost frame that it fits."""
        return next((found[1] for frame in self.frames if (found := pattern.search(frame.words))), None)


def take_apart(text: str) -> Backtrace:
    """`text`, Nix's stderr without colours, in its parts; of what is no error of Nix's, all lines."""
    if found := [*_SENTENCE.finditer(text)]:
        body, *frames = _FRAME.split(text[found[-1].end() :])
    elif found := [*_INDENTED_SENTENCE.finditer(text)]:
        body, frames = text[found[-1].end() :], _FRAME.split(text[: found[-1].start()])[:0:-1]
    else:
        body, frames = text, []
    lines, place = _lines(body)
    return Backtrace(tuple(lines), place, tuple(_frame(frame) for frame in frames))


def _frame(text: str) -> Frame:
    words, place = _lines(text)
    return Frame(words[0] if words else "", place)


def _lines(text: str) -> tuple[list[str], Place | None]:
    """The lines of `text` without Nix's margin and remarks about itself, and the place that ends them."""
    lines = [line.rstrip().removeprefix(_MARGIN) for line in text.splitlines()]
    lines = [line for line in lines if "(use '--show-trace'" not in line and "(stack trace truncated" not in line]
    place = None
    for number, line in enumerate(lines):
        if found := _PLACE.match(line):
            place = Place(found[1], "\n".join([line.strip(), *filter(None, lines[number + 1 :])]))
            del lines[number:]
            break
    while lines and not lines[-1]:
        lines.pop()
    return lines, place
