"""How an editor answers edits: learned from what it answered, filled in for the next one.

A reply is text with places for what belongs to one call (the path, the texts, line numbers) and, in some dialects, a
snippet of the lines around the edit. What is left must hold no other numbers, else it is not understood.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from nextstate.domains.swe.kernel import layouts
from nextstate.domains.swe.kernel.texts import Text

SLOTS = {
    "path": "\ue0f5",
    "old": "\ue0f6",
    "new": "\ue0f7",
    "lines": "\ue0f8",
    "missing": "\ue0f9",
    "command": "\ue0fa",
}
_FAILED = re.compile(
    r"\b(error|not found|did not appear|no replacement|no match|multiple|occurrences|invalid|fail(?:ed|ure)?|required|"
    r"must be|"
    r"cannot|can't|could not|unable|denied|does not exist|no such|not been read|already exists)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Snippet:
    """Lines shown around an edit: so many ``before`` and ``after``; ``extra``: one more number with nothing behind it.

    Near an end of the file fewer are shown than there could be: then the count is only known to be at least that
    (``top``, ``bottom``), and serves for edits as near to that end. ``extra`` is ``None`` where the last line shown was
    empty and may have been either; it is not counted in ``after`` then, and such a reply serves where both are one.
    """

    before: int
    after: int
    extra: bool | None
    width: int
    separator: str
    top: bool = False
    bottom: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A template of a reply: ``head``, the snippet where there is one, ``tail``."""

    head: str
    snippet: Snippet | None = None
    tail: str = ""


def refuses(observation: str) -> bool:
    """Whether an editor's answer says that nothing was edited."""
    return _FAILED.search(observation[:300]) is not None


def learned(
    observation: str, slots: Mapping[str, str], edit: tuple[int, int] | None, after: Text | None
) -> Reply | None:
    """The template of a reply to an edit of lines ``edit`` (first and last as they are afterwards) of a text that is
    known ``after`` it; ``None`` where it is not understood."""
    text = observation.replace("\r\n", "\n")
    seen = layouts.taken_apart(text) if edit is not None else None
    if seen is None:
        whole = _template(text, slots)
        return None if whole is None else Reply(whole)
    head, tail = _template(seen.head, slots), _template(seen.tail, slots)
    snippet = _snippet(seen, edit, after)
    return None if head is None or tail is None or snippet is None else Reply(head, snippet, tail)


def _snippet(seen: layouts.Seen, edit: tuple[int, int] | None, after: Text | None) -> Snippet | None:
    if edit is None or after is None:
        return None
    first, last = seen.first, seen.last
    if not all(_fits(after, n, line) for n, line in seen.lines.items() if n < last):
        return None
    there, beyond = after.known(last, last), after.ended and last > len(after.lines)
    sure = beyond or (there is not None and there != ("",))
    extra = (True if sure else None) if seen.lines[last] == "" else False
    end = last if extra is False else last - 1
    if after.ended and (end > len(after.lines) or (extra is None and last >= len(after.lines))):
        return None
    ends = (first == 1, after.ended and end >= len(after.lines))
    return Snippet(edit[0] - first, end - edit[1], extra, seen.width, seen.separator, *ends)


def sharper(old: Reply | None, new: Reply) -> Reply:
    """``new``, with what is known more exactly of the same words from ``old``."""
    if old is None or old.snippet is None or new.snippet is None or (old.head, old.tail) != (new.head, new.tail):
        return new
    was, now = old.snippet, new.snippet
    if now.extra is None and was.extra is not None and was.after - (not was.extra) == now.after:
        now = replace(now, extra=was.extra, after=was.after)
    if (was.extra, was.width, was.separator) != (now.extra, now.width, now.separator):
        return replace(new, snippet=now)
    before, top = (was.before, False) if now.top and not was.top else (now.before, now.top)
    if now.top and was.top:
        before = max(was.before, now.before)
    after, bottom = (was.after, False) if now.bottom and not was.bottom else (now.after, now.bottom)
    if now.bottom and was.bottom:
        after = max(was.after, now.after)
    return Reply(new.head, Snippet(before, after, now.extra, now.width, now.separator, top, bottom), new.tail)


def _fits(text: Text, number: int, line: str) -> bool:
    return number > len(text.lines) or text.lines[number - 1] in (line, None)


def _template(text: str, slots: Mapping[str, str]) -> str | None:
    for name, value in sorted(slots.items(), key=lambda item: -len(item[1])):
        if len(value) > 1 or (value and name == "lines"):
            text = text.replace(value, SLOTS[name])
    return None if re.search(r"\d", re.sub(r"`cat -n`", "", text)) or len(text) > 2_000 else text


def filled(reply: Reply, slots: Mapping[str, str], edit: tuple[int, int] | None, after: Text | None) -> str | None:
    """The reply to an edit; ``None`` where the lines around it are not all known, or a slot has no value."""
    head, tail = (_fill(part, slots) for part in (reply.head, reply.tail))
    if head is None or tail is None:
        return None
    if reply.snippet is None:
        return head + tail
    if edit is None or after is None:
        return None
    shape = reply.snippet
    first, last = max(1, edit[0] - shape.before), edit[1] + shape.after
    if shape.top and edit[0] - 1 > shape.before:
        return None
    if shape.bottom and not (after.ended and len(after.lines) - edit[1] <= shape.after):
        return None
    if after.ended and last >= len(after.lines):
        last = len(after.lines)
        if shape.extra is None or (after.newline is None and shape.extra):
            return None
    elif shape.extra is None:
        last += 1
        if after.known(last, last) != ("",):
            return None
    lines = after.known(first, last)
    if lines is None:
        return None
    rows = dict(enumerate(lines, first))
    if shape.extra:
        rows[last + 1] = ""
    layout = layouts.Layout("", "", shape.width, shape.separator)
    return head + layouts.numbered(layout, rows) + tail


def _fill(part: str, slots: Mapping[str, str]) -> str | None:
    for name, mark in SLOTS.items():
        if mark in part:
            if name not in slots:
                return None
            part = part.replace(mark, slots[name])
    return part
