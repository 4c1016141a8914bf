"""Executable checks of an observation: rules that hold whatever the world holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from nextstate.domain import Check
from nextstate.domains.terminal import codec
from nextstate.types import Observation, Query

_SILENT = re.compile(r"^\s*(export\s+\w+=[\w./-]*|\w+=[\w./-]*|true|:|unset\s+\w+)\s*$")
_ECHO = re.compile(r"^\s*echo\s+([A-Za-z0-9_.,:/-]+(?: [A-Za-z0-9_.,:/-]+)*)\s*$")
_CAT = re.compile(r"^\s*cat\s+([\w./-]+)\s*$")
_REMOVED = re.compile(r"^\s*rm\s+(?:-f\s+)?([\w./-]+)\s*$")
_ARITHMETIC = re.compile(r"^\s*echo\s+\$\(\((\d{1,9})\s*([-+*])\s*(\d{1,9})\)\)\s*$")


def silent(query: Query, observation: Observation) -> bool | None:
    """A plain assignment prints nothing."""
    return observation.strip() == "" if _SILENT.match(query.action) else None


def echoed(query: Query, observation: Observation) -> bool | None:
    """``echo`` of plain words prints these words."""
    found = _ECHO.match(query.action)
    if not found or found[1].startswith("-"):
        return None
    return observation.rstrip("\n") == found[1]


def arithmetic(query: Query, observation: Observation) -> bool | None:
    """``echo $((a op b))`` prints the result."""
    found = _ARITHMETIC.match(query.action)
    if not found:
        return None
    left, right = int(found[1]), int(found[3])
    if found[1] != str(left) or found[3] != str(right):
        return None  # a leading zero makes the number octal
    result = {"+": left + right, "-": left - right, "*": left * right}[found[2]]
    return observation.strip() == str(result)


def removed_is_gone(query: Query, observation: Observation) -> bool | None:
    """A file that the last action removed without a word cannot be read."""
    found = _CAT.match(query.action)
    if not found or not query.history:
        return None
    last = query.history[-1]
    removed = _REMOVED.match(last.action)
    if not removed or removed[1] != found[1] or last.observation.strip():
        return None
    return "No such file or directory" in observation


def no_reply_tags(query: Query, observation: Observation) -> bool | None:
    """A terminal does not print the tags of our reply format, unless the action or the history holds them."""
    tag = "predicted_observation>"
    if tag in query.action or any(tag in turn.observation or tag in turn.action for turn in query.history):
        return None
    return tag not in observation


def screen_has_prompt(query: Query, observation: Observation) -> bool | None:
    """A screen after plain commands ends in a prompt or shows a program that is still running: it is not empty."""
    if not codec.is_keystrokes(query.action) or "clear" in query.action:
        return None
    return observation.strip() != ""


def well_formed(query: Query, observation: Observation) -> bool | None:
    """A whole screen has no more rows and no wider ones than the terminal, where the facts tell its size."""
    screen = query.setup.facts.get("screen")
    if not codec.is_keystrokes(query.action) or not isinstance(screen, dict) or screen.get("shows") != "whole":
        return None
    rows, columns = screen.get("rows"), screen.get("columns")
    if not isinstance(rows, int) or not isinstance(columns, int):
        return None
    lines = observation.rstrip("\n").split("\n")
    return len(lines) <= rows and all(len(line) <= columns for line in lines)


_FAILURE = re.compile(
    r"""^(?: (?:-?bash|sh|/bin/(?:ba)?sh|zsh):\ .+                                    # the shell's own messages
         | [\w./+-]+:\ .*\b(?:No\ such\ file\ or\ directory|Permission\ denied|Is\ a\ directory|Not\ a\ directory
             |File\ exists|Operation\ not\ permitted|command\ not\ found|Directory\ not\ empty|Connection\ refused)
         | [\w./+-]+:\ (?:cannot|can't|could\ not|missing|invalid|unrecognized|unknown|error|fatal|illegal|extra)\b.*
         | Traceback\ \(most\ recent\ call\ last\):
         | (?:fatal|error|E|ERROR|Error):\ .+
         | \w*(?:Error|Exception):\ .+ )""",
    re.VERBOSE | re.MULTILINE,
)


def failed(query: Query, observation: Observation) -> bool:
    """Whether what is shown reports a failure: a message of the shell or of a usual program, or a traceback."""
    return _FAILURE.search(observation) is not None


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "assignment_is_silent": silent,
        "echo_prints_words": echoed,
        "arithmetic_is_right": arithmetic,
        "removed_file_is_gone": removed_is_gone,
        "no_reply_tags": no_reply_tags,
        "screen_is_not_empty": screen_has_prompt,
        "well_formed": well_formed,
    }
)
