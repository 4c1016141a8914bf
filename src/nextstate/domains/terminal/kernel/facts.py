"""The facts of a set-up that are of the documented types and of bounded sizes; any other fact counts as not told.

A fact is taken whole or not at all: of an environment or of files with a part left out, what is missing would look as
if it did not exist. For the same reason directories are ``complete`` only beside ``files`` that were taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nextstate.domains.terminal.kernel import lexis
from nextstate.domains.terminal.kernel.files import MAX_PATH

MAX_NAME = 255
"""Characters of a user's, a host's or a program's name."""
MAX_LEVELS = 100
"""Names of one path."""
MAX_VALUE = 100_000
"""Characters of one variable, of the first screen, or of a pattern in ``invoke``."""
MAX_VARIABLES, MAX_ENVIRONMENT = 1_000, 500_000
"""Variables of an environment, and characters in all of them."""
MAX_FILES, MAX_CONTENT, MAX_NAMES = 20_000, 50_000_000, 200_000
"""Files, characters in all of them, and names in all of their paths."""
MAX_ENTRIES = 1_000
"""Programs, directories known whole, settings of ``invoke``."""
MAX_SIDE = 10_000
"""Columns or rows of a terminal."""
_MODE = re.compile(r"0*[0-7]{1,4}")
_NAMED = re.compile(r"[^\s\0]*")


@dataclass(frozen=True, slots=True)
class Terminal:
    """What ``facts["screen"]`` tells; 0 stands for a side that is not told."""

    columns: int
    rows: int
    whole: bool
    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of a set-up; what was not told is empty."""

    user: str = ""
    host: str = ""
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    modes: Mapping[str, int] = field(default_factory=dict)
    complete: tuple[str, ...] = ()
    tools: Mapping[str, str] = field(default_factory=dict)
    invoke: Mapping[str, Any] = field(default_factory=dict)
    screen: Terminal | None = None


def read(told: Mapping[str, Any]) -> Facts:
    """What ``setup.facts`` tells of the terminal."""
    cwd, complete = told.get("cwd"), told.get("complete")
    env = _mapping(told.get("env"), _variable, _value, MAX_VARIABLES)
    files = _mapping(told.get("files", {}), _path, _content, MAX_FILES)
    modes = _mapping(told.get("modes"), _path, _mode, MAX_FILES) or {}
    known = files is not None and _fits(files)
    whole = known and isinstance(complete, list | tuple) and len(complete) <= MAX_ENTRIES and all(map(_path, complete))
    return Facts(
        user=_name(told.get("user")),
        host=_name(told.get("host")),
        cwd=cwd if isinstance(cwd, str) and _path(cwd) else "",
        env=env if env and _size(env) <= MAX_ENVIRONMENT else {},
        files=files if files and known else {},
        modes={path: int(mode, 8) for path, mode in modes.items()},
        complete=tuple(complete or ()) if whole else (),
        tools=_mapping(told.get("tools"), _label, _label, MAX_ENTRIES) or {},
        invoke=_mapping(told.get("invoke"), _label, _setting, MAX_ENTRIES) or {},
        screen=_screen(told.get("screen")),
    )


# -- parts of facts; each says whether a value is one ------------------------------------------------------------


def _text(value: object, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest and lexis.is_text(value)


def _path(value: object) -> bool:
    if not isinstance(value, str) or not value.startswith("/"):
        return False
    return _text(value, MAX_PATH) and value.count("/") <= MAX_LEVELS


def _content(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_CONTENT and lexis.is_unicode(value)


def _variable(value: object) -> bool:
    return isinstance(value, str) and value != "" and "=" not in value and _text(value, MAX_NAME)


def _value(value: object) -> bool:
    return _text(value, MAX_VALUE)


def _label(value: object) -> bool:
    return _text(value, MAX_NAME)


def _mode(value: object) -> bool:
    return isinstance(value, str) and len(value) < MAX_NAME and _MODE.fullmatch(value) is not None


def _setting(value: object) -> bool:
    if isinstance(value, list | tuple):
        return len(value) <= MAX_ENTRIES and all(map(_label, value))
    return isinstance(value, bool) or _value(value)


# -- whole facts -------------------------------------------------------------------------------------------------


def _mapping(
    value: object, key: Callable[[object], bool], item: Callable[[object], bool], longest: int
) -> dict[str, Any] | None:
    """The mapping, where it and all that it holds are of the right types."""
    if not isinstance(value, Mapping) or len(value) > longest:
        return None
    return dict(value) if all(key(one) and item(other) for one, other in value.items()) else None


def _name(value: object) -> str:
    return value if isinstance(value, str) and _label(value) and _NAMED.fullmatch(value) else ""


def _size(texts: Mapping[str, str]) -> int:
    return sum(len(key) + len(text) for key, text in texts.items())


def _fits(files: Mapping[str, str]) -> bool:
    return _size(files) <= MAX_CONTENT and sum(path.count("/") for path in files) <= MAX_NAMES


def _screen(told: object) -> Terminal | None:
    if not isinstance(told, Mapping):
        return None
    text = told.get("text")
    return Terminal(
        columns=_side(told.get("columns"), 2),
        rows=_side(told.get("rows"), 1),
        whole=told.get("shows") == "whole",
        text=text if isinstance(text, str) and _value(text) else "",
    )


def _side(value: object, least: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and least <= value <= MAX_SIDE else 0
