"""A picture of a screen that is known as text: one HTML page with a box for each element.

Shared by the domains whose observations are screens. Boxes are drawn to scale where their positions are known and
listed as an indented outline where they are not. The page holds no script and loads nothing; every text of it is
escaped, characters that cannot be seen are shown by a sign, and its size is bounded, whatever the boxes hold.

A domain can say which action an element stands for, in its own words: the element then carries it as ``data-click``,
or as ``data-fill`` with :data:`TEXT` where a text goes that somebody types. The page itself does nothing with them; a
viewer that lets people act by hand listens for clicks and takes the action from there.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MAX_BOXES = 4_000
"""The most boxes that a picture shows."""
MAX_COUNTED = 10_000_000
"""How far boxes that are left out are counted."""
MAX_TEXT = 400
"""Characters of the text of one box; kinds, identifiers and states get a tenth of it."""
MAX_STATES = 12
"""States of one box."""
MAX_DEPTH = 40
"""Levels of indentation."""
FARTHEST = 100_000.0
"""The farthest coordinate that is drawn; a box beyond it stands in the outline."""
SIDE = 1_000.0
"""The longer side of the drawing, in CSS pixels."""

MAX_ACTION = 2_000
"""Characters of an action that an element carries; longer ones are left out."""
TEXT = "{text}"
"""Where the typed text stands in a ``fill``, a string in double quotes, escaped as in JSON, which Python reads too."""

Bounds: TypeAlias = "tuple[float, float, float, float]"
"""Left, top, right, bottom, in any unit that all boxes of a screen share."""


@dataclass(frozen=True, slots=True)
class Box:
    """One element of a screen. ``bounds`` is ``None`` where the position is not known; ``depth`` counts from 0.

    ``click`` is the action that a click on it is; ``fill`` the one that types into it, with :data:`TEXT` in it.
    """

    kind: str
    text: str = ""
    states: tuple[str, ...] = ()
    bounds: Bounds | None = None
    depth: int = 0
    id: str = ""
    click: str = ""
    fill: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """An action that belongs to no element, such as going back. It is shown only where one can act."""

    text: str
    click: str = ""
    fill: str = ""


def page(title: str, boxes: Iterable[Box], keys: Iterable[Key] = ()) -> str:
    """A self-contained HTML page that shows ``boxes``, those that come later above earlier ones.

    A box is drawn if its corners are numbers in order, not beyond :data:`FARTHEST`, and some of it lies right of and
    below the origin; else it is listed. The first :data:`MAX_BOXES` are shown, and a line says how many are left out.
    """
    source = iter(boxes)
    shown = list(islice(source, MAX_BOXES))
    rest = sum(1 for _ in islice(source, MAX_COUNTED))
    drawn = [(box, corners) for box in shown if (corners := _corners(box.bounds)) is not None]
    listed = [box for box in shown if _corners(box.bounds) is None]
    name = _escaped(title, MAX_TEXT // 2)
    body = [f"<h1>{name}</h1>", *_keys(keys), *_drawing(drawn), *_outline(listed), *_notes(len(shown), rest)]
    return _HEAD.replace("{title}", name) + "\n".join(body) + "\n</body>\n</html>\n"


def lines(text: str) -> Iterator[Box]:
    """The boxes of a text that is no known form of screen: one for each line with anything on it, as it is indented."""
    for line in text.split("\n"):
        if shown := line.strip():
            yield Box("line", shown, depth=len(line) - len(line.lstrip()))


def visible(text: str) -> str:
    """``text`` with signs for characters that cannot be seen or that change the direction of others.

    Control characters become the pictures that Unicode has for them, the rest ``⟨U+202E⟩``.
    """
    return text if text.isprintable() else "".join(map(_sign, text))


def _sign(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    joins = char == "\u200d"  # holds emoji together
    return f"\u27e8U+{code:04X}\u27e9" if unicodedata.category(char) in _UNSEEN and not joins else char


_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Cn", "Zl", "Zp"))


def _corners(bounds: Bounds | None) -> Bounds | None:
    """The corners of a box that can be drawn."""
    if bounds is None or len(bounds) != 4 or not all(math.isfinite(one) and abs(one) <= FARTHEST for one in bounds):
        return None
    left, top, right, bottom = bounds
    return bounds if left < right and top < bottom and right > 0 and bottom > 0 else None


def _keys(keys: Iterable[Key]) -> Iterator[str]:
    shown = [f'<span class="key"{_acts(key)}>{_escaped(key.text, MAX_TEXT // 10)}</span>' for key in keys]
    if shown:
        yield f'<div class="keys">{" ".join(shown)}</div>'


def _acts(one: Box | Key) -> str:
    """The attributes that say what an element does."""
    found = (("click", one.click), ("fill", one.fill if TEXT in one.fill else ""))
    return "".join(f' data-{name}="{escape(act)}"' for name, act in found if act and len(act) <= MAX_ACTION)


def _drawing(drawn: Sequence[tuple[Box, Bounds]]) -> Iterator[str]:
    if not drawn:
        return
    width = max(corners[2] for _, corners in drawn)
    height = max(corners[3] for _, corners in drawn)
    wide = max(SIDE * min(width / height, 1.0), 40.0)
    tall = max(SIDE * min(height / width, 1.0), 40.0)
    yield f'<div class="screen" style="width:{wide:.0f}px;aspect-ratio:{wide:.0f}/{tall:.0f}">'
    for box, (left, top, right, bottom) in drawn:
        sides = (left / width, top / height, (right - left) / width, (bottom - top) / height)
        place = ";".join(f"{name}:{share:.4%}" for name, share in zip(_SIDES, sides, strict=True))
        hint = _escaped(_hint(box))
        yield f'<div class="{_classes(box)}" style="{place}" title="{hint}"{_acts(box)}>{_content(box)}</div>'
    yield "</div>"


_SIDES = ("left", "top", "width", "height")


def _outline(listed: Sequence[Box]) -> Iterator[str]:
    if not listed:
        return
    yield '<ul class="outline">'
    for box in listed:
        indent = 1.2 * min(max(box.depth, 0), MAX_DEPTH)
        states = _escaped(" ".join(_states(box)))
        kind = f'<span class="kind">{_escaped(box.kind, MAX_TEXT // 10)}</span>'
        tail = f' <span class="states">{states}</span>' if states else ""
        place = f'style="margin-left:{indent:.1f}em"'
        yield f'<li class="{_classes(box)}" {place}{_acts(box)}>{kind} {_content(box)}{tail}</li>'
    yield "</ul>"


def _notes(shown: int, rest: int) -> Iterator[str]:
    if rest:
        more = f"More than {rest:,}" if rest == MAX_COUNTED else f"{rest:,}"
        yield f'<p class="note">{more} further elements are left out; the first {shown:,} are shown.</p>'
    if not shown:
        yield '<p class="note">There is nothing on this screen.</p>'


def _content(box: Box) -> str:
    number = f'<span class="id">{_escaped(box.id, MAX_TEXT // 10)}</span> ' if box.id else ""
    return f'{number}<span class="text">{_escaped(box.text)}</span>'


def _hint(box: Box) -> str:
    """What the mouse shows: the kind and the states, which a small box has no room for."""
    return " ".join((_cut(box.kind, MAX_TEXT // 10), *_states(box)))


def _states(box: Box) -> tuple[str, ...]:
    return tuple(_cut(state, MAX_TEXT // 10) for state in box.states[:MAX_STATES])


def _classes(box: Box) -> str:
    """Names of styles: our own words only, never text of the screen."""
    return " ".join(("box", *(state for state in _STYLED if state in box.states[:MAX_STATES])))


_STYLED = ("focused", "checked", "selected", "disabled", "invisible")


def _escaped(text: str, limit: int = MAX_TEXT) -> str:
    return escape(visible(_cut(text, limit)), quote=True)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}\u2026 ({len(text) - limit:,} characters more)"


_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
/* light-dark() follows color-scheme, which a viewer may set */
:root { color-scheme: light dark; --back: light-dark(#ffffff, #15171b); --ink: light-dark(#1a1c20, #e6e8ec);
  --line: light-dark(#8a93a3, #737c8c); --fill: light-dark(#eef2f8, #22262e); --mark: light-dark(#0b57d0, #8ab4f8); }
body { margin: 1rem; background: var(--back); color: var(--ink); font: 14px/1.4 system-ui, sans-serif; }
h1 { font-size: 1rem; overflow-wrap: anywhere; }
.screen { position: relative; max-width: 100%; overflow: hidden; border: 1px solid var(--line); }
.screen .box { position: absolute; box-sizing: border-box; overflow: hidden; border: 1px solid var(--line);
  padding: 0 2px; font-size: 11px; line-height: 1.2; overflow-wrap: anywhere; }
.screen .box:hover { background: var(--fill); z-index: 1; }
.outline { list-style: none; padding: 0; overflow-wrap: anywhere; }
.outline .box { border-left: 2px solid var(--line); padding: 0 0.4em; }
.id { color: var(--mark); font-size: 0.85em; }
.kind, .states, .note { color: var(--ink); opacity: 0.75; font-size: 0.9em; }
.focused { outline: 2px solid var(--mark); outline-offset: -2px; }
.checked, .selected { background: var(--fill); font-weight: bold; }
.checked .text::before { content: "\\2611\\00a0"; }
.disabled, .invisible { opacity: 0.5; }
.keys { display: none; }
.live .keys { display: flex; flex-wrap: wrap; gap: 0.4rem; margin: 0 0 0.7rem; }
.key { border: 1px solid var(--line); border-radius: 6px; padding: 0.25rem 0.6rem; background: var(--fill); }
.live [data-click], .live [data-fill] { cursor: pointer; }
.live .outline [data-click] .text, .live .outline [data-fill] .text { color: var(--mark); text-decoration: underline; }
.live .outline [data-click]:hover, .live .outline [data-fill]:hover { background: var(--fill); }
.live .screen .id { display: none; }
.live .screen .box:hover { z-index: auto; }
.live .screen .box:hover:not([data-click], [data-fill]) { background: none; }
.live .screen [data-click], .live .screen [data-fill] { border-color: var(--mark); }
.live :focus-visible { outline: 2px solid var(--mark); outline-offset: 1px; z-index: 2; }
.typed { font: inherit; color: var(--ink); background: var(--back); border: 2px solid var(--mark); border-radius: 4px;
  padding: 0.1rem 0.3rem; max-width: 100%; box-sizing: border-box; }
.screen .typed { position: absolute; inset: 0; width: 100%; }
</style>
</head>
<body>
"""
