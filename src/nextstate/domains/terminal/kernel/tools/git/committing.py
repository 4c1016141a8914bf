"""``git commit``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from nextstate.domains.terminal.kernel.files import FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Out
from nextstate.domains.terminal.kernel.tools.git.comparing import differing, rewritten
from nextstate.domains.terminal.kernel.tools.git.model import Blob, Commit, Paths, Person, Repo, ordered
from nextstate.domains.terminal.kernel.tools.git.patches import short_stat, summary
from nextstate.domains.terminal.kernel.tools.git.pathspecs import Pathspec
from nextstate.domains.terminal.kernel.tools.git.place import Place, Request, person
from nextstate.domains.terminal.kernel.tools.git.status import long, observe
from nextstate.domains.terminal.kernel.tools.git.words import Given, Stop, fatal, parse
from nextstate.domains.terminal.kernel.tools.git.worktree import Worktree

_OPTIONS = {
    "-m=": "message", "--message=": "message", "-F=": "file", "--file=": "file", "-a": "all", "--all": "all",
    "-q": "quiet", "--quiet": "quiet", "--amend": "amend", "--no-edit": "no-edit", "--allow-empty": "empty",
    "-n": "", "--no-verify": "", "--author=": "author", "--no-gpg-sign": "", "--allow-empty-message": "blank",
}  # fmt: skip
_NOBODY = """\
{role} identity unknown

*** Please tell me who you are.

Run

  git config --global user.email "you@example.com"
  git config --global user.name "Your Name"

to set your account's default identity.
Omit --global to set the identity only in this repository.

fatal: unable to auto-detect email address (got '{address}')
"""


def commit(request: Request) -> Out:
    given = parse("commit", request.args, _OPTIONS)
    place = request.place()
    repo, amend = place.repo, given.has("amend")
    if amend and repo.tip is None:
        raise fatal("You have nothing to amend.")
    index, tree = _contents(place, given)
    author, committer = people(place, given, repo.commits[repo.tip].author if amend and repo.tip is not None else None)
    message = _message(request, given, place)
    old, parents = _parents(repo, amend)
    pairs = differing(old, tree)
    if not pairs and not given.has("empty"):
        return _nothing(place, given, index)
    if message is None:
        message = _without_editor(request, place, given)
    if not message and not given.has("blank"):
        return Out(stderr="Aborting commit due to empty commit message.\n", code=1)
    number = len(repo.commits)
    dated = repo.commits[repo.tip].dated if amend and repo.tip is not None else number
    made = Commit(parents, tree, message, author, committer, dated)
    place.save(replace(repo, index=index).added(made))
    return Out() if given.has("quiet") else Out(_announced(place, number, old, amend=amend))


def _parents(repo: Repo, amend: bool) -> tuple[Paths, tuple[int, ...]]:
    """What the new commit is compared with, and its parents."""
    if not amend:
        return repo.tree, () if repo.tip is None else (repo.tip,)
    assert repo.tip is not None
    parents = repo.commits[repo.tip].parents
    if len(parents) > 1:
        raise Undetermined("a merge that is amended")
    return repo.commits[parents[0]].tree if parents else {}, parents


def _contents(place: Place, given: Given) -> tuple[Paths, Paths]:
    """The index and the tree after the commit."""
    repo = place.repo
    if given.operands:
        return _only(place, given)
    if not given.has("all"):
        return repo.index, repo.index
    index = ordered(refreshed(Worktree(place), repo.index))
    return index, index


def refreshed(worktree: Worktree, index: Mapping[str, Blob]) -> dict[str, Blob]:
    """The index with all tracked files as they are now."""
    now = {path: worktree.blob(path) for path in index}
    return {path: blob for path, blob in now.items() if blob is not None}


def _only(place: Place, given: Given) -> tuple[Paths, Paths]:
    """The index and the tree of a commit of some paths, whatever else is staged."""
    repo, paths = place.repo, Pathspec.of(place, given.operands)
    if given.has("all"):
        raise fatal(f"paths '{given.operands[0]} ...' with -a does not make sense")
    if given.has("amend"):
        raise Undetermined("paths that are amended")
    tracked = repo.index.keys() | repo.tree.keys()
    missing = "".join(
        f"error: pathspec '{spec.text}' did not match any file(s) known to git\n" for spec in paths.unmatched(tracked)
    )
    if missing:
        raise Stop(Out(stderr=missing, code=1))
    worktree = Worktree(place)
    index, tree = dict(repo.index), dict(repo.tree)
    for path in filter(paths.matches, sorted(tracked)):
        now = worktree.blob(path)
        for table in (index, tree):
            table.pop(path, None)
            if now is not None:
                table[path] = now
    if tree == repo.tree and index != tree:
        raise Undetermined("the status of an index that is only looked at")
    return ordered(index), ordered(tree)


def people(place: Place, given: Given, author: Person | None = None) -> tuple[Person, Person]:
    """The author and the committer; `Stop` where git refuses for want of them."""
    typed = given.last("author")
    if typed is not None:
        match = re.fullmatch(r"([^<>\n]*[^<>\s]) <([^<>\s]+)>", typed)
        if match is None:
            raise Undetermined(f"the author {typed!r}")
        author = Person(match[1], match[2])
    author = author or person(place, "AUTHOR")
    committer = person(place, "COMMITTER")
    if author is None or committer is None:
        raise nobody(place, "Author" if author is None else "Committer")
    return author, committer


def nobody(place: Place, role: str) -> Stop:
    """git stops for want of a name, if it did so before or if that is what was shown."""
    return Stop(Out(stderr=_NOBODY.format(role=role, address=place.no_address()), code=128))


# -- the message --------------------------------------------------------------------------------------------------


def _message(request: Request, given: Given, place: Place) -> str | None:
    """The message, cleaned; ``None`` when an editor would ask for it."""
    if given.has("message") and given.has("file"):
        raise Undetermined("a message from two places")
    if given.has("message"):
        return cleaned("\n\n".join(text.rstrip("\n") for text in given.values("message")))
    name = given.last("file")
    if name is None:
        return None
    try:
        return cleaned(request.call.read_text(name))
    except FsError as failure:
        raise fatal(f"could not read log file '{name}': {failure.errno.value}") from None


def cleaned(text: str) -> str:
    """A message without blanks at the ends of lines, and without blank lines but single ones between others."""
    if "\0" in text or "\r" in text:
        raise Undetermined("odd characters in a message")
    stripped = "\n".join(line.rstrip(" \t\v\f") for line in text.split("\n"))
    body = re.sub(r"\n{3,}", "\n\n", stripped).strip("\n")
    return f"{body}\n" if body else ""


def _without_editor(request: Request, place: Place, given: Given) -> str:
    """The message where none was given."""
    if given.has("amend") and given.has("no-edit") and place.repo.tip is not None:
        return place.repo.commits[place.repo.tip].message
    env = request.call.env
    if any(env.get(name) for name in ("GIT_EDITOR", "VISUAL", "EDITOR")) or "core.editor" in place.settings:
        raise Undetermined("what an editor makes of the message")
    if env.get("TERM", "dumb") != "dumb":
        raise Undetermined("what an editor makes of the message")
    hint = "Please supply the message using either -m or -F option.\n"
    raise Stop(Out(stderr=f"error: Terminal is dumb, but EDITOR unset\n{hint}", code=1))


# -- what is shown ------------------------------------------------------------------------------------------------


def _nothing(place: Place, given: Given, index: Paths) -> Out:
    if given.has("amend"):
        raise Undetermined("a commit that is amended to nothing")
    repo = place.repo
    place.repo = replace(repo, index=index)
    text = long(place, observe(place), committing=True)
    place.repo = repo
    return Out(text, code=1)


def _announced(place: Place, number: int, old: Paths, *, amend: bool) -> str:
    repo, made = place.repo, place.repo.commits[number]
    where = repo.head or "detached HEAD"
    root = "" if made.parents or amend else " (root-commit)"
    text = f"[{where}{root} {place.short(number)}] {made.subject}\n"
    if made.author != made.committer:
        text += f" Author: {made.author.name} <{made.author.email}>\n"
    if amend:
        text += f" Date: {place.date(number)}\n"
    pairs = rewritten(differing(old, made.tree))
    return text + short_stat(pairs) + summary(pairs)
