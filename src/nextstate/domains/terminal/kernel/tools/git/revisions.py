"""Names of commits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nextstate.domains.terminal.kernel import blanks
from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.git.words import Stop, fatal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nextstate.domains.terminal.kernel.tools.git.model import Repo
    from nextstate.domains.terminal.kernel.tools.git.place import Place

_STEP = re.compile(r"(\^|~)(\d*)")
_PLAIN = re.compile(r"(?!-)(?!.*(?:\.\.|//|@\{|/\.|\.lock(?:/|$)))[A-Za-z0-9_@%+=,.#/-]+(?<![./])", re.ASCII)


def valid_branch(name: str) -> bool:
    """Whether a name is certainly fit for a branch; odd ones are undetermined."""
    if _PLAIN.fullmatch(name) and not name.startswith(("/", ".")) and name not in ("HEAD", "@"):
        return True
    if name in ("HEAD", "@") or not name.isascii():
        raise Undetermined(f"the name {name!r}")
    if re.search(r"[\x00-\x20~^:?*\[\\\x7f]|\.\.|@\{|^-|\.lock$|/$|^/|//|\.$|^\.|/\.", name):
        return False
    raise Undetermined(f"the name {name!r}")


def no_conflict(names: Iterable[str], name: str) -> None:
    if any(other.startswith(f"{name}/") or name.startswith(f"{other}/") for other in names):
        raise Undetermined("a name that would have to be a directory and a file")


def named(place: Place, name: str) -> int | None:
    """The commit that a plain name stands for."""
    repo = place.repo
    if name in ("HEAD", "@"):
        return repo.tip
    name = re.sub(r"^(?:refs/)?(?:heads|tags)/", "", name)
    tag = repo.tags.get(name)
    if tag is not None and name in repo.branches and repo.branches[name] != tag.commit:
        raise Undetermined(f"{name} is a branch and a tag")
    if tag is not None:
        return tag.commit
    if name in repo.branches:
        return repo.branches[name]
    if re.fullmatch(r"[0-9a-f]{4,40}", name) or blanks.inside(name):
        found = [i for i in range(len(repo.commits)) if place.long(i).startswith(name)]
        if len(found) == 1:
            return found[0]
        raise Undetermined(f"whether {name} is a hash")
    if re.search(r"[{}:\\*?\[]|^\.\.|^-|^[0-9A-Fa-f]{4,40}$", name) or re.search(r"-g[0-9a-f]{4,}$", name):
        raise Undetermined(f"the revision {name}")
    return None


def commit_of(place: Place, text: str) -> int | None:
    """The number of a commit, or ``None`` when there is none of that name."""
    repo = place.repo
    if text == "-" or not text:
        raise Undetermined("the revision -")
    head = re.match(r"[^~^]+", text)
    if head is None:
        raise Undetermined(f"the revision {text}")
    number = named(place, head[0])
    rest = text[head.end() :]
    while rest:
        step = _STEP.match(rest)
        if step is None:
            raise Undetermined(f"the revision {text}")
        rest = rest[step.end() :]
        number = None if number is None else _stepped(repo, number, step[1], int(step[2] or 1))
    return number


def _stepped(repo: Repo, number: int, sign: str, size: int) -> int | None:
    if sign == "^":
        parents = repo.commits[number].parents
        return number if size == 0 else parents[size - 1] if size <= len(parents) else None
    for _ in range(size):
        if not repo.commits[number].parents:
            return None
        number = repo.commits[number].parents[0]
    return number


def short_ref(repo: Repo, text: str) -> str:
    """What ``--abbrev-ref`` shows."""
    if text in ("HEAD", "@") and repo.head not in repo.tags:
        return repo.head or "HEAD"
    if text in repo.branches and text not in repo.tags:
        return text
    raise Undetermined(f"the short name of {text}")


def ambiguous(text: str) -> Stop:
    return fatal(
        f"ambiguous argument '{text}': unknown revision or path not in the working tree.\n"
        "Use '--' to separate paths from revisions, like this:\n"
        "'git <command> [<revision>...] -- [<file>...]'"
    )
