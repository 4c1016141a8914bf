"""POSIX regular expressions as GNU programs read them: parsed here, matched by Python's ``re`` where that is equal.

A pattern becomes a tree (:mod:`regex_tree`). Whether a text matches is the same question for both engines. *Where* the
match ends is not: POSIX takes the longest match, Python the first in the order of the alternatives. For trees in which
both are proven to agree Python's answer is used, for others the end is found by :class:`regex_longest.Longest`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import comb, log2

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools import regex_tree as tree
from nextstate.domains.terminal.kernel.tools.base import Call
from nextstate.domains.terminal.kernel.tools.reading import raw
from nextstate.domains.terminal.kernel.tools.regex_longest import Longest
from nextstate.domains.terminal.kernel.tools.regex_parse import RegexError, Syntax, parse

__all__ = ["Found", "Pattern", "RegexError", "Syntax", "combined", "compiled", "parse"]

LONG = 2000
"""Characters; in longer texts, patterns with many stars are matched by the automaton, which never backtracks."""
WAYS = 3 * 10**7
"""Ways to share a text among the stars of a pattern, up to which Python's backtracking takes less than a second."""

_PLAIN_LETTERS = re.compile("[À-ÖØ-Þà-öø-þΑ-ΡΣ-Ωα-ρσ-ωА-Яа-я]")
_LETTERS = re.compile("[À-ÖØ-öø-ÿĀ-ıĴ-ķĹ-ňŊ-žΑ-ΡΣ-Ωα-ωА-яЁёぁ-ゔァ-ヴ一-龥가-힣]")
_SYMBOLS = re.compile("[¡§«¶»¿×÷‐-‧‰-⁞€←-⇿∀-⋿─-◿☀-➿🌀-🙏🚀-🛅]")

BITS = 24.0
"""As many, in bits, for choices without a star, from every place of a text on."""


@dataclass(frozen=True, slots=True)
class Found:
    """A match: where it is, and its groups (texts; an unset group is empty)."""

    start: int
    end: int
    owner: Pattern
    text: str
    match: re.Match[str] | None

    def group(self, number: int) -> str:
        if number == 0:
            return self.text[self.start : self.end]
        match = self.match
        if match is None or not self.owner.clear_groups:
            raise Undetermined("what a group of an ambiguous expression holds")
        return match[number] or ""


class Pattern:
    """One compiled expression. ``fold``: ignore case; ``lines``: ``^`` and ``$`` match at newlines too."""

    def __init__(self, node: tree.Node, *, groups: int = 0, fold: bool = False, lines: bool = False) -> None:
        self.node = node
        self.groups = groups
        self.fold = fold
        traits = tree.traits(node)
        if traits.backward and (fold or traits.tangled):
            raise Undetermined("a back-reference in a pattern like this")
        if traits.placed:
            raise Undetermined("a place inside a repetition, which the real engines get wrong")
        self.traits = traits
        self.code = re.compile(tree.python(node, lines), re.IGNORECASE if fold else 0)
        self.longest = None if traits.backward else Longest(node, fold, lines)
        self.clear_groups = tree.clear_groups(node)
        self.empty_bytes = False

    def check(self, text: str) -> None:
        """Raises :class:`Undetermined` when ``text`` has characters that the two engines may class differently."""
        if text.isascii() or not (self.traits.classed or self.fold):
            return
        known = _PLAIN_LETTERS if self.fold or self.traits.cased else _LETTERS
        for ch in set(text):
            if not ch.isascii() and not known.match(ch) and not _SYMBOLS.match(ch):
                raise Undetermined(f"how {ch!r} is classed")
            if self.traits.cased and known.match(ch):
                raise Undetermined(f"how {ch!r} is classed")

    def slow(self, text: str) -> bool:
        """Whether Python's backtracking may take too long."""
        if self.traits.tangled or self.traits.bits + log2(len(text) + 1) > BITS or self.many(len(text)):
            if self.longest is None:
                raise Undetermined("a pattern that may take too long")
            return True
        return False

    def many(self, length: int) -> bool:
        """Whether there are too many ways to share a text of that length among the stars."""
        stars = self.traits.stars
        if self.traits.backward and stars > 1 and length > LONG / 4:
            return True
        return stars > 2 and (length > LONG or stars > 100 or comb(length + stars, stars) > WAYS)

    def matches(self, text: str) -> bool:
        """Whether the pattern matches anywhere."""
        self.check(text)
        if self.slow(text) and self.longest is not None:
            return self.longest.anywhere(text)
        return self.code.search(text) is not None

    def search(self, text: str, start: int = 0) -> Found | None:
        """The leftmost and longest match at or after ``start``."""
        self.check(text)
        if self.slow(text) and self.longest is not None:
            return self.crawl(text, start)
        match = self.code.search(text, start)
        if match is None:
            return None
        if self.traits.steady:
            return Found(match.start(), match.end(), self, text, match)
        return self.lengthened(text, match)

    def crawl(self, text: str, start: int) -> Found | None:
        assert self.longest is not None
        if len(text) > LONG * 10:
            raise Undetermined("a long text and an ambiguous pattern")
        for begin in range(start, len(text) + 1):
            end = self.longest.end(text, begin)
            if end is not None:
                return Found(begin, end, self, text, None)
        return None

    def lengthened(self, text: str, match: re.Match[str]) -> Found:
        begin, end = match.span()
        if self.longest is None:
            return self.by_trial(text, match)
        longest = self.longest.end(text, begin)
        assert longest is not None, "the two engines disagree"
        if longest == end:
            return Found(begin, end, self, text, match)
        forced = None
        if self.groups and not self.traits.looks_ahead:
            forced = self.code.fullmatch(text, begin, longest)
        return Found(begin, longest, self, text, forced)

    def by_trial(self, text: str, match: re.Match[str]) -> Found:
        """The longest match of a pattern with back-references, found by trying every end."""
        begin, end = match.span()
        if self.traits.ends or end == len(text):
            return Found(begin, end, self, text, match)
        if self.traits.looks_ahead or len(text) > LONG:
            raise Undetermined("where a match with a back-reference ends")
        for later in range(len(text), end, -1):
            longer = self.code.fullmatch(text, begin, later)
            if longer is not None:
                return Found(begin, later, self, text, longer)
        return Found(begin, end, self, text, match)

    def each(self, text: str) -> Iterator[Found]:
        """All matches from left to right; an empty one directly after another match does not count."""
        at, last = 0, -1
        while at <= len(text):
            found = self.search(text, at)
            if found is None:
                return
            if found.end == found.start == last:
                at = found.end + 1
                continue
            yield found
            last = found.end
            at = found.end if found.end > found.start else found.end + 1


class Bytewise(Pattern):
    """A pattern for a locale in which every byte is a character: texts come in and go out as :func:`raw`."""

    def check(self, text: str) -> None:
        return


def compiled(call: Call, text: str, syntax: Syntax, *, fold: bool = False, lines: bool = False) -> Pattern:
    """The pattern ``text`` in the call's locale; :class:`RegexError` when it is wrong.

    In a locale that is not UTF-8 the pattern works on :func:`raw` texts.
    """
    return _compiled(text if call.utf8 else raw(text), syntax, fold, lines, call.utf8, call.bytewise)


@lru_cache(maxsize=512)
def _compiled(text: str, syntax: Syntax, fold: bool, lines: bool, utf8: bool, bytewise: bool) -> Pattern:
    node, groups = parse(text, syntax, utf8=utf8, ordered=bytewise)
    if not utf8 and fold and not text.isascii():
        raise Undetermined("a pattern of bytes that ignores case")
    return (Pattern if utf8 else Bytewise)(node, groups=groups, fold=fold, lines=lines)


def combined(nodes: list[tree.Node], *, utf8: bool, fold: bool) -> Pattern:
    """One pattern that matches where any of ``nodes`` does (none of them with back-references)."""
    node = nodes[0] if len(nodes) == 1 else tree.Either(tuple(nodes))
    return (Pattern if utf8 else Bytewise)(node, fold=fold)
