"""Reads the expression of `find` into a tree of tests and actions, with the messages of the real one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NoReturn, TypeAlias

from nextstate.domains.terminal.kernel.files import FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.modes import read_mode
from nextstate.domains.terminal.kernel.tools.options import Stop


class Kind(Enum):
    TEST = "test"
    ACTION = "action"
    """Has an effect, and takes the place of the ``-print`` at the end."""
    OTHER = "other"
    """Has an effect, but ``-print`` still stands at the end (``-prune``, ``-quit``)."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A predicate, its arguments and what it is."""

    name: str
    args: tuple[str, ...]
    kind: Kind


@dataclass(frozen=True, slots=True)
class Not:
    inner: Expression


@dataclass(frozen=True, slots=True)
class Both:
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Either:
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Comma:
    left: Expression
    right: Expression


Expression: TypeAlias = "Leaf | Not | Both | Either | Comma"
PRINT = Leaf("-print", (), Kind.ACTION)

ONE = frozenset(
    """-name -iname -path -wholename -ipath -iwholename -lname -type -size -perm -regex -iregex -printf
    -maxdepth -mindepth -regextype""".split()
)
"""Predicates with one argument that are computed."""
NONE = frozenset(
    """-empty -true -false -print -print0 -delete -prune -quit -depth -d -readable -writable -executable -mount -xdev
    -nowarn -noleaf -daystart""".split()
)
NAMES = frozenset("-name -iname -path -wholename -ipath -iwholename -lname -ilname -regex -iregex".split())
ACTIONS = frozenset("-print -print0 -printf -delete -exec".split())
OTHERS = frozenset("-prune -quit".split())
OPERATORS = frozenset("( ) ! , -a -and -o -or -not".split())
GLOBAL = frozenset("-maxdepth -mindepth -depth -d -mount -xdev -noleaf".split())
UNCOMPUTED = frozenset(
    """-amin -anewer -atime -cmin -cnewer -context -ctime -execdir -files0-from -fls -follow -fprint -fprint0 -fprintf
    -fstype -gid -group -help --help -ignore_readdir_race -ilname -inum -links -ls -mmin -mtime -newer -newermt
    -newerat -newerct -neweraa -nogroup -noignore_readdir_race -nouser -ok -okdir -samefile -show-control-chars -uid
    -used -user -version --version -warn -xtype""".split()
)
"""Predicates of the real program that need what is not known."""


@dataclass(slots=True)
class Parsed:
    expression: Expression
    max_depth: int | None = None
    min_depth: int = 0
    depth_first: bool = False
    syntax: str = "findutils-default"


def fail(call: Call, message: str, more: str = "") -> NoReturn:
    raise Stop(Out(stderr=f"{call.name}: {message}\n" + (f"{call.name}: {more}\n" if more else ""), code=1))


def begins_expression(word: str) -> bool:
    """Whether a word ends the list of starting points."""
    return (word.startswith("-") and len(word) > 1) or word in ("(", "!")


def read_expression(call: Call, words: list[str]) -> Parsed:
    """The expression; a wrong one raises :class:`Stop`, one that is not computed :class:`Undetermined`.

    As in the real program, all predicates are read before the grammar is looked at.
    """
    words_read = _Words(call, words)
    tokens = words_read.read()
    if tokens:
        expression = _Grammar(call, tokens).read()
        if "," in tokens and not words_read.acts:
            raise Undetermined("which value of a comma is printed")
        words_read.parsed.expression = expression if words_read.acts else Both(expression, PRINT)
    return words_read.parsed


class _Words:
    """Reads the words from left to right: predicates with their arguments, and operators as they are."""

    def __init__(self, call: Call, words: list[str]) -> None:
        self.call, self.words, self.at = call, words, 0
        self.parsed = Parsed(PRINT)
        self.acts = False
        self.before: str | None = None
        self.tested = False

    def read(self) -> list[Leaf | str]:
        tokens: list[Leaf | str] = []
        while self.at < len(self.words):
            word = self.words[self.at]
            self.at += 1
            tokens.append(word if word in OPERATORS else self.leaf(word))
        return tokens

    def leaf(self, word: str) -> Leaf:
        if not word.startswith("-") or word == "-":
            self.stray(word)
        if word == "-exec":
            return self.exec()
        if word in NONE:
            args: tuple[str, ...] = ()
        elif word in ONE:
            args = (self.argument(word),)
        elif word in UNCOMPUTED or word.startswith("-newer"):
            raise Undetermined(f"find {word} is not computed")
        else:
            fail(self.call, f"unknown predicate `{word}'")
        self.before = word
        return self.settle(Leaf(word, args, self.kind(word)))

    def stray(self, word: str) -> NoReturn:
        more = ""
        if self.before in NAMES:
            try:
                there = self.call.tree.lookup(self.call.path(word)) is not None
            except FsError:
                there = False
            more = f"possible unquoted pattern after predicate `{self.before}'?" if there else ""
        fail(self.call, f"paths must precede expression: `{word}'", more)

    def argument(self, word: str) -> str:
        if self.at >= len(self.words):
            fail(self.call, f"missing argument to `{word}'")
        self.at += 1
        return self.words[self.at - 1]

    def kind(self, word: str) -> Kind:
        self.acts = self.acts or word in ACTIONS
        return Kind.ACTION if word in ACTIONS else Kind.OTHER if word in OTHERS else Kind.TEST

    def exec(self) -> Leaf:
        """``-exec words ;`` or ``-exec words {} +``"""
        start, plus = self.at, False
        for end in range(start, len(self.words)):
            plus = self.words[end] == "+" and end > start and self.words[end - 1] == "{}"
            if self.words[end] == ";" or plus:
                break
        else:
            fail(self.call, "missing argument to `-exec'")
        command = self.words[start:end]
        self.at, self.before, self.acts, self.tested = end + 1, "-exec", True, True
        if not command or (plus and (sum("{}" in word for word in command) > 1 or command == ["{}"])):
            raise Undetermined("a -exec that is put oddly")
        return Leaf("-exec +" if plus else "-exec", tuple(command[:-1] if plus else command), Kind.ACTION)

    def settle(self, leaf: Leaf) -> Leaf:
        """Takes note of options, which are true wherever they stand; in odd places they warn on a terminal."""
        if leaf.name in GLOBAL:
            if self.tested and self.call.stdin is None:
                raise Undetermined("find warns on a terminal")
            self.option(leaf)
            return Leaf("-true", (), Kind.TEST)
        self.tested = True
        if leaf.name in CHECKS:
            CHECKS[leaf.name](self.call, leaf.args[0])
        if leaf.name == "-regextype":
            self.parsed.syntax = leaf.args[0]
            return Leaf("-true", (), Kind.TEST)
        if leaf.name in ("-regex", "-iregex"):
            return Leaf(leaf.name, (*leaf.args, self.parsed.syntax), leaf.kind)
        if leaf.name == "-delete":
            self.parsed.depth_first = True
        return leaf

    def option(self, leaf: Leaf) -> None:
        if leaf.name in ("-depth", "-d"):
            self.parsed.depth_first = True
        if leaf.name in ("-maxdepth", "-mindepth"):
            text = leaf.args[0]
            if not (text.isascii() and text.isdigit()):
                shown = self.call.quote(text)
                fail(self.call, f"Expected a positive decimal integer argument to {leaf.name}, but got {shown}")
            if leaf.name == "-maxdepth":
                self.parsed.max_depth = int(text)
            else:
                self.parsed.min_depth = int(text)


def _check_type(call: Call, text: str) -> None:
    if not text:
        raise Undetermined("find -type without a letter")
    letters = text.split(",")
    for at, item in enumerate(letters):
        if not item:
            if at == len(letters) - 1:
                fail(call, "Last file type in list argument to -type is missing, i.e., list is ending on: ','")
            fail(call, "Unknown argument to -type: ,")
        if item[0] not in "bcdpfls" or item in letters[:at]:
            if item[0] in "D" or item in letters[:at]:
                raise Undetermined(f"find -type {text}")
            fail(call, f"Unknown argument to -type: {item[0]}")
        if len(item) > 1:
            fail(call, "Must separate multiple arguments to -type using: ','")


def _check_size(call: Call, text: str) -> None:
    if not text:
        raise Undetermined("find -size without a number")
    if text[-1] not in "0123456789bcwkMG":
        fail(call, f"invalid -size type `{text[-1]}'")
    if not re.fullmatch(r"[-+]?\d{1,15}[bcwkMG]?", text):
        raise Undetermined(f"find -size {text}")


def _check_perm(call: Call, text: str) -> None:
    bare = text[1:] if text[:1] in ("-", "/") else text
    if text.startswith("+") or not bare:
        raise Undetermined(f"find -perm {text}")
    if read_mode(bare) is None:
        fail(call, f"invalid mode {call.quote(text)}")


CHECKS: dict[str, Callable[[Call, str], None]] = {"-type": _check_type, "-size": _check_size, "-perm": _check_perm}


class _Grammar:
    """The operators, lowest precedence first."""

    def __init__(self, call: Call, tokens: list[Leaf | str]) -> None:
        self.call, self.tokens, self.at = call, tokens, 0

    def read(self) -> Expression:
        expression = self.comma()
        if self.at < len(self.tokens):
            fail(self.call, "you have too many ')'")
        return expression

    def peek(self) -> Leaf | str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def comma(self) -> Expression:
        left = self.either()
        while self.peek() == ",":
            self.at += 1
            left = Comma(left, self.operand(",", self.either))
        return left

    def either(self) -> Expression:
        left = self.both()
        while (word := self.peek()) in ("-o", "-or"):
            self.at += 1
            left = Either(left, self.operand(str(word), self.both))
        return left

    def both(self) -> Expression:
        left = self.term()
        while (word := self.peek()) not in (None, ")", ",", "-o", "-or"):
            if word in ("-a", "-and"):
                self.at += 1
                left = Both(left, self.operand(str(word), self.term))
            else:
                left = Both(left, self.term())
        return left

    def operand(self, operator: str, read: Callable[[], Expression]) -> Expression:
        following = self.peek()
        if following is None and operator != ",":
            fail(self.call, f"expected an expression after '{operator}'")
        if following in (None, ")"):
            raise Undetermined(f"find: {operator} without a right side")
        return read()

    def term(self) -> Expression:
        token = self.tokens[self.at]
        self.at += 1
        if isinstance(token, Leaf):
            return token
        if token in ("!", "-not"):
            if self.peek() is None:
                fail(self.call, f"expected an expression after '{token}'")
            if self.peek() == ")":
                raise Undetermined("find: a negation without a right side")
            return Not(self.term())
        if token == "(":
            return self.group()
        if token == ")":
            raise Undetermined("find: a closing parenthesis without an opening one")
        fail(self.call, f"invalid expression; you have used a binary operator '{token}' with nothing before it.")

    def group(self) -> Expression:
        if self.peek() == ")":
            fail(self.call, "invalid expression; empty parentheses are not allowed.")
        if self.peek() is None:
            raise Undetermined("find: a parenthesis at the end")
        inner = self.comma()
        if self.peek() != ")":
            fail(self.call, "invalid expression; I was expecting to find a ')' somewhere but did not see one.")
        self.at += 1
        return inner
