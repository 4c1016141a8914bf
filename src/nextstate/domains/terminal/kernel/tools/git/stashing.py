"""``git stash`` and ``git clean``."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import replace

from nextstate.domains.terminal.kernel.files import Absent, Dir, File, Link, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Out
from nextstate.domains.terminal.kernel.tools.git.committing import refreshed
from nextstate.domains.terminal.kernel.tools.git.comparing import differing
from nextstate.domains.terminal.kernel.tools.git.history import text_of
from nextstate.domains.terminal.kernel.tools.git.model import STASHES, Blob, Paths, Repo, Stash, ordered
from nextstate.domains.terminal.kernel.tools.git.place import Place, Request
from nextstate.domains.terminal.kernel.tools.git.status import long, observe
from nextstate.domains.terminal.kernel.tools.git.words import Given, Stop, fatal, parse, quoted, relative
from nextstate.domains.terminal.kernel.tools.git.worktree import Worktree

_PUSH = {"-m=": "message", "--message=": "message", "-q": "quiet", "--quiet": "quiet"}
_NONE = Out(stderr="No stash entries found.\n", code=1)


def stash(request: Request) -> Out:
    args = request.args
    if not args or (args[0].startswith("-") and args[0] != "--"):
        return _push(request, parse("stash", args, _PUSH))
    rest = args[1:]
    if args[0] in ("push", "save"):
        given = parse("stash", rest, _PUSH)
        if args[0] == "save" and given.operands:
            words = ("message", " ".join(given.operands))
            given = Given((*given.options, words), (), None)
        return _push(request, given)
    place = request.place()
    if args[0] == "list" and not rest:
        lines = (f"stash@{{{at}}}: {_message(place, one)}\n" for at, one in enumerate(place.repo.stashes))
        return Out("".join(lines))
    if args[0] == "clear" and not rest:
        place.save(replace(place.repo, stashes=()))
        return Out()
    if args[0] == "show":
        return _shown(place, parse("stash", rest, {"-p": "patch", "--patch": "patch", "--stat": "stat"}))
    if args[0] in ("pop", "apply", "drop"):
        return _taken(place, args[0], parse("stash", rest, {"-q": "quiet", "--quiet": "quiet"}))
    raise Undetermined(f"git stash {args[0]} is not computed")


def _message(place: Place, one: Stash) -> str:
    return one.message if one.at is None else one.message.replace("\0", place.short(one.at))


def _push(request: Request, given: Given) -> Out:
    place = request.place()
    repo = place.repo
    if given.operands or place.prefix:
        raise Undetermined("a stash of some paths, or from a directory that it may remove")
    if repo.tip is None:
        return Out(stderr="You do not have the initial commit yet\n", code=1)
    worktree = Worktree(place)
    files = ordered(refreshed(worktree, repo.index))
    if files == repo.tree and repo.index == repo.tree:
        return Out("" if given.has("quiet") else "No local changes to save\n")
    if any(path not in repo.index and not isinstance(worktree.entry(path), Absent) for path in repo.tree):
        raise Undetermined("a file that is no longer tracked is stashed")
    typed, where = given.last("message"), repo.head or "(no branch)"
    message = f"On {where}: {typed}" if typed else f"WIP on {where}: \0 {repo.commits[repo.tip].subject}"
    if typed is not None and (typed != typed.strip() or "\n" in typed or not typed):
        raise Undetermined("the message of a stash")
    made = Stash(STASHES + repo.stashed, repo.tip, repo.index, files, message, None if typed else repo.tip)
    last = repo.stashes[:1]
    if last and replace(last[0], number=made.number) == made:
        raise Undetermined("two stashes that may be one and the same")
    _restore(worktree, repo.index, repo.tree)
    kept = replace(repo, index=repo.tree, stashes=(made, *repo.stashes), stashed=repo.stashed + 1)
    place.save(kept)
    return Out("" if given.has("quiet") else f"Saved working directory and index state {_message(place, made)}\n")


def _restore(worktree: Worktree, index: Mapping[str, Blob], tree: Mapping[str, Blob]) -> None:
    """The tracked files as they are in ``tree``."""
    for path in index:
        if path not in tree:
            if isinstance(worktree.entry(path), Dir):
                raise Undetermined("a directory in the place of a tracked file")
            worktree.remove(path)
    for path, blob in tree.items():
        if worktree.blob(path) != blob:
            if isinstance(worktree.entry(path), Dir):
                raise Undetermined("a directory in the place of a tracked file")
            worktree.write(path, blob)


def _number(repo: Repo, given: Given) -> int:
    if len(given.operands) > 1:
        raise Undetermined("several stashes")
    match = re.fullmatch(r"(?:stash@\{)?(\d+)\}?", given.operands[0]) if given.operands else None
    if given.operands and match is None:
        raise Undetermined(f"the stash {given.operands[0]}")
    at = int(match[1]) if match else 0
    if not repo.stashes and not given.operands:
        raise Stop(_NONE)
    if at >= len(repo.stashes):
        raise Undetermined("a stash that does not exist")
    return at


def _shown(place: Place, given: Given) -> Out:
    one = place.repo.stashes[_number(place.repo, given)]
    options = given.options or (("stat", ""),)
    return Out(text_of(differing(place.repo.commits[one.base].tree, one.files), Given(options, (), None)))


def _taken(place: Place, command: str, given: Given) -> Out:
    repo = place.repo
    at = _number(repo, given)
    one = repo.stashes[at]
    text = ""
    if command != "drop":
        _apply(place, one)
        text = long(place, observe(place))
    if command != "apply":
        left = (*repo.stashes[:at], *repo.stashes[at + 1 :])
        place.save(replace(place.repo, stashes=left))
        name = given.operands[0] if given.operands else "refs/stash@{0}"
        if given.operands and not given.operands[0].startswith("stash@"):
            name = f"refs/stash@{{{at}}}"
        text += f"Dropped {name} ({place.long(one.number)})\n"
    return Out("" if given.has("quiet") else text)


def _apply(place: Place, one: Stash) -> None:
    """Brings back what was put away, where nothing stands in its way."""
    repo, worktree = place.repo, Worktree(place)
    base, ours = repo.commits[one.base].tree, repo.index
    changed = [path for path in sorted(base.keys() | one.files.keys()) if base.get(path) != one.files.get(path)]
    index = dict(ours)
    for path in changed:
        wanted, was = one.files.get(path), base.get(path)
        now = ours.get(path)
        if now != was or worktree.blob(path) != was or isinstance(worktree.entry(path), Dir):
            raise Undetermined("a stash that meets other changes")
        if wanted is None:
            worktree.remove(path)
        else:
            worktree.write(path, wanted)
            if now is None:
                index[path] = wanted
    if any(path not in ours for path in changed if one.files.get(path) is None):
        raise Undetermined("a stash that removes what is gone")
    if ours != repo.tree:
        raise Undetermined("a stash beside staged changes")
    place.save(replace(repo, index=ordered(index)))


# -- clean --------------------------------------------------------------------------------------------------------

_CLEAN = {
    "-n": "dry", "--dry-run": "dry", "-f": "force", "--force": "force", "-d": "directories", "-q": "quiet",
    "--quiet": "quiet",
}  # fmt: skip


def clean(request: Request) -> Out:
    given = parse("clean", request.args, _CLEAN)
    place = request.place()
    if given.operands or sum(key == "force" for key, _ in given.options) > 1:
        raise Undetermined("this form of git clean")
    if not given.has("dry", "force"):
        raise fatal("clean.requireForce defaults to true and neither -i, -n, nor -f given; refusing to clean")
    worktree, index = Worktree(place), place.repo.index
    if place.prefix and not any(path.startswith(place.prefix) for path in index):
        raise Undetermined("git clean in a directory without tracked files")
    names = worktree.untracked(index.keys(), under=place.prefix.rstrip("/"))
    if given.has("directories"):
        _whole(worktree, index)
    else:
        names = [name for name in names if not name.endswith("/")]
    verb = "Would remove" if given.has("dry") else "Removing"
    lines = [f"{verb} {quoted(relative(name, place.prefix))}\n" for name in names]
    for name in [] if given.has("dry") else names:
        full = posixpath.join(place.top, name.rstrip("/"))
        place.tree.remove_tree(full)
    return Out("" if given.has("quiet") and not given.has("dry") else "".join(lines))


def _whole(worktree: Worktree, index: Paths) -> None:
    """Raises `Undetermined` unless all directories without tracked files hold only files that go with them."""
    tracked = {path.rpartition("/")[0] for path in index}
    for directory, names in worktree.children.items():
        inside = [name for name, node in names.items() if not isinstance(node, Absent)]
        known = isinstance(worktree.entry(directory), Dir) and directory
        if not known or any(path == directory or path.startswith(f"{directory}/") for path in tracked):
            continue
        if not inside or any(worktree.ignored(f"{directory}/{name}", False) for name in inside):
            raise Undetermined("a directory that is empty or holds ignored files")
    for directory, names in list(worktree.children.items()):
        for name, node in names.items():
            path = f"{directory}/{name}" if directory else name
            if isinstance(node, Dir) and name != ".git" and not worktree.children.get(path):
                raise Undetermined("an empty directory")
            if not isinstance(node, Dir | File | Link | Absent):
                raise Undetermined(f"what {path} is")
