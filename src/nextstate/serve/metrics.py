"""What a server counts, in the text format that Prometheus reads (its exposition format, version 0.0.4)."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from nextstate.errors import StepFailed
from nextstate.types import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from nextstate.sim.sessions import Sessions, Step

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Upper bounds of the buckets of the seconds that a step took."""


class Metrics:
    """Counters of one process. Their labels are names of ours (models, origins, outcomes), never text of a request."""

    def __init__(self) -> None:
        self._requests: Counter[int] = Counter()
        self._steps: Counter[tuple[str, str, str]] = Counter()
        self._tokens: Counter[tuple[str, str]] = Counter()
        self._buckets: dict[str, list[int]] = {}
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def request(self, status: int) -> None:
        """Count an answered request."""
        self._requests[status] += 1

    def step(self, model: str, taken: Step | StepFailed, seconds: float) -> None:
        """Count a step of ``model`` that took ``seconds``; one that another branch had taken cost no tokens."""
        if isinstance(taken, StepFailed):
            prediction = taken.prediction
            origin, outcome, usage = "none", prediction.outcome.value, prediction.usage
        else:
            meta = taken.turn.meta
            origin = "shared" if taken.shared else str(meta.get("origin"))
            outcome, usage = str(meta.get("outcome")), Usage() if taken.shared else _usage(meta.get("usage"))
        self._steps[model, origin, outcome] += 1
        for kind, count in zip(_KINDS, usage.as_list(), strict=True):
            if count:
                self._tokens[model, kind] += count
        buckets = self._buckets.setdefault(model, [0] * (len(BOUNDS) + 1))
        buckets[bisect_left(BOUNDS, seconds)] += 1
        self._seconds[model] += seconds

    def text(self, sessions: Sessions) -> str:
        """Everything that is counted, and what ``sessions`` hold now."""
        opened, turns = sessions.tree.totals()
        return "\n".join(
            [
                *_family("nextstate_sessions_open", "gauge", "Sessions that have not ended.", [({}, opened)]),
                *_family("nextstate_turns_kept", "gauge", "Turns in the store.", [({}, turns)]),
                *_family(
                    "nextstate_tree_queue", "gauge", "Writes that wait for the store.", [({}, sessions.tree.waiting)]
                ),
                *_family("nextstate_requests_total", "counter", "Answered HTTP requests.", self._statuses()),
                *_family("nextstate_steps_total", "counter", "Steps, by who answered and how it ended.", self._taken()),
                *_family("nextstate_tokens_total", "counter", "Tokens that steps cost.", self._used()),
                *self._histogram(),
                "",
            ]
        )

    def _statuses(self) -> list[tuple[dict[str, str], float]]:
        return [({"status": str(status)}, count) for status, count in sorted(self._requests.items())]

    def _taken(self) -> list[tuple[dict[str, str], float]]:
        return [(dict(zip(_LABELS, labels, strict=True)), count) for labels, count in sorted(self._steps.items())]

    def _used(self) -> list[tuple[dict[str, str], float]]:
        return [({"model": model, "kind": kind}, count) for (model, kind), count in sorted(self._tokens.items())]

    def _histogram(self) -> Iterator[str]:
        name = "nextstate_step_seconds"
        yield from _head(name, "histogram", "Seconds from the asking of a step until it was kept.")
        for model, counts in sorted(self._buckets.items()):
            below = 0
            for bound, count in zip((*map(str, BOUNDS), "+Inf"), counts, strict=True):
                below += count
                yield _sample(f"{name}_bucket", {"model": model, "le": bound}, below)
            yield _sample(f"{name}_sum", {"model": model}, self._seconds[model])
            yield _sample(f"{name}_count", {"model": model}, below)


_LABELS = ("model", "origin", "outcome")
_KINDS = ("prompt", "cached", "completion")


def _usage(told: object) -> Usage:
    if not isinstance(told, dict):
        return Usage()
    return Usage(*(int(told.get(f"{kind}_tokens", 0)) for kind in _KINDS))


def _family(name: str, kind: str, words: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> Iterator[str]:
    yield from _head(name, kind, words)
    for labels, value in samples:
        yield _sample(name, labels, value)


def _head(name: str, kind: str, words: str) -> Iterator[str]:
    yield f"# HELP {name} {words}"
    yield f"# TYPE {name} {kind}"


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{told}}} {value}" if told else f"{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
