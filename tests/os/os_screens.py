"""Small desktops to ask about, and how the kernel is asked."""

from __future__ import annotations

from nextstate.domain import Determined, State, Unknown
from nextstate.domains.os import table
from nextstate.domains.os.kernel import OsKernel
from nextstate.types import Setup

KERNEL = OsKernel()


def row(tag: str, name: str = "", box: str = "(0, 0) (10, 10)", text: str = "", state: str = "") -> str:
    """A row; ``box`` is position and size."""
    position, size = box.split(") (")
    return "\t".join((tag, name, text, "gtk", "", f"{position})", f"({size}", state))


def screen(*rows: str) -> str:
    return "\n".join((table.HEADER_WITH_STATE, *rows))


FRAME = row("frame", "Letters", "(0, 0) (400, 300)", state="active")
FILE = row("menu", "File", "(0, 20) (40, 20)")
BODY = row("text", "", "(0, 100) (400, 200)", text="one\\ntwo\\n", state="focused")
NAME = row("text", "", "(0, 60) (200, 30)")
SAVE = row("push-button", "Save", "(210, 60) (60, 30)", state="disabled")
LETTERS = screen(FRAME, FILE, NAME, SAVE, BODY)
"""An editor with a menu, an empty field, a disabled button and a focused text of two lines."""


def opened(text: str = LETTERS, *turns: tuple[str, str]) -> State:
    """The kernel's state at a screen, after actions and what they showed."""
    state = KERNEL.open(Setup(initial_state=text))
    for action, shown in turns:
        state = KERNEL.absorb(state, action, shown)
    return state


def shown(state: State, *actions: str) -> str:
    """What the last of some actions shows, all of which must be determined."""
    observation = ""
    for action in actions:
        found = KERNEL.step(state, action)
        assert isinstance(found, Determined), f"{action}: {found}"
        observation, state = found.observation, found.state
    return observation


def refused(state: State, action: str) -> Unknown:
    """The refusal of an action."""
    found = KERNEL.step(state, action)
    assert isinstance(found, Unknown), f"{action} was answered"
    return found
