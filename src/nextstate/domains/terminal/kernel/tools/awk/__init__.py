"""awk: the language that mawk and gawk agree on; where they do not, the answer is undetermined."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nextstate.domains.terminal.kernel.files import FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.awk.machine import ORDERS, Machine, Outcome
from nextstate.domains.terminal.kernel.tools.awk.parser import Program, parse
from nextstate.domains.terminal.kernel.tools.awk.texts import Texts
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)


def awk(call: Call) -> Out:
    """Runs the program once in every order that ``for in`` may take; what differs only in order is unordered."""
    program, settings, operands = _read(call)
    outcomes = [_run(call, program, settings, operands, 0)]
    if outcomes[0].looped:
        outcomes += [_run(call, program, settings, operands, order) for order in range(1, len(ORDERS))]
    first = outcomes[0]
    unordered = False
    for other in outcomes[1:]:
        if (other.stderr, other.files, other.code) != (first.stderr, first.files, first.code):
            raise Undetermined("the order of keys in awk")
        if other.stdout != first.stdout:
            unordered = True
            if sorted("".join(other.stdout).split("\n")) != sorted("".join(first.stdout).split("\n")):
                raise Undetermined("the order of keys in awk")
    for path, (append, pieces) in first.files.items():
        try:
            call.tree.write(call.path(path), "".join(pieces).encode(), append=append)
        except FsError:
            raise Undetermined("a file that awk cannot write") from None
    return Out("".join(first.stdout), "".join(first.stderr), first.code, unordered=unordered)


def _run(call: Call, program: Program, settings: list[str], operands: tuple[str, ...], order: int) -> Outcome:
    mawk = call.facts.get("awk", "").startswith("mawk")
    machine = Machine(program, Texts(call), dict(call.env), mawk=mawk, order=order)
    arguments = {"0": call.name, **{str(at): operand for at, operand in enumerate(operands, 1)}}
    machine.arrays["ARGV"] = dict(arguments)
    machine.variables["ARGC"] = float(len(arguments))
    for setting in settings:
        name, _, value = setting.partition("=")
        machine.assign_text(name, value)
    return machine.run(lambda: _inputs(call, operands))


def _inputs(call: Call, operands: tuple[str, ...]) -> Iterator[tuple[str | None, str]]:
    files = 0
    for operand in operands:
        if _ASSIGNMENT.fullmatch(operand):
            yield None, operand
            continue
        files += 1
        try:
            content = call.read_text(operand)
        except FsError:
            raise Undetermined("how this awk words that it cannot read a file") from None
        if operand != "-" and any(content[i] == "\0" for i in range(min(len(content), 1000))):
            raise Undetermined("binary data in awk")
        yield operand, content
    if not files:
        yield "", call.input()


def _read(call: Call) -> tuple[Program, list[str], tuple[str, ...]]:
    """The program, the assignments before it, the operands."""
    args, settings, sources = list(call.args), [], []
    while args and args[0].startswith("-") and args[0] != "-":
        arg = args.pop(0)
        if arg == "--":
            break
        if arg[1] not in "vFf":
            raise Undetermined(f"awk {arg}")
        if len(arg) == 2 and not args:
            raise Undetermined("awk without a program")
        value = arg[2:] or args.pop(0)
        if arg[1] == "F":
            settings.append(f"FS={_separator(value)}")
        elif arg[1] == "v":
            if not _ASSIGNMENT.fullmatch(value):
                raise Undetermined("a wrong assignment of awk")
            settings.append(value)
        else:
            sources.append(_source(call, value))
    if not sources:
        if not args:
            raise Undetermined("awk without a program")
        sources.append(args.pop(0))
    return parse("\n".join(sources)), settings, tuple(args)


def _separator(value: str) -> str:
    if value == "t":
        raise Undetermined("-Ft of awk")
    return value


def _source(call: Call, path: str) -> str:
    try:
        return call.read_text(path)
    except FsError:
        raise Undetermined("how this awk words that it cannot read a program") from None


TOOLS: dict[str, Tool] = {"awk": awk, "mawk": awk}
