"""The page for people who open the registry's address in a browser."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

CONTENT_TYPE = "text/html; charset=utf-8"


def html(address: str, images: Sequence[str]) -> str:
    """What to type to get the `images` (names, with or without a tag) from the registry at `address` (host and port)."""
    example = images[0] if images else "NAME"
    commands = "\n".join(
        (f"podman pull {address}/{example}", f"docker pull {address}/{example}", f"skopeo inspect docker://{address}/{example}")
    )
    items = "".join(f"<li><code>{escape(f'{address}/{image}')}</code></li>\n" for image in images)
    listed = f"<p>Images that are here:</p>\n<ul>\n{items}</ul>\n" if images else ""
    return (
        "<!doctype html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>A registry of images</title>\n</head>\n<body>\n'
        "<h1>A registry of images</h1>\n"
        "<p>This is no page to read, but a place from which container engines fetch images. Type for example:</p>\n"
        f"<pre>{escape(commands)}</pre>\n"
        f"{listed}"
        "</body>\n</html>\n"
    )
