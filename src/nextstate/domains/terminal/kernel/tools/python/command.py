"""The command line of ``python3``."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass

from nextstate.domains.terminal.kernel.files import Dir, Errno, FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, decode
from nextstate.domains.terminal.kernel.tools.python.importing import compiled, load
from nextstate.domains.terminal.kernel.tools.python.machine import Machine
from nextstate.domains.terminal.kernel.tools.python.objects import Source
from nextstate.domains.terminal.kernel.tools.python.reading import checked, worded
from nextstate.domains.terminal.kernel.tools.python.statements import HALTS
from nextstate.domains.terminal.kernel.tools.python.trace import described
from nextstate.domains.terminal.kernel.tools.python.world import HOST, World, is_utf8, version

OLDEST = 6
"""The oldest version that is meant where the version is not known."""
_HARMLESS = frozenset(("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONNOUSERSITE"))


_SELF_NAMING = re.compile(r"[=] {0,9}(?:![rsa])?(?::[^{}'\"\n]{0,80})?\}")
"""What may be a field as ``{value=}``, which Python 3.8 brought."""


@dataclass(frozen=True, slots=True)
class Program:
    """What is to be run: its text, the name in messages, ``sys.argv``, and where its modules lie."""

    text: str
    shown: str
    argv: list[str]
    folder: str
    is_file: bool = False


@dataclass(slots=True)
class Given:
    """The command line: options, what kind of program, and the rest."""

    unbuffered: bool = False
    no_bytecode: bool = False
    kind: str = ""
    """``-c``, ``-m``, ``-`` or the name of a file."""
    code: str = ""
    rest: tuple[str, ...] = ()


def run(call: Call) -> Out:
    _surroundings(call)
    if call.args in (("--version",), ("-V",)):
        known = call.facts.get("python3")
        if known is None or version(known) is None:
            raise Undetermined("the version of Python")
        return Out(f"Python {known}\n")
    given = read_options(call.args)
    if given.kind == "-m":
        from nextstate.domains.terminal.kernel.tools.python.modules_run import run_module

        return run_module(call, given)
    program = find(call, given)
    if isinstance(program, Out):
        return program
    return execute(call, program, given)


def _surroundings(call: Call) -> None:
    """What would make Python behave otherwise."""
    for name, value in call.env.items():
        if name.startswith("PYTHON") and name not in _HARMLESS and value:
            raise Undetermined(f"{name} is set")
    if (
        call.name == "python"
        and version(call.facts.get("python")) is None
        and version(call.facts.get("python3")) is None
    ):
        raise Undetermined("which Python is called python")


def read_options(args: tuple[str, ...]) -> Given:
    """Options stand before the program; some of those that change nothing that is shown are let through."""
    given = Given()
    left = list(args)
    while left:
        arg = left.pop(0)
        if not arg.startswith("-") or arg == "-":
            given.kind, given.rest = arg, tuple(left)
            return given
        for at, letter in enumerate(arg[1:], 1):
            if letter in "cm":
                value = arg[at + 1 :] or (left.pop(0) if left else None)
                if value is None:
                    raise Undetermined("an option without its value")
                given.kind, given.code, given.rest = f"-{letter}", value, tuple(left)
                return given
            if letter not in "uBs":
                raise Undetermined(f"python3 -{letter} is not computed")
            given.unbuffered |= letter == "u"
            given.no_bytecode |= letter == "B"
    given.kind = "-"
    return given


def find(call: Call, given: Given) -> Program | Out:
    """The program that the command line names, or the message that there is none."""
    if given.kind == "-c":
        if not given.code.isascii() and not is_utf8(call):
            raise Undetermined("how this locale encodes the program")
        return Program(given.code, "<string>", ["-c", *given.rest], "")
    if given.kind == "-":
        argv = ["-" if call.args and "-" in call.args else "", *given.rest]
        return Program(call.input(), "<stdin>", argv, "")
    name = given.kind
    path = posixpath.normpath(call.path(name))
    try:
        node = call.tree.lookup(call.path(name))
        if isinstance(node, Dir):
            raise Undetermined("running a directory")
        text = decode(call.tree.read(call.path(name)), name)
    except FsError as failure:
        if failure.errno is not Errno.NOENT:
            raise Undetermined("a program that cannot be read") from None
        return missing(call, path)
    real = call.tree.resolve(path)
    return Program(text, path, [name, *given.rest], posixpath.dirname(real), True)


def missing(call: Call, path: str) -> Out:
    known = version(call.facts.get("python3"))
    if known is None:
        raise Undetermined("how this version names the file")
    return Out(stderr=f"{call.name}: can't open file '{path}': [Errno 2] No such file or directory\n", code=2)


def execute(call: Call, program: Program, given: Given) -> Out:
    """Runs a program from its text to what it printed."""
    world = World(
        call if given.kind != "-" else _without_input(call),
        program.argv,
        program.folder,
        unbuffered=given.unbuffered or bool(call.env.get("PYTHONUNBUFFERED")),
    )
    if given.kind != "-" and not (call.stdin or "").isascii() and not world.utf8:
        raise Undetermined("how this locale encodes the input")
    if (world.minor or OLDEST) < 8 and _SELF_NAMING.search(program.text):
        raise Undetermined("whether this version names what a field shows")
    said: list[str] | None = [] if world.exact and not program.is_file else None
    tree = checked(program.text, program.shown, said, None if world.exact else (3, min(world.minor or OLDEST, HOST)))
    if isinstance(tree, SyntaxError):
        if not world.exact or world.version is None or world.minor != 11:
            raise Undetermined("how this version words a syntax error")
        lines = tuple(program.text.split("\n")) if program.is_file else None
        return Out(stderr=worded(tree, world.version[2], lines), code=1)
    world.print_error("".join(said or ()))
    machine = Machine(world)
    load(machine, "sys")
    machine.modules["sys"].__dict__["dont_write_bytecode"] = given.no_bytecode
    lines = tuple(program.text.split("\n")) if program.is_file else None
    values = {"__name__": "__main__", "__builtins__": None, "__package__": None, "__spec__": None}
    if program.is_file:
        values["__file__"] = program.shown
    machine.main = values

    def main() -> None:
        try:
            machine.program(tree, Source(program.shown, "__main__", lines), values)
        finally:
            if given.kind != "-c":  # Python flushes after a file, not after a text
                world.flush()

    return finish(machine, main)


def _without_input(call: Call) -> Call:
    """The program itself came from standard input: nothing of it is left."""
    from dataclasses import replace

    return replace(call, stdin="")


def finish(machine: Machine, main: Callable[[], None]) -> Out:
    """Runs ``main``, deals with how it ended, and collects what was printed."""
    world = machine.world
    code = 0
    try:
        try:
            main()
        except HALTS as reason:
            raise Undetermined(str(reason) or type(reason).__name__) from None
        except SystemExit as ending:
            code = exit_code(machine, ending.code)
        except BaseException as error:
            world.print_error(described(machine, error))
            code = 1
        for close in machine.endings:
            close()
        world.finish()
    finally:
        world.over = True
        for undo in machine.cleanup:
            undo()
    stdout, stderr = "".join(world.stdout), "".join(world.stderr)
    if stdout and stderr and not world.mixed:
        raise Undetermined("the order of much output and of errors")
    if not (stdout + stderr).isascii() and not world.utf8:
        raise Undetermined("how this locale encodes the output")
    return Out(stdout, stderr, code, "".join(world.both) if stdout and stderr else None)


def exit_code(machine: Machine, value: object) -> int:
    if value is None:
        return 0
    if isinstance(value, int):
        if not -(2**31) <= value < 2**31:
            raise Undetermined("a large exit status")
        return value & 0xFF
    machine.vet(value)
    machine.world.print_error(f"{value}\n")
    return 1


__all__ = ["compiled", "run"]
