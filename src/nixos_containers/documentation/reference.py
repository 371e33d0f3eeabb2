"""The option reference in three forms, all from the same list of options."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..declare.option import Option

_TITLES = {
    "host": "Options of a container, seen from the host",
    "guest": "Options of the system inside a container",
}
_ROLE = re.compile(r"\{[a-z]+\}`([^`]*)`")


def plain(text: str) -> str:
    """Description text without nixpkgs' Markdown roles (`{option}`, `{file}`), which only its own manual knows."""
    return _ROLE.sub(r"`\1`", text).strip()


def markdown(options: Iterable[Option]) -> str:
    """The reference as Markdown."""
    parts = ["# Options", "", "Made from the declarations by `nixos-container options --markdown`; do not edit.", ""]
    side = None
    for option in sorted(options, key=_order):
        if option.side != side:
            side = option.side
            parts += [f"## {_TITLES[side]}", ""]
        parts += [f"### `{option.name}`", "", plain(option.description), "", f"*Type:* {option.type}", ""]
        for label, value in (("Default", option.default), ("Example", option.example)):
            if value is not None:
                parts += [_markdown_value(label, value), ""]
        parts += ["*Declared in:* " + ", ".join(f"`{path}`" for path in option.declarations), ""]
    return "\n".join(parts)


def _markdown_value(label: str, value: str) -> str:
    if "\n" in value:
        return f"*{label}:*\n\n```nix\n{value.rstrip()}\n```"
    return f"*{label}:* `{value}`"


def _order(option: Option) -> tuple[bool, str]:
    return (option.side != "host", option.name)


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>nixos-containers: options</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; }}
input {{ font: inherit; width: 100%; padding: .5rem; position: sticky; top: .5rem; box-sizing: border-box; }}
article {{ border-top: 1px solid #ccc; padding: .5rem 0; }} h3 {{ margin: .3rem 0; font-family: monospace; overflow-wrap: anywhere; }}
pre, code {{ background: #f2f2f2; }} dl {{ margin: 0; }} dt {{ float: left; clear: left; width: 6rem; color: #555; }} dd {{ margin-left: 6.5rem; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #111; color: #ddd; }} pre, code {{ background: #222; }} }}
</style></head><body>
<h1>Options</h1>
<input id="q" type="search" placeholder="Search names and descriptions" autofocus>
<p id="n"></p>
{body}
<script>
const articles = [...document.querySelectorAll("article")], query = document.getElementById("q"), count = document.getElementById("n");
function filter() {{
  const words = query.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  for (const article of articles) {{
    const text = article.textContent.toLowerCase(), hit = words.every(word => text.includes(word));
    article.hidden = !hit; shown += hit;
  }}
  count.textContent = shown + " of " + articles.length + " options";
}}
query.addEventListener("input", filter);
if (location.hash.startsWith("#?")) query.value = decodeURIComponent(location.hash.slice(2));
filter();
</script></body></html>
"""


def page(options: Iterable[Option]) -> str:
    """The reference as one searchable HTML page that needs nothing else."""
    parts = []
    side = None
    for option in sorted(options, key=_order):
        if option.side != side:
            side = option.side
            parts.append(f"<h2>{html.escape(_TITLES[side])}</h2>")
        rows = [("Type", html.escape(option.type))]
        rows += [(label, _html_value(value)) for label, value in (("Default", option.default), ("Example", option.example)) if value is not None]
        rows.append(("Declared", "<br>".join(f"<code>{html.escape(path)}</code>" for path in option.declarations)))
        listed = "".join(f"<dt>{label}</dt><dd>{value}</dd>" for label, value in rows)
        name = html.escape(option.name)
        parts.append(f'<article id="{name}"><h3>{name}</h3><p>{_html_text(option.description)}</p><dl>{listed}</dl></article>')
    return _PAGE.format(body="\n".join(parts))


def _html_text(text: str) -> str:
    escaped = html.escape(plain(text), quote=False)
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escaped).replace("\n\n", "</p><p>")


def _html_value(value: str) -> str:
    escaped = html.escape(value.rstrip(), quote=False)
    return f"<pre>{escaped}</pre>" if "\n" in value else f"<code>{escaped}</code>"


def manual(options: Iterable[Option]) -> str:
    """The reference as a manual page, nixos-containers.nix(5), in man(7) macros."""
    parts = ['.TH NIXOS-CONTAINERS.NIX 5 "" nixos-containers', ".SH NAME", "nixos-containers.nix \\- options of containers and of the systems inside"]
    side = None
    for option in sorted(options, key=_order):
        if option.side != side:
            side = option.side
            parts.append(f".SH {_TITLES[side].upper()}")
        parts += [".TP", f"\\fB{_roff(option.name)}\\fR", _roff(plain(option.description)), ".br", f"Type: {_roff(option.type)}"]
        if option.default is not None:
            parts += [".br", f"Default: {_roff(' '.join(option.default.split()))}"]
    return "\n".join(parts) + "\n"


def _roff(text: str) -> str:
    lines = (line.replace("\\", "\\e").replace("-", "\\-") for line in text.splitlines() if line.strip())
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in lines)
