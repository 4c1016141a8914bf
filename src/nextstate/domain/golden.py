"""Golden examples: short real sessions in a domain's folder, in the trajectory file format.

For domains, which stand to the left of the module that reads such files in general.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from nextstate.types import Setup, Source, Tool, Trajectory, Turn


@cache
def read(package: str, name: str = "examples.jsonl") -> tuple[Trajectory, ...]:
    """The trajectories of the file ``name`` in ``package`` (its dotted name)."""
    text = (files(package) / name).read_text("utf-8")
    return tuple(_trajectory(json.loads(line)) for line in text.split("\n") if line)


def _trajectory(row: dict[str, Any]) -> Trajectory:
    setup, source = row["setup"], row["source"]
    tools = tuple(
        Tool(one["name"], one.get("description", ""), one.get("inputSchema", {}), one.get("outputSchema", {}))
        for one in setup.get("tools", ())
    )
    return Trajectory(
        id=row["id"],
        domain=row["domain"],
        setup=Setup(
            initial_state=setup.get("initial_state", ""),
            tools=tools,
            instruction=setup.get("instruction", ""),
            facts=setup.get("facts", {}),
        ),
        turns=tuple(Turn(turn["action"], turn["observation"], turn.get("meta", {})) for turn in row["turns"]),
        source=Source(source["dataset"], source.get("revision", ""), source["licence"], source.get("row", "")),
    )
