"""Sessions written for these tests: a shell and a service of notes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from nextstate.types import Setup, Source, Tool, Trajectory, Turn

if TYPE_CHECKING:
    from collections.abc import Iterable

OWN = Source("tests", licence="Apache-2.0")
NOTES = Setup(
    initial_state="A service of notes. It holds one note, number 7, called Cellar inventory.",
    tools=(
        Tool(
            "get_note",
            "Shows a note",
            {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]},
        ),
        Tool("list_notes", "Lists all notes", {"type": "object", "properties": {}}),
        Tool(
            "create_note",
            "Writes a note",
            {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]},
        ),
        Tool(
            "delete_note",
            "Removes a note",
            {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]},
        ),
    ),
)


def shell(*turns: tuple[str, str], name: str = "shell-1") -> Trajectory:
    """A session of a shell."""
    setup = Setup(initial_state="A shell of user dev in /home/dev.")
    return Trajectory(name, "terminal", setup, tuple(Turn(action, shown) for action, shown in turns), OWN)


def call(tool: str, **arguments: object) -> str:
    return json.dumps({"name": tool, "arguments": arguments})


def notes(*turns: tuple[str, object], name: str = "notes-1") -> Trajectory:
    """A session with the service; what is no text is shown as JSON."""
    shown = ((action, said if isinstance(said, str) else json.dumps(said)) for action, said in turns)
    return Trajectory(name, "mcp", NOTES, tuple(Turn(action, said) for action, said in shown), OWN)


LONG_SHELL = shell(
    ("echo marzipan-4417 > recipe.txt", ""),
    ("ls /srv", "alpha.bin\nbeta.bin\ngamma.bin\n"),
    ("cat recipe.txt", "marzipan-4417\n"),
    ("wc -l /srv/list.csv", "83 /srv/list.csv\n"),
    ("cat recipe.txt", "marzipan-4417\n"),
    ("rm recipe.txt", ""),
    ("grep -c x /srv/list.csv", "12\n"),
    ("cat recipe.txt", "cat: recipe.txt: No such file or directory\n"),
    ("head -n 6 /srv/words", "one\ntwo\nthree\nfour\nfive\nsix\n"),
    ("ls /srv", "alpha.bin\nbeta.bin\ngamma.bin\n"),
)
LONG_NOTES = notes(
    (call("get_note", id=7), {"id": 7, "title": "Cellar inventory", "tags": ["wine"]}),
    (call("create_note", title="Harbour plan"), {"id": 8, "title": "Harbour plan", "tags": []}),
    (call("list_notes"), [{"id": 7, "title": "Cellar inventory"}, {"id": 8, "title": "Harbour plan"}]),
    (call("get_note", id=7), {"id": 7, "title": "Cellar inventory", "tags": ["wine"]}),
    (call("get_note", id=8), {"id": 8, "title": "Harbour plan", "tags": []}),
    (call("delete_note", id=8), {"deleted": 8}),
    (call("get_note", id=8), "Error executing tool get_note: there is no note 8"),
    (call("get_note", id=7), {"id": 7, "title": "Cellar inventory", "tags": ["wine"]}),
)


def many(count: int) -> Iterable[Trajectory]:
    """Both sessions, so many times under other names and with other words."""
    for number in range(count):
        for one in (LONG_SHELL, LONG_NOTES):
            turns = tuple(
                Turn(
                    turn.action.replace("4417", str(4417 + number)),
                    turn.observation.replace("4417", str(4417 + number)),
                )
                for turn in one.turns
            )
            yield Trajectory(f"{one.id}-{number}", one.domain, one.setup, turns, OWN)
