"""Golden examples: short real sessions, recorded by this project's recorder."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from nextstate.types import Setup, Source, Trajectory, Turn


@cache
def examples() -> tuple[Trajectory, ...]:
    """The examples of this domain, read from `examples.jsonl` (the trajectory file format)."""
    text = (files(__package__ or "") / "examples.jsonl").read_text("utf-8")
    return tuple(_trajectory(json.loads(line)) for line in text.split("\n") if line)


def _trajectory(row: dict[str, object]) -> Trajectory:
    record: dict[str, dict[str, object]] = row  # type: ignore[assignment]
    setup, source = record["setup"], record["source"]
    return Trajectory(
        id=str(row["id"]),
        domain=str(row["domain"]),
        setup=Setup(initial_state=str(setup["initial_state"]), facts=setup["facts"]),  # type: ignore[arg-type]
        turns=tuple(Turn(t["action"], t["observation"], t.get("meta", {})) for t in row["turns"]),  # type: ignore
        source=Source(
            dataset=str(source["dataset"]), revision=str(source["revision"]), licence=str(source["licence"]),
            row=str(source["row"]),
        ),
    )
