"""How images are called: the grammars of names, tags and digests (distribution-spec, "Pulling manifests"; image-spec, descriptor.md)."""

from __future__ import annotations

import re

# Clients limit host, slash and name together to 255; a name alone can never be longer.
LONGEST_NAME = 255

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}")


def is_name(text: str) -> bool:
    """Whether `text` can be the name of a repository."""
    return len(text) <= LONGEST_NAME and _NAME.fullmatch(text) is not None


def is_tag(text: str) -> bool:
    """Whether `text` can be a tag."""
    return _TAG.fullmatch(text) is not None


def is_digest(text: str) -> bool:
    """Whether `text` is a digest of a registered algorithm: no path can hide in one."""
    return _DIGEST.fullmatch(text) is not None
