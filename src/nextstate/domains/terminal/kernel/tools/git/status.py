"""``git status``, also as the commands show it that find nothing to commit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.base import Out
from nextstate.domains.terminal.kernel.tools.git.comparing import Pair, differing
from nextstate.domains.terminal.kernel.tools.git.model import LINK, Blob
from nextstate.domains.terminal.kernel.tools.git.pathspecs import Pathspec
from nextstate.domains.terminal.kernel.tools.git.place import Place, Request
from nextstate.domains.terminal.kernel.tools.git.words import Given, parse, quoted, relative
from nextstate.domains.terminal.kernel.tools.git.worktree import Worktree

_OPTIONS = {
    "-s": "short", "--short": "short", "--porcelain?": "porcelain", "--long": "long", "-b": "branch",
    "--branch": "branch", "-u?": "untracked", "--untracked-files?": "untracked", "--no-renames": "no-renames",
    "--ahead-behind": "", "--no-ahead-behind": "",
}  # fmt: skip
_WORDS = {"A": "new file:", "M": "modified:", "D": "deleted:", "R": "renamed:", "T": "typechange:"}


@dataclass(frozen=True, slots=True)
class State:
    """What a status shows: ``staged`` against the last commit, ``changed`` since (path -> letter), ``untracked``."""

    staged: list[Pair]
    changed: dict[str, str]
    untracked: list[str]


def observe(place: Place, paths: Pathspec | None = None, *, untracked: str = "normal", renames: bool = True) -> State:
    """Compares the last commit, the index and the files."""
    worktree, repo = Worktree(place), place.repo
    chosen = paths or Pathspec(())
    old = {path: blob for path, blob in repo.tree.items() if chosen.matches(path)}
    index = {path: blob for path, blob in repo.index.items() if chosen.matches(path)}
    staged = differing(old, index, renames=renames)
    changed = unstaged(worktree, index)
    if untracked == "no":
        return State(staged, changed, [])
    others = worktree.untracked(repo.index.keys(), whole=untracked == "all")
    shown = [path for path in others if chosen.matches(path)]
    if any(path.endswith("/") and path not in shown and chosen.leads(path) for path in others):
        raise Undetermined("a path in a directory that is not tracked")
    return State(staged, changed, shown)


def unstaged(worktree: Worktree, index: dict[str, Blob]) -> dict[str, str]:
    """Tracked files that differ from the index: their path -> ``M``, ``D`` or ``T``."""
    found = {}
    for path, blob in index.items():
        now = worktree.blob(path)
        if now is None:
            found[path] = "D"
        elif now != blob:
            found[path] = "T" if (now.mode == LINK) != (blob.mode == LINK) else "M"
    return found


def status(request: Request) -> Out:
    given = parse("status", request.args, _OPTIONS)
    untracked = given.last("untracked")
    untracked = {None: "normal", "": "all"}.get(untracked, untracked)
    if untracked not in ("normal", "all", "no") or given.last("porcelain") not in (None, "", "v1", "1"):
        raise Undetermined("this form of git status")
    place = request.place()
    paths = Pathspec.of(place, given.operands)
    state = observe(place, paths, untracked=untracked, renames=not given.has("no-renames"))
    style = next((key for key, _ in reversed(given.options) if key in ("short", "porcelain", "long")), "long")
    if style == "long" and given.has("branch") and not given.has("long"):
        style = "long"
    if style == "long":
        return Out(long(place, state, untracked=untracked))
    return Out(_short(place, state, given, "" if style == "porcelain" else place.prefix))


# -- the short form -----------------------------------------------------------------------------------------------


def _short(place: Place, state: State, given: Given, prefix: str) -> str:
    lines = [_short_branch(place)] if given.has("branch") else []
    staged = {pair.path: pair for pair in state.staged}
    for path in sorted(staged.keys() | state.changed.keys()):
        pair = staged.get(path)
        letters = (pair.letter if pair else " ") + state.changed.get(path, " ")
        source = _name(pair.before, prefix) + " -> " if pair and pair.letter == "R" else ""
        lines.append(f"{letters} {source}{_name(path, prefix)}")
    lines += [f"?? {_name(path, prefix)}" for path in state.untracked]
    return "".join(f"{line}\n" for line in lines)


def _name(path: str, prefix: str) -> str:
    return quoted(relative(path, prefix), spaces=True)


def _short_branch(place: Place) -> str:
    repo = place.repo
    if repo.head is None:
        return "## HEAD (no branch)"
    return f"## {repo.head}" if repo.tip is not None else f"## No commits yet on {repo.head}"


# -- the long form ------------------------------------------------------------------------------------------------


def long(place: Place, state: State, *, untracked: str = "normal", committing: bool = False) -> str:
    """The long form; ``committing``: as ``git commit`` shows it when there is nothing to commit."""
    first = place.repo.tip is None
    text = f"{_branch(place)}\n"
    if first:
        text += f"\n{'Initial commit' if committing else 'No commits yet'}\n\n"
    unstage = "rm --cached <file>..." if first else "restore --staged <file>..."
    text += _section(
        "Changes to be committed", [f'use "git {unstage}" to unstage'], _staged(state.staged, place.prefix)
    )
    add = "add/rm" if "D" in state.changed.values() else "add"
    text += _section(
        "Changes not staged for commit",
        [
            f'use "git {add} <file>..." to update what will be committed',
            'use "git restore <file>..." to discard changes in working directory',
        ],
        [f"{_WORDS[letter]:<12}{quoted(relative(path, place.prefix))}" for path, letter in state.changed.items()],
    )
    text += _section(
        "Untracked files",
        ['use "git add <file>..." to include in what will be committed'],
        [quoted(relative(path, place.prefix)) for path in state.untracked],
    )
    if state.staged and untracked == "no":
        text += "Untracked files not listed (use -u option to show untracked files)\n"
    return text + ("" if state.staged else _ending(state, first, untracked))


def _branch(place: Place) -> str:
    repo = place.repo
    if repo.head is not None:
        return f"On branch {repo.head}"
    return detached(place)


def detached(place: Place) -> str:
    """How a head that is on no branch is described."""
    repo = place.repo
    if repo.came_at is None or repo.tip is None:
        raise Undetermined("how the detached head is called")
    word = "at" if repo.tip == repo.came_at else "from"
    if repo.came in repo.tags and repo.tags[repo.came].commit == repo.came_at:
        return f"HEAD detached {word} {repo.came}"
    if repo.branches.get(repo.came) == repo.came_at:
        return f"HEAD detached {word} refs/heads/{repo.came}"
    return f"HEAD detached {word} {place.short(repo.came_at)}"


def _staged(pairs: Iterable[Pair], prefix: str) -> list[str]:
    def shown(pair: Pair) -> str:
        source = f"{quoted(relative(pair.before, prefix))} -> " if pair.letter == "R" else ""
        return f"{_WORDS[pair.letter]:<12}{source}{quoted(relative(pair.path, prefix))}"

    return [shown(pair) for pair in pairs]


def _section(title: str, hints: list[str], lines: list[str]) -> str:
    if not lines:
        return ""
    return f"{title}:\n" + "".join(f"  ({hint})\n" for hint in hints) + "".join(f"\t{line}\n" for line in lines) + "\n"


def _ending(state: State, first: bool, untracked: str) -> str:
    if state.changed:
        return 'no changes added to commit (use "git add" and/or "git commit -a")\n'
    if state.untracked:
        return 'nothing added to commit but untracked files present (use "git add" to track)\n'
    if first:
        return 'nothing to commit (create/copy files and use "git add" to track)\n'
    if untracked == "no":
        return "nothing to commit (use -u to show untracked files)\n"
    return "nothing to commit, working tree clean\n"
