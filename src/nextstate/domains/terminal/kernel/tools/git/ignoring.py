"""Patterns of ``.gitignore``."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import lru_cache

from nextstate.domains.terminal.kernel.files import Undetermined


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line: ``number`` counts from 1; ``expression`` matches the name (or the path below the file's directory)."""

    line: str
    number: int
    keeps: bool
    """Whether what matches is not ignored (``!``)."""
    directories: bool
    whole: bool
    """Whether the path is matched, not only the name."""
    expression: re.Pattern[str]

    def matches(self, path: str, is_dir: bool) -> bool:
        if self.directories and not is_dir:
            return False
        return self.expression.fullmatch(path if self.whole else posixpath.basename(path)) is not None


@lru_cache(maxsize=256)
def patterns(text: str) -> tuple[Pattern, ...]:
    """The patterns of a file, the last one first, since the last that matches decides."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        pattern = _pattern(line, number)
        if pattern is not None:
            found.append(pattern)
    return tuple(reversed(found))


def _pattern(line: str, number: int) -> Pattern | None:
    if line.endswith("\r") or line.startswith("\ufeff"):
        raise Undetermined(f"the pattern {line!r}")
    text = line if line.endswith("\\ ") else line.rstrip(" ")
    if not text or text.startswith("#"):
        return None
    keeps = text.startswith("!")
    text = text[keeps:]
    if not text:
        return None
    if text.startswith(("\\#", "\\!")):
        text = text[1:]
    directories = text.endswith("/")
    text = text.removesuffix("/")
    whole = "/" in text
    text = text.removeprefix("/")
    if not text or text.endswith("/") or "//" in text:
        raise Undetermined(f"the pattern {line!r}")
    return Pattern(line, number, keeps, directories, whole, translated(text, whole=whole))


_BRACKET = re.compile(r"\[([!^]?)((?:[A-Za-z0-9]-[A-Za-z0-9]|[A-Za-z0-9_.,+=~@ -])+)\]")


@lru_cache(maxsize=512)
def translated(text: str, *, whole: bool) -> re.Pattern[str]:
    """git's wildcards as an expression; with ``whole``, ``*`` and ``?`` stop at slashes and ``**`` does not."""
    any_, one = ("[^/]*", "[^/]") if whole else (".*", ".")
    out, at = "", 0
    while at < len(text):
        char = text[at]
        if whole and text.startswith("**/", at) and (at == 0 or text[at - 1] == "/"):
            out, at = out + "(?:.*/)?", at + 3
        elif whole and text[at:] == "**" and text[:at].endswith("/"):
            out, at = out + ".+", at + 2
        elif char == "*":
            if text[at : at + 2] == "**":
                raise Undetermined(f"the pattern {text!r}")
            out, at = out + any_, at + 1
        elif char == "?":
            out, at = out + one, at + 1
        elif char == "[":
            match = _BRACKET.match(text, at)
            if match is None:
                raise Undetermined(f"the pattern {text!r}")
            body = re.sub(r"([A-Za-z0-9])-([A-Za-z0-9])|-|(.)", _item, match[2])
            out, at = out + f"[{'^/' if match[1] else ''}{body}]", match.end()
        elif char == "\\":
            raise Undetermined(f"the pattern {text!r}")
        else:
            out, at = out + re.escape(char), at + 1
    return re.compile(out, re.DOTALL)


def _item(match: re.Match[str]) -> str:
    if match[1]:
        if match[1] > match[2]:
            raise Undetermined("a range that is upside down")
        return f"{match[1]}-{match[2]}"
    return re.escape(match[0])
