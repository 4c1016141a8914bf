"""What is evaluated: one row for each turn of each trajectory, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nextstate.data.filters import targets
from nextstate.errors import DataError
from nextstate.eval import forms
from nextstate.models import keys
from nextstate.types import Origin, Outcome, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nextstate.types import Trajectory


@dataclass(frozen=True, slots=True)
class Task:
    """The rows of one trajectory that are asked: pairs of a turn's number and the row's identity, in order."""

    trajectory: Trajectory
    rows: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one row: how answering ended, who answered, what it cost and how it scored."""

    key: str
    domain: str
    trajectory: str
    turn: int
    outcome: Outcome
    origin: Origin | None
    seconds: float
    usage: Usage = field(default_factory=Usage)
    scores: Mapping[str, float] = field(default_factory=dict)
    unscored: Mapping[str, str] = field(default_factory=dict)
    """Scorer to reason, for each scorer that could not grade this row."""
    baseline: Mapping[str, float] = field(default_factory=dict)

    @property
    def cluster(self) -> tuple[str, str]:
        """The trajectory, whose rows are not independent of each other."""
        return (self.domain, self.trajectory)

    def as_dict(self) -> dict[str, Any]:
        """The row as plain JSON values; :func:`decode` is the inverse."""
        return {
            "key": self.key,
            "domain": self.domain,
            "trajectory": self.trajectory,
            "turn": self.turn,
            **forms.ended(self),
            "scores": dict(self.scores),
            "unscored": dict(self.unscored),
            "baseline": dict(self.baseline),
        }


def decode(line: Mapping[str, Any]) -> Row:
    """The row that :meth:`Row.as_dict` wrote, other keys ignored. Raises :class:`DataError`."""
    forms.check(line, **dict.fromkeys(("key", "domain", "trajectory"), forms.text), turn=forms.whole)
    forms.check(line, scores=forms.numbers, baseline=forms.numbers, unscored=forms.texts)
    try:
        return Row(
            key=line["key"],
            domain=line["domain"],
            trajectory=line["trajectory"],
            turn=line["turn"],
            scores=line["scores"],
            unscored=line["unscored"],
            baseline=line["baseline"],
            **forms.ending(line),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"not an evaluation row: {type(error).__name__}: {error}") from error


def plan(
    trajectories: Iterable[Trajectory], *, free_run: bool = False, limit: int | None = None, seed: int = 0
) -> tuple[Task, ...]:
    """The rows to ask, grouped by trajectory, in a fixed order; a row that occurs twice is planned once.

    Turns that curation marked as no target are part of the history and no rows.
    With a ``limit`` (in rows) the trajectories are shuffled by ``seed`` and taken whole, one after the other, until
    the limit is reached; the last one may be taken in part. A smaller limit takes a part of what a larger one takes.
    """
    ordered = list(trajectories)
    if limit is not None:
        ordered.sort(key=lambda trajectory: keys.digest(seed, trajectory.domain, trajectory.id))
    seen: set[str] = set()
    tasks: list[Task] = []
    for trajectory in ordered:
        named = row_keys(trajectory, whole=free_run)
        rows = [(turn, named[turn]) for turn in targets(trajectory) if named[turn] not in seen]
        rows = rows if limit is None else rows[: max(0, limit - len(seen))]
        seen.update(key for _, key in rows)
        if rows:
            tasks.append(Task(trajectory, tuple(rows)))
    return tuple(tasks)


def row_keys(trajectory: Trajectory, *, whole: bool = False) -> tuple[str, ...]:
    """The identity of each row: domain, trajectory, turn and a hash of set-up, history and action.

    ``whole`` hashes the whole trajectory instead: with a free run a row depends on the answers of the rows before it.
    """
    state = keys.setup_key(trajectory.domain, trajectory.setup)
    hashes: list[bytes] = []
    for turn in trajectory.turns:
        hashes.append(keys.digest(state.hex(), turn.action))
        state = keys.after(state, turn, answers=True)
    if whole:
        hashes = [state] * len(hashes)
    name = f"{trajectory.domain}/{trajectory.id}"
    return tuple(f"{name}/{turn}/{found.hex()[:16]}" for turn, found in enumerate(hashes))


def fingerprint(trajectories: Sequence[Trajectory]) -> str:
    """SHA-256 of the content of ``trajectories`` in order, whatever file format they came from."""
    return keys.digest(*(_content(trajectory) for trajectory in trajectories)).hex()


def _content(trajectory: Trajectory) -> list[Any]:
    turns = [[turn.action, turn.observation, turn.meta.get("answers", [])] for turn in trajectory.turns]
    return [trajectory.domain, trajectory.id, keys.setup_key(trajectory.domain, trajectory.setup).hex(), turns]
