"""Walks a kernel through turns, as an evaluation does: the true history before each turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextstate.domain import Determined, calls
from nextstate.domains.swe.kernel import SweKernel
from nextstate.types import Setup

if TYPE_CHECKING:
    from collections.abc import Iterable

BARE = Setup(facts={"cwd": "/repo", "invoke": {"per_action": True, "keeps": []}})
"""A new shell in /repo for every command, its output bare."""
ALIVE = Setup(facts={"cwd": "/repo"})
"""One shell that lives on."""


def bash(command: str) -> str:
    return calls.render("bash", {"command": command})


def call(name: str, **arguments: Any) -> str:
    return calls.render(name, arguments)


def editor(command: str, path: str, **arguments: Any) -> str:
    return calls.render("str_replace_editor", {"command": command, "path": path, **arguments})


def answer(setup: Setup, history: Iterable[tuple[str, str]], action: str) -> str | None:
    """What the kernel says after a history of (action, observation); ``None`` where it does not know."""
    kernel = SweKernel()
    state = kernel.open(setup)
    for done, shown in history:
        state = kernel.absorb(state, done, shown)
    found = kernel.step(state, action)
    return found.observation if isinstance(found, Determined) else None


def why_not(setup: Setup, history: Iterable[tuple[str, str]], action: str) -> tuple[str, str]:
    """Reason and facts where the kernel does not know."""
    kernel = SweKernel()
    state = kernel.open(setup)
    for done, shown in history:
        state = kernel.absorb(state, done, shown)
    found = kernel.step(state, action)
    assert not isinstance(found, Determined), found.observation
    return found.reason, found.facts
