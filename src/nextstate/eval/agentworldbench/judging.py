"""The second stage: a judge marks what the first stage predicted; ``DIR/judge`` keeps its words and its marks.

Rows are judged trajectory by trajectory, so that what their prompts have in common stands in the prefix cache. A
judge whose reply cannot be read is asked again, with another seed, a few times (the published script asks up to three
times); the last reply counts and its failure has a name.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nextstate import __version__
from nextstate.errors import DataError, UsageError
from nextstate.eval import forms
from nextstate.eval import journal as journals
from nextstate.eval.agentworldbench import inferring
from nextstate.eval.agentworldbench.rows import Place, places
from nextstate.eval.agentworldbench.work import WORKERS, each_group
from nextstate.eval.journal import Journal
from nextstate.eval.judge import verdict_of
from nextstate.eval.judge.verdicts import Verdict
from nextstate.models import keys
from nextstate.models.language import Reply
from nextstate.types import Outcome, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from nextstate.eval.agentworldbench.prompts import BenchPrompt
    from nextstate.eval.agentworldbench.rows import Bench, Entry
    from nextstate.models.language import LanguageModel

STAGE = "judge"
TRIES = 3
"""How often a judge is asked until its reply can be read."""
MOST_TRIES = 100
NO_PREDICTION = "no_prediction"


@dataclass(frozen=True, slots=True)
class Judged:
    """What a judge made of one row; ``scores`` holds all five dimensions exactly when ``outcome`` is ``judged``."""

    key: str
    outcome: str
    scores: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    usage: Usage = field(default_factory=Usage)


def decode(line: Mapping[str, Any]) -> Judged:
    """The row that a line of the journal tells of. Raises :class:`DataError`."""
    forms.check(line, key=forms.text, outcome=forms.text, scores=forms.counts, seconds=forms.number, usage=forms.tokens)
    try:
        verdict = Verdict(line["outcome"], line["scores"])
        usage = Usage(*line["usage"])
        return Judged(line["key"], verdict.outcome, dict(verdict.scores), float(line["seconds"]), usage)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"not a row of this stage: {type(error).__name__}: {error}") from error


@dataclass(frozen=True, slots=True)
class Judging:
    """The rows of a finished second stage; ``seconds`` is the wall time of this process."""

    rows: tuple[Judged, ...]
    run: Mapping[str, Any]
    seconds: float
    asked: int
    """Rows that this process finished; the others had been finished before."""
    waiting: int
    """Rows that the first stage has not finished yet; resume it, then this stage."""


async def judge(
    model: LanguageModel,
    prompt: BenchPrompt,
    bench: Bench,
    *,
    out: Path,
    seed: int = 0,
    tries: int = TRIES,
    workers: int = WORKERS,
    rubrics: Mapping[str, str] | None = None,
    calibration: str | None = None,
    settings: Mapping[str, Any] | None = None,
    on_row: Callable[[int, int], None] | None = None,
) -> Judging:
    """Judge every row that is finished in ``out/infer`` and not yet in ``out/judge``.

    ``rubrics`` are the hashes of what the prompt tells of each domain, ``calibration`` is the fingerprint of the
    judge's calibration report, and ``settings`` say how it is asked; all go into the manifest. Raises
    :class:`UsageError` when ``bench`` is not what the first stage asked, or the folder holds another run, and
    :class:`DataError` for a broken one.
    """
    started = time.perf_counter()
    if not 1 <= tries <= MOST_TRIES:
        raise UsageError(f"the judge may be asked {tries} times; give at least 1 and at most {MOST_TRIES}")
    asked = _inferred(out, bench)
    run = {
        "stage": STAGE,
        "judge": model.name,
        "fingerprint": model.fingerprint,
        "prompt": prompt.name,
        "prompt_sha256": prompt.sha256,
        "rubrics": dict(rubrics or {}),
        "reading": prompt.reading,
        "calibration": calibration,
        "infer": keys.digest(asked).hex(),
        "settings": dict(settings or {}),
        "tries": tries,
        "seed": seed,
        "version": __version__,
    }
    said = places(out / inferring.STAGE / journals.ROWS, lambda line: str(line.get("key")))
    with Journal(out / STAGE, run, decode) as journal:
        before = len(journal.rows)
        one = _One(model, prompt, journal, said, seed, tries, on_row)
        todo = [[entry for entry in group if entry.key in said] for group in bench.groups]
        left = [[entry for entry in group if entry.key not in journal.rows] for group in todo]
        await each_group(filter(None, left), one, workers)
        rows = tuple(journal.rows.values())
    waiting = sum(1 for _ in bench.entries) - len(rows)
    return Judging(rows, run, time.perf_counter() - started, len(rows) - before, waiting)


def _inferred(out: Path, bench: Bench) -> dict[str, Any]:
    run = inferring.manifest(out)
    if run.get("data_sha256") != bench.sha256 or run.get("rows") != bench.counts():
        raise UsageError(f"{out / inferring.STAGE} was asked about other rows than these; name the same data, in full")
    return run


@dataclass(frozen=True, slots=True)
class _One:
    """Judges one row after another."""

    model: LanguageModel
    prompt: BenchPrompt
    journal: Journal[Judged]
    said: Mapping[str, Place]
    seed: int
    tries: int
    on_row: Callable[[int, int], None] | None

    async def __call__(self, entry: Entry) -> None:
        line = self.said[entry.key].read()
        predicted = self.prompt.predicted(line)
        if predicted is None:
            written = _line(
                entry.key, Verdict(NO_PREDICTION, detail=f"the model: {line['outcome']}"), Reply(Outcome.EMPTY)
            )
        else:
            written = await self._asked(entry, predicted)
            if self.prompt.reading == "official" and _differs(line, predicted):
                written["differs"] = True
        self.journal.append(written, decode(written))
        if self.on_row is not None:
            self.on_row(len(self.journal.rows), len(self.said))

    async def _asked(self, entry: Entry, predicted: str) -> dict[str, Any]:
        row = entry.row()
        try:
            messages = self.prompt.messages(row, predicted)
        except DataError as error:  # one odd row must not end the run
            return _line(entry.key, Verdict("unreadable", detail=str(error)), Reply(Outcome.EMPTY))
        spent, waited = Usage(), 0.0
        for number in range(self.tries):
            reply = await self._reply(messages, number)
            spent, waited = spent + reply.usage, waited + reply.seconds
            if reply.outcome is Outcome.PROVIDER_ERROR or self.prompt.will_do(reply.text):
                break
        reply = replace(reply, usage=spent, seconds=waited)
        return {**_line(entry.key, verdict_of(reply), reply), "tries": number + 1}

    async def _reply(self, messages: list[dict[str, str]], number: int) -> Reply:
        started = time.perf_counter()
        try:
            reply = await self.model.complete(messages, seed=self.seed + number)
        except Exception as error:  # the boundary to models: no run dies from one row
            reply = Reply(Outcome.PROVIDER_ERROR, detail=f"{type(error).__name__}: {error}")
        return reply if reply.seconds else replace(reply, seconds=time.perf_counter() - started)


def _line(key: str, verdict: Verdict, reply: Reply) -> dict[str, Any]:
    line = {
        "key": key,
        "outcome": verdict.outcome,
        "scores": dict(verdict.scores),
        "words": dict(verdict.words),
        "reply": reply.text[: inferring.TEXT_CHARS],
        "usage": reply.usage.as_list(),
        "seconds": round(reply.seconds, 6),
    }
    return {**line, "detail": verdict.detail} if verdict.detail else line


def _differs(line: Mapping[str, Any], predicted: str) -> bool:
    """Whether the official reading of a reply is not the observation that we read in it."""
    observation = line.get("observation")
    return isinstance(observation, str) and observation.strip() != predicted.strip()
