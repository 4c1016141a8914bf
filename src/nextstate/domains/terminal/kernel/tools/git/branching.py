"""``git branch`` and ``git tag``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.base import Out
from nextstate.domains.terminal.kernel.tools.git.committing import cleaned, people
from nextstate.domains.terminal.kernel.tools.git.ignoring import translated
from nextstate.domains.terminal.kernel.tools.git.model import Repo, Tag
from nextstate.domains.terminal.kernel.tools.git.place import Place, Request
from nextstate.domains.terminal.kernel.tools.git.revisions import commit_of, no_conflict, valid_branch
from nextstate.domains.terminal.kernel.tools.git.status import detached
from nextstate.domains.terminal.kernel.tools.git.words import Given, fatal, parse

_BRANCH = {
    "-l": "list", "--list": "list", "--show-current": "current", "-v": "verbose", "--verbose": "verbose",
    "-a": "all", "--all": "all", "-d": "delete", "--delete": "delete", "-D": "destroy",
    "-m": "move", "-M": "force-move",
    "--move": "move", "-f": "force", "--force": "force", "-q": "quiet", "--quiet": "quiet", "-r": "remotes",
    "--remotes": "remotes", "--no-color": "", "--merged?": "merged", "--no-merged?": "unmerged",
    "--no-track": "",
}  # fmt: skip


def branch(request: Request) -> Out:
    given = parse("branch", request.args, _BRANCH)
    place = request.place()
    operands = given.operands
    if given.has("current"):
        return Out(f"{place.repo.head}\n" if place.repo.head is not None else "")
    if given.has("delete", "destroy"):
        return _deleted(place, given, operands)
    if given.has("move", "force-move"):
        return _renamed(place, given, operands)
    if given.has("remotes"):
        if operands:
            raise Undetermined("branches of remotes")
        return Out()
    if given.has("list", "all", "merged", "unmerged") or not operands:
        return Out(_listed(place, given, operands))
    if given.has("verbose") or len(operands) > 2:
        raise Undetermined("this form of git branch")
    return _created(place, given, *operands)


def _listed(place: Place, given: Given, patterns: tuple[str, ...]) -> str:
    repo = place.repo
    names = _matching(sorted(repo.branches), patterns)
    for key in ("merged", "unmerged"):
        if given.has(key):
            names = _merged(place, names, given.last(key) or "HEAD", key == "merged")
    lines = [(f"{'*' if name == repo.head else ' '} ", name, repo.branches[name]) for name in names]
    if repo.head is None and not patterns and repo.tip is not None:
        lines.insert(0, ("* ", f"({detached(place)})", repo.tip))
    if not given.has("verbose"):
        return "".join(f"{mark}{name}\n" for mark, name, _ in lines)
    width = max((len(name) for _, name, _ in lines), default=0)
    return "".join(f"{mark}{name:<{width}} {place.short(at)} {repo.commits[at].subject}\n" for mark, name, at in lines)


def _matching(names: list[str], patterns: Iterable[str]) -> list[str]:
    expressions = [translated(pattern, whole=False) for pattern in patterns]
    if any("/" in name for name in names) and expressions:
        raise Undetermined("patterns of names with slashes")
    return [name for name in names if not expressions or any(e.fullmatch(name) for e in expressions)]


def _merged(place: Place, names: list[str], target: str, wanted: bool) -> list[str]:
    number = commit_of(place, target)
    if number is None:
        raise Undetermined("branches merged into nothing")
    past = place.repo.ancestors(number)
    return [name for name in names if (place.repo.branches[name] in past) == wanted]


def _created(place: Place, given: Given, name: str, typed: str = "") -> Out:
    repo, start = place.repo, typed or "HEAD"
    number = commit_of(place, start)
    if not valid_branch(name):
        raise fatal(f"'{name}' is not a valid branch name")
    if name in repo.branches and not given.has("force"):
        raise fatal(f"a branch named '{name}' already exists")
    if name in repo.branches and name == repo.head:
        raise fatal(f"cannot force update the branch '{name}' checked out at '{place.top}'")
    if number is None:
        if not typed and repo.head is not None:
            raise fatal(f"not a valid object name: '{repo.head}'")
        raise fatal(f"not a valid object name: '{start}'")
    no_conflict(repo.branches, name)
    place.save(replace(repo, branches=MappingProxyType({**repo.branches, name: number})))
    return Out()


def _deleted(place: Place, given: Given, names: tuple[str, ...]) -> Out:
    if not names:
        raise fatal("branch name required")
    out, errors = "", ""
    for name in names:
        repo = place.repo
        if name == repo.head:
            if name not in repo.branches:
                raise Undetermined("a branch without commits")
            errors += f"error: Cannot delete branch '{name}' checked out at '{place.top}'\n"
            continue
        if name not in repo.branches:
            valid_branch(name)
            errors += f"error: branch '{name}' not found.\n"
            continue
        number = repo.branches[name]
        if repo.tip is None or (not given.has("destroy", "force") and number not in repo.ancestors(repo.tip)):
            hint = f"If you are sure you want to delete it, run 'git branch -D {name}'.\n"
            errors += f"error: The branch '{name}' is not fully merged.\n{hint}"
            continue
        left = {other: at for other, at in repo.branches.items() if other != name}
        place.save(replace(repo, branches=MappingProxyType(left), before="" if repo.before == name else repo.before))
        out += f"Deleted branch {name} (was {place.short(number)}).\n"
    return Out("" if given.has("quiet") else out, errors, 1 if errors else 0)


def _renamed(place: Place, given: Given, names: tuple[str, ...]) -> Out:
    repo = place.repo
    if not names:
        raise fatal("branch name required")
    if len(names) > 2:
        raise fatal("too many arguments for a rename operation")
    old, new = names if len(names) == 2 else (repo.head, names[0])
    if old is None:
        raise fatal("cannot rename the current branch while not on any.")
    if not valid_branch(new):
        raise fatal(f"'{new}' is not a valid branch name")
    if old not in repo.branches and not (old == repo.head and repo.tip is None):
        raise Undetermined("a branch that does not exist is renamed")
    if new in repo.branches and new != old:
        if not given.has("force-move", "force"):
            raise fatal(f"a branch named '{new}' already exists")
        if new == repo.head:
            raise fatal(f"cannot force update the branch '{new}' checked out at '{place.top}'")
    no_conflict([other for other in repo.branches if other != old], new)
    if any(key.startswith(f"branch.{old}.") for key in place.settings):
        raise Undetermined("the settings of a branch")
    branches = {name: at for name, at in repo.branches.items() if name != old}
    if old in repo.branches:
        branches[new] = repo.branches[old]
    before = "" if repo.before in (old, new) else repo.before
    head = new if repo.head == old else repo.head
    place.save(replace(repo, branches=MappingProxyType(branches), head=head, before=before))
    return Out()


# -- tags ---------------------------------------------------------------------------------------------------------

_TAG = {
    "-l": "list", "--list": "list", "-a": "annotate", "--annotate": "annotate", "-m=": "message",
    "--message=": "message", "-d": "delete", "--delete": "delete", "-f": "force", "--force": "force", "-n?": "lines",
    "--points-at=": "at",
}  # fmt: skip


def tag(request: Request) -> Out:
    given = parse("tag", request.args, _TAG)
    place = request.place()
    operands = given.operands
    if given.has("delete"):
        return _untagged(place, operands)
    if given.has("list", "lines", "at") or not operands:
        return Out(_tags(place, given, operands))
    if len(operands) > 2:
        raise fatal("too many arguments")
    return _tagged(place, given, *operands)


def _tags(place: Place, given: Given, patterns: tuple[str, ...]) -> str:
    repo = place.repo
    names = _matching(sorted(repo.tags), patterns)
    at = given.last("at")
    if at is not None:
        number = commit_of(place, at)
        if number is None:
            raise Undetermined("tags at nothing")
        names = [name for name in names if repo.tags[name].commit == number]
    if not given.has("lines"):
        return "".join(f"{name}\n" for name in names)
    if given.last("lines") not in ("", "1"):
        raise Undetermined("several lines of tags")
    return "".join(f"{name:<15} {_first_line(repo, repo.tags[name])}\n" for name in names)


def _first_line(repo: Repo, one: Tag) -> str:
    return one.message.split("\n")[0] if one.message is not None else repo.commits[one.commit].message.split("\n")[0]


def _tagged(place: Place, given: Given, name: str, target: str = "HEAD") -> Out:
    repo = place.repo
    number = commit_of(place, target)
    if not valid_branch(name):
        raise fatal(f"'{name}' is not a valid tag name.")
    if number is None:
        raise fatal(f"Failed to resolve '{target}' as a valid ref.")
    if name in repo.tags and not given.has("force"):
        raise fatal(f"tag '{name}' already exists")
    if name in repo.tags or (target in repo.tags and repo.tags[target].message is not None):
        raise Undetermined("a tag that moves, or a tag of a tag")
    no_conflict(repo.tags, name)
    message = None
    if given.has("annotate", "message"):
        if not given.has("message"):
            raise Undetermined("what an editor makes of the message")
        people(place, given)
        message = cleaned("\n\n".join(text.rstrip("\n") for text in given.values("message")))
        if not message or re.search(r"^#", message, re.M):
            raise Undetermined("the message of a tag")
    place.save(replace(repo, tags=MappingProxyType({**repo.tags, name: Tag(number, message)})))
    return Out()


def _untagged(place: Place, names: tuple[str, ...]) -> Out:
    out, errors = "", ""
    for name in names:
        repo = place.repo
        if name not in repo.tags:
            errors += f"error: tag '{name}' not found.\n"
            continue
        if repo.tags[name].message is not None:
            raise Undetermined("the hash of a tag")
        place.save(replace(repo, tags=MappingProxyType({n: t for n, t in repo.tags.items() if n != name})))
        out += f"Deleted tag '{name}' (was {place.short(repo.tags[name].commit)})\n"
    return Out(out, errors, 1 if errors else 0)
