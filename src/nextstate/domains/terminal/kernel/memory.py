"""What was seen and holds still: outputs of programs and actions, doubtful variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from nextstate.domains.terminal.kernel import effects, lexis
from nextstate.domains.terminal.kernel.tools.base import Call, Out

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.state import State

WHOLE = "\0whole action"
"""Stands for the program's name where a whole action is remembered."""
_ERRORLIKE = re.compile(r"[\w./+-]+: \S")


def recall(state: State, call: Call) -> Out | None:
    """What this call showed before, if nothing changed since."""
    text = state.seen.get((call.cwd, call.name, *call.args))
    return None if text is None else Out(text)


def lasting(seen: Mapping[tuple[str, ...], str]) -> dict[tuple[str, ...], str]:
    """What stays true when files change."""
    return {key: text for key, text in seen.items() if key[1] in effects.CONSTANT}


def repeated(state: State, action: str) -> str | None:
    """What the whole action showed before, if nothing has changed since."""
    text = state.seen.get((state.cwd, WHOLE, action))
    return None if text is None or ("argv" in state.invoke and _mixed(text)) else text


def _mixed(text: str) -> bool:
    """Whether a text has lines of errors and of output: their order may be another when they came by two pipes."""
    errors = [_ERRORLIKE.match(line) is not None for line in text.removesuffix("\n").split("\n")]
    return any(errors) and not all(errors)


def touches_tainted(state: State, action: str) -> str | None:
    text = lexis.expanded(action)
    for name in state.tainted:
        word = re.escape(name)
        use = re.search(rf"\$\{{?[#!]?{word}(?!\w)|(?:\(\(|\blet\b|\bdeclare -p\b|\[).*?(?<![\w$]){word}(?!\w)", text)
        assignment = re.search(rf"(?:^|[\s;&|(]){word}=|\bfor\s+{word}\s+in\b", text)
        if use and not (assignment and assignment.start() < use.start()):
            return f"the value of {name} is not known"
    return None
