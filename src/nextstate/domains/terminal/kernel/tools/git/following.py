"""The files and the index follow from one commit to another, as far as nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from nextstate.domains.terminal.kernel.files import Absent, Dir, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Out
from nextstate.domains.terminal.kernel.tools.git.model import Blob, ordered
from nextstate.domains.terminal.kernel.tools.git.place import Place
from nextstate.domains.terminal.kernel.tools.git.words import Stop, quoted
from nextstate.domains.terminal.kernel.tools.git.worktree import Worktree

_LOCAL = """\
error: Your local changes to the following files would be overwritten by {what}:
{paths}Please commit your changes or stash them before you {how}.
Aborting
"""
_UNTRACKED = """\
error: The following untracked working tree files would be overwritten by {what}:
{paths}Please move or remove them before you {how}.
Aborting
"""
_BEFORE = {"checkout": "switch branches", "merge": "merge"}


def follow(place: Place, target: Mapping[str, Blob], what: str) -> None:
    """Index and files follow from the checked-out commit to ``target``; what was changed and stays is kept."""
    repo, worktree = place.repo, Worktree(place)
    old, index = repo.tree, dict(repo.index)
    local: list[str] = []
    untracked: list[str] = []
    writes: list[tuple[str, Blob | None]] = []
    for path in sorted(old.keys() | target.keys() | index.keys()):
        was, staged, wanted = old.get(path), index.get(path), target.get(path)
        if was == wanted or staged == wanted:
            continue
        if staged != was:
            local.append(path)
        elif staged is not None:
            now = worktree.blob(path)
            if now is None and wanted is not None and isinstance(worktree.entry(path), Absent):
                writes.append((path, wanted))
            elif (now is not None and now != staged) or isinstance(worktree.entry(path), Dir):
                local.append(path)
            else:
                writes.append((path, wanted))
        elif isinstance(worktree.entry(path), Absent) or worktree.ignored(path, False):
            writes.append((path, wanted))
        else:
            untracked.append(path)
    _lost(place, local, untracked, what)
    for path, blob in sorted(writes, key=lambda item: item[1] is not None):
        index.pop(path, None)
        if blob is None:
            worktree.remove(path)
        else:
            if isinstance(worktree.entry(path), Dir):
                raise Undetermined("a directory in the place of a file")
            worktree.write(path, blob)
            index[path] = blob
    place.save(replace(repo, index=ordered(index)))


def _lost(place: Place, local: list[str], untracked: list[str], what: str) -> None:
    if local and untracked:
        raise Undetermined("both kinds of files would be overwritten")
    for paths, text in ((local, _LOCAL), (untracked, _UNTRACKED)):
        if paths:
            listed = "".join(f"\t{path}\n" for path in paths)
            raise Stop(Out(stderr=text.format(what=what, paths=listed, how=_BEFORE[what]), code=1))


def kept(place: Place, tree: Mapping[str, Blob]) -> str:
    """The files that differ from the commit, as ``git checkout`` lists them."""
    worktree, index = Worktree(place), place.repo.index
    lines = []
    for path in sorted(tree.keys() | index.keys()):
        if path not in index:
            lines.append(f"D\t{quoted(path)}\n")
            continue
        now, was = worktree.blob(path), tree.get(path)
        if now != was:
            letter = "D" if now is None else "A" if was is None else "M"
            lines.append(f"{letter}\t{quoted(path)}\n")
    return "".join(lines)
