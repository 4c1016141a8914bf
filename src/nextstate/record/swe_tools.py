"""Read, write, edit, find and search on real files, in the shapes that coding agents know, with words of our own."""

from __future__ import annotations

import fnmatch
import os
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nextstate.types import Tool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nextstate.types import Json

CONTEXT = 3
"""Lines shown before and after an edit."""
MOST = 200
"""Files or lines that a search returns."""


class ToolError(Exception):
    """A call that fails; the message is what the tool returns behind ``Error:``."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a recording. ``root`` is the real directory that the paths of the calls count from."""

    root: Path
    cwd: str

    def real(self, path: str) -> Path:
        """The real place of a path of the recording; never outside ``root``."""
        inside = posixpath.normpath(posixpath.join(self.cwd, path)).lstrip("/")
        real = self.root / inside
        if not real.parent.resolve().is_relative_to(self.root.resolve()) or real.is_symlink():
            raise ToolError(f"{path} leads outside")
        return real

    def text(self, path: str) -> str:
        real = self.real(path)
        if real.is_dir():
            raise ToolError(f"{path} is a directory")
        if not real.is_file():
            raise ToolError(f"there is no file {path}")
        return real.read_bytes().decode("utf-8", "replace")

    def below(self, folder: str) -> list[str]:
        """All files below a folder, as paths, sorted; without what begins with a dot or is compiled."""
        top = self.real(folder)
        if not top.is_dir():
            raise ToolError(f"there is no directory {folder}")
        found = []
        for parent, names, leaves in os.walk(top):
            names[:] = [name for name in names if not name.startswith(".") and name != "__pycache__"]
            found += [Path(parent, leaf) for leaf in leaves if not leaf.startswith(".")]
        return sorted("/" + str(one.relative_to(self.root)) for one in found if one.is_file())


def _numbered(lines: list[str], first: int) -> str:
    return "".join(f"{n:>6}\t{line}\n" for n, line in enumerate(lines, first))


def read(files: Files, given: Mapping[str, Any]) -> str:
    path, offset, limit = given["path"], given.get("offset") or 1, given.get("limit")
    lines = files.text(path).splitlines()
    if not 1 <= offset <= max(1, len(lines)):
        raise ToolError(f"{path} has {len(lines)} lines, there is no line {offset}")
    last = len(lines) if limit is None else min(len(lines), offset + limit - 1)
    return _numbered(lines[offset - 1 : last], offset)


def write(files: Files, given: Mapping[str, Any]) -> str:
    real = files.real(given["path"])
    if real.is_dir():
        raise ToolError(f"{given['path']} is a directory")
    word = "Rewrote" if real.exists() else "Created"
    real.parent.mkdir(parents=True, exist_ok=True)
    real.write_bytes(given["content"].encode())
    return f"{word} the file {given['path']}."


def edit(files: Files, given: Mapping[str, Any]) -> str:
    path, old, new = given["path"], given["old_string"], given["new_string"]
    text = files.text(path)
    if old == new:
        raise ToolError("old_string and new_string are the same")
    count = text.count(old) if old else 0
    if count == 0:
        raise ToolError(f"old_string was not found in {path}")
    if count > 1 and not given.get("replace_all"):
        raise ToolError(f"old_string stands more than once in {path}; give more of the lines around it")
    first = text[: text.index(old)].count("\n") + 1
    after = text.replace(old, new)
    files.real(path).write_bytes(after.encode())
    if count > 1:
        return f"Edited the file {path} everywhere."
    lines = after.splitlines()
    start, end = max(1, first - CONTEXT), min(len(lines), first + new.count("\n") + CONTEXT)
    return f"Edited the file {path}. It now reads there:\n" + _numbered(lines[start - 1 : end], start)


def glob(files: Files, given: Mapping[str, Any]) -> str:
    folder = given.get("path") or files.cwd
    pattern = posixpath.join(posixpath.normpath(posixpath.join(files.cwd, folder)), given["pattern"])
    wanted = re.compile(fnmatch.translate(pattern.replace("**/", "*")))
    found = [path for path in files.below(folder) if wanted.match(path)]
    return "".join(path + "\n" for path in found[:MOST]) or "No files found\n"


def grep(files: Files, given: Mapping[str, Any]) -> str:
    where = given.get("path") or files.cwd
    try:
        wanted = re.compile(given["pattern"])
    except re.error as problem:
        raise ToolError(f"the pattern is no regular expression: {problem}") from None
    paths = files.below(where) if files.real(where).is_dir() else [where]
    rows = [
        f"{path}:{n}:{line}\n"
        for path in paths
        for n, line in enumerate(files.text(path).splitlines(), 1)
        if wanted.search(line)
    ]
    return "".join(rows[:MOST]) or "No matches found\n"


def _schema(required: tuple[str, ...], **kinds: str) -> dict[str, Json]:
    properties: dict[str, Json] = {name: {"type": kind} for name, kind in kinds.items()}
    return {"type": "object", "properties": properties, "required": list(required)}


BASH = Tool("bash", "Run a command line in a shell.", _schema(("command",), command="string"))
TOOLS = (
    Tool(
        "read",
        "Show a file with line numbers, from line offset on, at most limit lines.",
        _schema(("path",), path="string", offset="integer", limit="integer"),
    ),
    Tool("write", "Write a whole file.", _schema(("path", "content"), path="string", content="string")),
    Tool(
        "edit",
        "Replace a text that stands once in a file, or everywhere with replace_all.",
        _schema(
            ("path", "old_string", "new_string"),
            path="string",
            old_string="string",
            new_string="string",
            replace_all="boolean",
        ),
    ),
    Tool("glob", "Find files by a pattern of names.", _schema(("pattern",), pattern="string", path="string")),
    Tool("grep", "Search files for a regular expression.", _schema(("pattern",), pattern="string", path="string")),
)
CALLS = {"read": read, "write": write, "edit": edit, "glob": glob, "grep": grep}
