"""Actions of the terminal in two dialects, and the canonical form of what it shows.

Plain dialect: the action is a shell command, the observation is what it prints. Keystroke dialect: the action is a
JSON array of ``{"keystrokes": str, "duration": seconds}`` in tmux notation, the observation is the screen.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from nextstate.errors import ActionError
from nextstate.types import Action, Observation

MAX_ACTION = 200_000
"""Characters of one action."""
MAX_DURATION = 3600.0
"""Seconds that one batch of keystrokes may ask to wait."""


@dataclass(frozen=True, slots=True)
class Keys:
    """One batch of keystrokes: ``text`` in tmux notation, then ``duration`` seconds of waiting."""

    text: str
    duration: float


def is_keystrokes(action: Action) -> bool:
    """Whether an action is in the keystroke dialect: a JSON array whose items are objects with keystrokes."""
    text = action.lstrip()
    return text.startswith("[") and '"keystrokes"' in text


def parse_keystrokes(action: Action) -> tuple[Keys, ...]:
    """The batches of an action in the keystroke dialect; raises :class:`ActionError`."""
    try:
        items = json.loads(action)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ActionError(f"the keystrokes are not JSON: {error}") from None
    if not isinstance(items, list):
        raise ActionError("keystrokes must be a JSON array of objects")
    return tuple(_keys(index, item) for index, item in enumerate(items))


def _keys(index: int, item: object) -> Keys:
    if not isinstance(item, dict) or not isinstance(item.get("keystrokes"), str):
        raise ActionError(f"item {index} of the keystrokes needs a string 'keystrokes'")
    duration = item.get("duration", 1.0)
    if isinstance(duration, bool) or not isinstance(duration, int | float) or not 0 <= duration <= MAX_DURATION:
        raise ActionError(f"item {index}: 'duration' must be 0 to {MAX_DURATION:.0f} seconds, got {duration!r}")
    return Keys(item["keystrokes"], float(duration))


def validate(action: Action) -> None:
    """Raises :class:`ActionError` when an action is empty, too long, holds NUL, or is malformed keystrokes."""
    if not action.strip():
        raise ActionError("the action is empty; give a shell command or a JSON array of keystrokes")
    if len(action) > MAX_ACTION:
        raise ActionError(f"the action has {len(action)} characters; at most {MAX_ACTION} are taken")
    if "\0" in action:
        raise ActionError("the action holds a NUL character, which no shell accepts")
    if not encodable(action):
        raise ActionError("the action holds half of a surrogate pair, which is no text")
    if is_keystrokes(action):
        parse_keystrokes(action)


def encodable(text: str) -> bool:
    """Whether a text can be written as UTF-8 (it has no lone surrogates)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?<!\w\w{3})"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_MASKS: tuple[tuple[re.Pattern[str], str, tuple[str, ...]], ...] = (
    (
        re.compile(r"\d\d\d\d(?<!\w\d{4})-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?( ?(Z|UTC|[+-]\d{2}:?\d{2}))?"),
        "<time>",
        ("-",),
    ),
    (
        re.compile(
            rf"{_DAY},? +(\d{{1,2}} +)?{_MONTH} +\d{{1,4}}"
            r"( +\d{4})?( +\d{2}:\d{2}:\d{2})?( +(AM|PM))?( +[A-Z]{3,4}| +[+-]\d{4})?( +\d{4})?"
        ),
        "<time>",
        (),
    ),
    (re.compile(rf"{_MONTH}(?<!\w\w{{3}}) {{1,2}}\d{{1,2}} +(\d{{2}}:\d{{2}}|\d{{4}})\b"), "<time>", ()),
    (re.compile(r"\d\d(?<!\w\d{2}):\d{2}:\d{2}([.,]\d+)?\b"), "<time>", (":",)),
    (
        re.compile(r"(real(?<!\w\w{4})|user(?<!\w\w{4})|sys(?<!\w\w{3}))(\s+)\d+m\d+[.,]\d+s"),
        r"\1\2<duration>",
        ("real", "user", "sys"),
    ),
    (
        re.compile(r"(in(?<!\w\w{2})|took(?<!\w\w{4})) \d+\.\d+ ?s(ec(onds)?)?\b"),
        r"\1 <duration>",
        ("in ", "took "),
    ),
    (re.compile(r"\[(\d+)(\] )\d{2,7}(?=\s*$)", re.M), r"[\1\2<pid>", ("] ",)),
    (
        re.compile(r"(pid(?<!\w\w{3})|PID(?<!\w\w{3})|process(?<!\w\w{7}))([ =:]+)\d+\b"),
        r"\1\2<pid>",
        ("pid", "PID", "process"),
    ),
    (
        re.compile(r"\((\d{2,7})\)(?= [-+]? ?(Terminated|Killed|Done))"),
        "(<pid>)",
        ("Terminated", "Killed", "Done"),
    ),
    (re.compile(r"@[0-9a-f]{12}(?=:)"), "@<container>", ("@",)),
    (
        re.compile(r"[0-9a-f](?<![0-9a-f]{2})[0-9a-f]{63}(?=\s+(Up|Exited|Created))"),
        "<container>",
        ("Up", "Exited", "Created"),
    ),
    (
        re.compile(r"(?<=docker-)[0-9a-f]{64}(?=\.scope)|(?<=/docker/)[0-9a-f]{64}"),
        "<container>",
        ("docker",),
    ),
)
"""What is masked, by what, and of which texts one is part of it: where none is, there is nothing to mask.

The patterns begin with what they look for, and ask for the word boundary before it behind that: so the search for
where one may begin is quick.
"""


def canonical(observation: Observation) -> Observation:
    """The observation with clocks, durations, process ids and container ids masked, and without trailing blanks.

    Trailing spaces of lines and empty lines at the end do not count: a screen has them by its width and height.
    """
    text = observation.replace("\r\n", "\n")
    for pattern, mark, parts in _MASKS:
        if not parts or any(part in text for part in parts):
            text = pattern.sub(mark, text)
    return "\n".join(line.rstrip() for line in text.split("\n")).rstrip()
