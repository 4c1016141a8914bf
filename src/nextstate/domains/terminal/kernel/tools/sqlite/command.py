"""The command line of ``sqlite3``."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from nextstate.domains.terminal.kernel.files import Absent, Errno, FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Out
from nextstate.domains.terminal.kernel.tools.sqlite.dots import command, set_mode
from nextstate.domains.terminal.kernel.tools.sqlite.shell import CannotOpen, Failed, Shell

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.base import Call

_MODES = frozenset("box column csv html json line list markdown quote table".split())


def run(call: Call) -> Out:
    home = call.env.get("HOME")
    if home and not isinstance(call.tree.entry(posixpath.join(home, ".sqliterc")), Absent | None):
        raise Undetermined("a file of settings")
    shell = Shell(call, "")
    before: list[str] = []
    operands = _options(shell, call.args, before)
    shell.database = operands[0] if operands else ""
    try:
        code = _work(shell, before, operands[1:])
        if shell.opened is not None:
            shell.opened.save()
        return shell.out(code)
    except CannotOpen as error:
        shell.known()
        shell.warn(f'Error: unable to open database "{error}": unable to open database file\n')
        return shell.out(1)
    except FsError as error:
        if error.errno in (Errno.ACCES, Errno.ISDIR):
            raise Undetermined("a database that cannot be written") from None
        raise
    finally:
        if shell.opened is not None:
            shell.opened.close()


def _options(shell: Shell, args: tuple[str, ...], before: list[str]) -> list[str]:
    """Sets what the options say and gives the operands; ``before`` takes the commands of ``-cmd``."""
    operands: list[str] = []
    left = list(args)
    style = shell.style
    while left:
        arg = left.pop(0)
        if not arg.startswith("-") or (operands and len(operands) > 1 and arg == "-"):
            operands.append(arg)
            continue
        name = arg.removeprefix("-").removeprefix("-")
        if name in _MODES:
            style.mode = name
            if name in ("csv", "quote"):
                style.column = ","
        elif name == "tabs":
            style.mode, style.column = "tabs", "\t"
        elif name == "ascii":
            style.mode, style.column, style.row = "ascii", "\x1f", "\x1e"
        elif name in ("header", "noheader"):
            style.headers = style.headers_set = name == "header"
        elif name in ("separator", "newline", "nullvalue", "cmd") and left:
            _valued(style, name, left.pop(0), before)
        elif name in ("bail", "echo"):
            setattr(shell, name, True)
        elif name not in ("batch",):
            raise Undetermined(f"sqlite3 {arg} is not computed")
    return operands


def _valued(style: object, name: str, value: str, before: list[str]) -> None:
    if name == "cmd":
        before.append(value)
    else:
        setattr(style, {"separator": "column", "newline": "row", "nullvalue": "null"}[name], value)


def _work(shell: Shell, before: list[str], texts: list[str]) -> int:
    """Runs the commands of the command line, or what comes in; gives the exit status."""
    if shell.echo and texts:
        raise Undetermined("what -echo shows")
    for text in before:
        code = _one(shell, text)
        if code == 2:
            return 0
        if code and shell.bail:
            return code
    for text in texts:
        ended = _argument(shell, text)
        if ended is not None:
            return ended
    if texts:
        return 0
    return int(shell.read(shell.call.input()) > 0)


def _argument(shell: Shell, text: str) -> int | None:
    """One text of the command line; an exit status ends the program."""
    if text.startswith("."):
        code = command(shell, text)
        return None if not code else 0 if code == 2 else code
    assert shell.engine
    try:
        shell.run(text)
    except Failed as failed:
        shell.warn(f"Error: {failed.phase}, {failed.message}\n")
        return failed.code or 1
    return None


def _one(shell: Shell, text: str) -> int:
    """A text of ``-cmd``."""
    if text.startswith("."):
        return command(shell, text)
    try:
        shell.run(text)
    except Failed:
        raise Undetermined("an error in -cmd") from None
    return 0


__all__ = ["run", "set_mode"]
