"""The shell inside: the terminal's kernel, spoken to through its public interface only."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TypeAlias

from nextstate.domain import Determined, Kernel, State, find, known
from nextstate.domains.swe.kernel.texts import OPEN
from nextstate.types import Json, Setup

SHELL_FACTS = ("user", "host", "cwd", "env", "files", "modes", "complete", "tools", "invoke")
"""The facts of a set-up that are the terminal's."""
NOWHERE = f"/{OPEN}cwd" * 8
"""Stands for a working directory that is not known, however far up a path may lead from it."""
_DONE = "\ue0f2"
Inner: TypeAlias = State


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command prints, or why that is not known, what is known (``facts``), and the program to ask for."""

    output: str | None
    reason: str = ""
    facts: str = ""
    ask: str | None = None


class Shell:
    """Runs commands in states of the terminal's kernel."""

    def __init__(self) -> None:
        make = find("terminal").kernel
        assert make is not None
        self._kernel: Kernel = make()

    def open(self, setup: Setup) -> Inner:
        """The state before the first command, from the facts that are the terminal's."""
        known: dict[str, Json] = {key: setup.facts[key] for key in SHELL_FACTS if key in setup.facts}
        if not isinstance(known.get("cwd"), str):
            known["cwd"] = NOWHERE
        return self._kernel.open(Setup(facts=known))

    def run(self, state: Inner, command: str, answers: tuple[str, ...] = ()) -> Answer:
        """What ``command`` prints in ``state``, given what was answered for programs inside it."""
        step = self._kernel.step(state, command, answers)
        if isinstance(step, Determined):
            return Answer(step.observation)
        return Answer(None, step.reason, step.facts, step.ask)

    def known(self, state: Inner) -> str:
        """What the terminal's kernel knows, in words."""
        return known(self._kernel, state)

    def absorb(self, state: Inner, command: str, output: str, answers: tuple[str, ...] = ()) -> Inner:
        """The state after ``command`` printed ``output``."""
        return self._kernel.absorb(state, command, output, answers)

    def muffled(self, state: Inner, command: str) -> Inner:
        """The state after ``command`` printed something that was not shown whole: its text teaches nothing."""
        quiet = "{ " + command + "\n} >/dev/null 2>&1"
        return self._kernel.absorb(state, quiet, "")

    def status(self, state: Inner, command: str) -> int | None:
        """The exit status of a command whose output is determined."""
        step = self._kernel.step(state, "( " + command + f"\n)\nprintf '{_DONE}%s' \"$?\"")
        found = re.search(rf"{_DONE}(\d+)\s*\Z", step.observation) if isinstance(step, Determined) else None
        return int(found[1]) if found else None

    def cwd(self, state: Inner) -> str | None:
        """The working directory of the next command, where it can be told; it may be below :data:`NOWHERE`."""
        step = self._kernel.step(state, "pwd")
        if not isinstance(step, Determined):
            return None
        return step.observation.removesuffix("\n")

    def read(self, state: Inner, path: str) -> str | None:
        """The text of a file; ``None`` where it is not known (or there is none)."""
        step = self._kernel.step(state, f"cat {shlex.quote(path)} && printf {_DONE}")
        if not isinstance(step, Determined) or not step.observation.endswith(_DONE):
            return None
        return step.observation.removesuffix(_DONE)

    def missing(self, state: Inner, path: str) -> bool:
        """Whether nothing is at ``path``, for certain."""
        return self._says(state, f"[ -e {shlex.quote(path)} ] || printf {_DONE}")

    def folder(self, state: Inner, path: str) -> bool:
        """Whether a directory is at ``path``, for certain."""
        return self._says(state, f"[ -d {shlex.quote(path)} ] && printf {_DONE}")

    def _says(self, state: Inner, command: str) -> bool:
        step = self._kernel.step(state, command)
        return isinstance(step, Determined) and step.observation == _DONE

    def write(self, state: Inner, path: str, text: str) -> Inner:
        """The state in which the file at ``path`` holds ``text``."""
        where = shlex.quote(path)
        if self.read(state, path) is None:
            taught = self._kernel.absorb(state, f"cat {where}", text)
            if self.read(taught, path) == text:
                return taught
        step = self._kernel.step(state, f"printf %s {shlex.quote(text)} > {where}")
        return step.state if isinstance(step, Determined) else self._kernel.absorb(state, f"cat {where}", text)

    def with_folder(self, state: Inner, folder: str) -> Inner:
        """The state that knows that a directory is there."""
        if self.folder(state, folder):
            return state
        return self._kernel.absorb(state, f"mkdir -p {shlex.quote(folder)}", "")

    def disturbed(self, state: Inner) -> Inner:
        """The state after an unknown program ran: what the working directory holds may have changed."""
        return self._kernel.absorb(state, "rsync .", "")  # stands for any program that is not computed

    def forget(self, state: Inner, path: str) -> Inner:
        """The state in which nothing is known of what the file at ``path`` holds."""
        return self._kernel.absorb(state, f"patch -s {shlex.quote(path)}", "")  # stands for all that do so
