"""The files around a repository: which are tracked, ignored or neither, and writing them as a checkout does."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from nextstate.domains.terminal.kernel.files import Absent, Dir, Entry, File, Forgotten, Link, Seen, Undetermined
from nextstate.domains.terminal.kernel.tools.base import decode
from nextstate.domains.terminal.kernel.tools.git.ignoring import Pattern, patterns
from nextstate.domains.terminal.kernel.tools.git.model import EXECUTABLE, LINK, PLAIN, Blob
from nextstate.domains.terminal.kernel.tools.git.place import writable

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.git.place import Place

_SPECIAL = frozenset({".gitattributes", ".gitmodules"})
"""Files that change how git behaves; with one of them around nothing is computed."""


class Worktree:
    """Paths are relative to the repository's top, without a slash at either end; the top itself is the empty path."""

    def __init__(self, place: Place) -> None:
        self.tree, self.top, self.umask = place.tree, place.top, place.call.umask
        self.cwd = self.tree.resolve(place.call.cwd)
        self.children = self._children()

    def _children(self) -> dict[str, dict[str, Entry]]:
        """What is written down below each directory."""
        prefix = self.top.rstrip("/") + "/"
        found: dict[str, dict[str, Entry]] = defaultdict(dict)
        for table in (self.tree.files.entries, self.tree.delta):
            for path, entry in table.items():
                if path.startswith(prefix) and not path.startswith(f"{prefix}.git/"):
                    parent, _, name = path[len(prefix) :].rpartition("/")
                    found[parent][name] = entry
                    if name in _SPECIAL and not isinstance(entry, Absent):
                        raise Undetermined(f"what {name} changes")
        return found

    def entry(self, path: str) -> Entry | None:
        return self.tree.entry(posixpath.join(self.top, path) if path else self.top)

    def blob(self, path: str) -> Blob | None:
        """The file at ``path`` as git would keep it; ``None`` when there is none (or a directory)."""
        node = self.entry(path)
        if isinstance(node, Absent | Dir):
            return None
        if isinstance(node, Link):
            return Blob(LINK, node.target.encode())
        if not isinstance(node, File) or node.content is None:
            raise Undetermined(f"the content of {path} was never shown")
        if not node.mode_known or not self.tree.allowed(node.mode, 0o400):
            raise Undetermined(f"the mode of {path}")
        return Blob(EXECUTABLE if node.mode & 0o100 else PLAIN, node.content)

    # -- ignoring -------------------------------------------------------------------------------------------

    def _patterns(self, directory: str) -> tuple[Pattern, ...]:
        path = posixpath.join(directory, ".gitignore")
        node = self.entry(path)
        if isinstance(node, Absent | Dir):
            return ()
        if not isinstance(node, File) or node.content is None or not self.tree.allowed(node.mode, 0o400):
            raise Undetermined(f"the patterns in {path}")
        return patterns(decode(node.content, path))

    def rule(self, path: str, is_dir: bool) -> tuple[str, Pattern] | None:
        """The pattern that decides about ``path`` itself, and the directory of its file; parents do not count."""
        directory = path
        while directory:
            directory = posixpath.dirname(directory)
            below = path[len(directory) + 1 :] if directory else path
            for pattern in self._patterns(directory):
                if pattern.matches(below, is_dir):
                    return directory, pattern
        return None

    def ignored(self, path: str, is_dir: bool) -> bool:
        """Whether ``path`` or a directory above it is ignored."""
        parts = path.split("/")
        above = ["/".join(parts[:size]) for size in range(1, len(parts))]
        for directory in above:
            rule = self.rule(directory, True)
            if rule and not rule[1].keeps:
                return True
        return self._ignored(path, is_dir)

    def _ignored(self, path: str, is_dir: bool) -> bool:
        rule = self.rule(path, is_dir)
        return rule is not None and not rule[1].keeps

    # -- what is there --------------------------------------------------------------------------------------

    def untracked(self, tracked: Collection[str], *, whole: bool = False, under: str = "") -> list[str]:
        """Files that are neither tracked nor ignored, in order. A directory without tracked files counts as one name
        that ends in a slash, unless ``whole``."""
        directories = {parent for path in tracked for parent in _above(path)}
        return sorted(self._walk(under, tracked, directories, whole))

    def _walk(self, directory: str, tracked: Collection[str], directories: set[str], whole: bool) -> Iterator[str]:
        for name, node in self._listing(directory):
            path = f"{directory}/{name}" if directory else name
            if isinstance(node, Absent) or path in tracked or name == ".git":
                if name == ".git" and directory and not isinstance(node, Absent):
                    raise Undetermined("a repository inside of another")
            elif isinstance(node, Dir):
                if self._ignored(path, True):
                    continue
                if path in directories or whole:
                    yield from self._walk(path, tracked, directories, whole)
                elif self._holds(path):
                    yield f"{path}/"
            elif isinstance(node, File | Link):
                if not self._ignored(path, False):
                    yield path
            elif not (self._ignored(path, False) and self._ignored(path, True)):
                raise Undetermined(f"what {path} is")

    def _listing(self, directory: str) -> list[tuple[str, Entry]]:
        """What a directory holds; it must be known whole."""
        here = self.entry(directory)
        if not isinstance(here, Dir) or not self.tree.allowed(here.mode, 0o500):
            raise Undetermined(f"the listing of {directory or self.top}")
        known = self.children.get(directory, {})
        if here.seen is not Seen.ALL or any(isinstance(node, Forgotten) for node in known.values()):
            raise Undetermined(f"the listing of {directory or self.top} is not known whole")
        return sorted(known.items())

    def _holds(self, directory: str) -> bool:
        """Whether a directory without tracked files holds a file that is not ignored."""
        for name, node in self.children.get(directory, {}).items():
            if name == ".git" and not isinstance(node, Absent):
                raise Undetermined("a repository inside of another")
            if isinstance(node, File | Link) and not self._ignored(f"{directory}/{name}", False):
                return True
        return next(self._walk(directory, (), set(), True), None) is not None

    # -- writing --------------------------------------------------------------------------------------------

    def write(self, path: str, blob: Blob) -> None:
        """Makes a file as a checkout does, with the directories above it."""
        for directory in reversed(_above(path)):
            node = self.entry(directory)
            if isinstance(node, Absent):
                self.tree.mkdir(posixpath.join(self.top, directory), 0o777 & ~self.umask)
            elif not isinstance(node, Dir):
                raise Undetermined(f"{directory} is no directory")
        full = posixpath.join(self.top, path)
        writable(self.tree, posixpath.dirname(full))
        if isinstance(self.entry(path), Dir):
            self._clear(path)
        if blob.mode == LINK:
            self.tree.delta[full] = Link(blob.content.decode())
        else:
            mode = (0o777 if blob.mode == EXECUTABLE else 0o666) & ~self.umask
            self.tree.delta[full] = File(blob.content, mode, mode_known=True)

    def _clear(self, directory: str) -> None:
        """Removes an empty directory that is in the way of a file."""
        full = posixpath.join(self.top, directory)
        if self.tree.names(full) or full == self.cwd:
            raise Undetermined(f"{directory} is in the way")
        self.tree.delta[full] = Absent()

    def remove(self, path: str) -> None:
        """Removes a file, if it is there, and the directories that are empty without it."""
        full = posixpath.join(self.top, path)
        if isinstance(self.entry(path), File | Link):
            writable(self.tree, posixpath.dirname(full))
            self.tree.delta[full] = Absent()
        for directory in _above(path):
            above = posixpath.join(self.top, directory)
            if not isinstance(self.entry(directory), Dir) or above == self.cwd or self.tree.names(above):
                return
            writable(self.tree, posixpath.dirname(above))
            self.tree.delta[above] = Absent()


def _above(path: str) -> list[str]:
    """The directories above a path, the nearest first, without the top."""
    found = []
    while "/" in path:
        path = path.rpartition("/")[0]
        found.append(path)
    return found
