"""What awk does with texts: records, fields, regular expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call
from nextstate.domains.terminal.kernel.tools.regex import Pattern, RegexError, Syntax, compiled

_ODD = re.compile(r"\\[^\\/.\[\]{}()*+?^$|&\"tnr-]|(?<!\\)\{\d|\\$")
"""Escapes and counts that awks read in different ways."""
MAX_MADE = 1_000_000
"""Characters put in by one substitution."""
_SIGNS = {"t": "\t", "n": "\n", "r": "\r", '"': '"', "/": "/", "&": "&", "-": "-"}


class Texts:
    def __init__(self, call: Call) -> None:
        self.call = call
        self.patterns: dict[str, Pattern] = {}

    def pattern(self, source: str) -> Pattern:
        found = self.patterns.get(source)
        if found is None:
            if _ODD.search(source):
                raise Undetermined(f"the regular expression {source!r} in awk")
            plain = re.sub(r"\\(.)", lambda m: _SIGNS.get(m[1], m[0]), source)
            try:
                found = compiled(self.call, plain, Syntax.AWK)
            except RegexError:
                raise Undetermined("a wrong regular expression in awk") from None
            self.patterns[source] = found
        return found

    def matches(self, source: str, subject: str, *, constant: bool) -> bool:
        return self.pattern(source).matches(subject)

    def place(self, source: str, subject: str, *, constant: bool) -> tuple[int, int] | None:
        found = self.pattern(source).search(subject)
        return (found.start, found.end) if found else None

    def substituted(
        self, source: str, replacement: str, subject: str, *, every: bool, constant: bool
    ) -> tuple[str, int]:
        """``sub`` or ``gsub``: the new text and how many places were replaced."""
        pieces: list[str] = []
        at = count = size = 0
        for found in self.pattern(source).each(subject):
            pieces += [subject[at : found.start], _expanded(replacement, subject[found.start : found.end])]
            at, count, size = found.end, count + 1, size + len(pieces[-1])
            if size > MAX_MADE:
                raise Undetermined("a long text in awk")
            if not every:
                break
        return "".join(pieces) + subject[at:], count

    def records(self, content: str, separator: str) -> Iterator[str]:
        if separator == "\n" or (len(separator) == 1 and separator != " "):
            parts = content.split(separator)
            if parts[-1] == "" or (separator != "\n" and parts[-1] == "\n"):
                if parts[-1] == "\n":
                    raise Undetermined("a last record of one newline")
                parts.pop()
            yield from parts
        elif separator == "":
            for paragraph in re.split(r"\n\n+", content.strip("\n")):
                if paragraph:
                    yield paragraph
        else:
            raise Undetermined("a record separator that is a regular expression")

    def split(self, subject: str, separator: str, paragraph: bool) -> list[str]:
        if separator == " ":
            return re.findall(r"[^ \t\n]+", subject)
        if paragraph:
            raise Undetermined("fields of paragraphs")
        if not subject:
            return []
        if separator == "":
            if not subject.isascii():
                raise Undetermined("characters beyond ASCII in awk")
            return list(subject)
        if len(separator) == 1 and separator != "\\":
            return subject.split(separator)
        return self.split_by(separator, subject, constant=False)

    def split_by(self, source: str, subject: str, *, constant: bool) -> list[str]:
        """The parts between matches; a separator that matches nothing is left undetermined."""
        if not subject:
            return []
        parts, at = [], 0
        for found in self.pattern(source).each(subject):
            if found.start == found.end:
                raise Undetermined("a separator that matches nothing")
            parts.append(subject[at : found.start])
            at = found.end
        return [*parts, subject[at:]]


def _expanded(replacement: str, matched: str) -> str:
    """``&`` stands for what matched, ``\\&`` for itself."""
    if "\\\\" in replacement:
        raise Undetermined("backslashes in an awk replacement")
    pieces = re.split(r"(\\&|&)", replacement)
    return "".join(matched if piece == "&" else "&" if piece == "\\&" else piece for piece in pieces)
