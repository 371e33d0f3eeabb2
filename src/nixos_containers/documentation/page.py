"""The option reference as one searchable HTML page that needs nothing else: no server, no network."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from .reference import INTRODUCTIONS, TITLES, groups, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..declare.option import Option

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --faint: #777; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 56rem; padding: 1rem; }
header { position: sticky; top: 0; background: Canvas; padding: .6rem 0; border-bottom: 1px solid var(--line); }
header > div { display: flex; gap: 1rem; align-items: center; flex-wrap: wrap; }
input[type=search] { font: inherit; flex: 1; min-width: 14rem; padding: .4rem .6rem; }
#count { color: var(--faint); font-variant-numeric: tabular-nums; }
h2 { margin-top: 2rem; } h3 { border-bottom: 1px solid var(--line); margin-bottom: 0; }
article { padding: .7rem 0; border-bottom: 1px solid var(--line); scroll-margin-top: 4.5rem; }
article:target { background: var(--soft); }
h4 { margin: 0; font: 600 1rem ui-monospace, monospace; overflow-wrap: anywhere; }
h4 a { color: inherit; text-decoration: none; } h4 a:hover { text-decoration: underline; }
p { margin: .3rem 0; } code, pre { font: .9em ui-monospace, monospace; background: var(--soft); border-radius: 3px; }
code { padding: 0 .2em; } pre { margin: 0; padding: .4rem .6rem; overflow-x: auto; }
dl { display: grid; grid-template-columns: 6rem 1fr; gap: .15rem .5rem; margin: .3rem 0 0; }
dt { color: var(--faint); } dd { margin: 0; min-width: 0; }
[hidden] { display: none; }
"""

_SCRIPT = r"""
const box = document.getElementById("query"), count = document.getElementById("count");
const sides = [...document.querySelectorAll("header input[type=checkbox]")];
const entries = [...document.querySelectorAll("article")].map(element => ({
  element, side: element.dataset.side, name: element.id.toLowerCase(), text: element.textContent.toLowerCase(),
}));
const containers = [...document.querySelectorAll("section")];
function filter() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = new Set(sides.filter(side => side.checked).map(side => side.value));
  let shown = 0;
  for (const entry of entries) {
    const hit = wanted.has(entry.side) && words.every(word => entry.text.includes(word));
    entry.element.hidden = !hit;
    shown += hit;
  }
  for (const section of containers) section.hidden = !section.querySelector("article:not([hidden])");
  count.textContent = shown + " of " + entries.length;
}
let waiting;
box.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(() => {
  history.replaceState(null, "", box.value ? "#?" + encodeURIComponent(box.value) : location.pathname);
  filter();
}, 80); });
for (const side of sides) side.addEventListener("change", filter);
if (location.hash.startsWith("#?")) box.value = decodeURIComponent(location.hash.slice(2));
filter();
"""


def page(options: Iterable[Option]) -> str:
    """The reference as a page; `#?words` in its address searches."""
    body: list[str] = []
    side = None
    for group in groups(options):
        if group.side != side:
            if side is not None:
                body.append("</section>")
            side = group.side
            body.append(f"<section><h2>{_escape(TITLES[side])}</h2><p>{_text(INTRODUCTIONS[side])}</p>")
        entries = "\n".join(_entry(option) for option in group.options)
        body.append(f"<section><h3>{_escape(group.name)}</h3>\n{entries}</section>")
    if side is not None:
        body.append("</section>")
    return _document("\n".join(body))


def _document(body: str) -> str:
    boxes = "".join(
        f'<label><input type="checkbox" value="{side}" checked> {text}</label>' for side, text in (("host", "host"), ("guest", "guest"))
    )
    search = '<input id="query" type="search" placeholder="Search names, descriptions, defaults" autofocus>'
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">\n'
        f"<title>nixos-containers: options</title>\n<style>{_STYLE}</style></head><body>\n<h1>Options of nixos-containers</h1>\n"
        f'<header><div>{search}{boxes}<span id="count"></span></div></header>\n{body}\n<script>{_SCRIPT}</script></body></html>\n'
    )


def _entry(option: Option) -> str:
    rows = [("Type", _escape(option.type) + (" (read only)" if option.read_only else ""))]
    for label, text in (("Default", option.default), ("Example", option.example)):
        if text is not None:
            rows.append((label, _text(text) if label.lower() in option.prose else _value(text)))
    rows.append(("Declared", "<br>".join(f'<a href="../{_escape(path)}">{_escape(path)}</a>' for path in option.declarations)))
    listed = "".join(f"<dt>{label}</dt><dd>{value}</dd>" for label, value in rows)
    name = _escape(option.name)
    anchor = name if option.side == "host" else f"config.{name}"
    paragraphs = "".join(f"<p>{_text(paragraph)}</p>" for paragraph in option.description.strip().split("\n\n"))
    return (
        f'<article id="{anchor}" data-side="{option.side}"><h4><a href="#{anchor}">{name}</a></h4>{paragraphs}<dl>{listed}</dl></article>'
    )


def _escape(text: str) -> str:
    return html.escape(text)


def _text(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(plain(text), quote=False))


def _value(text: str) -> str:
    escaped = html.escape(text.strip("\n"), quote=False)
    return f"<pre>{escaped}</pre>" if "\n" in escaped else f"<code>{escaped}</code>"
