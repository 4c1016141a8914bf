"""``git checkout`` and ``git switch``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from nextstate.domains.terminal.kernel.files import Absent, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Out
from nextstate.domains.terminal.kernel.tools.git.following import follow, kept
from nextstate.domains.terminal.kernel.tools.git.model import Blob, Repo, tree_id
from nextstate.domains.terminal.kernel.tools.git.pathspecs import Pathspec
from nextstate.domains.terminal.kernel.tools.git.place import Place, Request
from nextstate.domains.terminal.kernel.tools.git.revisions import commit_of, no_conflict, valid_branch
from nextstate.domains.terminal.kernel.tools.git.staging import overwrite
from nextstate.domains.terminal.kernel.tools.git.words import Given, Stop, fatal, parse
from nextstate.domains.terminal.kernel.tools.git.worktree import Worktree

_ADVICE = """\
Note: switching to '{name}'.

You are in 'detached HEAD' state. You can look around, make experimental
changes and commit them, and you can discard any commits you make in this
state without impacting any branches by switching back to a branch.

If you want to create a new branch to retain commits you create, you may
do so (now or later) by using -c with the switch command. Example:

  git switch -c <new-branch-name>

Or undo this operation with:

  git switch -

Turn off this advice by setting config variable advice.detachedHead to false

"""
_LOST = """\
Warning: you are leaving {count} {what} behind, not connected to
any of your branches:

{lines}
If you want to keep {it} by creating a new branch, this may be a good time
to do so with:

 git branch <new-branch-name> {tip}

"""


# -- checkout and switch ------------------------------------------------------------------------------------------

_CHECKOUT = {
    "-b=": "new", "-B=": "anew", "-q": "quiet", "--quiet": "quiet", "--detach": "detach", "-f": "force",
    "--force": "force", "--no-guess": "", "--no-track": "",
}  # fmt: skip
_SWITCH = {
    "-c=": "new", "--create=": "new", "-C=": "anew", "--force-create=": "anew", "-q": "quiet", "--quiet": "quiet",
    "--detach": "detach", "-d": "detach", "--no-guess": "", "--no-track": "",
}  # fmt: skip


def checkout(request: Request) -> Out:
    given = parse("checkout", request.args, _CHECKOUT)
    place = request.place()
    if given.has("force"):
        raise Undetermined("git checkout by force")
    new = given.last("new", "anew")
    if new is not None:
        return _created(place, given, new)
    if given.behind is not None:
        return _files(place, given)
    if not given.before or (given.before == ("HEAD",) and not given.has("detach")):
        return _again(place, given)
    name = given.before[0]
    if name == "-" or commit_of(place, name) is not None or _is_unborn(place, name):
        if len(given.before) > 1:
            return _files(place, given)
        if (
            name != "-"
            and not name.startswith("HEAD")
            and not isinstance(Worktree(place).entry(place.inside(name) or ""), Absent)
        ):
            raise Undetermined(f"{name} is a branch and a file")
        return _to(place, given, name)
    return _files(place, given)


def switch(request: Request) -> Out:
    given = parse("switch", request.args, _SWITCH)
    place = request.place()
    if given.behind is not None:
        raise Undetermined("this form of git switch")
    new = given.last("new", "anew")
    if new is not None:
        return _created(place, given, new)
    if not given.before:
        raise fatal("missing branch or commit argument")
    if len(given.before) > 1:
        raise fatal("only one reference expected")
    name = given.before[0]
    if name == "-" or name in place.repo.branches or given.has("detach"):
        if name not in place.repo.branches and name != "-" and commit_of(place, name) is None:
            raise fatal(f"invalid reference: {name}")
        return _to(place, given, name)
    if commit_of(place, name) is None:
        raise fatal(f"invalid reference: {name}")
    if name in ("HEAD", "@"):
        raise Undetermined("how git switch calls the head")
    hint = "hint: If you want to detach HEAD at the commit, try again with the --detach option.\n"
    kind = "tag" if name in place.repo.tags else "commit"
    raise Stop(Out(stderr=f"fatal: a branch is expected, got {kind} '{name}'\n{hint}", code=128))


def _is_unborn(place: Place, name: str) -> bool:
    if place.repo.tip is None and name == place.repo.head:
        raise Undetermined("a branch without commits is checked out")
    return False


def _again(place: Place, given: Given) -> Out:
    """``git checkout`` alone: it only shows what differs."""
    if place.repo.tip is None:
        raise Undetermined("git checkout before the first commit")
    return Out("" if given.has("quiet") else kept(place, place.repo.tree))


def _to(place: Place, given: Given, name: str) -> Out:
    """Checks out a branch or, by itself, a commit."""
    repo = place.repo
    if name == "-":
        name = repo.before
        if not name:
            raise Undetermined("what was checked out before")
    branch = None if given.has("detach") or name not in repo.branches else name
    if branch is not None and name in repo.tags:
        raise Undetermined(f"{name} is a branch and a tag")
    number = repo.branches[branch] if branch else _number(place, name)
    follow(place, repo.commits[number].tree, "checkout")
    came = name if name in repo.tags or name in repo.branches else ""
    moved = replace(place.repo, head=branch, at=None if branch else number, came=came, came_at=number)
    place.save(replace(moved, before=repo.head or ""))
    if given.has("quiet"):
        return Out()
    asked = given.has("detach")
    return Out(kept(place, repo.commits[number].tree), _said(place, repo, branch, name, number, asked=asked))


def _number(place: Place, name: str) -> int:
    number = commit_of(place, name)
    if number is None:
        raise Undetermined(f"the commit {name}")
    return number


def _said(place: Place, old: Repo, branch: str | None, name: str, number: int, *, asked: bool) -> str:
    text = ""
    if old.head is None and old.tip is not None and old.tip != number:
        text = _left(place, old, number)
    if branch is not None:
        return text + (f"Already on '{branch}'\n" if branch == old.head else f"Switched to branch '{branch}'\n")
    advice = _ADVICE.format(name=name) if old.head is not None and not asked else ""
    return f"{text}{advice}HEAD is now at {place.short(number)} {old.commits[number].subject}\n"


def _left(place: Place, old: Repo, number: int) -> str:
    """What is said of the commit that is left when it was on no branch."""
    assert old.tip is not None
    kept = old.ancestors(*old.branches.values(), *(tag.commit for tag in old.tags.values()), number)
    lost = list(old.walk([old.tip], old.ancestors(old.tip) - kept))
    if not lost:
        return f"Previous HEAD position was {place.short(old.tip)} {old.commits[old.tip].subject}\n"
    if len(lost) > 4:
        raise Undetermined("many commits that are left behind")
    what, it = ("commit", "it") if len(lost) == 1 else ("commits", "them")
    lines = "".join(f"  {place.short(each)} {old.commits[each].subject}\n" for each in lost)
    return _LOST.format(count=len(lost), what=what, it=it, lines=lines, tip=place.short(old.tip))


def _created(place: Place, given: Given, name: str) -> Out:
    """A new branch, checked out."""
    repo, operands = place.repo, given.before
    if given.behind or len(operands) > 1 or given.has("detach"):
        raise Undetermined("this form of a new branch")
    number = commit_of(place, operands[0]) if operands else repo.tip
    if number is None and operands:
        if given.has("anew") or operands[0].startswith("HEAD"):
            raise Undetermined("a branch from nowhere")
        raise fatal(f"'{operands[0]}' is not a commit and a branch '{name}' cannot be created from it")
    if not valid_branch(name):
        raise fatal(f"'{name}' is not a valid branch name")
    exists = name in repo.branches
    if exists and not given.has("anew"):
        raise fatal(f"a branch named '{name}' already exists")
    if number is None:
        if name == repo.head or repo.branches:
            raise Undetermined("a new branch beside one without commits")
        place.save(replace(repo, head=name, before=""))
        return Out() if given.has("quiet") else Out(stderr=f"Switched to a new branch '{name}'\n")
    if repo.head is None or (exists and name == repo.head):
        raise Undetermined("a new branch of a detached head")
    if operands:
        follow(place, repo.commits[number].tree, "checkout")
    no_conflict(repo.branches, name)
    branches = MappingProxyType({**repo.branches, name: number})
    place.save(replace(place.repo, head=name, branches=branches, before=repo.head or ""))
    if given.has("quiet"):
        return Out()
    changed = kept(place, repo.commits[number].tree) if operands or given.has("anew") else ""
    return Out(changed, f"Switched to {'and reset' if exists else 'a new'} branch '{name}'\n")


def _files(place: Place, given: Given) -> Out:
    """``git checkout [commit] [--] paths``."""
    behind = given.behind
    operands = list(given.before)
    source: Mapping[str, Blob] = place.repo.index
    number = None
    if operands and (behind is not None or len(operands) > 1):
        number = commit_of(place, operands[0])
        if number is None and behind is not None:
            raise fatal(f"invalid reference: {operands[0]}")
        if number is not None:
            source = place.repo.commits[number].tree
            operands = operands[1:]
    if behind is not None and operands:
        raise Undetermined("paths before --")
    paths = Pathspec.of(place, [*operands, *(behind or ())])
    if not paths:
        raise Undetermined("git checkout of a commit with --")
    written = overwrite(place, paths, source, staged=number is not None, files=True, keeping=True)
    if behind is not None or given.has("quiet"):
        return Out()
    origin = "the index" if number is None else tree_id(source)[:7]
    return Out(stderr=f"Updated {written} path{'' if written == 1 else 's'} from {origin}\n")
