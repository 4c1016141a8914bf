"""What is known after a history: an immutable value, a pure function of it."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from nextstate.domain import State as Inner
from nextstate.domain.refusals import Refusals
from nextstate.domains.swe.kernel.forms import Form
from nextstate.domains.swe.kernel.layouts import Layout
from nextstate.domains.swe.kernel.replies import Reply
from nextstate.domains.swe.kernel.searching import Readings
from nextstate.domains.swe.kernel.texts import Text, marked

TRACKED = 40
"""Files that are followed; the least recently used is dropped beyond that."""
REMEMBERED = 200
"""Calls whose observation is kept."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a call showed, and the files that it hangs on (``None``: on any)."""

    observation: str
    files: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class State:
    """``plain`` is the shell with the files that are known whole. ``shadow`` is the same shell with stand-ins of the
    files that are known in part (see :mod:`texts`): what it prints is only believed of commands that go by the numbers
    of lines."""

    refusals: Refusals
    plain: Inner
    shadow: Inner
    cwd: str | None
    alone: bool = False
    """Whether every command has a shell of its own, which no keys are typed into."""
    files: Mapping[str, Text] = field(default_factory=lambda: MappingProxyType({}))
    seen: Mapping[str, Memory] = field(default_factory=lambda: MappingProxyType({}))
    form: Form = field(default_factory=Form)
    layouts: Mapping[str, Layout] = field(default_factory=lambda: MappingProxyType({}))
    """How views are worded, by tool and kind of view."""
    replies: Mapping[str, Reply] = field(default_factory=lambda: MappingProxyType({}))
    """How edits are answered, by tool and outcome."""
    searches: Mapping[str, Readings] = field(default_factory=lambda: MappingProxyType({}))
    """How searches are read and answered, by tool."""
    undo: Mapping[str, tuple[Text, ...]] = field(default_factory=lambda: MappingProxyType({}))
    longest_view: int = 0
    """Characters of the longest view that was shown whole."""
    open_file: str = ""
    made: frozenset[str] = frozenset()
    """Paths of files that were made here and that nothing is known to have removed."""
    folders: frozenset[str] = frozenset()
    """Folders that were told to be there."""
    missing: frozenset[str] = frozenset()
    """Programs that a shell said it did not find."""
    uncomputed: frozenset[str] = frozenset()
    """Commands that ran and were not computed."""
    edited: tuple[str, ...] = ()
    """Paths of files edited, the latest last."""
    last_edit: str = ""
    """The last edit as a diff."""

    @property
    def known_cwd(self) -> str | None:
        """The working directory, where it is known."""
        return None if self.cwd is None or marked(self.cwd) else self.cwd

    def path(self, given: str) -> str | None:
        """The absolute path of a file as a call names it (below a stand-in for an unknown working directory);
        ``None`` where that cannot be told."""
        if given.startswith("/"):
            return posixpath.normpath("/" + given.lstrip("/"))
        if self.cwd is None or not given or given.startswith("~"):
            return None
        return posixpath.normpath(posixpath.join(self.cwd, given))

    def tracking(self, path: str, text: Text | None) -> State:
        """The state that knows ``text`` of a file, or nothing of it any more."""
        rest = {name: one for name, one in self.files.items() if name != path}
        if text is None:
            return replace(self, files=MappingProxyType(rest))
        kept = dict(list(rest.items())[-(TRACKED - 1) :])
        return replace(self, files=MappingProxyType({**kept, path: text}))

    def changed(self, *paths: str, everything: bool = False) -> State:
        """The state without what hung on these files; with ``everything``, without what hangs on no file by name."""
        touched = set(paths)
        kept = {
            key: one
            for key, one in self.seen.items()
            if (one.files is None and not everything) or (one.files is not None and not touched & set(one.files))
        }
        return self if len(kept) == len(self.seen) else replace(self, seen=MappingProxyType(kept))

    def remembering(self, key: str, observation: str, files: tuple[str, ...] | None) -> State:
        """The state that remembers what a call showed, and the files that it hangs on."""
        kept = dict(list(self.seen.items())[-(REMEMBERED - 1) :])
        kept.pop(key, None)
        return replace(self, seen=MappingProxyType({**kept, key: Memory(observation, files)}))
