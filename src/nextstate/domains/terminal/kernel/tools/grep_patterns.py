"""What grep searches for: its patterns as one matcher."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import comb
from typing import Protocol

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools import regex_tree as tree
from nextstate.domains.terminal.kernel.tools.base import Call
from nextstate.domains.terminal.kernel.tools.reading import raw
from nextstate.domains.terminal.kernel.tools.regex import WAYS, Bytewise, Pattern, combined
from nextstate.domains.terminal.kernel.tools.regex_parse import CLASSES, RegexError, Syntax, literal, parse
from nextstate.domains.terminal.kernel.tools.regex_tree import At, Node, Place


class Matcher(Protocol):
    """Says whether a line matches, and where."""

    def matches(self, line: str) -> bool: ...

    def spans(self, line: str) -> Iterator[tuple[int, int]]:
        """The matches that ``-o`` shows (empty ones left out)."""
        ...


class Nothing:
    """No pattern at all."""

    def matches(self, line: str) -> bool:
        return False

    def spans(self, line: str) -> Iterator[tuple[int, int]]:
        return iter(())


class Words:
    """Fixed strings, wherever they stand."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.code = re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)))

    def matches(self, line: str) -> bool:
        return any(word in line for word in self.words)

    def spans(self, line: str) -> Iterator[tuple[int, int]]:
        return (match.span() for match in self.code.finditer(line) if match[0])


class Expressions:
    """Regular expressions; a line matches when one of them does."""

    def __init__(self, patterns: list[Pattern]) -> None:
        self.patterns = patterns

    def matches(self, line: str) -> bool:
        return any(pattern.matches(line) for pattern in self.patterns)

    def spans(self, line: str) -> Iterator[tuple[int, int]]:
        at = 0
        while at <= len(line):
            found = [match for pattern in self.patterns if (match := pattern.search(line, at)) is not None]
            if not found:
                return
            best = min(found, key=lambda match: (match.start, -match.end))
            if best.end > best.start:
                yield best.start, best.end
            at = best.end if best.end > best.start else best.end + 1


_STARS = re.compile(r"(?<!\\)[*+}]")


class Perl:
    """One expression in Perl's notation, which Python reads alike as far as :func:`perl` lets it pass."""

    def __init__(self, code: re.Pattern[str], classed: bool) -> None:
        self.code = code
        self.classed = classed
        self.stars = len(_STARS.findall(code.pattern))

    def check(self, line: str) -> None:
        if self.stars > 2 and comb(len(line) + self.stars, self.stars) > WAYS:
            raise Undetermined("a pattern that may take too long")
        if self.classed and not line.isascii():
            raise Undetermined("how Perl's classes see characters beyond ASCII")

    def matches(self, line: str) -> bool:
        self.check(line)
        return self.code.search(line) is not None

    def spans(self, line: str) -> Iterator[tuple[int, int]]:
        self.check(line)
        kept = "kept" in self.code.groupindex
        for match in self.code.finditer(line):
            start, end = match.span("kept") if kept else match.span()
            if end > start:
                yield start, end


def expressions(call: Call, texts: list[str], *, extended: bool, fold: bool, word: bool, whole: bool) -> Matcher:
    """The matcher of basic or extended expressions."""
    syntax = Syntax.EGREP if extended else Syntax.GREP
    kind = Pattern if call.utf8 else Bytewise
    nodes, backward = [], []
    for text in texts:
        shown = text if call.utf8 else raw(text)
        if fold and not call.utf8 and not text.isascii():
            raise Undetermined("a pattern of bytes that ignores case")
        node, groups = parse(shown, syntax, utf8=call.utf8, ordered=call.bytewise)
        node = framed(node, word=word, whole=whole, utf8=call.utf8)
        if any(isinstance(part, tree.Back) for part in tree.walk(node)):
            backward.append(kind(node, groups=groups, fold=fold))
        else:
            nodes.append(node)
    together = [combined(nodes, utf8=call.utf8, fold=fold)] if nodes else []
    return Expressions(together + backward)


def fixed(call: Call, texts: list[str], *, fold: bool, word: bool, whole: bool) -> Matcher:
    """The matcher of fixed strings."""
    words = texts if call.utf8 else [raw(text) for text in texts]
    if not (fold or word or whole):
        return Words(words)
    if len(words) > 500 or (fold and not call.utf8 and not all(text.isascii() for text in words)):
        raise Undetermined("many fixed strings, or strings of bytes, with -i, -w or -x")
    nodes = [
        framed(tree.Row(tuple(literal(ch) for ch in text)), word=word, whole=whole, utf8=call.utf8) for text in words
    ]
    return Expressions([combined(nodes, utf8=call.utf8, fold=fold)])


def framed(node: Node, *, word: bool, whole: bool, utf8: bool) -> Node:
    """The expression with the places that ``-w`` and ``-x`` ask for around it."""
    wide = tree.WORD if utf8 else "A-Za-z0-9_"
    if whole:
        return tree.Row((Place(At.START, wide), node, Place(At.END, wide)))
    if not word:
        return node
    if tree.nullable(node):
        raise Undetermined("-w with a pattern that may match nothing")
    return tree.Row((Place(At.AFTER_NO_WORD, wide), node, Place(At.BEFORE_NO_WORD, wide)))


_ODD_PERL = re.compile(
    r"\\[^\\dDwWsSbBhKzZtnrfAx.*+?()\[\]{}|^$/\"'@%&#,;:=<>!~` _1-9-]"
    r"|\(\*|\(\?[R&|C(\d+]|\(\?[a-zA-Z-]+\)|\(\?P[=>]|\{,|\\x\{|\\x(?![0-9a-fA-F]{2})|\\[1-9][0-9]|\[\[?[.=]"
    r"|\[\^?\]|\s\(\?x|\[:\w+:\](?!\])|\\x[89a-fA-F]|\\_"
)
_NESTED = re.compile(r"(?:[*+}|]|(?<!\()\?)[^()]*\)[*+{]|(?:[^\\]\?.?){20}")
"""What may take Python's backtracking exponentially long: a choice inside a repetition, or very many of them."""


def perl(call: Call, text: str, *, fold: bool, word: bool, whole: bool) -> Perl:
    """The matcher of one Perl expression."""
    if text.startswith("(?i)"):
        text, fold = text[4:], True
    bare = text.replace("\\\\", "..")
    classed = fold or word or re.search(r"\\[a-zA-Z]|\(\?|\[:", bare) is not None
    if _ODD_PERL.search(bare) or _NESTED.search(bare) or (not text.isascii() and (classed or not call.utf8)):
        raise Undetermined("an expression that Perl and Python may read differently")
    shown = re.sub(r"\[:(\w+):\]", _perl_class, text)
    shown = re.sub(r"(\\\\)|\\h", lambda m: m[1] or "[ \\t]", shown)
    shown = re.sub(r"(\\\\)|\\z", lambda m: m[1] or "\\Z", shown)
    shown = re.sub(r"\(\?<(?![=!])", "(?P<", shown)
    shown = kept_part(shown)
    if word:
        shown = rf"(?<!\w)(?:{shown})(?!\w)"
    if whole:
        shown = rf"\A(?:{shown})\Z"
    try:
        code = re.compile(shown, re.ASCII | (re.IGNORECASE if fold else 0))
    except (re.error, OverflowError, RecursionError):
        raise Undetermined("an expression that Python does not read") from None
    return Perl(code, classed)


def _perl_class(match: re.Match[str]) -> str:
    if match[1] not in CLASSES:
        raise Undetermined("an odd class")
    return CLASSES[match[1]]


def kept_part(text: str) -> str:
    """``a\\Kb`` as ``a(?P<kept>b)``; only outside all groups and alternatives."""
    depth, at, found = 0, 0, -1
    inside = False
    while at < len(text):
        if text[at] == "\\":
            if text[at + 1 : at + 2] == "K":
                if depth or inside or found >= 0:
                    raise Undetermined("\\K inside a group")
                found = at
            at += 2
            continue
        inside = (text[at] == "[" or inside) and not (inside and text[at] == "]")
        depth += (not inside and text[at] == "(") - (not inside and text[at] == ")")
        if text[at] == "|" and not depth and not inside and "\\K" in text:
            raise Undetermined("\\K beside alternatives")
        at += 1
    return text if found < 0 else f"{text[:found]}(?P<kept>{text[found + 2 :]})"


__all__ = ["Expressions", "Matcher", "Nothing", "Perl", "RegexError", "Words", "expressions", "fixed", "perl"]
