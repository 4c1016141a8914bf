"""The kernel's state: an immutable value that is a pure function of the history."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import Files
from nextstate.domains.terminal.kernel.running import Place
from nextstate.domains.terminal.kernel.shell import shell_for

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.facts import Facts
    from nextstate.domains.terminal.kernel.screen import Screen

Key = tuple[str, ...]
"""``(cwd, name, *args)`` of a program call."""


@dataclass(frozen=True, slots=True)
class State:
    """Everything that is known after a history.

    ``shell`` is bashkit's own state (variables, functions, options that it keeps) without files; ``exit`` is ``$?``
    (``None``: not known); ``flags``, ``pipefail`` and ``positional`` are what bashkit drops between runs;
    ``programs`` says which programs were shown to be there or not; ``seen`` maps program calls to what they showed
    since the files last changed; ``tainted`` are variables whose value is not known.
    """

    place: Place
    files: Files
    shell: bytes
    cwd: str
    invoke: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    exit: int | None = 0
    flags: str = ""
    pipefail: bool = False
    positional: tuple[str, ...] = ()
    programs: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    seen: Mapping[Key, str] = field(default_factory=lambda: MappingProxyType({}))
    tainted: frozenset[str] = frozenset()
    exports: tuple[tuple[str, str], ...] = ()
    """Exported variables that outlive the shell of an action."""
    assigned: frozenset[str] = frozenset()
    """Variables that actions set."""
    functions: frozenset[str] = frozenset()
    """Names of functions that actions defined."""
    changed: tuple[str, ...] = ()
    """Paths of files written in this session, the latest last; for people and models."""
    columns: bool = False
    """Whether `ls` was seen to lay out names in columns."""
    cut: int | None = None
    """The length of the shortest observation of which something was left out; longer outputs are not shown whole."""
    lost: str = ""
    """Why nothing can be determined any more (the shell has ended)."""
    screen: Screen | None = None
    """The terminal, in the keystroke dialect."""


def opening(told: Facts) -> State:
    """The state before the first turn."""
    env = told.env
    cwd = told.cwd or env.get("HOME") or "/"
    cwd = posixpath.normpath(cwd if cwd.startswith("/") else "/")
    place = Place(told.user, told.host, cwd, tuple(sorted(env.items())), tuple(sorted(told.tools.items())))
    programs = dict.fromkeys(told.tools, True)
    if told.complete:
        programs.setdefault("python3", "python3" in told.tools or not told.tools)
    files = {path: text.encode() for path, text in told.files.items()}
    return State(
        place=place,
        files=Files.start(files, told.complete, cwd, told.modes),
        shell=shell_for(place).start,
        cwd=cwd,
        invoke=MappingProxyType(dict(told.invoke)),
        programs=MappingProxyType(programs),
    )
