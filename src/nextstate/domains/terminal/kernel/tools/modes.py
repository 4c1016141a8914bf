"""File modes as GNU reads and shows them, and `chmod`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from nextstate.domains.terminal.kernel.files import SYSTEM_DIRS, Dir, File, FsError, Link, Thing, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool
from nextstate.domains.terminal.kernel.tools.options import Options, grammar, tool, wrong_usage
from nextstate.domains.terminal.kernel.tools.wording import Report, locate, quoteaf, why

_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)")
_ACTION = re.compile(r"([-+=])([ugo]|[rwxXst]*)")
_WHO = {"u": 0o4700, "g": 0o2070, "o": 0o1007, "a": 0o7777}
_PERMISSIONS = {"r": 0o444, "w": 0o222, "x": 0o111, "s": 0o6000, "t": 0o1000}
_SHIFT = {"u": 6, "g": 3, "o": 0}

Change: TypeAlias = Callable[[int, bool, int], int]
"""``(mode, whether it is a directory, umask) -> new mode``; set-id bits of directories must be clear."""


def read_mode(text: str) -> Change | None:
    """What a mode operand does, or ``None`` when it is invalid; ``+644`` and the like are undetermined."""
    if re.fullmatch(r"[0-7]+", text):
        number = int(text, 8)
        return (lambda mode, is_dir, umask: number) if number <= 0o7777 else None
    if re.fullmatch(r"[-+=][0-7]+", text):
        raise Undetermined(f"the mode {text}")
    clauses = text.split(",")
    matches = [_CLAUSE.fullmatch(clause) for clause in clauses]
    if not all(matches):
        return None

    def change(mode: int, is_dir: bool, umask: int) -> int:
        for match in matches:
            assert match is not None
            for operator, what in _ACTION.findall(match[2]):
                mode = _apply(mode, match[1], operator, what, is_dir, umask)
        return mode

    return change


def _apply(mode: int, who: str, operator: str, what: str, is_dir: bool, umask: int) -> int:
    reach = 0
    for letter in who:
        reach |= _WHO[letter]
    reach = reach or 0o7777
    bits = 0
    if what in _SHIFT and what:
        bits = ((mode >> _SHIFT[what]) & 7) * 0o111
    for letter in what if what not in _SHIFT else "":
        if letter == "X":
            bits |= 0o111 if is_dir or mode & 0o111 else 0
        else:
            bits |= _PERMISSIONS[letter]
    bits &= reach if who else reach & ~umask
    if operator == "-":
        return mode & ~bits
    if operator == "+":
        return mode | bits
    return (mode & ~reach) | bits


def show_mode(mode: int) -> str:
    """``rwxr-xr-x``"""
    letters = [("rwx"[at % 3] if mode & (0o400 >> at) else "-") for at in range(9)]
    for bit, at, letter in ((0o4000, 2, "s"), (0o2000, 5, "s"), (0o1000, 8, "t")):
        if mode & bit:
            letters[at] = letter if letters[at] == "x" else letter.upper()
    return "".join(letters)


def known_mode(node: File | Dir) -> int:
    """The mode of a node, if it was shown or set."""
    if not node.mode_known:
        raise Undetermined("a mode that was never shown")
    return node.mode


CHMOD = grammar(
    "Rcfv",
    {"recursive": "R", "changes": "c", "quiet": "f", "silent": "f", "verbose": "v", "preserve-root": "keep",
     "no-preserve-root": "keep"},
    other="r::w::x::X::s::t::u::g::o::a::,::+::=::0::1::2::3::4::5::6::7::",
    other_long="reference=",
)  # fmt: skip


def chmod(call: Call) -> Out:
    """A first argument such as ``-x`` is a mode and not an option."""
    if call.args and re.fullmatch(r"-[rwxXst]+", call.args[0]):
        if any(arg.startswith("-") for arg in call.args[1:]):
            raise Undetermined("chmod with options beside a mode that looks like one")
        call = replace(call, args=("--", *call.args))
    return _chmod(call)


@tool(CHMOD)
def _chmod(call: Call, options: Options) -> Out:
    if not options.operands:
        raise wrong_usage(call, "missing operand")
    text, *operands = options.operands
    if not operands:
        raise wrong_usage(call, f"missing operand after {call.quote(text)}")
    change = read_mode(text)
    if change is None:
        raise wrong_usage(call, f"invalid mode: {call.quote(text)}")
    return _Chmod(call, options, text, change).run(operands)


class _Chmod:
    def __init__(self, call: Call, options: Options, text: str, change: Change) -> None:
        self.call, self.options, self.text, self.change = call, options, text, change
        self.report = Report(call)
        self.unordered = False

    def run(self, operands: list[str]) -> Out:
        for operand in operands:
            try:
                self.operand(operand)
            except FsError as error:
                self.fail(f"cannot access {quoteaf(self.call, operand)}: {why(error)}")
        return self.report.out(unordered=self.unordered and self.options.has("v", "c"))

    def fail(self, message: str) -> None:
        if self.options.has("f"):
            self.report.code = 1
        else:
            self.report.fail(message)

    def operand(self, operand: str) -> None:
        path = locate(self.call, operand)
        node = self.call.tree.get(path, follow=False)
        if isinstance(node, Link) and self.call.tree.lookup(path) is None:
            self.fail(f"cannot operate on dangling symlink {quoteaf(self.call, operand)}")
            return
        self.apply(operand, path)

    def apply(self, shown: str, path: str) -> None:
        tree = self.call.tree
        node = tree.get(path)
        real = tree.resolve(path)
        if isinstance(node, Thing):
            raise Undetermined(f"{shown} may be a file or a directory")
        assert isinstance(node, File | Dir)
        if not tree.root and real in SYSTEM_DIRS:
            raise Undetermined(f"who owns {real} is not known")
        is_dir = isinstance(node, Dir)
        if is_dir and node.mode & 0o6000:
            raise Undetermined("set-id bits of a directory")
        mode = self.change(node.mode, is_dir, self.call.umask)
        self.refuse_surprise(mode, node.mode, is_dir)
        known = node.mode_known or len({self.change(m, is_dir, self.call.umask) for m in (0, 0o777)}) == 1
        self.tell(shown, node, mode)
        tree.chmod(path, mode)
        if not known:
            tree.delta[real] = replace(node, mode=mode & 0o7777)
        if is_dir and self.options.has("R"):
            self.inside(shown, path)

    def refuse_surprise(self, mode: int, old: int, is_dir: bool) -> None:
        if self.text.startswith("-") and mode & ~self.change(old, is_dir, 0):
            raise Undetermined("chmod warns of what the umask spared")

    def tell(self, shown: str, node: File | Dir, mode: int) -> None:
        if not self.options.has("v", "c"):
            return
        old = known_mode(node)
        name = quoteaf(self.call, shown)
        if old != mode:
            self.report.say(
                f"mode of {name} changed from {old:04o} ({show_mode(old)}) to {mode:04o} ({show_mode(mode)})\n"
            )
        elif self.options.chosen("v", "c") == "v":
            self.report.say(f"mode of {name} retained as {mode:04o} ({show_mode(mode)})\n")

    def inside(self, shown: str, path: str) -> None:
        tree = self.call.tree
        try:
            names = tree.names(path)
        except FsError:
            raise Undetermined("chmod -R of a directory that may not be read") from None
        self.unordered = self.unordered or len(names) > 1
        for name in names:
            child = posixpath.join(path, name)
            if not isinstance(tree.get(child, follow=False), Link):
                self.apply(posixpath.join(shown, name), child)


OWNER = grammar(
    "Rcfh",
    {"recursive": "R", "changes": "c", "quiet": "f", "silent": "f", "no-dereference": "h"},
    other="vHLP",
    other_long="from= reference= dereference verbose preserve-root no-preserve-root",
)


@tool(OWNER)
def chown(call: Call, options: Options) -> Out:
    """Root gives files to root in silence; other owners are not known."""
    if len(options.operands) < 2:
        after = f" after {call.quote(options.operands[0])}" if options.operands else ""
        raise wrong_usage(call, f"missing operand{after}")
    owner, *operands = options.operands
    valid = r"(root|\d{1,5})?" if call.name == "chgrp" else r"(root|\d{1,5})(:(root|\d{1,5})?)?"
    if not call.tree.root or not re.fullmatch(valid, owner) or options.has("c"):
        raise Undetermined("owners are not known")
    report = Report(call)
    for operand in operands:
        try:
            node = call.tree.get(locate(call, operand), follow=not options.has("h"))
        except FsError as error:
            report.fail(f"cannot access {quoteaf(call, operand)}: {why(error)}")
            continue
        if isinstance(node, Link | Thing):
            raise Undetermined("the owner of a link")
    return report.out()


TOOLS: dict[str, Tool] = {"chmod": chmod, "chown": chown, "chgrp": chown}
