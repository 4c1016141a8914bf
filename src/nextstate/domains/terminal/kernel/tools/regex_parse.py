"""Reads basic and extended regular expressions in the dialects of grep, sed and awk."""

from __future__ import annotations

import re
from enum import Enum

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools import regex_tree as tree
from nextstate.domains.terminal.kernel.tools.regex_tree import At, Chars, Node, Place


class Syntax(Enum):
    """Dialects; they differ in what is special without a backslash and in what they do with odd patterns."""

    BASIC = "basic"
    """sed, nl, expr."""
    EXTENDED = "extended"
    """sed -E."""
    GREP = "grep"
    EGREP = "grep -E"
    AWK = "awk"


class RegexError(Exception):
    """The pattern is wrong; the message is the one of the C library."""


BRACKET = "Unmatched [, [^, [:, [., or [="
_EXTENDED = (Syntax.EXTENDED, Syntax.EGREP, Syntax.AWK)
_LETTERS = "À-ÖØ-öø-ʸͰ-\u1fff\u2c00-\u2dff\u3005-\u3007\u3031-\u3035\u303b-\ud7ff"
_SIGNS = "\u00a1-\u00bf×÷\u2010-\u2bff\u3001-\u3003\u3008-\u3030🌀-🛿"
CLASSES = {
    "alpha": "A-Za-z",
    "digit": "0-9",
    "alnum": "A-Za-z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": " \\t-\\r",
    "blank": " \\t",
    "punct": "!-/:-@\\[-`{-~",
    "print": " -~",
    "graph": "!-~",
    "cntrl": "\\x00-\\x1f\\x7f",
    "xdigit": "0-9A-Fa-f",
}
_WIDE = {"alpha": _LETTERS, "alnum": _LETTERS, "punct": _SIGNS, "print": _LETTERS + _SIGNS, "graph": _LETTERS + _SIGNS}
_PLACES = {"b": At.EDGE, "B": At.NO_EDGE, "<": At.WORD_START, ">": At.WORD_END, "`": At.TEXT_START, "'": At.TEXT_END}
_INTERVAL = re.compile(r"(\d*)(,?)(\d*)")
ANY = Chars(r"[\s\S]")


def parse(text: str, syntax: Syntax, *, utf8: bool = True, ordered: bool = True) -> tuple[Node, int]:
    """The tree of a pattern and how many groups it has; raises :class:`RegexError` or `Undetermined`.

    ``ordered``: ranges go by code points (the C locales).
    """
    parser = _Parser(text, syntax, utf8, ordered)
    node = parser.either(0)
    if parser.at < len(text):
        raise RegexError("Unmatched ) or \\)")
    return node, parser.groups


class _Parser:
    def __init__(self, text: str, syntax: Syntax, utf8: bool, ordered: bool) -> None:
        self.text = text
        self.syntax = syntax
        self.extended = syntax in _EXTENDED
        self.utf8 = utf8
        self.ordered = ordered
        self.at = 0
        self.groups = 0
        self.closed: set[int] = set()
        self.wide = tree.WORD if utf8 else "A-Za-z0-9_"

    def ahead(self, token: str) -> bool:
        """Whether the special ``token`` (named without its backslash) stands here."""
        return self.text.startswith(token if self.extended else "\\" + token, self.at)

    def skip(self) -> None:
        self.at += 1 if self.extended else 2

    def either(self, depth: int) -> Node:
        branches = [self.row(depth)]
        while self.ahead("|"):
            self.skip()
            branches.append(self.row(depth))
        if len(branches) == 1:
            return branches[0]
        if all(isinstance(branch, Chars) for branch in branches):
            single = [branch for branch in branches if isinstance(branch, Chars)]
            return Chars("(?>" + "|".join(branch.python for branch in single) + ")",
                         any(branch.classed for branch in single), any(branch.cased for branch in single))  # fmt: skip
        return tree.Either(tuple(branches))

    def row(self, depth: int) -> Node:
        items: list[Node] = []
        begin = self.at
        while self.at < len(self.text) and not self.ahead("|"):
            if self.ahead(")") and (depth or not self.lone_bracket()):
                break
            node = self.atom(depth, self.at == begin, items)
            items.append(self.repeated(node))
        return items[0] if len(items) == 1 else tree.Row(tuple(items))

    def lone_bracket(self) -> bool:
        """Whether an unmatched ``)`` is an ordinary character."""
        return self.syntax is Syntax.EGREP

    # -- one item -------------------------------------------------------------------------------------------

    def atom(self, depth: int, first: bool, before: list[Node]) -> Node:
        ch = self.text[self.at]
        if self.ahead("("):
            return self.group(depth)
        if ch == "\\":
            return self.escape(first)
        self.at += 1
        if ch == "[":
            return self.bracket()
        if ch == ".":
            return ANY
        if ch == "^" and (self.extended or first):
            return self.anchor(At.START, first)
        if ch == "$" and (self.extended or self.last()):
            return self.anchor(At.END, first=self.last())
        starts = first or all(item == Place(At.START, self.wide) for item in before)
        if ch == "*" and starts and not self.extended:
            return literal(ch)
        if (self.extended and ch in "*+?") or (self.extended and ch == "{" and starts):
            raise Undetermined(f"{ch} at the start of an expression")
        return literal(ch)

    def anchor(self, at: At, first: bool) -> Node:
        if self.syntax is Syntax.AWK and not first:
            raise Undetermined("an anchor in the middle of an expression")
        if self.extended and self.text[self.at : self.at + 1] in ("*", "+", "?", "{") and self.at < len(self.text):
            raise Undetermined("a repeated anchor")
        return Place(at, self.wide)

    def last(self) -> bool:
        """Whether what was just read ends its row."""
        rest = self.text[self.at :]
        special = (")", "|") if self.extended else ("\\)", "\\|")
        return not rest or rest.startswith(special)

    def group(self, depth: int) -> Node:
        if depth > 50:
            raise Undetermined("a deep expression")
        self.skip()
        self.groups += 1
        number = self.groups
        node = self.either(depth + 1)
        if not self.ahead(")"):
            raise RegexError("Unmatched ( or \\(")
        self.skip()
        self.closed.add(number)
        return tree.Group(number, node)

    def escape(self, first: bool) -> Node:
        if self.at + 1 == len(self.text):
            raise RegexError("Trailing backslash")
        ch = self.text[self.at + 1]
        self.at += 2
        if self.syntax is Syntax.AWK:
            return self.awk_escape(ch)
        if ch in _PLACES:
            return Place(_PLACES[ch], self.wide)
        if ch in "wW":
            return Chars(f"[{'^' if ch == 'W' else ''}{self.wide}]", classed=True)
        if ch in "sS":
            return Chars(f"[{'^' if ch == 'S' else ''} \\t-\\r]", classed=True)
        if ch.isdecimal() and ch != "0":
            return self.back(int(ch))
        if not self.extended and ch in "+?{" and first:
            raise Undetermined(f"\\{ch} at the start of an expression")
        if ch == "{" and not self.extended:
            raise RegexError("Invalid preceding regular expression")
        return literal(ch)

    def awk_escape(self, ch: str) -> Node:
        if ch in "ntrfv":
            return literal({"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}[ch])
        if ch.isalnum() or ch in "<>`'" or not ch.isascii():
            raise Undetermined(f"\\{ch} in an awk expression")
        return literal(ch)

    def back(self, number: int) -> Node:
        if number > self.groups:
            raise RegexError("Invalid back reference")
        if number not in self.closed:
            raise Undetermined("a back-reference inside its own group")
        return tree.Back(number)

    # -- repetitions ----------------------------------------------------------------------------------------

    def repeated(self, node: Node) -> Node:
        again = False
        while self.at < len(self.text):
            plain = not self.extended and (self.text[self.at] == "*" or self.ahead("{"))
            counts = self.counts()
            if counts is None:
                break
            if again and plain and self.syntax is Syntax.BASIC:
                raise RegexError("Invalid preceding regular expression")
            again = True
            if isinstance(node, Place):
                raise Undetermined("a repeated place")
            node = simple(node, *counts)
        return node

    def counts(self) -> tuple[int, int | None] | None:
        """The repetition that stands here."""
        if self.text[self.at] == "*":
            self.at += 1
            return 0, None
        for sign, counts in (("+", (1, None)), ("?", (0, 1))):
            if self.ahead(sign):
                self.skip()
                return counts
        return self.interval() if self.ahead("{") else None

    def interval(self) -> tuple[int, int | None] | None:
        close = "}" if self.extended else "\\}"
        begin = self.at + (1 if self.extended else 2)
        end = self.text.find(close, begin)
        if self.syntax is Syntax.AWK:
            if self.text[begin : begin + 1].isdecimal() or self.text[begin : begin + 1] == ",":
                raise Undetermined("an interval in an awk expression")
            return None
        match = _INTERVAL.fullmatch(self.text, begin, end) if end >= 0 else None
        if match is None or match[0] in ("", ","):
            return self.no_interval(end, match)
        least = int(match[1] or 0)
        most = (int(match[3]) if match[3] else None) if match[2] else least
        if (most is not None and most < least) or max(least, most or 0) > 255:
            raise Undetermined("a repetition with odd counts")
        self.at = end + len(close)
        return least, most

    def no_interval(self, end: int, match: re.Match[str] | None) -> tuple[int, int | None] | None:
        if match is not None and match[0] == ",":
            self.at = end + (1 if self.extended else 2)
            return 0, None
        if self.syntax is Syntax.EGREP and match is None:
            return None
        if end < 0 and not self.extended and self.text[self.at + 2 :].replace(",", "").isdecimal():
            raise RegexError("Unmatched \\{")
        raise Undetermined("braces without a valid repetition")

    # -- brackets -------------------------------------------------------------------------------------------

    def bracket(self) -> Node:
        negated = self.text.startswith("^", self.at)
        self.at += negated
        begin, parts, classed, cased = self.at, "", False, False
        while True:
            if self.at >= len(self.text):
                raise RegexError(BRACKET if self.at > begin else "Invalid regular expression")
            if self.text[self.at] == "]" and self.at > begin:
                self.at += 1
                break
            name = self.class_name()
            if name is not None:
                parts += CLASSES[name] + (_WIDE.get(name, "") if self.utf8 else "")
                classed, cased = True, cased or name in ("upper", "lower")
                continue
            part, ranged = self.span()
            parts += part
            if ranged and not self.ordered:
                classed = cased = True
        self.confusing(begin)
        return Chars(f"[{'^' if negated else ''}{parts}]", classed, cased)

    def confusing(self, begin: int) -> None:
        """``[:space:]`` without the second pair of brackets."""
        inside = self.text[begin : self.at - 1]
        if len(inside) > 1 and inside[0] == inside[-1] and inside[0] in ":.=":
            if self.syntax in (Syntax.GREP, Syntax.EGREP) and inside[0] == ":":
                raise RegexError("character class syntax is [[:space:]], not [:space:]")
            raise Undetermined("a bracket that looks like a character class")

    def class_name(self) -> str | None:
        if not self.text.startswith("[:", self.at):
            return None
        end = self.text.find(":]", self.at + 2)
        name = self.text[self.at + 2 : end]
        if end < 0:
            raise RegexError(BRACKET)
        if name not in CLASSES:
            raise RegexError("Invalid character class name") if name.isalpha() else Undetermined("an odd bracket")
        self.at = end + 2
        return name

    def span(self) -> tuple[str, bool]:
        """A character or a range, in Python's notation, and whether it is a range."""
        first = self.member()
        rest = self.text[self.at : self.at + 2]
        if len(rest) < 2 or rest[0] != "-" or rest[1] == "]":
            return escaped(first), False
        self.at += 1
        last = self.member()
        if first > last:
            raise RegexError("Invalid range end")
        if not self.ordered:
            same_kind = any(first in kind and last in kind for kind in ("0123456789",)) or (
                first.isascii() and last.isascii() and first.isalpha() and last.isalpha()
                and first.islower() == last.islower()
            )  # fmt: skip
            if not same_kind:
                raise Undetermined("what a range holds is a matter of the locale")
        return f"{escaped(first)}-{escaped(last)}", True

    def member(self) -> str:
        ch = self.text[self.at]
        if ch == "[" and self.text[self.at + 1 : self.at + 2] in (".", "="):
            kind = self.text[self.at + 1]
            if self.text[self.at + 3 : self.at + 5] != kind + "]" or (kind == "=" and not self.ordered):
                raise Undetermined("a collating symbol")
            self.at += 5
            return self.text[self.at - 3]
        self.at += 1
        if ch == "[" and self.text.startswith(":", self.at):
            raise Undetermined("an odd bracket")
        if ch == "\\" and self.syntax is Syntax.AWK:
            return self.awk_member()
        return ch

    def awk_member(self) -> str:
        ch = self.text[self.at : self.at + 1]
        self.at += 1
        simple = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "\\": "\\", "/": "/", '"': '"', "]": "]",
                  "-": "-", "[": "[", "^": "^", ".": "."}  # fmt: skip
        if ch not in simple:
            raise Undetermined(f"\\{ch} in an awk bracket")
        return simple[ch]


def simple(node: Node, least: int, most: int | None) -> Node:
    """A repetition; one of a repeated single character becomes one repetition where that is the same."""
    if isinstance(node, tree.Repeat) and tree.single(node.node):
        inner = (node.least, node.most)
        if inner in ((0, None), (0, 1), (1, None)) and (least, most) in ((0, None), (0, 1), (1, None)):
            unbounded = None in (node.most, most)
            return tree.Repeat(node.node, node.least * least, None if unbounded else 1)
    return tree.Repeat(node, least, most)


def literal(ch: str) -> Chars:
    return Chars(re.escape(ch))


def escaped(ch: str) -> str:
    """A character inside a Python bracket."""
    return "\\" + ch if ch in "\\]^-[&~|" else ch
