"""What a trial's files say of who answered, and so of who gave the reward."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nextstate.adapters.machine import Machine

FILE = "nextstate.json"
"""In the folder of the trial: the object that :func:`label` gives."""
TRAJECTORY = "nextstate.jsonl"
"""In the folder of the trial: the session, as one line of the trajectory file."""
MOST_KEYS = 100
COMPUTED, JUDGED, NOT_RUN = "computed", "judged", "not run"


def label(
    view: Mapping[str, Any], machine: Machine, before: Counter[str] | None, keys: Sequence[str]
) -> dict[str, Any]:
    """``simulated`` is always true. ``before`` are the origins of the steps when the verifier began, if it did;
    ``keys`` were pressed at a pane and did nothing.

    ``verifier`` says who gave the reward: ``computed`` where no step of the verifier was answered by a model or from
    another recording, ``judged`` where one was, ``not run`` otherwise.
    """
    verifier = machine.origins - before if before is not None else Counter()
    return {
        "simulated": True,
        "session": view["id"],
        "scenario": view["scenario"],
        "model": view["model"],
        "seed": view["seed"],
        "origins": dict(machine.origins),
        "statuses_not_shown": machine.unread,
        "keys_ignored": list(keys[:MOST_KEYS]),
        "verifier": {"verdict": _verdict(verifier, before), "origins": dict(verifier)},
    }


def _verdict(verifier: Counter[str], before: Counter[str] | None) -> str:
    if before is None:
        return NOT_RUN
    return COMPUTED if set(verifier) <= {"computed"} else JUDGED
