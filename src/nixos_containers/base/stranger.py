"""What a guest says, on its way to a person's terminal: text stays, colours stay, nothing else that a terminal would obey.

A terminal takes commands from what it shows (ECMA-48): titles, the clipboard, answers that it types by itself, lines that hide
others. Not for files and pipes, which take what comes.
"""

from __future__ import annotations

import codecs
import re

# Sequences of a terminal, whole: CSI, then OSC and the other strings, then two or three characters.
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]+[0-~]|[0-Z\\`-~])")
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
# One that may not have ended yet, at the end of what there is.
_BEGUN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -/]*)?\Z")
_LONGEST = 4096


class Tamer:
    """Takes what comes, in pieces, and gives what may be shown."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""
        self._coloured = False

    def feed(self, data: bytes) -> bytes:
        """What may be shown of everything so far that is complete."""
        text = self._rest + self._decoder.decode(data)
        begun = _BEGUN.search(text)
        cut = begun.start() if begun is not None and len(text) - begun.start() < _LONGEST else len(text)
        self._rest = text[cut:]
        return self._shown(text[:cut])

    def end(self) -> bytes:
        """What is left; and colours end here."""
        left = self._shown(self._rest + self._decoder.decode(b"", final=True))
        self._rest = ""
        return left + (b"\x1b[m" if self._coloured else b"")

    def _shown(self, text: str) -> bytes:
        parts, at = [], 0
        for found in _SEQUENCE.finditer(text):
            parts.append(plain(text[at : found.start()]))
            at = found.end()
            if _COLOUR.fullmatch(found[0]):
                parts.append(found[0])
                self._coloured = True
        parts.append(plain(text[at:]))
        return "".join(parts).encode(errors="replace")


def plain(text: str) -> str:
    """`text` with lines and tabs, and a sign in the place of whatever else is not printable; a carriage return is nothing."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() or character in "\n\t" else "" if character == "\r" else "�" for character in text)


def tamed(text: str) -> str:
    """The whole of `text` as it may be shown."""
    tamer = Tamer()
    return (tamer.feed(text.encode(errors="replace")) + tamer.end()).decode()
