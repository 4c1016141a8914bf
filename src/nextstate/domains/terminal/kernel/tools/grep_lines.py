"""How grep prints the lines of one file that it selects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.grep_patterns import Matcher
from nextstate.domains.terminal.kernel.tools.reading import Printer, raw

FIRST_BLOCK = 32768
"""Bytes in which grep looks for a NUL before it prints anything."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What the options ask to see."""

    numbers: bool
    offsets: bool
    names_end: str | None
    only: bool
    count: bool
    listing: str | None
    quiet: bool
    most: int | None
    before: int
    after: int
    context: bool
    group: str | None
    invert: bool
    text: bool
    end: str

    @property
    def silent(self) -> bool:
        """Nothing is shown of the lines themselves."""
        return self.quiet or self.count or self.listing is not None


class Search:
    """Searches files one after the other."""

    def __init__(self, looks: Looks, matcher: Matcher, printer: Printer, *, utf8: bool) -> None:
        self.looks = looks
        self.utf8 = utf8
        self.matcher = matcher
        self.printer = printer
        self.shown_any = False
        """Whether a group of lines was shown before, so that the next one is parted from it."""

    def file(self, text: str, name: str | None, plain_name: str) -> bool:
        """Searches one file and prints what is asked; returns whether a line was selected."""
        lines = text.split("\n")
        if lines[-1] == "":
            lines.pop()
        picked = self.picked(lines)
        looks = self.looks
        if looks.silent:
            self.summary(len(picked), name, plain_name)
        elif picked and self.binary(text):
            self.printer.error(f"{plain_name}: binary file matches", 0)
        elif picked and not (looks.only and looks.invert):
            self.print(lines, picked, name)
        return bool(picked)

    def picked(self, lines: list[str]) -> list[int]:
        """The indices of the selected lines, at most as many as are wanted."""
        looks, found = self.looks, []
        most = 1 if looks.quiet or looks.listing else looks.most
        matches, invert = self.matcher.matches, looks.invert
        for at, line in enumerate(lines):
            if matches(line) != invert:
                found.append(at)
                if most is not None and len(found) >= most:
                    break
        return found

    def binary(self, text: str) -> bool:
        if self.looks.text or "\0" not in text:
            return False
        if self.size(text) >= FIRST_BLOCK:
            raise Undetermined("a large binary file")
        return True

    def summary(self, count: int, name: str | None, plain_name: str) -> None:
        looks = self.looks
        if looks.quiet:
            return
        if looks.listing:
            if (count > 0) == (looks.listing == "l"):
                self.printer.write(plain_name + (looks.names_end or "\n"))
            return
        prefix = "" if name is None else name + (looks.names_end or ":")
        self.printer.write(f"{prefix}{count}\n")

    def print(self, lines: list[str], picked: list[int], name: str | None) -> None:
        looks, last = self.looks, -1
        offsets = self.offsets(lines) if looks.offsets else []
        chosen = set(picked)
        parts = looks.context and not looks.only and looks.group is not None
        for start, stop in self.groups(picked, len(lines)):
            if parts and self.shown_any and (start > last + 1 or last < 0):
                self.printer.write(f"{looks.group}\n")
            for at in range(start, stop):
                if at > last:
                    self.line(lines[at], at, name, at in chosen, offsets)
            last = max(last, stop - 1)
            self.shown_any = True

    def groups(self, picked: list[int], total: int) -> Iterator[tuple[int, int]]:
        """The ranges of lines around each selected line."""
        for at in picked:
            yield max(0, at - self.looks.before), min(total, at + self.looks.after + 1)

    def line(self, line: str, at: int, name: str | None, selected: bool, offsets: list[int]) -> None:
        looks = self.looks
        sign = ":" if selected else "-"
        prefix = ("" if name is None else name + (looks.names_end or sign)) + (
            f"{at + 1}{sign}" if looks.numbers else ""
        )
        if not looks.only:
            begin = f"{offsets[at]}{sign}" if offsets else ""
            self.printer.write(f"{prefix}{begin}{line}\n")
            return
        for start, end in self.matcher.spans(line) if selected else ():
            begin = f"{offsets[at] + self.size(line[:start])}:" if offsets else ""
            self.printer.write(f"{prefix}{begin}{line[start:end]}\n")

    def size(self, text: str) -> int:
        """Bytes; in a locale that is not UTF-8 the text already has one character for each."""
        return len(raw(text)) if self.utf8 else len(text)

    def offsets(self, lines: list[str]) -> list[int]:
        total, starts = 0, []
        for line in lines:
            starts.append(total)
            total += self.size(line) + 1
        return starts
