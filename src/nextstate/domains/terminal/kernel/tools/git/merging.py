"""``git reset`` and ``git merge``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from nextstate.domains.terminal.kernel.files import Absent, Dir, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Out
from nextstate.domains.terminal.kernel.tools.git.committing import people
from nextstate.domains.terminal.kernel.tools.git.comparing import differing
from nextstate.domains.terminal.kernel.tools.git.following import follow
from nextstate.domains.terminal.kernel.tools.git.model import Blob, Commit, Repo, ordered
from nextstate.domains.terminal.kernel.tools.git.patches import stat, summary
from nextstate.domains.terminal.kernel.tools.git.pathspecs import Pathspec
from nextstate.domains.terminal.kernel.tools.git.place import Place, Request
from nextstate.domains.terminal.kernel.tools.git.revisions import ambiguous, commit_of
from nextstate.domains.terminal.kernel.tools.git.status import unstaged
from nextstate.domains.terminal.kernel.tools.git.words import Given, Stop, parse
from nextstate.domains.terminal.kernel.tools.git.worktree import Worktree

_RESET = {"--soft": "soft", "--mixed": "mixed", "--hard": "hard", "-q": "quiet", "--quiet": "quiet"}


def reset(request: Request) -> Out:
    given = parse("reset", request.args, _RESET)
    place = request.place()
    repo, operands = place.repo, list(given.before)
    number = repo.tip
    if operands and (found := commit_of(place, operands[0])) is not None:
        number = found
        operands = operands[1:]
    elif operands and operands[0] not in ("HEAD", "@") and given.behind is None:
        _exists(place, operands[0])
    elif operands and given.behind is None:
        raise ambiguous(operands[0])
    elif operands:
        raise Undetermined("git reset to what does not exist")
    paths = [*operands, *(given.behind or ())]
    tree: Mapping[str, Blob] = repo.commits[number].tree if number is not None else {}
    if paths:
        if given.has("soft", "hard", "mixed"):
            raise Undetermined("git reset of paths in a mode")
        return _reset_paths(place, Pathspec.of(place, paths), tree, quiet=given.has("quiet"))
    return _reset_unborn(place, given) if number is None else _reset_to(place, given, number)


def _exists(place: Place, operand: str) -> None:
    path = place.inside(operand)
    if path is None or isinstance(Worktree(place).entry(path), Absent):
        raise ambiguous(operand)


def _reset_paths(place: Place, paths: Pathspec, tree: Mapping[str, Blob], *, quiet: bool) -> Out:
    index = dict(place.repo.index)
    for path in filter(paths.matches, tree.keys() | index.keys()):
        index.pop(path, None)
        if path in tree:
            index[path] = tree[path]
    place.save(replace(place.repo, index=ordered(index)))
    return Out("" if quiet else _unstaged(place))


def _unstaged(place: Place) -> str:
    changed = unstaged(Worktree(place), dict(place.repo.index))
    lines = "".join(f"{letter}\t{path}\n" for path, letter in changed.items())
    return f"Unstaged changes after reset:\n{lines}" if lines else ""


def _reset_unborn(place: Place, given: Given) -> Out:
    """Before the first commit the index is emptied, and ``--hard`` removes what was in it."""
    if given.has("soft"):
        raise Undetermined("git reset before the first commit")
    worktree = Worktree(place)
    for path in place.repo.index if given.has("hard") else ():
        if isinstance(worktree.entry(path), Dir):
            raise Undetermined("a directory in the place of a tracked file")
        worktree.remove(path)
    place.save(replace(place.repo, index=ordered({})))
    return Out()


def _reset_to(place: Place, given: Given, number: int) -> Out:
    repo, commit = place.repo, place.repo.commits[number]
    if repo.head is None and repo.tip != number:
        raise Undetermined("a detached head that is reset")
    if given.has("soft"):
        place.save(repo.moved(number))
        return Out()
    if given.has("hard"):
        worktree = Worktree(place)
        for path in sorted(repo.index.keys() | repo.tree.keys() | commit.tree.keys()):
            wanted = commit.tree.get(path)
            if wanted is None and path in repo.index:
                if isinstance(worktree.entry(path), Dir):
                    raise Undetermined("a directory in the place of a tracked file")
                worktree.remove(path)
        for path, blob in commit.tree.items():
            if worktree.blob(path) != blob:
                if isinstance(worktree.entry(path), Dir):
                    raise Undetermined("a directory in the place of a tracked file")
                worktree.write(path, blob)
    place.save(replace(repo.moved(number), index=commit.tree))
    if given.has("quiet"):
        return Out()
    if given.has("hard"):
        return Out(f"HEAD is now at {place.short(number)} {commit.subject}\n")
    return Out(_unstaged(place))


# -- merge --------------------------------------------------------------------------------------------------------

_MERGE = {
    "-m=": "message", "--no-edit": "", "--no-ff": "no-ff", "--ff-only": "only", "--ff": "", "-q": "quiet",
    "--quiet": "quiet", "--no-verify": "",
}  # fmt: skip


def merge(request: Request) -> Out:
    given = parse("merge", request.args, _MERGE)
    place = request.place()
    repo = place.repo
    if len(given.operands) != 1 or repo.tip is None:
        raise Undetermined("this form of git merge")
    name = given.operands[0]
    other = commit_of(place, name)
    if other is None:
        return Out(stderr=f"merge: {name} - not something we can merge\n", code=1)
    if other in repo.ancestors(repo.tip):
        return Out("" if given.has("quiet") else "Already up to date.\n")
    if repo.tip in repo.ancestors(other) and not given.has("no-ff"):
        return _forward(place, given, other)
    if given.has("only"):
        if repo.tip in repo.ancestors(other):
            raise Undetermined("--no-ff with --ff-only")
        raise Undetermined("a merge that cannot be a fast-forward")
    return _joined(place, given, name, other)


def _forward(place: Place, given: Given, other: int) -> Out:
    repo = place.repo
    assert repo.tip is not None
    old, new = repo.tree, repo.commits[other].tree
    head = f"Updating {place.short(repo.tip)}..{place.short(other)}\n"
    try:
        follow(place, new, "merge")
    except Stop as stop:
        raise Stop(replace(stop.out, stdout=head)) from None
    place.save(place.repo.moved(other))
    if given.has("quiet"):
        return Out()
    pairs = differing(old, new)
    note = " (no commit created; -m option ignored)" if given.has("message") else ""
    return Out(f"{head}Fast-forward{note}\n{stat(pairs)}{summary(pairs)}")


def _joined(place: Place, given: Given, name: str, other: int) -> Out:
    """A merge of two histories in which no file was changed on both sides."""
    repo = place.repo
    assert repo.tip is not None
    author, committer = people(place, given)
    if repo.index != repo.tree or unstaged(Worktree(place), dict(repo.index)):
        raise Undetermined("a merge with local changes")
    ours, theirs = repo.tree, repo.commits[other].tree
    base = repo.commits[_base(repo, repo.tip, other)].tree
    for side in (ours, theirs):
        kinds = {pair.letter for pair in differing(base, side, renames=False)}
        if {"A", "D"} <= kinds or "T" in kinds:
            raise Undetermined("a merge with files that may be renamed")
    tree = dict(ours)
    for path in base.keys() | ours.keys() | theirs.keys():
        was, mine, yours = base.get(path), ours.get(path), theirs.get(path)
        if mine != was and yours != was and mine != yours:
            raise Undetermined(f"both sides changed {path}")
        if yours != was:
            tree.pop(path, None)
            if yours is not None:
                tree[path] = yours
    kind = "tag" if name in repo.tags else "branch" if name in repo.branches else "commit"
    into = "" if repo.head in ("master", "main") else f" into {repo.head or 'HEAD'}"
    message = given.last("message")
    text = f"{message}\n" if message is not None else f"Merge {kind} '{name}'{into}\n"
    if message is not None and (message != message.strip() or not message or "\n" in message):
        raise Undetermined("the message of a merge")
    if repo.head is None or (kind != "branch" and message is None):
        raise Undetermined("the message of a merge")
    follow(place, tree, "merge")
    commit = Commit((repo.tip, other), ordered(tree), text, author, committer, len(repo.commits))
    place.save(replace(place.repo.added(commit), index=commit.tree))
    if given.has("quiet"):
        return Out()
    pairs = differing(ours, commit.tree)
    return Out(f"Merge made by the 'ort' strategy.\n{stat(pairs)}{summary(pairs)}")


def _base(repo: Repo, one: int, two: int) -> int:
    """The best common ancestor; several are undetermined."""
    shared = repo.ancestors(one) & repo.ancestors(two)
    best = [n for n in shared if not any(n != m and n in repo.ancestors(m) for m in shared)]
    if len(best) != 1:
        raise Undetermined("a merge without a single base")
    return best[0]
