"""How commits are shown: the formats of ``git log``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.git.model import Repo
from nextstate.domains.terminal.kernel.tools.git.place import Place

_FIELD = re.compile(
    r"%(?:(?P<plain>H|h|P|p|an|ae|cn|ce|aN|aE|cN|cE|s|b|B|n|d|D|ad|al|cl|%)"
    r"|(?P<colour>C(?:red|green|blue|reset)|C\((?:auto|reset|bold|dim|ul)?[a-z ]*\))|(?P<other>.?))",
    re.S,
)


@dataclass(frozen=True, slots=True)
class Format:
    """``kind`` is ``medium``, ``short``, ``full``, ``oneline`` or ``user``; ``text`` the user's pattern. ``ends``: each
    commit's text ends in a newline; otherwise newlines stand between commits."""

    kind: str
    text: str = ""
    ends: bool = False
    brief: bool = False
    """Whether hashes are abbreviated."""
    decorated: bool = False


def format_of(value: str) -> Format:
    """The format that ``--format`` or ``--pretty`` names."""
    if value.startswith("format:"):
        return Format("user", value[7:])
    if value.startswith("tformat:"):
        return Format("user", value[8:], ends=True)
    if value == "oneline":
        return Format("oneline", ends=True)
    if value in ("", "medium"):
        return Format("medium")
    if value in ("short", "full"):
        return Format(value)
    if "%" in value:
        return Format("user", value, ends=True)
    raise Undetermined(f"the format {value}")


def shown(place: Place, number: int, style: Format) -> str:
    """One commit without the newline that may follow."""
    if style.kind == "user":
        return _user(place, number, style)
    repo, commit = place.repo, place.repo.commits[number]
    hash_ = place.short(number) if style.brief else place.long(number)
    names = f" ({_decoration(repo, number)})" if style.decorated and _decoration(repo, number) else ""
    if style.kind == "oneline":
        return f"{hash_}{names} {commit.subject}"
    lines = [f"commit {hash_}{names}"]
    if len(commit.parents) > 1:
        lines.append("Merge: " + " ".join(place.short(parent) for parent in commit.parents))
    lines.append(f"Author: {commit.author.name} <{commit.author.email}>")
    if style.kind == "full":
        lines.append(f"Commit: {commit.committer.name} <{commit.committer.email}>")
    if style.kind == "medium":
        lines.append(f"Date:   {place.date(number)}")
    body = commit.subject + "\n" if style.kind == "short" else commit.message
    indented = "".join(f"    {line}".rstrip(" ") + "\n" if line else "\n" for line in body.split("\n")[:-1])
    if style.kind != "short":
        indented = "".join(f"    {line}\n" for line in body.split("\n")[:-1])
    return "\n".join(lines) + "\n\n" + indented


def _user(place: Place, number: int, style: Format) -> str:
    def field(match: re.Match[str]) -> str:
        if match["other"] is not None:
            raise Undetermined(f"the placeholder %{match['other']}")
        return "" if match["colour"] else _plain(place, number, match["plain"])

    return _FIELD.sub(field, style.text)


def _plain(place: Place, number: int, name: str) -> str:
    repo, commit = place.repo, place.repo.commits[number]
    if name in ("d", "D"):
        found = _decoration(repo, number)
        return f" ({found})" if name == "d" and found else found
    people = {"a": commit.author, "c": commit.committer}
    if len(name) == 2 and name[0] in people and name[1] in "neNEl":
        person = people[name[0]]
        return {"n": person.name, "e": person.email, "l": person.email.partition("@")[0]}[name[1].lower()]
    texts: dict[str, Callable[[], str]] = {
        "H": lambda: place.long(number), "h": lambda: place.short(number), "s": lambda: commit.subject,
        "P": lambda: " ".join(place.long(parent) for parent in commit.parents),
        "p": lambda: " ".join(place.short(parent) for parent in commit.parents),
        "b": lambda: commit.body, "B": lambda: commit.message, "n": lambda: "\n", "%": lambda: "%",
        "ad": lambda: place.date(number),
    }  # fmt: skip
    return texts[name]()


def _decoration(repo: Repo, number: int) -> str:
    """The names of a commit: the head first, then tags and branches."""
    tags = [f"tag: {name}" for name in sorted(repo.tags, reverse=True) if repo.tags[name].commit == number]
    branches = [n for n in sorted(repo.branches, reverse=True) if repo.branches[n] == number and n != repo.head]
    head = []
    if repo.tip == number:
        head = [f"HEAD -> {repo.head}" if repo.head is not None else "HEAD"]
    return ", ".join([*head, *tags, *branches])
