"""What is known of a file's text: each of its lines, or not; whether it ends there, or goes on.

While a file is known in part only, a *stand-in* takes its place among the files of the shell: the lines that are not
known are marks that occur in no real text, and so is what comes behind the last known line. What a command makes of the
stand-in is right as far as no mark had a part in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

OPEN, CLOSE = "\ue0f0", "\ue0f1"
"""Private-use characters around a mark."""
_MARK = re.compile(f"{OPEN}(\\d+|end){CLOSE}")
_END = f"{OPEN}end{CLOSE}"
MAX_LINES = 200_000
"""Lines of a file that is followed; longer ones are not."""


@dataclass(frozen=True, slots=True)
class Text:
    """``lines`` are known (a text) or not (``None``). With ``ended`` there are no more; ``newline``: one ends the last.

    ``newline`` is ``None`` where it was not shown whether a line end closes the file.
    """

    lines: tuple[str | None, ...] = ()
    ended: bool = False
    newline: bool | None = None

    @property
    def whole(self) -> bool:
        """Whether all of the file is known."""
        return self.ended and None not in self.lines

    @property
    def content(self) -> str:
        """The text of a whole file; a last line end that was not shown is taken to be there."""
        body = "\n".join(line or "" for line in self.lines)
        return body + "\n" if self.lines and self.newline is not False else body

    def known(self, first: int, last: int) -> tuple[str, ...] | None:
        """The lines ``first`` to ``last``, where all of them are known."""
        found = self.lines[first - 1 : last] if 1 <= first <= last + 1 else ()
        if len(found) != last - first + 1:
            return None
        lines = tuple(line for line in found if line is not None)
        return lines if len(lines) == len(found) else None


def of(content: str) -> Text:
    """A text that is known whole."""
    lines = content.split("\n")
    return Text(tuple(lines[:-1]) if lines[-1] == "" else tuple(lines), True, lines[-1] == "")


def put(text: Text, shown: Mapping[int, str], *, total: int | None = None) -> Text:
    """``text`` with lines that were shown; where one of them contradicts it, all that was known before is dropped."""
    if any(0 < n <= len(text.lines) and text.lines[n - 1] not in (None, line) for n, line in shown.items()):
        text = Text()
    size = max(len(text.lines), total or 0, max(shown, default=0))
    if (text.ended and size > len(text.lines)) or (total is not None and size > total) or size > MAX_LINES:
        text, size = Text(), max(total or 0, max(shown, default=0))
        if size > MAX_LINES:
            return Text()
    lines = [*text.lines, *[None] * (size - len(text.lines))]
    for n, line in shown.items():
        lines[n - 1] = line
    return replace(text, lines=tuple(lines), ended=text.ended or total is not None)


def stand_in(text: Text) -> str:
    """The content that takes the file's place: marks where lines are not known."""
    lines = [f"{OPEN}{k}{CLOSE}" if line is None else line for k, line in enumerate(text.lines)]
    if not text.ended:
        lines.append(_END)
    return "\n".join(lines) + ("\n" if lines and text.newline is not False else "")


def read_back(before: Text, content: str, *, in_lines: bool) -> Text:
    """What is known of a file whose stand-in became ``content``.

    With ``in_lines`` the change did to each line the same whatever stood in it, so that lines behind unknown ones are
    where they seem to be; else only what stands before the first unknown line is kept.
    """
    after = of(content)
    lines: list[str | None] = []
    ended = True
    for line in after.lines:
        assert line is not None
        if _END in line:
            ended = False
            break
        lines.append(None if OPEN in line else line)
    if not in_lines and None in lines:
        lines, ended = lines[: lines.index(None)], False
    newline = after.newline if ended and before.newline is not None else before.newline if ended else None
    return Text(tuple(lines), ended, newline)


def marked(text: str) -> bool:
    """Whether a mark had a part in ``text``."""
    return OPEN in text or CLOSE in text


# Editing


@dataclass(frozen=True, slots=True)
class Found:
    """Where a text stands: the lines on which its occurrences begin, as far as the known lines tell."""

    lines: tuple[int, ...]
    certain: bool
    """Whether there can be no further occurrence."""


def _known_parts(text: Text) -> Iterable[tuple[int, str]]:
    """The runs of known lines, each with the number of its first line; the line end behind a run belongs to it."""
    start: int | None = None
    for k, line in enumerate((*text.lines, None), 1):
        if line is not None and start is None:
            start = k
        elif line is None and start is not None:
            part = "\n".join(one or "" for one in text.lines[start - 1 : k - 1])
            yield start, part + ("\n" if k <= len(text.lines) or text.newline is not False else "")
            start = None


def find(text: Text, wanted: str) -> Found:
    """Where ``wanted`` stands in the known lines. Occurrences do not overlap, as in Python's ``count``."""
    lines: list[int] = []
    for first, part in _known_parts(text):
        at, line, counted = (part.find(wanted) if wanted else -1), first, 0
        while at >= 0:
            line += part.count("\n", counted, at)
            lines.append(line)
            counted, at = at, part.find(wanted, at + len(wanted))
    told_end = text.newline is not None or not wanted.endswith("\n")
    return Found(tuple(lines), text.whole and told_end)


def swapped(text: Text, old: str, new: str, *, everywhere: bool = False) -> Text | None:
    """``text`` with ``old`` replaced by ``new`` at its only known place (or at all); ``None``: that is not clear."""
    found = find(text, old)
    if not found.lines or (len(found.lines) > 1 and not everywhere) or (everywhere and not found.certain):
        return None
    if text.whole:
        return replace(of(text.content.replace(old, new)), newline=_newline(text, old, new))
    line = found.lines[0]
    first, part = next((n, part) for n, part in reversed([*_known_parts(text)]) if n <= line)
    body = part.replace(old, new, 1)
    count = part.count("\n") + (not part.endswith("\n"))
    inner = of(body).lines
    lines = (*text.lines[: first - 1], *inner, *text.lines[first - 1 + count :])
    return replace(text, lines=lines)


def _newline(text: Text, old: str, new: str) -> bool | None:
    after = of(text.content.replace(old, new))
    return after.newline if text.newline is not None or after.newline is False else None


def with_lines(text: Text, first: int, last: int, new: Iterable[str]) -> Text:
    """``text`` with the lines ``first`` to ``last`` replaced (none of them when ``last`` is ``first - 1``)."""
    lines = [*text.lines, *[None] * max(0, (max(first - 1, last)) - len(text.lines))]
    return replace(text, lines=(*lines[: first - 1], *new, *lines[last:]))
