"""Actions are tool calls (:mod:`nextstate.domain.calls`); observations are compared through ``canonical``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nextstate.domain import calls, find
from nextstate.domains.swe import dialects
from nextstate.domains.swe.operations import Operation
from nextstate.errors import ActionError
from nextstate.types import Action, Observation

_WHOLE_NUMBERS = ("insert_line", "line_number", "start_line", "end_line", "offset", "limit", "line")
_TEXTS = frozenset({"command", "code", *dialects.PATH, *dialects.OLD, *dialects.NEW, *dialects.TEXT})


def parse(action: Action) -> Operation:
    """The operation that an action asks for; raises :class:`ActionError` where it is no tool call."""
    return dialects.operation(calls.parse(action))


def validate(action: Action) -> None:
    """Raises :class:`ActionError` for what is no tool call or has arguments that no tool takes.

    What is missing or wrong in a file's terms (no ``old_str``, lines beyond the end) is no error here: the tools
    themselves answer that.
    """
    call = calls.parse(action)
    if "\0" in action or ("\\u0000" in action and _holds_nul(call.arguments)):
        raise ActionError(f"the call of {call.name[:80]!r} holds a NUL character, which no tool takes")
    for key, value in call.arguments.items():
        if problem := _problem(call.arguments, key, value):
            raise ActionError(f"{key!r} of the call of {call.name[:80]!r} {problem}")


def _problem(given: Mapping[str, Any], key: str, value: Any) -> str:
    if value is None:
        return ""
    if key == "command" and isinstance(value, str) and not value.strip() and len(given) == 1:
        return "is empty; give a command line"
    if key in _TEXTS and not isinstance(value, str):
        return f"must be a text, got {type(value).__name__}"
    if key in _WHOLE_NUMBERS and dialects.number(value) is None:
        return f"must be a whole number, got {str(value)[:40]!r}"
    if key == "view_range" and not isinstance(value, list | str):
        return f"must be a list of two line numbers, got {type(value).__name__}"
    return ""


_FLAGS = frozenset({*dialects.EVERYWHERE, "is_input", "run_in_background", "blocking"})


def unusable(call: calls.Call) -> str:
    """What of a call's arguments counts and is not understood, so that what it does is not known; else empty.

    That is a value of an unusual type, and what moves a command elsewhere: to another directory or the background.
    """
    for key, value in call.arguments.items():
        if problem := _problem(call.arguments, key, value) or _unusual(key, value):
            return f"{key[:80]!r} {problem}"
    return ""


def _unusual(key: str, value: Any) -> str:
    if value is None:
        return ""
    if key in _FLAGS and str(value).lower() not in ("true", "false"):
        return "must be true or false"
    if (key, str(value).lower()) in (("run_in_background", "true"), ("blocking", "false")):
        return "leaves the command running"
    if key in ("workdir", "cwd") and value != "":
        return "names another directory"
    if key == "timeout" and dialects.number(value) is None and not isinstance(value, float):
        return "must be a number"
    return ""


def _holds_nul(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_nul(one) for one in value.values())
    if isinstance(value, list):
        return any(_holds_nul(one) for one in value)
    return isinstance(value, str) and "\0" in value


_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    # pytest pads its last line with `=` to the width of the screen, so their number hangs on the duration
    (re.compile(r"^=+ ([^\n=]{0,200}?\bin) \d+(?:\.\d+)?s(?: \(\d+:\d\d:\d\d\))? =+$", re.M), r"== \1 <duration> =="),
    (re.compile(r"^(Ran \d+ tests? in) \d+\.\d+s$", re.M), r"\1 <duration>"),
    (re.compile(r"^\d+\.\d+s (call|setup|teardown)\b", re.M), r"<duration> \1"),
    (re.compile(r'("duration(?:_seconds)?": )\d+(?:\.\d+)?'), r'\1"<duration>"'),
    (re.compile(r"\bat 0x[0-9a-fA-F]{6,16}(?![0-9a-fA-F])"), "at <address>"),
    (re.compile(r"(/tmp/tmp)(?=[a-z0-9_]{0,7}[0-9_])[a-z0-9_]{8}(?![\w])"), r"\1<name>"),
    (re.compile(r"(/pytest-of-\w{1,40}/pytest-)\d+"), r"\1<number>"),
)


def canonical(observation: Observation) -> Observation:
    """The observation as the terminal's canonical form has it, with durations of tests, addresses of objects and names
    of temporary files masked as well."""
    text = observation.replace("\r\n", "\n")
    for pattern, mark in _MASKS:
        text = pattern.sub(mark, text)
    return find("terminal").canonical(text)
