"""What goes into a run of the shell and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.files import Entry
    from nextstate.domains.terminal.kernel.tools.base import Call


@dataclass(frozen=True, slots=True)
class Place:
    """Who and where the shell is: constant through a session."""

    user: str
    host: str
    cwd: str
    env: tuple[tuple[str, str], ...]
    tools: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Lack:
    """A program call that was not determined; ``piped``: its output went on into another program."""

    call: Call
    piped: bool = False


@dataclass(slots=True)
class Run:
    """What one run did. ``reason`` is ``None`` when everything in it was determined."""

    output: str = ""
    code: int | None = 0
    reason: str | None = None
    asked: tuple[str, ...] | None = None
    """The program call (argv) that a world model should answer, if that is all that is missing."""
    flags: str = ""
    positional: tuple[str, ...] = ()
    strangers: frozenset[str] = frozenset()
    """Programs by name or path of which it is not known whether they are there, or what they do."""
    ended: bool = True
    """Whether the action did not come to its end (``exit``, a heredoc without end, ...)."""
    snapshot: bytes = b""
    changed_variables: tuple[tuple[str, str | None], ...] = ()
    cwd: str = "/"
    called: set[str] = field(default_factory=set)
    """The programs that were called."""
    calls: int = 0
    """How many times programs were called."""
    lacks: list[Lack] = field(default_factory=list)
    """The calls that were not determined."""
    recalled: bool = False
    """Whether a program's output was taken from what it showed before (its exit status is not known)."""
    unordered: bool = False
    """Whether lines came in whose order, or texts of which parts, are not determined."""
    shell_errors: bool = False
    """Whether the shell itself complained (its messages begin with the script's name and line)."""
    trusted: dict[str, Entry] = field(default_factory=dict)
    """What had been written before the first call that was not determined."""
