"""What an action of either dialect says that it reads and writes."""

from __future__ import annotations

from nextstate.domain.acts import UNKNOWN, Act, of_command
from nextstate.domains.terminal import codec
from nextstate.errors import ActionError
from nextstate.types import Action


def acts(action: Action) -> Act:
    """The act of a command, or of the lines that keystrokes type; keys other than Enter make it unknown."""
    if not codec.is_keystrokes(action):
        return of_command(action)
    try:
        keys = [batch.text for batch in codec.parse_keystrokes(action)]
    except ActionError:
        return UNKNOWN
    typed = "".join("\n" if text == "Enter" else text for text in keys)
    return UNKNOWN if any(text.startswith(("C-", "M-")) for text in keys) else of_command(typed)
