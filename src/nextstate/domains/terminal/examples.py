"""Golden examples: short real sessions, recorded by this project's recorder."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from nextstate.types import Setup, Source, Trajectory, Turn


@cache
def examples() -> tuple[Trajectory, ...]:
    """The examples of this domain, read from `examples.jsonl` (the trajectory file format)."""
    text = (files(__package__ or "") / "examples.jsonl").read_text("utf-8")
    return tuple(_trajectory(json.loads(line)) for line in text.split("\n") if line)


def _trajectory(row: dict[str, Any]) -> Trajectory:
    setup, source = row["setup"], row["source"]
    return Trajectory(
        id=row["id"],
        domain=row["domain"],
        setup=Setup(initial_state=setup["initial_state"], facts=setup["facts"]),
        turns=tuple(Turn(turn["action"], turn["observation"], turn["meta"]) for turn in row["turns"]),
        source=Source(source["dataset"], source["revision"], source["licence"], source["row"]),
    )
