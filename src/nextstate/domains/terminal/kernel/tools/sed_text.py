"""The texts inside sed scripts: escapes, replacements, and the characters of ``y``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nextstate.domains.terminal.kernel.files import Undetermined


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a replacement: a text, then a group (-1: none); ``mode`` and ``once`` change their case."""

    text: str
    group: int = -1
    mode: str = ""
    once: str = ""


_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_NUMBERED = {"d": (10, "[0-9]{1,3}"), "o": (8, "[0-7]{1,3}"), "x": (16, "[0-9a-fA-F]{1,2}")}
_SPECIAL = frozenset("\\^$.*[]+?(){}|/&\n")


def produced(text: str, at: int) -> tuple[str, int] | None:
    """The character of an escape such as ``\\t`` or ``\\x41`` whose letter stands at ``at``, and where it ends."""
    letter = text[at : at + 1]
    if letter in _CONTROLS and letter:
        return _CONTROLS[letter], at + 1
    if letter in _NUMBERED:
        base, digits = _NUMBERED[letter]
        match = re.compile(digits).match(text, at + 1)
        if match is None:
            return letter, at + 1
        code = int(match[0], base)
        if code > 127:
            raise Undetermined("an escape for a byte that is no ASCII")
        return chr(code), match.end()
    if letter == "c":
        raise Undetermined("a control escape")
    return None


def unescaped_regex(text: str) -> str:
    """An expression with the escapes that stand for characters replaced by them."""
    found: list[str] = []
    at = 0
    while at < len(text):
        if text[at] != "\\":
            found.append(text[at])
            at += 1
            continue
        made = produced(text, at + 1)
        if made is None:
            found.append(text[at : at + 2])
            at += 2
            continue
        if made[0] in _SPECIAL and text[at + 1] not in _CONTROLS:
            raise Undetermined("an escape for a special character")
        found.append(made[0])
        at = made[1]
    return "".join(found)


def replacement(text: str) -> tuple[tuple[Part, ...], int]:
    """The pieces of a replacement and its highest group."""
    parts: list[Part] = []
    words: list[str] = []
    mode = once = ""
    highest = at = 0

    def close(group: int) -> None:
        nonlocal once
        if words or group >= 0 or once:
            parts.append(Part("".join(words), group, mode, once))
            words.clear()
            once = ""

    while at < len(text):
        ch = text[at]
        at += 1
        if ch == "&":
            close(0)
        elif ch != "\\" or at == len(text):
            words.append(ch)
        elif text[at] in "0123456789":
            highest = max(highest, int(text[at]))
            close(int(text[at]))
            at += 1
        elif text[at] in "LUE":
            if once and not words:
                raise Undetermined("a change of case directly after another one")
            if words:
                close(-1)
            mode = text[at].replace("E", "")
            at += 1
        elif text[at] in "lu":
            if once and not words:
                raise Undetermined("a change of case directly after another one")
            if words:
                close(-1)
            once = text[at]
            at += 1
        else:
            made = produced(text, at) or (text[at], at + 1)
            words.append(made[0])
            at = made[1]
    close(-1)
    return tuple(parts), highest


def plain_characters(text: str) -> str:
    """The characters of a ``y`` operand."""
    found: list[str] = []
    at = 0
    while at < len(text):
        if text[at] != "\\":
            found.append(text[at])
            at += 1
        elif text[at + 1 : at + 2] in ("\\", "\n", "&"):
            found.append(text[at + 1])
            at += 2
        else:
            made = produced(text, at + 1)
            if made is None or text[at + 1] not in "ntrfva":
                raise Undetermined("an escape in y")
            found.append(made[0])
            at = made[1]
    return "".join(found)
