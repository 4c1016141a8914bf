"""Where `cp`, `mv` and `ln` put things: into a directory, or at a name."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from nextstate.domains.terminal.kernel.files import Dir, Errno, FsError, Thing, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.options import Options, Stop, wrong_usage
from nextstate.domains.terminal.kernel.tools.wording import coreutils, locate, quoteaf, why


@dataclass(frozen=True, slots=True)
class Pair:
    """One source and its destination, both as they are shown; ``into`` says whether it goes into a directory."""

    source: str
    target: str
    into: bool


def pairs(call: Call, options: Options, no_follow: bool = False) -> list[Pair]:
    """The copies that a command line asks for; wrong usage raises :class:`Stop`.

    Reads the options ``t`` (the directory), ``T`` (no directory) and ``strip``.
    """
    operands, folder = list(options.operands), options.last("t")
    _count(call, options, operands, folder)
    if folder is not None:
        _must_be_dir(call, folder, "target directory")
        return [_inside(call, options, operand, folder) for operand in operands]
    if not options.has("T"):
        last = operands[-1]
        if _is_dir(call, last, no_follow, many=len(operands) > 2):
            return [_inside(call, options, operand, last) for operand in operands[:-1]]
        if len(operands) > 2:
            _must_be_dir(call, last, "target")
    return [Pair(_stripped(options, operands[0]), operands[1], False)]


def _count(call: Call, options: Options, operands: list[str], folder: str | None) -> None:
    if not operands:
        raise wrong_usage(call, "missing file operand")
    if folder is None and len(operands) == 1 and (call.name != "ln" or options.has("T")):
        raise wrong_usage(call, f"missing destination file operand after {quoteaf(call, operands[0])}")
    if options.has("T") and folder is not None:
        raise Undetermined("a target directory and none")
    if options.has("T") and len(operands) > 2:
        raise wrong_usage(call, f"extra operand {quoteaf(call, operands[2])}")


def _must_be_dir(call: Call, operand: str, what: str) -> None:
    try:
        node = call.tree.get(locate(call, operand))
        if isinstance(node, Thing):
            raise Undetermined(f"{operand} may be a file or a directory")
        if isinstance(node, Dir):
            return
        error = FsError(Errno.NOTDIR, operand)
    except FsError as failure:
        error = failure
    name = quoteaf(call, operand)
    message = f"{what} {name}: {why(error)}"
    if call.name == "ln" and what != "target":
        raise Undetermined("the message of ln -t")
    if call.name != "ln" and coreutils(call, until=(8, 99)):
        old = what != "target" and error.errno is not Errno.NOTDIR
        message = f"failed to access {name}: {why(error)}" if old else f"target {name} is not a directory"
    raise Stop(Out(stderr=f"{call.name}: {message}\n", code=1))


def _is_dir(call: Call, operand: str, no_follow: bool, *, many: bool) -> bool:
    """Whether the last operand is a directory; errors other than absence end ``cp`` and ``mv``."""
    try:
        node = call.tree.lookup(locate(call, operand), follow=not no_follow)
    except FsError as error:
        if error.errno is Errno.NOTDIR and call.name != "ln" and coreutils(call, until=(8, 99)):
            message = f"{call.name}: failed to access {quoteaf(call, operand)}: {why(error)}\n"
            raise Stop(Out(stderr=message, code=1)) from None
        if many or error.errno in (Errno.NOENT, Errno.NOTDIR):
            return False
        raise Undetermined(f"{call.name} to a target that cannot be looked at") from None
    except Undetermined:
        if many:
            raise
        return False
    if isinstance(node, Thing):
        if many:
            raise Undetermined(f"{operand} may be a file or a directory")
        return False
    return isinstance(node, Dir)


def _stripped(options: Options, operand: str) -> str:
    return (operand.rstrip("/") or "/") if options.has("strip") else operand


def _inside(call: Call, options: Options, operand: str, folder: str) -> Pair:
    name = posixpath.basename(operand.rstrip("/"))
    if name in ("", ".", ".."):
        if operand.rstrip("/") != "." and name != ".":
            raise Undetermined("a source named by dots")
        return Pair(operand, posixpath.join(folder, "."), True)
    return Pair(_stripped(options, operand), posixpath.join(folder, name), True)


def unknown_target(call: Call, pair: Pair) -> bool:
    """Whether a destination was never shown: it may be a directory, a file or nothing."""
    if pair.into or not pair.target:
        return False
    path = locate(call, pair.target)
    try:
        return isinstance(call.tree.lookup(path), Thing)
    except FsError:
        return False
    except Undetermined:
        return call.tree.entry(call.tree.resolve(path)) is None
