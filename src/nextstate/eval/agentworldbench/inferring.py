"""The first stage: ask a model every row, and keep what it said in ``DIR/infer``.

A plain language model follows the official protocol: the row's own system prompt, the true history as a conversation,
and the prediction from the last ``<predicted_observation>`` block outside the reasoning. Any other world model is asked
the query that the importer makes of the row, in which neither the row's system prompt nor its tools are known; the
manifest says which protocol it was.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from nextstate import __version__
from nextstate.domain import Domain
from nextstate.errors import DataError
from nextstate.eval import forms
from nextstate.eval import journal as journals
from nextstate.eval.agentworldbench.rows import MARKER
from nextstate.eval.agentworldbench.work import WORKERS, each_group
from nextstate.eval.journal import Journal
from nextstate.models import chat
from nextstate.models.base import fingerprint, refused
from nextstate.types import Origin, Outcome, Prediction, Query, Setup, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from nextstate.eval.agentworldbench.rows import Bench, BenchRow, Entry
    from nextstate.models.language import LanguageModel
    from nextstate.types import WorldModel

STAGE = "infer"
TEXT_CHARS = 1_000_000
"""How much of an observation, and of a raw reply, is written."""

TAGGED = Domain("agentworldbench", "1", "", "", str, lambda action: None, tuple)
"""The official reply format, whatever the domain: the whole observation between tags."""
_ASKED = Query(TAGGED.name, Setup(), (), "")


class Asking(Protocol):
    """How a row becomes a question to a model."""

    @property
    def protocol(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    async def ask(self, row: BenchRow, seed: int) -> tuple[Prediction, str]:
        """The prediction, and the raw reply that it was read from (empty where there is none)."""
        ...


@dataclass(frozen=True, slots=True)
class ByMessages:
    """A language model asked as the published script asks it."""

    model: LanguageModel
    protocol: str = "official"

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.name

    @property
    def fingerprint(self) -> str:
        """The model's fingerprint."""
        return self.model.fingerprint

    async def ask(self, row: BenchRow, seed: int) -> tuple[Prediction, str]:
        """Prediction and raw reply."""
        reply = await self.model.complete(row.messages(), seed=seed)
        prediction = chat.read(TAGGED, _ASKED, reply)
        if prediction.observation is not None:
            prediction = replace(prediction, observation=_without_marker(prediction.observation))
        return prediction, reply.text


@dataclass(frozen=True, slots=True)
class ByQuery:
    """A world model asked the query that the importer makes of a row."""

    model: WorldModel
    protocol: str = "query"

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.name

    @property
    def fingerprint(self) -> str:
        """The model's fingerprint."""
        return fingerprint(self.model)

    async def ask(self, row: BenchRow, seed: int) -> tuple[Prediction, str]:
        """Prediction, and the raw reply where no observation could be read."""
        try:
            query, _ = row.question()
        except DataError as error:
            return refused(str(error), model=self.name), ""
        prediction = await self.model.predict(query, seed=seed)
        return prediction, "" if prediction.observation is not None else prediction.reply


def _without_marker(text: str) -> str:
    """An observation without the line before it that a model copies from the history."""
    return text.removeprefix(MARKER).removeprefix("\n") if text.startswith(MARKER) else text


@dataclass(frozen=True, slots=True)
class Inferred:
    """What came of asking one row, without its texts."""

    key: str
    domain: str
    trajectory: str
    turn: int
    outcome: Outcome
    origin: Origin | None = None
    seconds: float = 0.0
    usage: Usage = field(default_factory=Usage)
    spoke: bool = False
    """Whether the model said anything at all, readable or not."""


def decode(line: Mapping[str, Any]) -> Inferred:
    """The row that a line of the journal tells of. Raises :class:`DataError`."""
    forms.check(line, **dict.fromkeys(("key", "domain", "trajectory", "reply"), forms.text))
    forms.check(line, turn=forms.whole, observation=forms.optional(forms.text))
    try:
        return Inferred(
            key=line["key"],
            domain=line["domain"],
            trajectory=line["trajectory"],
            turn=line["turn"],
            spoke=bool(line["reply"]) or line["observation"] is not None,
            **forms.ending(line),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"not a row of this stage: {type(error).__name__}: {error}") from error


def manifest(out: Path) -> dict[str, Any]:
    """What the first stage in ``out`` was asked. Raises :class:`DataError`."""
    found = journals.manifest(out / STAGE)
    try:
        forms.check(found, rows=forms.counts, limit=forms.optional(forms.whole), seed=lambda seed: type(seed) is int)
    except DataError as error:
        raise DataError(
            f"not the manifest of this stage: {error}", where=str(out / STAGE / journals.MANIFEST)
        ) from None
    return found


@dataclass(frozen=True, slots=True)
class Inference:
    """The rows of a finished first stage; ``seconds`` is the wall time of this process."""

    rows: tuple[Inferred, ...]
    run: Mapping[str, Any]
    seconds: float
    asked: int
    """Rows that this process asked; the others had been finished before."""


async def infer(
    asking: Asking,
    bench: Bench,
    *,
    out: Path,
    seed: int = 0,
    limit: int | None = None,
    workers: int = WORKERS,
    settings: Mapping[str, Any] | None = None,
    on_row: Callable[[int, int], None] | None = None,
) -> Inference:
    """Ask every row of ``bench`` that is not finished in ``out/infer``.

    ``limit`` is what ``bench`` was sampled with, and ``settings`` how the model is asked, for the manifest.
    ``on_row`` is called with the number of finished rows and of all. A model never ends the run: what it raises
    becomes the row's outcome. Raises :class:`UsageError` when the folder holds another run, and :class:`DataError`
    when the files have changed meanwhile.
    """
    started, counts = time.perf_counter(), bench.counts()
    run = {
        "stage": STAGE,
        "protocol": asking.protocol,
        "model": asking.name,
        "fingerprint": asking.fingerprint,
        "data_sha256": bench.sha256,
        "rows": counts,
        "skipped": len(bench.problems),
        "settings": dict(settings or {}),
        "limit": limit,
        "seed": seed,
        "version": __version__,
    }
    with Journal(out / STAGE, run, decode) as journal:
        before, total = len(journal.rows), sum(counts.values())

        async def one(entry: Entry) -> None:
            line = await _line(asking, entry, seed)
            journal.append(line, decode(line))
            if on_row is not None:
                on_row(len(journal.rows), total)

        left = [[entry for entry in group if entry.key not in journal.rows] for group in bench.groups]
        await each_group(filter(None, left), one, workers)
        rows = tuple(journal.rows.values())
    return Inference(rows, run, time.perf_counter() - started, len(rows) - before)


async def _line(asking: Asking, entry: Entry, seed: int) -> dict[str, Any]:
    started, row = time.perf_counter(), entry.row()
    try:
        prediction, reply = await asking.ask(row, seed)
    except Exception as error:  # the boundary to models: no run dies from one row
        prediction, reply = Prediction(Outcome.PROVIDER_ERROR, detail=f"{type(error).__name__}: {error}"), ""
    waited = prediction.seconds or time.perf_counter() - started
    line = {
        "key": entry.key,
        "domain": entry.domain,
        "trajectory": entry.trajectory,
        "turn": entry.turn,
        **forms.ended(replace(prediction, seconds=waited)),
        "observation": None if prediction.observation is None else prediction.observation[:TEXT_CHARS],
        "reply": reply[:TEXT_CHARS],
    }
    return {**line, "detail": prediction.detail} if prediction.detail else line
