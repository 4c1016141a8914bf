"""A small set in the official format, and models to ask about it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nextstate.data.sources.agentworldbench import rows_of
from nextstate.models.language import ScriptedReplies
from nextstate.types import Setup, Trajectory, Turn

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from nextstate.models.language import Messages

DIMENSIONS = ("format", "factuality", "consistency", "realism", "quality")


def trajectory(number: int, turns: int, domain: str = "terminal") -> Trajectory:
    """Commands that print a number and the turn; a line separator that is no end of a line stands in each."""
    pairs = tuple(Turn(f"echo {number}-{turn}", f"{number}-{turn}\u2028end\n") for turn in range(turns))
    return Trajectory(f"made-{number}", domain, Setup(), pairs)


def rows(count: int, turns: int = 4, domain: str = "terminal") -> list[dict[str, Any]]:
    """``count`` trajectories of ``turns`` turns, each turn asked, as the values of the lines of a file."""
    found = [row for number in range(count) for row in rows_of(trajectory(number, turns, domain), range(1, turns + 1))]
    assert all(isinstance(row, dict) for row in found)
    return found  # type: ignore[return-value]  # JSON objects, as just seen


def write(folder: Path, values: Iterable[Any], domain: str = "terminal") -> Path:
    """A folder of the data set with one file; what is no text is written as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values]
    (folder / f"{domain}_test.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return folder


def tagged(text: str) -> str:
    return f"<predicted_observation>\n{text}\n</predicted_observation>"


def marks(*values: int) -> str:
    return json.dumps(dict(zip(DIMENSIONS, values, strict=True)))


def official_marks(*values: int) -> str:
    """What the official prompts ask for."""
    return json.dumps({"strengths": [], "weaknesses": [], "scores": dict(zip(DIMENSIONS, values, strict=True))})


class Asked(ScriptedReplies):
    """Replies by a function, and keeps the conversations that it was asked."""

    def __init__(self, reply: Any, name: str = "asked") -> None:
        super().__init__(reply, name)
        self.messages: list[Messages] = []
        self.seeds: list[int | None] = []

    async def complete(self, messages: Messages, *, seed: int | None = None) -> Any:
        self.messages.append(messages)
        self.seeds.append(seed)
        return await super().complete(messages, seed=seed)
