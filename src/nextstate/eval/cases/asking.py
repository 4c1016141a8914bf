"""Ask a world model cases, and keep whether each answer satisfies its verifier."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nextstate import __version__
from nextstate import domain as domains
from nextstate.data.split import fraction
from nextstate.errors import DataError, UsageError
from nextstate.eval import forms
from nextstate.eval.cases import verify
from nextstate.eval.cases.case import encode
from nextstate.eval.cases.verify import Shown
from nextstate.eval.journal import Journal
from nextstate.eval.rows import fingerprint
from nextstate.eval.working import each
from nextstate.models import keys
from nextstate.models.base import fingerprint as model_fingerprint
from nextstate.models.fakes import CopyLast
from nextstate.sim.session import answered, step_seed
from nextstate.types import Origin, Outcome, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from nextstate.eval.cases.case import Case
    from nextstate.types import WorldModel

SHOWN_CHARS = 20_000
"""Characters of an answer that are written."""


@dataclass(frozen=True, slots=True)
class CaseRow:
    """What came of one case. ``passed`` is ``None`` where the verifier could not tell; ``unscored`` says why."""

    key: str
    axis: str
    rule: str
    domain: str
    trajectory: str
    passed: bool | None
    baseline: bool
    outcome: Outcome
    origin: Origin | None
    seconds: float
    usage: Usage = field(default_factory=Usage)
    unscored: str = ""

    @property
    def cluster(self) -> tuple[str, str]:
        """The recorded trajectory, whose cases are not independent of each other."""
        return (self.domain, self.trajectory)

    def as_dict(self) -> dict[str, Any]:
        """The row as plain JSON values; :func:`decode` is the inverse."""
        return {
            "key": self.key,
            "axis": self.axis,
            "rule": self.rule,
            "domain": self.domain,
            "trajectory": self.trajectory,
            "passed": self.passed,
            "baseline": self.baseline,
            **forms.ended(self),
            "unscored": self.unscored,
        }


def decode(line: Mapping[str, Any]) -> CaseRow:
    """The row that :meth:`CaseRow.as_dict` wrote, other keys ignored. Raises :class:`DataError`."""
    forms.check(line, **dict.fromkeys(("key", "axis", "rule", "domain", "trajectory", "unscored"), forms.text))
    forms.check(line, passed=forms.optional(forms.flag), baseline=forms.flag)
    try:
        return CaseRow(
            key=line["key"],
            axis=line["axis"],
            rule=line["rule"],
            domain=line["domain"],
            trajectory=line["trajectory"],
            passed=line["passed"],
            baseline=line["baseline"],
            unscored=line["unscored"],
            **forms.ending(line),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"not the row of a case: {type(error).__name__}: {error}") from error


def chosen(
    cases: Iterable[Case], *, limit: int | None = None, max_chars: int | None = None, seed: int = 0
) -> list[Case]:
    """The cases to ask: of those that a model reads in ``max_chars`` characters, ``limit`` of each axis and domain.

    The seed chooses; a smaller limit takes a part of what a larger one takes.
    """
    groups: defaultdict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in cases:
        if max_chars is None or case.size <= max_chars:
            groups[case.axis, case.domain].append(case)
    found: list[Case] = []
    for group in groups.values():
        group.sort(key=lambda case: fraction(seed, "case", case.domain, case.id))
        found += group if limit is None else group[:limit]
    return found


async def run(
    model: WorldModel,
    cases: Sequence[Case],
    *,
    out: Path | None = None,
    seed: int = 0,
    workers: int = 8,
    seconds: float | None = None,
    on_row: Callable[[CaseRow, int, int], None] | None = None,
) -> tuple[tuple[CaseRow, ...], dict[str, Any]]:
    """Ask ``model`` every case; the rows, in the order of ``cases``, and what was measured.

    ``workers`` trajectories are under way at once; the cases of one are asked one after the other. ``seconds`` bounds
    the wait for one answer. With a folder ``out`` finished rows are kept there, and the same run goes on from them.
    Raises :class:`UsageError` for a domain that is not installed, for two cases of one name, and where ``out`` holds
    another run. A row never ends the run: what a model raises becomes the row's outcome.
    """
    if workers < 1:
        raise UsageError(f"workers is {workers}; give at least 1")
    if len({case.id for case in cases}) < len(cases):
        raise UsageError("two cases have the same id; build the file anew")
    about = {
        "model": model.name,
        "fingerprint": model_fingerprint(model),
        "cases_sha256": fingerprint([encode(case) for case in cases]),
        "verifiers": verify_version(cases),
        "domains": domains.versions(case.domain for case in cases),
        "seed": seed,
        "version": __version__,
    }
    grouped: defaultdict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in cases:
        grouped[case.domain, case.cluster].append(case)
    with Journal(out, about, decode) as journal:
        await _Asking(model, journal, seed, seconds, len(cases), on_row).all(grouped.values(), workers)
        return tuple(journal.rows[case.id] for case in cases), about


def verify_version(cases: Iterable[Case]) -> str:
    """A hash of the verifiers: the same questions with other verifiers are another measurement."""
    return keys.digest(*([case.id, case.axis, case.rule, dict(case.verifier)] for case in cases)).hex()[:16]


@dataclass(frozen=True, slots=True)
class _Asking:
    """One run under way."""

    model: WorldModel
    journal: Journal[CaseRow]
    seed: int
    seconds: float | None
    total: int
    on_row: Callable[[CaseRow, int, int], None] | None

    async def all(self, groups: Iterable[list[Case]], workers: int) -> None:
        await each(groups, self._group, workers)

    async def _group(self, group: list[Case]) -> None:
        for case in sorted(group, key=lambda case: case.turn):
            if case.id not in self.journal.rows:
                await self._row(case)

    async def _row(self, case: Case) -> None:
        started = time.perf_counter()
        seed = step_seed(self.seed, case.turn)
        prediction = await answered(self.model, case.query, seed=seed, seconds=self.seconds)
        waited = time.perf_counter() - started
        passed, unscored, why = _graded(case, prediction.observation)
        copied = await CopyLast().predict(case.query)
        row = CaseRow(
            key=case.id,
            axis=case.axis,
            rule=case.rule,
            domain=case.domain,
            trajectory=case.cluster,
            passed=passed,
            baseline=_graded(case, copied.observation)[0] is True,
            outcome=prediction.outcome,
            origin=prediction.origin,
            seconds=prediction.seconds or waited,
            usage=prediction.usage,
            unscored=unscored,
        )
        said = prediction.observation if prediction.observation is not None else prediction.reply
        notes = {"why": why, "detail": prediction.detail, "said": said[:SHOWN_CHARS]}
        self.journal.append({**row.as_dict(), **{name: note for name, note in notes.items() if note}}, row)
        if self.on_row is not None:
            self.on_row(row, len(self.journal.rows), self.total)
        await asyncio.sleep(0)  # a model that computes never waits; no other worker and no interrupt would get a turn


def _graded(case: Case, observation: str | None) -> tuple[bool | None, str, str]:
    """Whether an answer passes, why that cannot be told, and the rule that it breaks."""
    if observation is None:
        return False, "", ""
    try:
        why = verify.why_not(case.verifier, Shown(case.query, observation))
    except Exception as error:  # the boundary to domains: a grader that cannot grade says so
        return None, f"verifier_error:{type(error).__name__}", str(error)
    return not why, "", why
