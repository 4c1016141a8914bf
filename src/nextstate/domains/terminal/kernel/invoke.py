"""How an action reaches a shell. Most recordings keep one shell alive; some start a new one for every action.

``facts["invoke"]`` describes the second kind: ``{"per_action": true, "argv": '/bin/bash -c "{action}"', "split": "shlex"}``
means that the action is put into the pattern and the result is split into an argument list by shlex rules.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.state import State


def unwrap(state: State, action: str) -> str | None:
    """The script that the shell really gets, or ``None`` when that is not determined."""
    pattern = state.invoke.get("argv")
    if not pattern:
        return action
    try:
        argv = shlex.split(str(pattern).replace("{action}", action))
    except ValueError:
        return None
    if len(argv) < 3 or argv[1] != "-c":
        return None
    if len(argv) > 3:
        return f"set -- {shlex.join(argv[4:])}; {argv[2]}" if argv[4:] else argv[2]
    return argv[2]
