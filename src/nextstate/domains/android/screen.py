"""A screen read from its text, in either of the two notations of this domain.

*Lines*: an element a line, ``NUMBER CLASS "text" desc="..." id=... flags [left,top][right,bottom]``, with ``package
NAME`` before the elements of a package; the notation of every format that records elements (see `prompt_long.md`).

*Tags*: ``<button id=3 text='Search'>Label</button>``, the notation of AutoDroid (MobileLLM/AutoDroid, MIT): buttons,
inputs, check boxes (with ``checked=True`` or ``False``) and texts; ``<br>`` joins the texts of an element's parts, and
the last button, ``go back``, stands for the key BACK.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from nextstate.domains.android.codec import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nextstate.domain.picture import Bounds

MAX_ELEMENTS = 5_000
"""The most elements that are read; a screen with more has no notation that anything is computed from."""
MAX_LINE = 20_000
"""The longest line that is read as an element."""
BACK = "go back"
"""The label of the button that stands for the key BACK in tags."""


_INPUTS = frozenset(("input", "EditText", "AutoCompleteTextView", "MultiAutoCompleteTextView"))
"""The tag and the classes of elements that take text; dumps of uiautomator do not say which ones do."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element; ``start`` and ``end`` are where its text stands in the screen."""

    number: int
    kind: str
    """The class, or the tag."""
    text: str = ""
    description: str = ""
    hint: str = ""
    id: str = ""
    package: str = ""
    flags: frozenset[str] = frozenset()
    bounds: Bounds | None = None
    start: int = 0
    end: int = 0

    @property
    def label(self) -> str:
        """What a person would call it: its text, or its description."""
        return self.text or self.description

    @property
    def name(self) -> str:
        """The first line of the label, without capitals."""
        return re.split(r"<br>|\n", self.label, maxsplit=1)[0].strip().casefold()

    @property
    def editable(self) -> bool:
        """Whether text can be typed into it."""
        return "editable" in self.flags or self.kind in _INPUTS

    @property
    def checkable(self) -> bool:
        """Whether it is on or off."""
        return "checkable" in self.flags

    @property
    def own(self) -> bool:
        """Whether it belongs to the application, not to the status bar or the keyboard."""
        return "systemui" not in self.package and "inputmethod" not in self.package


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A screen that was read. ``notation`` is ``lines`` or ``tags``, or empty where it is neither."""

    text: str
    notation: str = ""
    elements: tuple[Element, ...] = ()
    packages: tuple[str, ...] = ()
    key: str = ""
    """The canonical text: equal screens have equal keys."""
    words: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each pair of kind and label stands among the application's elements."""

    def at(self, number: int) -> Element | None:
        """The element with a number; ``None`` where none or more than one has it."""
        found = [one for one in self.elements if one.number == number]
        return found[0] if len(found) == 1 else None

    def under(self, x: float, y: float) -> Element | None:
        """The element that a touch at a point reaches: the last one there that can be touched."""
        there = [one for one in self.elements if one.bounds is not None and _inside(one.bounds, x, y)]
        return next((one for one in reversed(there) if one.flags & TOUCHABLE), None)

    @property
    def keyboard(self) -> bool:
        """Whether a keyboard is on the screen."""
        return any("inputmethod" in name for name in self.packages)

    @property
    def application(self) -> str:
        """The package of the application in front."""
        return next((name for name in self.packages if "systemui" not in name and "inputmethod" not in name), "")

    @property
    def home(self) -> bool:
        """Whether this is a launcher's screen, from which applications are opened."""
        return "launcher" in self.application


TOUCHABLE = frozenset(("clickable", "long-clickable", "checkable", "editable"))
"""States of elements that react to a touch."""


def _inside(bounds: Bounds, x: float, y: float) -> bool:
    return bounds[0] <= x < bounds[2] and bounds[1] <= y < bounds[3]


def likeness(one: View, other: View) -> tuple[float, float]:
    """What two screens share of the smaller one, and of both together: numbers from 0 to 1."""
    common = (one.words & other.words).total()
    smaller = min(one.words.total(), other.words.total())
    union = (one.words | other.words).total()
    return common / max(smaller, 1), common / max(union, 1)


def notation(text: str) -> str:
    """``lines``, ``tags``, or nothing where a text is neither."""
    head = text[:1000].lstrip()
    if _OPENS.match(head):
        return "tags"
    return "lines" if _PACKAGE.match(head) or _STARTS.match(head) else ""


@lru_cache(maxsize=64)
def read(text: str) -> View:
    """The screen of a text; one without elements where it is in neither notation, or too large."""
    kind = notation(text)
    source = _tags(text) if kind == "tags" else _lines(text) if kind == "lines" else iter(())
    found = tuple(islice(source, MAX_ELEMENTS + 1))
    if len(found) > MAX_ELEMENTS:
        return View(text, key=canonical(text))
    shown = Counter((one.kind, one.label) for one in found if one.own and one.label != BACK)
    packages = tuple(dict.fromkeys(one.package for one in found if one.package))
    return View(text, kind, found, packages, canonical(text), shown)


# The notation of lines.

_PACKAGE = re.compile(r'package (?:([^\s"]+)|("(?:[^"\\]|\\.)*+"))\s*(?:\n|$)')
_STARTS = re.compile(r"(\d{1,9}) (\S+)")
_PART = re.compile(
    r'(?:(desc|hint|tooltip|id)=)?("(?:[^"\\]|\\.)*+")'
    r"|id=(\S+)"
    r"|(\[-?[\d.]{1,20},-?[\d.]{1,20}\]\[-?[\d.]{1,20},-?[\d.]{1,20}\])"
    r"|(\S+)"
)
_NUMBER = re.compile(r"-?[\d.]+")


def _lines(text: str) -> Iterator[Element]:
    package, place = "", 0
    for line in text.split("\n"):
        start, place = place, place + len(line) + 1
        if found := _PACKAGE.match(line):
            package = found[1] or _unquoted(found[2])
        elif len(line) <= MAX_LINE and (element := element_of(line)) is not None:
            yield replace(element, package=package, start=start, end=start + len(line))


def element_of(line: str) -> Element | None:
    """The element of a line; ``None`` where the line is none."""
    head = _STARTS.match(line)
    if head is None:
        return None
    texts: dict[str, str] = {}
    flags: set[str] = set()
    bounds: Bounds | None = None
    for part in _PART.finditer(line, head.end()):
        name, quoted, word, box, flag = part.groups()
        if quoted:
            texts.setdefault(name or "text", _unquoted(quoted))
        elif word:
            texts.setdefault("id", word)
        elif box:
            bounds = _box(box)
        elif flag:
            flags.add(flag)
    return Element(
        int(head[1]),
        head[2],
        texts.get("text", ""),
        texts.get("desc", ""),
        texts.get("hint", ""),
        texts.get("id", ""),
        flags=frozenset(flags),
        bounds=bounds,
    )


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text[1:-1]


def _box(text: str) -> Bounds | None:
    try:
        left, top, right, bottom = map(float, _NUMBER.findall(text))
    except ValueError:
        return None
    return left, top, right, bottom


# The notation of tags.

_OPENS = re.compile(r"\s*<(\w{1,30}) id=(\d{1,9})(?=[\s>])")
_TAG = re.compile(r"<(\w{1,30}) id=(\d{1,9})(?=[\s>])")
_TEXT = re.compile(r"\s*text='(.*?)'(?=>|\s\w+=)", re.DOTALL)
_CHECKED = re.compile(r"\s*checked=(True|False)")
_ENDS = re.compile(r"\s*>")


def _tags(text: str) -> Iterator[Element]:
    marks = list(islice(_TAG.finditer(text), MAX_ELEMENTS + 1))
    for mark, end in zip(marks, [*(one.start() for one in marks[1:]), len(text)], strict=True):
        closing = text.rfind(f"</{mark[1]}>", mark.end(), end)
        stop = closing + len(mark[1]) + 3 if closing >= 0 else end
        yield _tag(mark, text[mark.end() : closing if closing >= 0 else end], stop)


def _tag(mark: re.Match[str], inner: str, end: int) -> Element:
    """The element between an opening tag and its end: attributes, ``>``, label."""
    flags, shown, place = {"clickable"} if mark[1] != "p" else set(), "", 0
    while found := (_TEXT.match(inner, place) or _CHECKED.match(inner, place)):
        if found.re is _TEXT:
            shown = found[1]
        else:
            flags |= {"checkable"} | ({"checked"} if found[1] == "True" else set())
        place = found.end()
    closed = _ENDS.match(inner, place)
    label = inner[closed.end() :] if closed else inner[place:]
    return Element(int(mark[2]), mark[1], label.strip(), shown, flags=frozenset(flags), start=mark.start(), end=end)


_PLAIN_INPUT = re.compile(r"<input id=\d{1,9}\s*>")


def with_text(view: View, element: Element, text: str) -> str | None:
    """The screen in tags with another text in an input; ``None`` where the element is no plain input."""
    opening = _PLAIN_INPUT.match(view.text, element.start, element.end)
    if opening is None or not view.text.endswith("</input>", element.start, element.end):
        return None
    return f"{view.text[: opening.end()]}{text}</input>{view.text[element.end :]}"


def with_check(view: View, element: Element) -> str:
    """The screen with an element on that was off, or the reverse."""
    whole, on = view.text[element.start : element.end], "checked" in element.flags
    if view.notation == "tags":
        changed = whole.replace(f"checked={on}", f"checked={not on}", 1)
    else:
        texts = whole.rfind('"') + 1  # the states stand behind the texts
        states = f" {whole[texts:].lstrip()} "
        states = states.replace(" checked ", " ", 1) if on else states.replace(" checkable ", " checkable checked ", 1)
        changed = f"{whole[:texts]}{states.rstrip()}"
    return view.text[: element.start] + changed + view.text[element.end :]
