"""From a tool call to an operation. A dialect shows in the tool's name and in the shape of its arguments.

Read are the shapes of mini-swe-agent (``bash``), SWE-agent (``open``, ``goto``, ``edit`` with lines or search text,
``find_file``, ``search_dir``, ...; also typed into its shell), OpenHands (``execute_bash``, ``str_replace_editor``,
``execute_ipython_cell``, and ``run`` / ``read`` / ``write`` / ``edit`` of older versions), Claude Code (``Read``,
``Write``, ``Edit``, ``MultiEdit``, ``Grep``, ``Glob``, ``LS``, ``Bash``) and of tools with the same arguments under
other spellings (``filePath``, ``oldString``, ``oldText``). A call of no known shape is :class:`Other`, never an error.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from nextstate.domain.calls import Call
from nextstate.domains.swe import operations as op

PATH = ("path", "file_path", "filePath", "filename", "file_name", "file", "target_file", "notebook_path")
OLD = ("old_str", "old_string", "oldString", "oldText", "old_text", "search")
NEW = ("new_str", "new_string", "newString", "newText", "new_text", "replace", "replacement")
TEXT = ("file_text", "content", "contents", "text")
EVERYWHERE = ("replace_all", "replaceAll", "replace-all")
EDITOR = ("view", "create", "str_replace", "insert", "undo_edit")
"""The commands of an editor that is one tool."""
SHELLS = frozenset({"bash", "execute_bash", "terminal", "shell", "run", "run_command", "sh", "exec"})
PYTHONS = frozenset({"execute_ipython_cell", "run_ipython", "execute_code", "ipython", "python"})


def operation(call: Call) -> op.Operation:
    """What a call asks for."""
    name, given = call.name.rsplit(".", 1)[-1], call.arguments
    command = given.get("command")
    if isinstance(command, str) and command in EDITOR and not (name.lower() in SHELLS and "path" not in given):
        return _editor(command, given)
    if isinstance(command, str) and len(_other(given)) == 0:
        return typed_line(command) or op.Run(command, typed=str(given.get("is_input", "")).lower() == "true")
    if name.lower() in PYTHONS and isinstance(given.get("code"), str):
        return op.Python(str(given["code"]))
    return _named(name, given) or _shaped(name, given) or op.Other(call.name, given)


_AROUND_A_COMMAND = frozenset(
    "command description timeout is_input run_in_background blocking thought security_risk workdir cwd".split()
)


def _other(given: Mapping[str, Any]) -> list[str]:
    return [key for key in given if key not in _AROUND_A_COMMAND]


def _editor(command: str, given: Mapping[str, Any]) -> op.Operation:
    path = text_of(given, PATH)
    needed = {"create": ("file_text",), "str_replace": ("old_str",), "insert": ("insert_line", "new_str")}
    for key in ("path", *needed.get(command, ())):
        if given.get(key) is None:
            return op.Incomplete(command, key, path or "")
    if path is None:
        return op.Other(command, given)
    if command == "view":
        return _ranged(path, given.get("view_range"))
    if command == "create":
        return op.Create(path, str(given["file_text"]))
    if command == "str_replace":
        return op.Replace(path, (op.Swap(str(given["old_str"]), str(given.get("new_str") or "")),))
    if command == "undo_edit":
        return op.Undo(path)
    line = number(given["insert_line"])
    return op.Insert(path, line, str(given["new_str"])) if line is not None else op.Other("insert", given)


def _ranged(path: str, value: Any) -> op.View:
    """A view with ``[first, last]``; -1 is the end. What is no such list is kept as an impossible range."""
    if value is None:
        return op.View(path)
    bounds = [number(one) for one in value] if isinstance(value, list) else []
    if len(bounds) != 2 or bounds[0] is None or bounds[1] is None:
        return op.View(path, 0, 0)
    return op.View(path, bounds[0], None if bounds[1] == -1 else bounds[1])


def _named(name: str, given: Mapping[str, Any]) -> op.Operation | None:
    """Tools that their names tell."""
    path = text_of(given, PATH)
    if name == "submit" and not given:
        return op.Submit()
    if name == "open" and path is not None:
        return op.Open(path, number(given.get("line_number")))
    if name == "goto" and (line := number(given.get("line_number"))) is not None:
        return op.Move(line)
    if name in ("scroll_up", "scroll_down") and not given:
        return op.Move(windows=-1 if name == "scroll_up" else 1)
    if name == "create" and path is not None and text_of(given, TEXT) is None:
        return op.NewFile(path)
    if name == "find_file" and isinstance(given.get("file_name"), str):
        return op.FindFiles(str(given["file_name"]), str(given.get("dir") or ""))
    if name in ("search_dir", "search_file") and isinstance(given.get("search_term"), str):
        return op.SearchText(str(given["search_term"]), str(given.get("dir") or given.get("file") or ""))
    if name.lower() in ("ls", "list", "list_dir", "list_files", "list_directory"):
        return op.ListFiles(path or "")
    return None


def _shaped(name: str, given: Mapping[str, Any]) -> op.Operation | None:
    """Tools that the shape of their arguments tells."""
    path = text_of(given, PATH)
    if (pattern := text_of(given, ("pattern", "query", "regex"))) is not None:
        finds = name.lower() in ("glob", "find", "find_files", "file_search") or given.get("target") == "files"
        include = text_of(given, ("include", "glob")) or ""
        return op.FindFiles(pattern, path or "") if finds else op.SearchText(pattern, path or "", include)
    if (swaps := _swaps(given)) is not None:
        return op.Replace(path or "", swaps)
    first, last = number(given.get("start_line")), number(given.get("end_line"))
    if (text := text_of(given, ("replacement_text",))) is not None and first is not None and last is not None:
        return op.ReplaceLines(path or "", first, last, text)
    if name == "insert" and (text := text_of(given, TEXT)) is not None:
        return op.Insert(path or "", number(given.get("line")), text)
    if path is None:
        return None
    if (text := text_of(given, TEXT)) is not None:
        return op.Create(path, text)
    return _view(name, path, given)


def _view(name: str, path: str, given: Mapping[str, Any]) -> op.View | None:
    if not re.search(r"read|view|cat\b|open_file", name, re.I):
        return None
    first, last = number(given.get("start_line")), number(given.get("end_line"))
    offset, limit = number(given.get("offset")), number(given.get("limit"))
    if offset is not None or limit is not None:
        first = offset or 1
        last = None if limit is None else first + limit - 1
    return op.View(path, first, None if last == -1 else last)


def _swaps(given: Mapping[str, Any]) -> tuple[op.Swap, ...] | None:
    edits = given.get("edits")
    if isinstance(edits, list) and edits:
        several = [_swap(one) for one in edits if isinstance(one, Mapping)]
        found = tuple(one for one in several if one is not None)
        return found if len(found) == len(edits) else None
    one = _swap(given)
    return None if one is None else (one,)


def _swap(given: Mapping[str, Any]) -> op.Swap | None:
    old, new = text_of(given, OLD), text_of(given, NEW)
    if old is None or new is None:
        return None
    return op.Swap(old, new, any(str(given.get(key)).lower() == "true" for key in EVERYWHERE))


def text_of(given: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    """The first of ``keys`` whose value is a text."""
    return next((given[key] for key in keys if isinstance(given.get(key), str)), None)


def number(value: object) -> int | None:
    """A whole number, also one written as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value.strip()) else None


# Commands that SWE-agent's own shell has for its viewer

_EDIT_LINES = re.compile(r"edit (\d{1,9}):(\d{1,9})\n(.*?)\n?end_of_edit\s*", re.S)
_SIMPLE = re.compile(r"(open|goto|scroll_up|scroll_down|create|submit)((?:[ \t]+[^\n;|&<>]+)?)\s*")


def typed_line(command: str) -> op.Operation | None:
    """The viewer's operation that a command line is; ``None`` where it is a line for a shell."""
    if edited := _EDIT_LINES.fullmatch(command):
        return op.ReplaceLines("", int(edited[1]), int(edited[2]), edited[3])
    found = _SIMPLE.fullmatch(command)
    if found is None:
        return None
    try:
        words = shlex.split(found[2])
    except ValueError:
        return None
    return _typed(found[1], words)


def _typed(word: str, words: list[str]) -> op.Operation | None:
    if word in ("scroll_up", "scroll_down", "submit") and not words:
        return op.Submit() if word == "submit" else op.Move(windows=-1 if word == "scroll_up" else 1)
    if word == "open" and words and len(words) <= 2 and (len(words) == 1 or number(words[1]) is not None):
        return op.Open(words[0], number(words[1]) if len(words) == 2 else None)
    if word == "goto" and len(words) == 1 and (line := number(words[0])) is not None:
        return op.Move(line)
    return op.NewFile(words[0]) if word == "create" and len(words) == 1 else None
