"""Text as man(7) macros want it."""

from __future__ import annotations

import re

_CODE = re.compile(r"`([^`]*)`")


def escape(text: str) -> str:
    """`text` so that it is printed as it is."""
    lines = (line.replace("\\", "\\e").replace("-", "\\-") for line in text.splitlines())
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in lines)


def prose(text: str) -> str:
    """Paragraphs of Markdown: what stands in backquotes is bold, and an empty line begins a paragraph."""
    paragraphs = []
    for paragraph in text.strip().split("\n\n"):
        joined = " ".join(paragraph.split())
        paragraphs.append(_CODE.sub(r"\\fB\1\\fR", escape(joined)))
    return "\n.sp\n".join(paragraphs)


def verbatim(text: str) -> str:
    """Lines that stay as they are."""
    return f".nf\n{escape(text)}\n.fi"


def title(name: str, section: int) -> str:
    """The page's first lines; its text is not stretched, which store paths and types would make holes in."""
    return f'.TH {escape(name.upper())} {section} "" "nixos\\-containers"\n.ad l\n.nh'
