"""`test` and `[` as bash reads and evaluates them, with its messages."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn

from nextstate.domains.terminal.kernel.files import Dir, File, FsError, Link, Node, Thing, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool
from nextstate.domains.terminal.kernel.tools.options import Stop

UNARY = frozenset(f"-{letter}" for letter in "abcdefghknoprstuvwxzGLNORS")
INTEGERS: dict[str, Callable[[int, int], bool]] = {
    "-eq": lambda left, right: left == right,
    "-ne": lambda left, right: left != right,
    "-lt": lambda left, right: left < right,
    "-le": lambda left, right: left <= right,
    "-gt": lambda left, right: left > right,
    "-ge": lambda left, right: left >= right,
}
STRINGS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda left, right: left == right,
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left.encode() < right.encode(),
    ">": lambda left, right: left.encode() > right.encode(),
}
FILES = frozenset(("-nt", "-ot", "-ef"))
BINARY = frozenset((*INTEGERS, *STRINGS, *FILES, "=~", "!~"))
DEVICES = frozenset(("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"))
DEEP = 200
"""Arguments; more of them are no expression that anyone writes."""


def test(call: Call) -> Out:
    args = list(call.args)
    if len(args) > DEEP:
        raise Undetermined("a very long test")
    if call.name not in ("test", "["):
        raise Undetermined("the program test instead of the shell's own")
    try:
        if call.name == "[" and (not args or args.pop() != "]"):
            fail(call, "missing `]'")
        return Out(code=0 if _Test(call, args).value() else 1)
    except Stop as stop:
        return stop.out


def fail(call: Call, message: str) -> NoReturn:
    raise Stop(Out(stderr=f"{call.prefix}{call.name}: {message}\n", code=2))


class _Test:
    """The recursive descent of bash's `test.c`; every part is evaluated, as there."""

    def __init__(self, call: Call, args: list[str]) -> None:
        self.call, self.args, self.at = call, args, 0

    def fail(self, message: str) -> NoReturn:
        fail(self.call, message)

    def value(self) -> bool:
        result = self.by_count()
        if self.at < len(self.args):
            word = self.args[self.at]
            self.fail(f"syntax error: `{word}' unexpected" if word.startswith("-") else "too many arguments")
        return result

    def by_count(self) -> bool:
        """The rules for up to four arguments, which the standard fixes; otherwise the grammar decides."""
        args = self.args
        match len(args):
            case 0:
                return False
            case 1:
                self.at = 1
                return args[0] != ""
            case 2:
                return self.two()
            case 3:
                return self.three()
            case 4 if args[0] == "!":
                self.at = 1
                return not self.three()
            case 4 if args[0] == "(" and args[3] == ")":
                self.at = 1
                result = self.two()
                self.at = 4
                return result
        return self.either()

    def two(self) -> bool:
        first, second = self.args[self.at : self.at + 2]
        if first == "!":
            self.at = len(self.args)
            return second == ""
        if first not in UNARY:
            self.fail(f"{first}: unary operator expected")
        self.at = len(self.args)
        return unary(self.call, first, second)

    def three(self) -> bool:
        first, operator, last = self.args[self.at : self.at + 3]
        if operator in BINARY:
            result = self.binary(first, operator, last)
        elif operator in ("-a", "-o"):
            result = (first != "" and last != "") if operator == "-a" else (first != "" or last != "")
        elif first == "!":
            self.at += 1
            result = not self.two()
        elif first == "(" and last == ")":
            result = operator != ""
        else:
            self.fail(f"{operator}: binary operator expected")
        self.at = len(self.args)
        return result

    # -- the grammar ----------------------------------------------------------------------------------------

    def either(self) -> bool:
        left = self.both()
        if self.peek() != "-o":
            return left
        self.at += 1
        right = self.either()
        return left or right

    def both(self) -> bool:
        left = self.term()
        if self.peek() != "-a":
            return left
        self.at += 1
        right = self.both()
        return left and right

    def peek(self) -> str | None:
        return self.args[self.at] if self.at < len(self.args) else None

    def next_must_be(self) -> None:
        self.at += 1
        if self.at >= len(self.args):
            self.fail("argument expected")

    def term(self) -> bool:
        word = self.peek()
        if word is None:
            self.fail("argument expected")
        if word == "!":
            self.next_must_be()
            return not self.term()
        if word == "(":
            self.next_must_be()
            result = self.either()
            closing = self.peek()
            if closing is None and self.call.name == "[":
                closing = "]"
            if closing is None:
                self.fail("`)' expected")
            if closing != ")":
                self.fail(f"`)' expected, found {closing}")
            self.at += 1
            return result
        left = len(self.args) - self.at
        if left >= 3 and self.args[self.at + 1] in BINARY:
            self.at += 3
            return self.binary(*self.args[self.at - 3 : self.at])
        if left >= 2 and word in UNARY:
            self.at += 2
            return unary(self.call, word, self.args[self.at - 1])
        self.at += 1
        return word != ""

    # -- operators ------------------------------------------------------------------------------------------

    def binary(self, left: str, operator: str, right: str) -> bool:
        if operator in INTEGERS:
            return INTEGERS[operator](self.integer(left), self.integer(right))
        if operator in STRINGS:
            return STRINGS[operator](left, right)
        if operator in FILES:
            return compare_files(self.call, left, operator, right)
        raise Undetermined(f"{operator} in test")

    def integer(self, text: str) -> int:
        if not re.fullmatch(r"[ \t\n\r\f\v]*[-+]?[0-9]+[ \t\n\r\f\v]*", text) or not -(2**63) <= int(text) < 2**63:
            self.fail(f"{text}: integer expression expected")
        return int(text)


def unary(call: Call, operator: str, operand: str) -> bool:
    if operator in ("-n", "-z"):
        return (operand == "") == (operator == "-z")
    if operator in ("-t", "-v", "-o", "-R", "-N", "-O", "-G"):
        raise Undetermined(f"test {operator}")
    if not operand:
        return False
    path = call.path(operand)
    if path in DEVICES:
        return operator in ("-a", "-e", "-c", "-r", "-w")
    try:
        node = call.tree.lookup(path, follow=operator not in ("-h", "-L"))
    except FsError:
        return False
    return node is not None and holds(call, operator, operand, node)


def holds(call: Call, operator: str, operand: str, node: Node) -> bool:
    """A unary file operator on something that exists."""
    if operator in ("-a", "-e"):
        return True
    if isinstance(node, Thing):
        raise Undetermined(f"{operand} may be a file or a directory")
    if operator in ("-h", "-L"):
        return isinstance(node, Link)
    if operator in ("-b", "-c", "-p", "-S"):
        return False
    if operator == "-d":
        return isinstance(node, Dir)
    if operator == "-f":
        return isinstance(node, File)
    assert isinstance(node, File | Dir)
    if operator == "-s":
        if isinstance(node, Dir) or node.content is None:
            raise Undetermined(f"the size of {operand}")
        return node.content != b""
    return permitted(call, operator, operand, node)


def permitted(call: Call, operator: str, operand: str, node: File | Dir) -> bool:
    root = call.tree.root
    if root and (operator in ("-r", "-w") or (operator == "-x" and isinstance(node, Dir))):
        return True
    if not node.mode_known:
        raise Undetermined(f"the mode of {operand}")
    if root and operator == "-x":
        return bool(node.mode & 0o111)
    bit = {"-r": 0o400, "-w": 0o200, "-x": 0o100, "-u": 0o4000, "-g": 0o2000, "-k": 0o1000}[operator]
    return bool(node.mode & bit)


def compare_files(call: Call, left: str, operator: str, right: str) -> bool:
    """``-nt``, ``-ot`` and ``-ef``: times are not known, but existence and identity are."""
    here, there = real_path(call, left), real_path(call, right)
    if operator == "-ef":
        return here is not None and here == there
    if here is None or there is None:
        return (here if operator == "-nt" else there) is not None
    if here == there:
        return False
    raise Undetermined("the times of files")


def real_path(call: Call, operand: str) -> str | None:
    """The path of what exists, links followed."""
    if not operand:
        return None
    try:
        return call.tree.resolve(call.path(operand)) if call.tree.lookup(call.path(operand)) is not None else None
    except FsError:
        return None


TOOLS: dict[str, Tool] = {"test": test, "[": test}
