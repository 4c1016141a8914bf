"""What a command that was not computed may have changed.

A program changes files that its command line names, or that a script names which it runs: everything else is taken to
be as it was. Programs that rewrite what they find (version control, formatters, patches, archives, installers) are the
exception: after them nothing is known of what they may reach.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from functools import lru_cache

from nextstate.domains.swe.kernel import reading

_REWRITES = re.compile(
    r"(?:^|[\s;&|(])(?:git\s+(?:-C\s+\S+\s+)?(?:checkout|stash|reset|apply|restore|clean|pull|merge|rebase|revert|"
    r"cherry-pick|am|rm|mv|switch)\b|patch\b|black\b|isort\b|autopep8\b|yapf\b|ruff\b|pre-commit\b|2to3\b|prettier\b|"
    r"eslint\b|tar\b|unzip\b|rsync\b|make\b|npm\b|sphinx-build\b|tox\b|nox\b|cargo\b|gofmt\b|go\s+(?:mod|generate|fmt)\b)"
)
_MOVES = re.compile(r"(?:^|[\s;&|(])(?:rm|mv|cp|rmdir|ln|install|truncate|tee|sed|perl|dd)\s")
_GENERATED = frozenset(
    {"_build", "build", "dist", "out", "target", "node_modules", ".git", "__pycache__", ".tox", "htmlcov"}
)
"""Folders whose files come from programs that name none of them."""
_TARGET = re.compile(r"(?<![<>&\d=-])>{1,2}\s*([\w./+-]+)")
_SCRIPT = re.compile(r"[\w./+-]+\.(?:py|sh|bash|pl|js|rb)\b")
_MISSING = re.compile(r"^(?:[\w./-]+: )(?:line \d+: )?([\w.+-]+): (?:command )?not found$", re.M)


def targets(command: str) -> tuple[str, ...]:
    """Files that a command writes by redirection, as it names them; at most a few."""
    head = "\n".join(line for line in command[:50_000].split("\n") if ">" in line and len(line) < 500)
    return tuple(dict.fromkeys(one for one in _TARGET.findall(head) if not one.startswith("/dev/")))[:8]


def scripts(command: str) -> tuple[str, ...]:
    """Scripts that a command names."""
    return tuple(dict.fromkeys(_SCRIPT.findall(command[:20_000])))[:8]


_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1([^\n]*)\n.*?^\2$", re.S | re.M)
_RUNS = re.compile(
    r"(?:^|[\s;&|(])(?:(?:python[\d.]*\s+-m\s+)?(?:pytest|unittest)\b[^\n;&|<>]*|[\w./-]*(?:run_?tests?(?:\.\w+)?|bin/tests?)\s[^\n;&|<>]*|"
    r"(?:python[\d.]*|bash|sh|node|ruby)(?:\s+-[a-zA-Z]+)*\s+[^\s;&|<>]+)"
)
"""Programs that run a script, up to the script, and runners of tests, by their usual names, with what they run."""


@lru_cache(maxsize=64)
def lines_of(command: str) -> str:
    """The command lines without the texts that they are given (here-documents)."""
    return _HEREDOC.sub(r"\3", command[:100_000])


def touches(path: str, whole: str, run: Iterable[str]) -> bool:
    """Whether a command may have changed the file at ``path``; ``run`` are the texts of the scripts that it names.

    A script that is run does not change itself.
    """
    command = lines_of(whole)
    if _REWRITES.search(command) or not _GENERATED.isdisjoint(path.split("/")):
        return True
    if _MOVES.search(command):
        folders = path.strip("/").split("/")[:-1]
        if "*" in command or any(
            re.search(rf"(?<![\w.-]){re.escape(one)}/?(?=[\s;&|)'\"]|$)", command) for one in folders
        ):
            return True
    name = posixpath.basename(path)
    spoken = _RUNS.sub(" ", whole) if whole == command else whole
    return any(name in text for text in (spoken, *run))


def made(command: str) -> tuple[str, ...]:
    """Files that are there after a command without a complaint: what it writes by redirection or ``touch``."""
    calls = reading.programs(command) or ()
    touched = [one for call in calls if call.name == "touch" for one in call.words[1:] if not one.startswith("-")]
    return (*targets(command), *touched)


def removed(command: str) -> tuple[str, ...] | None:
    """The files that a plain ``rm`` removes; ``None`` where the command is no such thing."""
    calls = reading.programs(command)
    if calls is None or any(call.name != "rm" or call.before in ("|", "||") for call in calls):
        return None
    options = [one for call in calls for one in call.words[1:] if one.startswith("-")]
    names = tuple(one for call in calls for one in call.words[1:] if not one.startswith("-"))
    if not names or not set("".join(options)) <= set("-rRfd") or any(re.search(r"[*?\[{~]", one) for one in names):
        return None
    return names


def needed(command: str) -> tuple[str, ...]:
    """The files that have to be there for an ``rm`` to say nothing (``rm -rf`` never does)."""
    names: list[str] = []
    for call in reading.programs(command) or ():
        options = "".join(one for one in call.words[1:] if one.startswith("-"))
        if not ("f" in options and ("r" in options or "R" in options)):
            names += [one for one in call.words[1:] if not one.startswith("-")]
    return tuple(names)


def not_found(output: str) -> frozenset[str]:
    """Programs that a shell did not find, from its messages."""
    return frozenset(_MISSING.findall(output[:20_000]))
