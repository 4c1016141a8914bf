"""Simulation instructions in plain words, several wordings for each kind; the seed chooses."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

WORDINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "refuse": (
            "The next action does not work. Whatever it is, the environment answers with this message and "
            "nothing else:\n{text}",
            "Let the next step fail. All that is shown is the following text, word for word:\n{text}",
            "From now on every action is refused, without any effect, with the message below:\n{text}",
        ),
        "refuse_tool": (
            "The tool {tool} is out of order. Each call of it is answered by this message alone, word for "
            "word:\n{text}",
            "Calls of {tool} fail at present; the reply to each is exactly:\n{text}",
            "Simulate a fault of {tool}: it does nothing, and what comes back is only this line:\n{text}",
        ),
        "other_tool": (
            "The tool {tool} is out of order: each call of it is answered by the message {text!r}. All other "
            "tools work as usual.",
            "Calls of {tool}, and of nothing else, fail with the message {text!r}.",
        ),
        "other_program": (
            "The program {tool} is broken: it prints {text!r} and stops. All other programs work as usual.",
            "Only {tool} is out of order; whoever starts it reads {text!r}. Everything else behaves normally.",
        ),
        "told_failure": (
            "The next action fails, for this reason: {cause}",
            "In this world the following holds, and the next action meets it: {cause}",
            "Let the next step end in an error. The cause: {cause}",
        ),
        "told_lines": (
            "What the next action prints has exactly {count} lines that are not blank.",
            "The next action succeeds and its output is {count} lines long, blank lines not counted.",
        ),
        "told_items": (
            "The result of the next call is a list of exactly {count} entries.",
            "The next call succeeds; {count} entries come back, no more and no fewer.",
        ),
        "told_value": (
            'In the result of the next call, "{key}" is {value}.',
            'The next call succeeds, and the value of "{key}" that it returns is {value}.',
            'Let the next result state {value} for "{key}".',
        ),
        "first_lines": (
            "The environment cuts long outputs: it shows the first {count} lines that are not blank, then one "
            "line that reads {mark}, "
            "and nothing after that. The next output is longer than that.",
            "Outputs are limited to {count} lines (blank ones do not count). What comes after is replaced by the "
            "single line {mark}. "
            "The output of the next action is long enough to be cut.",
        ),
        "first_items": (
            "Results are paged: a list shows its first {count} entries and leaves out the rest. The next result "
            "has more than that.",
            "No list in a result has more than {count} entries; the next result would have more, and the rest of "
            "it is left out.",
        ),
        "read_only": (
            "The file system is mounted read-only. Whoever tries to write, create, move or delete anything is told so.",
            "All disks are read-only in this simulation: every attempt to change a file or a directory fails for "
            "that reason.",
        ),
        "disk_full": (
            "The disk is full. Whatever would create a file or a directory, or write to one, fails for that reason.",
            "There is no space left on the device; each attempt to write or to create something ends in that error.",
        ),
        "unreadable": (
            "The user may not read {path}: every attempt to do so is refused for lack of permission. Other files "
            "are readable.",
            "Reading {path} is forbidden in this simulation (permission denied). All else is as usual.",
        ),
        "withheld": (
            'For privacy, the value of "{key}" is never shown: in its place stands {mark}. The rest of a result '
            "is unchanged.",
            'Results hide "{key}": replace its value by {mark} wherever it occurs, and leave all else as it is.',
        ),
        "notice": (
            "Before anything else, each observation shows this line:\n{mark}\nWhat the action shows follows it.",
            "Put the following line on top of every output; the normal output comes below it:\n{mark}",
        ),
        "relabelled": (
            "The program is translated: what was called {old!r} on the screen is called {new!r} from now on. "
            "Nothing else changes.",
            "In this version of the program the text {new!r} stands wherever {old!r} stood. Keep everything else.",
        ),
        "bad_item": (
            "The file {path} sits on a damaged part of the disk: reading it fails with an input/output error. "
            "Other files are fine.",
            "Whoever reads {path} gets an input/output error for it; everything else can be read.",
        ),
    }
)

MESSAGES = (
    "service unavailable, ticket {code}",
    "quota exceeded (reference {code})",
    "backend maintenance until further notice, code {code}",
    "lock held by another client, lock id {code}",
    "upstream replied with status 503, trace {code}",
)


def worded(kind: str, chance: random.Random, **given: object) -> str:
    """An instruction of a kind."""
    return chance.choice(WORDINGS[kind]).format(**given)


def code(chance: random.Random) -> str:
    """A code that stands in no text by chance."""
    return f"{chance.choice('BDFGHKLMNPQRTVXZ')}{chance.choice('BDFGHKLMNPQRTVXZ')}-{chance.randrange(10_000, 100_000)}"
