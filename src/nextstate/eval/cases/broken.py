"""Error handling, where nothing failed: a recorded action is broken by rule, so that it must fail in any such world.

The true answer is then not the recorded one but computed: the message that the usual programs and validators give.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nextstate.domain import calls
from nextstate.domain.acts import with_command
from nextstate.eval.cases import failures
from nextstate.eval.cases.scene import Draft
from nextstate.eval.cases.wordings import code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nextstate.eval.cases.scene import Rule, Scene

SHARE = 0.35
"""The share of turns at which a rule tries."""


def _drawn(scene: Scene, turn: int, rule: str) -> bool:
    return scene.failed[turn] is False and scene.chance(turn, rule).random() < SHARE


def argument_left_out(scene: Scene, turn: int) -> Iterator[Draft]:
    """The call of a declared tool without an argument that its schema requires."""
    call = calls.call_of(scene.actions[turn])
    tool = calls.declared(scene.trajectory.setup, call.name) if call else None
    if call is None or tool is None or not _drawn(scene, turn, "argument_left_out"):
        return
    required = tool.input_schema.get("required")
    names = [name for name in required if name in call.arguments] if isinstance(required, list) else []
    if not names or calls.problems(tool.input_schema, dict(call.arguments)):
        return
    name = scene.chance(turn, "argument").choice(names)
    rest = {key: value for key, value in call.arguments.items() if key != name}
    if not isinstance(name, str) or len(name) < 2 or not calls.problems(tool.input_schema, rest):
        return
    rules = [{"failed": True}, {"contains": name}, failures.LACKING, {"size": {"most": 1_500}}]
    yield Draft({"all": rules}, f"Error: '{name}' is a required property", action=calls.render(call.name, rest))


_WRONG_TYPES: dict[str, Any] = {
    "integer": "not-a-number",
    "number": "not-a-number",
    "array": 7,
    "object": 7,
    "boolean": "perhaps",
}


def wrong_type(scene: Scene, turn: int) -> Iterator[Draft]:
    """The call of a declared tool with an argument of a type that its schema forbids."""
    call = calls.call_of(scene.actions[turn])
    tool = calls.declared(scene.trajectory.setup, call.name) if call else None
    if call is None or tool is None or not _drawn(scene, turn, "wrong_type"):
        return
    kinds = {
        name: schema["type"]
        for name, schema in calls.properties(tool.input_schema).items()
        if isinstance(schema, dict) and isinstance(schema.get("type"), str)
    }
    names = [name for name in call.arguments if kinds.get(name) in _WRONG_TYPES and len(name) > 1]
    if not names or calls.problems(tool.input_schema, dict(call.arguments)):
        return
    name = scene.chance(turn, "argument").choice(names)
    given = {**call.arguments, name: _WRONG_TYPES[kinds[name]]}
    if not calls.problems(tool.input_schema, given):
        return
    rules = [
        {"failed": True},
        {"any": [{"contains": name}, {"contains": str(given[name])}]},
        failures.WRONG_TYPE,
        {"size": {"most": 1_500}},
    ]
    truth = f"Error: invalid arguments: {name}: {given[name]!r} is not of type '{kinds[name]}'"
    yield Draft({"all": rules}, truth, action=calls.render(call.name, given))


def no_such_tool(scene: Scene, turn: int) -> Iterator[Draft]:
    """A tool that the set-up does not declare, where it declares tools."""
    call = calls.call_of(scene.actions[turn])
    setup = scene.trajectory.setup
    if (
        call is None
        or len(setup.tools) < 2
        or not calls.declared(setup, call.name)
        or not _drawn(scene, turn, "no_such_tool")
    ):
        return
    chance = scene.chance(turn, "tool")
    name = f"{call.name}_{chance.choice(('batch', 'async', 'legacy', 'preview', 'v9'))}"
    if calls.declared(setup, name) or any(name in action for action in scene.actions):
        return
    rules = [{"failed": True}, {"contains": name}, failures.NO_TOOL, {"size": {"most": 3_000}}]
    yield Draft({"all": rules}, f"Error: Unknown tool: {name}", action=calls.render(name, call.arguments))


_PLAIN = re.compile(r"[a-z][a-z0-9]{1,20}(?: [\w./=+:,@%^-]+)*")


def _plain_command(scene: Scene, turn: int) -> str:
    """The command of a turn that is one program and plain words."""
    command = (scene.command(turn) or "").strip()
    known = scene.acts[turn].plain and scene.acts[turn].program in _USUAL
    return command if known and _PLAIN.fullmatch(command) and len(command) < 300 else ""


_USUAL = frozenset(
    "cat head tail wc sort uniq cut ls find grep mkdir touch rm cp mv stat file du nl tac rev tree".split()
)


def misspelt_program(scene: Scene, turn: int) -> Iterator[Draft]:
    """A program whose name is misspelt beyond any that there is."""
    command = _plain_command(scene, turn)
    if not command or not _drawn_any(scene, turn, "misspelt_program"):
        return
    program, _, rest = command.partition(" ")
    name = program + scene.chance(turn, "letters").choice(("qq", "zx", "xq", "jj"))
    action = with_command(scene.turns[turn].action, f"{name} {rest}".strip())
    rules = [{"failed": True}, {"contains": name}, {"shows": "not found"}, {"line_count": {"least": 1, "most": 3}}]
    yield Draft({"all": rules}, f"bash: line 1: {name}: command not found\n", action=action)


def no_such_option(scene: Scene, turn: int) -> Iterator[Draft]:
    """A long option that no version of the program has."""
    command = _plain_command(scene, turn)
    program, _, rest = command.partition(" ")
    if not command or program == "find" or not _drawn_any(scene, turn, "no_such_option"):
        return
    option = f"--{scene.chance(turn, 'option').choice(('zebra', 'quill', 'walnut', 'marble'))}-mode"
    action = with_command(scene.turns[turn].action, f"{program} {option} {rest}".strip())
    truth = f"{program}: unrecognized option '{option}'\nTry '{program} --help' for more information.\n"
    rules = [
        {"failed": True},
        {"shows": option},
        failures.one_of("ption|sage"),
        {"line_count": {"least": 1, "most": 8}},
    ]
    yield Draft({"all": rules}, truth, action=action)


def absent_path(scene: Scene, turn: int) -> Iterator[Draft]:
    """A file of a name so odd that nothing can have made it."""
    command = _plain_command(scene, turn)
    program = command.partition(" ")[0]
    if program not in ("cat", "head", "tail", "wc", "sort", "ls", "stat", "du", "nl", "tac", "rm", "find"):
        return
    operands = [word for word in command.split()[1:] if not word.startswith("-")]
    if not operands or not _drawn_any(scene, turn, "absent_path"):
        return
    path = f"{operands[0].rstrip('/')}_{code(scene.chance(turn, 'path')).lower()}"
    action = with_command(scene.turns[turn].action, f"{program} {path}")
    told = {"ls": f"ls: cannot access '{path}'", "rm": f"rm: cannot remove '{path}'", "find": f"find: ‘{path}’"}
    truth = f"{told.get(program, f'{program}: {path}')}: No such file or directory\n"
    rules = [{"failed": True}, {"contains": path}, {"shows": "No such file"}, {"line_count": {"least": 1, "most": 3}}]
    yield Draft({"all": rules}, truth, action=action)


def _drawn_any(scene: Scene, turn: int, rule: str) -> bool:
    """As :func:`_drawn`, but also where the domain cannot tell whether what was recorded failed."""
    return scene.failed[turn] is not True and scene.chance(turn, rule).random() < SHARE / 3


RULES: dict[str, Rule] = {
    "argument_left_out": argument_left_out,
    "wrong_type": wrong_type,
    "no_such_tool": no_such_tool,
    "misspelt_program": misspelt_program,
    "no_such_option": no_such_option,
    "absent_path": absent_path,
}
