"""Searches for files and in files, where the folders and files that they look at are known whole.

Tools differ in what a pattern means and in how results are written, so several readings are kept for each tool. What is
shown strikes out the readings that would have shown something else; an answer is given once a reading has been
right about a result, and only where all that are left agree.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from nextstate.domains.swe import operations as op
from nextstate.domains.swe.kernel.telling import Lack

if TYPE_CHECKING:
    from nextstate.domains.swe.kernel.shell import Shell
    from nextstate.domains.swe.kernel.state import State

MAX_FILES = 100
"""Files in a tree that is searched."""
Search = op.FindFiles | op.SearchText


@dataclass(frozen=True, slots=True)
class Readings:
    """Names of the readings that are left for a tool; whether one was right; what stands for no result."""

    left: frozenset[str]
    proven: bool = False
    nothing: str | None = None


def _pattern(glob: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts))


def _named(paths: list[str], folder: str, glob: str) -> list[str]:
    """Files whose path below the folder matches."""
    return [one for one in paths if _pattern(glob).fullmatch(posixpath.relpath(one, folder))]


def _anywhere(paths: list[str], folder: str, glob: str) -> list[str]:
    """Files whose name matches, however deep."""
    return [one for one in paths if _pattern(glob).fullmatch(posixpath.basename(one))]


def _joined(rows: list[str]) -> str:
    return "\n".join(rows)


def _ended(rows: list[str]) -> str:
    return "".join(row + "\n" for row in rows)


_WRITTEN: Mapping[str, Callable[[list[str]], str]] = MappingProxyType({"joined": _joined, "ended": _ended})
_FOUND: Mapping[str, Callable[[list[str], str, str], list[str]]] = MappingProxyType(
    {"named": _named, "anywhere": _anywhere}
)
_ROWS: Mapping[str, str] = MappingProxyType({"full": "{path}:{n}:{line}", "short": "{n}:{line}", "files": "{path}"})


def computed(shell: Shell, state: State, name: str, search: Search) -> str | Lack:
    """What a search shows, or why that is not known."""
    readings = state.searches.get(name)
    results = _results(shell, state, search)
    if results is None:
        return Lack("a search in folders or files that are not known whole")
    if readings is None or not readings.left:
        return Lack("how this tool searches")
    shown = {results[one] for one in readings.left}
    if shown == {""}:
        return Lack("how this tool says that nothing was found") if readings.nothing is None else readings.nothing
    if len(shown) != 1 or not readings.proven:
        return Lack("how this tool searches")
    return shown.pop()


def learned(shell: Shell, state: State, name: str, search: Search, observation: str) -> State:
    """The state after a search was answered."""
    results = _results(shell, state, search)
    if results is None:
        return state
    readings = state.searches.get(name, Readings(frozenset(results)))
    shown = observation.replace("\r\n", "\n")
    left = frozenset(one for one in readings.left & results.keys() if results[one] == shown)
    if left:
        readings = replace(readings, left=left, proven=True)
    elif all(results[one] == "" for one in readings.left) and "\n" not in shown.strip() and len(shown) < 200:
        readings = replace(readings, nothing=None if re.search(r"\d|/", shown) else shown)
    else:
        readings = replace(readings, left=frozenset(one for one in readings.left if not results.get(one)))
        if readings.proven:
            readings = Readings(frozenset())
    return replace(state, searches=MappingProxyType({**state.searches, name: readings}))


def _results(shell: Shell, state: State, search: Search) -> Mapping[str, str] | None:
    """What each reading shows; ``None`` where the files at hand are not known whole."""
    if isinstance(search, op.FindFiles):
        folder = state.path(search.folder) if search.folder else state.known_cwd
        paths = None if folder is None else _files(shell, state, folder)
        if folder is None or paths is None:
            return None
        found = {key: sorted(one(paths, folder, search.pattern)) for key, one in _FOUND.items()}
        return {f"{key} {how}": write(found[key]) for key in _FOUND for how, write in _WRITTEN.items()}
    return _lines(shell, state, search)


def _files(shell: Shell, state: State, folder: str) -> list[str] | None:
    """The files below a folder that is known whole; none where hidden or compiled ones are among them."""
    output = shell.run(state.plain, f"find {shlex.quote(folder)} -type f | sort").output
    if output is None or "No such file" in output:
        return None
    paths = output.split("\n")[:-1]
    odd = any(part.startswith(".") or part == "__pycache__" for path in paths for part in path.split("/"))
    return None if odd or len(paths) > MAX_FILES else paths


def _lines(shell: Shell, state: State, search: op.SearchText) -> Mapping[str, str] | None:
    """Lines that hold plain words; what other patterns mean differs from tool to tool."""
    where = state.path(search.where) if search.where else state.known_cwd
    if where is None or search.include or not re.fullmatch(r"[\w ]{1,80}", search.pattern):
        return None
    paths = [where] if shell.read(state.plain, where) is not None else _files(shell, state, where)
    texts = None if paths is None else [(path, shell.read(state.plain, path)) for path in paths]
    if texts is None or any(text is None for _, text in texts):
        return None
    hits = [
        (path, n, line)
        for path, text in texts
        for n, line in enumerate((text or "").split("\n"), 1)
        if search.pattern in line
    ]
    rows = {key: [how.format(path=path, n=n, line=line) for path, n, line in hits] for key, how in _ROWS.items()}
    rows["files"] = list(dict.fromkeys(rows["files"]))
    return {f"{key} {how}": write(rows[key]) for key in _ROWS for how, write in _WRITTEN.items()}
