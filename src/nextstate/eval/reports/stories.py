"""Where rows come from: the set-up, the history, the action and the truth, read from the data files of a run.

Rows of one trajectory share all of it, so it is held once: a story has the turns of a whole trajectory, and each row
is one turn of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nextstate.data import files, store
from nextstate.eval.agentworldbench import rows as bench
from nextstate.eval.cases.case import KEY as CASE
from nextstate.eval.reports.model import cut
from nextstate.eval.rows import row_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from nextstate.errors import DataError
    from nextstate.eval.agentworldbench.rows import BenchRow, Entry
    from nextstate.types import Setup, Trajectory


@dataclass(frozen=True, slots=True)
class Story:
    """A set-up and its turns. ``rows`` names the turn, from 0, of each row that is part of it."""

    setup: Mapping[str, str]
    """Texts by their titles."""
    turns: tuple[tuple[str, str], ...]
    """Action and observation of each turn; the observation of a row's turn is its truth."""
    rows: Mapping[str, int]


def read(
    paths: Iterable[Path], wanted: Container[str], *, free_run: bool = False, on_error: Callable[[DataError], None]
) -> Iterator[Story]:
    """The stories of the rows whose keys are ``wanted``, one at a time, from trajectories or AgentWorldBench files.

    ``free_run`` also finds the rows of free runs, whose keys are others. Broken lines go to ``on_error``. Raises
    :class:`UsageError` for a file that is not there.
    """
    for path in paths:
        if _holds_bench(path):
            found = bench.index([path])
            for problem in found.problems:
                on_error(problem)
            for group in found.groups:
                yield from _of_group([entry for entry in group if entry.key in wanted])
        else:
            for trajectory in store.read_lenient(path, on_error):
                if story := _of_trajectory(trajectory, wanted, free_run):
                    yield story


def _holds_bench(path: Path) -> bool:
    if path.is_dir():
        return any(path.glob(bench.FILES))
    beginning = files.head(path).record
    return "task" in beginning and "turns" not in beginning


def _of_trajectory(trajectory: Trajectory, wanted: Container[str], free_run: bool) -> Story | None:
    named = list(enumerate(row_keys(trajectory)))
    named += enumerate(row_keys(trajectory, whole=True)) if free_run else ()
    rows = {key: turn for turn, key in named if key in wanted}
    told = _setup(trajectory.setup)
    if (case := trajectory.meta.get(CASE)) and trajectory.id in wanted:
        rows[trajectory.id] = len(trajectory.turns) - 1
        told["Case"] = cut(_json(case))
    turns = tuple((cut(turn.action), cut(turn.observation)) for turn in trajectory.turns) if rows else ()
    return Story(told, turns, rows) if rows else None


def _setup(setup: Setup) -> dict[str, str]:
    tools = [store.encode_tool(tool) for tool in setup.tools]
    shown = "\n\n".join(f"> {turn.action}\n{turn.observation}" for turn in setup.demonstrations)
    texts = {
        "Initial state": setup.initial_state,
        "Simulation instruction": setup.instruction,
        "Tools": _json(tools) if tools else "",
        "Examples": shown,
        "Facts (known to a kernel only)": _json(dict(setup.facts)) if setup.facts else "",
    }
    return {title: cut(text) for title, text in texts.items() if text}


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, default=dict)


def _of_group(group: Sequence[Entry]) -> Iterator[Story]:
    """The rows of one trajectory, each of which holds its whole history: mostly one is the beginning of the next."""
    waiting = [(entry.key, entry.row()) for entry in group]
    while waiting:
        longest = max((row for _, row in waiting), key=lambda row: row.turn)
        fitting = {key: row.turn for key, row in waiting if _begins(row, longest)}
        prompts = (*longest.prompts[:-1], longest.current)
        turns = tuple((cut(prompt), cut(_shown(said))) for prompt, said in zip(prompts, longest.responses, strict=True))
        yield Story({"System prompt": cut(longest.system)} if longest.system else {}, turns, fitting)
        waiting = [(key, row) for key, row in waiting if key not in fitting]


def _begins(row: BenchRow, longest: BenchRow) -> bool:
    """Whether ``row`` asks about a turn of ``longest``; its own prompt may ask for an answer behind the action."""
    if row is longest:
        return True
    before = row.prompts[:-1] == longest.prompts[: row.turn] and row.responses == longest.responses[: row.turn + 1]
    return before and row.system == longest.system and longest.prompts[row.turn] in (row.prompts[-1], row.current)


def _shown(response: str) -> str:
    """A true response without the heading before every observation, which predictions do not have either."""
    return response.removeprefix(bench.MARKER).removeprefix("\n") if response.startswith(bench.MARKER) else response
