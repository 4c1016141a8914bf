"""What is known of a repository: an immutable value that is kept with the file ``.git/HEAD``.

Commits are numbered in the order in which they were made. Their hashes depend on the time and are not known until they
were shown; until then a blank stands for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType
from typing import TypeAlias

from nextstate.domains.terminal.kernel.files import Undetermined

PLAIN, EXECUTABLE, LINK = 0o100644, 0o100755, 0o120000


@dataclass(frozen=True, slots=True)
class Blob:
    """A file as git keeps it: its mode (`PLAIN`, `EXECUTABLE` or `LINK`) and its bytes."""

    mode: int
    content: bytes

    @property
    def id(self) -> str:
        """The hash, 40 digits."""
        return _hash(self.content)

    @property
    def binary(self) -> bool:
        return b"\0" in self.content[:8000]


@lru_cache(maxsize=4096)
def _hash(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


Paths: TypeAlias = Mapping[str, Blob]
"""Files by their path in the repository, in the order of paths."""


def ordered(paths: Mapping[str, Blob]) -> Paths:
    return MappingProxyType(dict(sorted(paths.items())))


def tree_id(paths: Mapping[str, Blob]) -> str:
    """The hash of the tree object that holds these files."""
    rows: dict[bytes, bytes] = {}
    below: dict[str, dict[str, Blob]] = {}
    for path, blob in paths.items():
        name, slash, rest = path.partition("/")
        if slash:
            below.setdefault(name, {})[rest] = blob
        else:
            rows[name.encode()] = b"%o %s\0%s" % (blob.mode, name.encode(), bytes.fromhex(blob.id))
    for name, inside in below.items():
        rows[name.encode() + b"/"] = b"40000 %s\0%s" % (name.encode(), bytes.fromhex(tree_id(inside)))
    body = b"".join(row for _, row in sorted(rows.items()))
    return hashlib.sha1(b"tree %d\0" % len(body) + body).hexdigest()


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Commit:
    """``dated`` is the number of the commit whose author date this one has."""

    parents: tuple[int, ...]
    tree: Paths
    message: str
    author: Person
    committer: Person
    dated: int

    @property
    def subject(self) -> str:
        """The first paragraph on one line."""
        return " ".join(line.rstrip() for line in self.message.split("\n\n")[0].strip("\n").split("\n"))

    @property
    def body(self) -> str:
        """What follows the first paragraph."""
        return self.message.partition("\n\n")[2].lstrip("\n")


@dataclass(frozen=True, slots=True)
class Tag:
    """A name for a commit; ``message`` is ``None`` when it is only that."""

    commit: int
    message: str | None = None


STASHES = 1000
"""Stashes are numbered from here, so that their hashes are told from those of commits."""


@dataclass(frozen=True, slots=True)
class Stash:
    """What `git stash` put away: ``files`` are the tracked files as they were, ``index`` what was staged."""

    number: int
    base: int
    index: Paths
    files: Paths
    message: str
    at: int | None
    """The commit whose abbreviated hash stands in the message (where it is a mark)."""


@dataclass(frozen=True, slots=True)
class Repo:
    """``head`` is the branch that is checked out, or ``None`` when the commit ``at`` is checked out by itself.

    Then ``came_at`` is the one that was checked out first, and ``came`` its name if that is a tag. ``before`` is what
    was checked out before (for ``-``).
    """

    base: int
    head: str | None
    index: Paths = field(default_factory=lambda: MappingProxyType({}))
    commits: tuple[Commit, ...] = ()
    branches: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    tags: Mapping[str, Tag] = field(default_factory=lambda: MappingProxyType({}))
    at: int | None = None
    came: str = ""
    came_at: int | None = None
    before: str = ""
    stashes: tuple[Stash, ...] = ()
    """The latest first."""
    stashed: int = 0
    """How many stashes there were in all."""

    @property
    def tip(self) -> int | None:
        """The number of the commit that is checked out; ``None`` before the first one."""
        return self.at if self.head is None else self.branches.get(self.head)

    @property
    def tree(self) -> Paths:
        """The files of the commit that is checked out."""
        return self.commits[self.tip].tree if self.tip is not None else MappingProxyType({})

    # -- history --------------------------------------------------------------------------------------------

    def ancestors(self, *tips: int) -> set[int]:
        """The commits and everything that they descend from."""
        found: set[int] = set()
        waiting = list(tips)
        while waiting:
            number = waiting.pop()
            if number not in found:
                found.add(number)
                waiting += self.commits[number].parents
        return found

    def walk(self, tips: Iterable[int], chosen: set[int]) -> Iterator[int]:
        """The chosen commits as they are found from ``tips`` on; undetermined when their order hangs on times."""
        front, seen = {tip for tip in tips if tip in chosen}, set()
        while front:
            if len(front) > 1:
                raise Undetermined("the order of commits that do not follow one another")
            number = front.pop()
            seen.add(number)
            yield number
            front = {parent for parent in self.commits[number].parents if parent in chosen and parent not in seen}

    def chain(self, chosen: set[int]) -> Iterator[int]:
        """The chosen commits, none before what descends from it; undetermined if there are several such orders."""
        order = sorted(chosen, reverse=True)
        for later, earlier in pairwise(order):
            if earlier not in self.ancestors(later):
                raise Undetermined("the order of commits that do not follow one another")
        yield from order

    # -- changes --------------------------------------------------------------------------------------------

    def added(self, commit: Commit) -> Repo:
        """With a new commit that the checked-out branch (or the detached head) then points to."""
        if len(self.commits) >= STASHES:
            raise Undetermined("a long history")
        if any(_alike(commit, other) for other in self.commits):
            raise Undetermined("two commits that may be one and the same")
        return replace(self, commits=(*self.commits, commit)).moved(len(self.commits))

    def moved(self, number: int) -> Repo:
        """With the checked-out branch (or the detached head) at another commit."""
        if self.head is None:
            return replace(self, at=number)
        return replace(self, branches=MappingProxyType({**self.branches, self.head: number}))


def _alike(one: Commit, two: Commit) -> bool:
    """Whether two commits have one hash if they were made within a second."""
    return one.parents == two.parents and one.message == two.message and one.tree == two.tree
