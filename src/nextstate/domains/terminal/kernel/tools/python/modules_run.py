"""``python3 -m``: ``json.tool``, ``py_compile`` and the program's own modules."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING

from nextstate.domains.terminal.kernel.files import FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, decode
from nextstate.domains.terminal.kernel.tools.python.reading import checked
from nextstate.domains.terminal.kernel.tools.python.world import World, version

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.command import Given


def run_module(call: Call, given: Given) -> Out:
    if given.code == "json.tool":
        return json_tool(call, given.rest)
    if given.code == "py_compile":
        return py_compile(call, given)
    return own_module(call, given)


def json_tool(call: Call, args: tuple[str, ...]) -> Out:
    options: dict[str, object] = {"indent": 4, "ensure_ascii": True, "sort_keys": False}
    operands: list[str] = []
    lines = False
    left = list(args)
    while left:
        arg = left.pop(0)
        if arg == "--sort-keys":
            options["sort_keys"] = True
        elif arg == "--no-ensure-ascii":
            options["ensure_ascii"] = False
        elif arg == "--compact":
            options |= {"indent": None, "separators": (",", ":")}
        elif arg == "--no-indent":
            options["indent"] = None
        elif arg == "--tab":
            options["indent"] = "\t"
        elif arg == "--json-lines":
            lines = True
        elif arg == "--indent" and left and left[0].isdigit() and int(left[0]) < 100:
            options["indent"] = int(left.pop(0))
        elif (arg.startswith("-") and arg != "-") or len(operands) > 1:
            raise Undetermined(f"json.tool {arg}")
        else:
            operands.append(arg)
    if (version(call.facts.get("python3")) or (3, 0, 0))[1] < 9 and args[:1] not in ((), tuple(operands[:1])):
        raise Undetermined("the options of this version's json.tool")
    return _tidied(call, operands, options, lines)


def _tidied(call: Call, operands: list[str], options: dict[str, object], lines: bool) -> Out:
    try:
        text = call.read_text(operands[0] if operands else "-")
    except FsError:
        raise Undetermined("how argparse words a missing file") from None
    result = ""
    try:
        for part in text.splitlines(keepends=True) if lines else [text]:
            result += json.dumps(json.loads(part), **options) + "\n"  # type: ignore[arg-type]
    except ValueError as error:
        if result or not World(call, [], "").exact:
            raise Undetermined("how this version words the error") from None
        return Out(stderr=f"{error}\n", code=1)
    except RecursionError:
        raise Undetermined("deeply nested data") from None
    if len(operands) > 1:
        call.tree.write(call.path(operands[1]), result.encode(), mode=0o666 & ~call.umask)
        return Out()
    return Out(result)


def py_compile(call: Call, given: Given) -> Out:
    """Leaves compiled code in ``__pycache__``, whose content is not known."""
    from nextstate.domains.terminal.kernel.tools.python.importing import compiled
    from nextstate.domains.terminal.kernel.tools.python.machine import Machine

    world = World(call, [], "")
    if not world.exact or any(name.startswith("-") for name in given.rest) or not given.rest:
        raise Undetermined("how py_compile is called")
    for name in given.rest:
        path = call.path(name)
        try:
            text = decode(call.tree.read(path), name)
        except FsError as error:
            raise Undetermined(f"how py_compile words {error.errno}") from None
        if isinstance(checked(text, name), SyntaxError):
            raise Undetermined("how py_compile words a syntax error")
        folder, last = posixpath.split(posixpath.normpath(path))
        compiled(Machine(world), folder, f"{last.removesuffix('.py')}.cpython-3{world.minor}.pyc")
    return Out()


def own_module(call: Call, given: Given) -> Out:
    """A module of the program, run as its main program."""
    from nextstate.domains.terminal.kernel.tools.python.command import Program, execute

    parts = given.code.split(".")
    if len(parts) != 1:
        raise Undetermined("a module inside a package")
    path = f"{call.cwd.rstrip('/')}/{parts[0]}.py"
    import sys

    if parts[0] in sys.stdlib_module_names or not call.tree.exists(path) or call.tree.is_dir(path.removesuffix(".py")):
        raise Undetermined(f"the module {given.code}")
    text = decode(call.tree.read(path), path)
    return execute(call, Program(text, path, [path, *given.rest], call.cwd, True), given)
