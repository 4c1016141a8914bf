"""What names say: the words of a name, what a tool does to its world, and which tools belong to one service.

A name is only a prior. Where it does not tell, the first word of the description is asked, and a tool that neither
tells is taken to change anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from nextstate.domain import calls

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nextstate.types import Json, Tool


class Effect(Enum):
    """What a call does to the world that later calls see."""

    READ = "reads one thing"
    SEEK = "reads a collection"
    CREATE = "creates"
    UPDATE = "updates"
    DELETE = "deletes"
    VOLATILE = "shows what changes by itself"
    UNKNOWN = "may change anything"

    @property
    def reads(self) -> bool:
        """Whether the call leaves the world as it is."""
        return self in (Effect.READ, Effect.SEEK, Effect.VOLATILE)


_VERBS: dict[Effect, str] = {
    Effect.READ: "get read show view fetch describe lookup look check display cat head tail diff stat status info "
    "inspect retrieve compare validate verify estimate calculate compute convert analyze analyse summarize summarise "
    "extract parse count wc sort preview download whoami explain think reason print render "
    "gets reads shows views fetches describes checks displays retrieves compares validates verifies estimates "
    "calculates computes converts analyzes extracts parses counts sorts returns return echoes evaluate solve",
    Effect.SEEK: "list search find query browse ls grep filter enumerate tree glob all discover match recommend "
    "lists searches finds queries filters",
    Effect.CREATE: "create add insert new post send book place upload make mkdir touch register append write put "
    "generate copy cp publish schedule reply comment submit invite clone duplicate import save store fund log "
    "creates adds inserts posts sends books places writes appends registers",
    Effect.UPDATE: "login logout authenticate update set edit modify change rename move mv replace patch assign mark "
    "complete close open resolve approve reject enable disable lock unlock toggle start stop pause resume "
    "activate deactivate adjust increase reset "
    "decrease fill press release exchange transfer withdraw deposit refund pay apply configure merge "
    "link unlink subscribe unsubscribe follow unfollow like star pin unpin archive restore "
    "updates sets edits modifies changes moves renames replaces marks",
    Effect.DELETE: "delete remove cancel rm rmdir drop clear purge destroy erase uninstall revoke "
    "deletes removes cancels clears",
}
_EFFECT = {verb: effect for effect, verbs in _VERBS.items() for verb in verbs.split()}
_CLOCKS = frozenset(
    "time now today date clock random uuid temperature weather uptime metrics ping trending latest recent live news "
    "screenshot snapshot health forecast next poll pop dequeue draw roll shuffle flip".split()
)
_SIDE = frozenset(
    "run execute exec python interpreter notebook shell bash command process eval script code repl sql "
    "navigate click type".split()
)
"""Words of tools that run whatever they are given."""
_PIECES = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@lru_cache(maxsize=10_000)
def words(name: str) -> tuple[str, ...]:
    """The words of a name in camel or snake case, in lower case: ``getUserID_2`` gives get, user, id and 2."""
    return tuple(piece.lower() for piece in _PIECES.findall(name[:300]))


@lru_cache(maxsize=10_000)
def normal(name: str) -> str:
    """A name without case and separators, in which ``watch_list`` and ``watchList`` are the same."""
    return "".join(words(name))


@lru_cache(maxsize=10_000)
def one(name: str) -> str:
    """The name of one of what a name may stand for several of: ``ids`` and ``id`` are the same."""
    own = words(name)
    return "".join((*own[:-1], singular(own[-1]))) if own else name


def singular(word: str) -> str:
    """A word without the ending of a plural."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word == "ids":
        return "id"
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3 else word


@dataclass(frozen=True, slots=True)
class Profile:
    """What the declaration of a tool says about it."""

    effect: Effect
    service: str
    nouns: frozenset[str]
    runs: bool
    """Whether it runs whatever it is given, so that it may change other services too."""
    about: frozenset[str]
    """The words of the sentence that says what it does."""


def profiles(tools: Sequence[Tool]) -> dict[str, Profile]:
    """The profile of each declared tool, under its name.

    Tools whose descriptions begin with the same sentence are of one service, and that sentence says nothing of what
    each of them does.
    """
    alike: dict[str, list[str]] = {}
    for tool in tools:
        alike.setdefault(_start(tool.description), []).append(tool.description[:MAX_DESCRIPTION])
    preambles = {start: _preamble(texts) for start, texts in alike.items() if start and len(set(texts)) > 1}
    found = {tool.name: _profile(tool.name, tool.description[:MAX_DESCRIPTION], preambles) for tool in tools}
    return found | {tool.name: replace(found[tool.name], effect=Effect.READ) for tool in tools if _retrieves(tool)}


def _retrieves(tool: Tool) -> bool:
    """Whether a tool opens things, and an argument is declared as that of what is to be read."""
    if words(tool.name)[:1] != ("open",):
        return False
    declared = list(calls.properties(tool.input_schema).values())[:MAX_ARGUMENTS]
    told = [str(one.get("description", ""))[:MAX_DESCRIPTION] for one in declared if isinstance(one, dict)]
    return any(map(_TO_READ.search, told))


MAX_ARGUMENTS = 20
"""Arguments whose descriptions are looked at."""


_TO_READ = re.compile(r"\bto (?:retrieve|read|view|show|fetch|get|look up)\b", re.IGNORECASE)


MAX_DESCRIPTION = 3_000


def _preamble(texts: list[str]) -> str:
    """The sentences, or the heading, with which all of these descriptions begin."""
    first, last = min(texts), max(texts)
    same = first[: next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), None)]
    return same[: max(same.rfind(". "), same.rfind(": ")) + 2]


def profile(name: str) -> Profile:
    """The profile of a tool that is not declared."""
    return _profile(name, "", {})


def _profile(name: str, description: str, preambles: Mapping[str, str]) -> Profile:
    start = _start(description)
    about = _about(description[len(preambles.get(start, "")) :])
    service = _prefix(name) or (start if start in preambles else "")
    return Profile(effect(name, about), service, nouns(name), bool(_SIDE & set(words(name))), frozenset(words(about)))


def _about(text: str) -> str:
    """The first sentence of a description, without a heading before it (``Tool description: ...``)."""
    head, colon, rest = text.lstrip(". ").partition(": ")
    return (rest if colon and len(head) <= MAX_HEADING else text.lstrip(". "))[:300].partition(". ")[0]


MAX_HEADING = 40
"""Characters of a heading in a description."""


def _start(description: str) -> str:
    return description[:400].partition(". ")[0]


def _prefix(name: str) -> str:
    """The server before a tool's own name, as gateways write it."""
    for mark in (".", "__", "/"):
        prefix, found, _ = name.rpartition(mark)
        if found and prefix:
            return prefix
    return ""


def effect(name: str, about: str = "") -> Effect:
    """What a tool does, by its name; by the first verb of what is told about it where the name does not tell."""
    own = words(name[len(_prefix(name)) :])
    if _SIDE & set(own):
        return Effect.UNKNOWN
    verb = _verb(own) or _verb(words(about)[:6])
    told = _EFFECT.get(verb)
    if told is None or (told.reads and _goes_on(own)):
        return Effect.UNKNOWN
    if told.reads and _CLOCKS & set(own):
        return Effect.VOLATILE
    return Effect.SEEK if told is Effect.READ and "all" in own else told


def _goes_on(own: Sequence[str]) -> bool:
    """Whether a name says more than one thing that is done (``get_or_create``), or what reads only at first sight."""
    if {"and", "or"} & set(own) and any(not _EFFECT[word].reads for word in own if word in _EFFECT):
        return True
    return own[:2] in (("check", "in"), ("check", "out"))


def changes(arguments: Mapping[str, Json]) -> bool:
    """Whether the arguments of a call that should only read say that it changes something: a program, or a method."""
    for name, value in arguments.items():
        if isinstance(value, str) and programs(name) and _CHANGING.search(value[:MAX_DESCRIPTION]):
            return True
        if name.lower() in ("method", "http_method", "verb") and str(value).lower() not in ("get", "head", "options"):
            return True
    return False


_CHANGING = re.compile(
    r"\b(?:insert|update|delete|drop|create|alter|replace|truncate|merge|grant|mutation|remove|vacuum|attach|pragma)\b",
    re.IGNORECASE,
)


def _verb(own: Sequence[str]) -> str:
    """The first word that says what is done; one that may be a noun only where it stands first."""
    return next((word for at, word in enumerate(own) if word in _EFFECT and (at == 0 or word not in _NOUNS)), "")


_NOUNS = frozenset(
    "book post place log mark link star like comment reply store schedule register copy filter query sort "
    "match set show "
    "view check display stat status info diff count head tail tree cat load estimate preview download upload "
    "release transfer deposit refund fund pin archive exchange order save write read rename start stop open".split()
)
"""Verbs that are nouns as well."""


@lru_cache(maxsize=10_000)
def nouns(name: str) -> frozenset[str]:
    """The things that a tool's name speaks of, in the singular."""
    own = words(name)
    return frozenset(singular(word) for word in own if word != _verb(own) and word not in _SMALL)


_SMALL = frozenset("by of to the a an for from in on with and or id ids all details detail information data".split())


def identifies(name: str) -> bool:
    """Whether a name is that of something which tells one thing from another."""
    own = words(name)
    return bool(own) and (singular(own[-1]) in _NAMING or own[0] == "id")


def programs(name: str) -> bool:
    """Whether a name is that of a program, a question or another text that may speak of everything."""
    return bool(_PROGRAMS & set(words(name)))


def conditions(name: str) -> bool:
    """Whether a name is that of something that must be found in what a call changes."""
    return bool(_CONDITIONS & set(words(name)))


_CONDITIONS = frozenset("old pattern search find match matching anchor regex selector patch diff expected".split())
_PROGRAMS = frozenset("query sql command script expression statement program prompt".split())
_NAMING = frozenset("id name key symbol code number path url uri email slug uuid username title file ref".split())
