"""Asking a judge everything that a calibration wants to know, each call once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nextstate import domain as domains
from nextstate.eval.calibration import probes as probing
from nextstate.eval.judge import verdict_of
from nextstate.eval.scorers import alike
from nextstate.eval.working import each
from nextstate.sim.session import ask
from nextstate.types import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nextstate.eval.calibration.probes import Case, Probe
    from nextstate.eval.journal import Journal
    from nextstate.eval.judge import Judge, Verdict
    from nextstate.models.language import Reply
    from nextstate.types import Observation, WorldModel

REPLY_CHARS = 4_000
"""How much of a reply is kept."""
ASKED_TWICE = ("repeat:", probing.PRAISED, probing.ORDERED)
"""What the judge that is compared with is not asked."""


@dataclass(slots=True)
class Asking:
    """One calibration under way: ``judge`` and ``against`` are asked, ``journal`` keeps what they said."""

    judge: Judge
    against: Judge | None
    model: WorldModel | None
    journal: Journal[dict[str, Any]]
    repeats: int
    seed: int
    on_call: Callable[[int], None] | None
    failed: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the endpoint failed; asked again when the calibration goes on."""

    async def all(self, found: Sequence[Case], workers: int) -> None:
        """Ask about every case, ``workers`` cases at once, what the journal does not hold yet."""
        await each(found, self._case, workers)

    async def _case(self, case: Case) -> None:
        simulated = await self._simulated(case)
        asked = probing.probes(case, simulated=simulated, repeats=self.repeats, seed=self.seed)
        await self._blind(case, probing.imitation(case, simulated, self.seed))
        for probe in asked:
            await self._verdict(case, probe, self.judge, 0)
        if self.against is not None:
            for probe in asked:
                if not probe.name.startswith(ASKED_TWICE):
                    await self._verdict(case, probe, self.against, 1)

    async def _simulated(self, case: Case) -> Observation | None:
        """What the world model predicts; kept, so that it is the same when the calibration goes on."""
        if self.model is None:
            return None
        key = f"{case.key}#prediction"
        if key not in self.journal.rows:
            prediction = await ask(self.model, case.query, seed=self.seed, seconds=None)
            line = {
                **_place(case, key, "prediction", 0),
                "outcome": str(prediction.outcome),
                "observation": prediction.observation,
            }
            self._keep(line, prediction.outcome is Outcome.PROVIDER_ERROR)
        observation: Observation | None = (self.journal.rows.get(key) or self.failed[key])["observation"]
        return observation

    async def _verdict(self, case: Case, probe: Probe, judge: Judge, which: int) -> None:
        key = f"{case.key}#{probe.name}#{which}"
        if key in self.journal.rows:
            return
        verdict, reply = await judge.verdict(case.query, probe.predicted, case.truth, probe.seed)
        canonical = domains.find(case.query.domain).canonical
        line = {
            **_place(case, key, probe.name, which),
            **_said(verdict, reply),
            "similarity": round(alike(canonical(probe.predicted), canonical(case.truth)), 6),
        }
        self._keep(line, verdict.outcome == "provider_error")
        await asyncio.sleep(0)

    async def _blind(self, case: Case, imitation: Observation | None) -> None:
        """Which of two is real?"""
        key = f"{case.key}#{probing.TURING}#0"
        if imitation is None or key in self.journal.rows:
            return
        first = probing.real_first(case, self.seed)
        shown = (case.truth, imitation) if first else (imitation, case.truth)
        prompt = probing.turing(self.judge.prompt)
        reply = await self.judge.model.complete(prompt.messages(case.query, *shown), seed=self.seed)
        chosen = probing.chose_first(reply)
        outcome = "judged" if chosen is not None else verdict_of(reply).outcome
        line = {
            **_place(case, key, probing.TURING, 0),
            **_cost(reply),
            "outcome": outcome,
            "real_first": first,
            "chose_first": chosen,
        }
        self._keep(line, outcome == "provider_error")
        await asyncio.sleep(0)

    def _keep(self, line: dict[str, Any], failed: bool) -> None:
        if failed:
            self.failed[line["key"]] = line
        else:
            self.journal.append(line, line)
        if self.on_call is not None:
            self.on_call(len(self.journal.rows))


def _place(case: Case, key: str, probe: str, which: int) -> dict[str, Any]:
    return {
        "key": key,
        "domain": case.query.domain,
        "trajectory": case.trajectory,
        "row": case.key,
        "probe": probe,
        "judge": which,
    }


def _said(verdict: Verdict, reply: Reply) -> dict[str, Any]:
    return {
        **_cost(reply),
        "outcome": verdict.outcome,
        "scores": dict(verdict.scores),
        "words": dict(verdict.words),
        "detail": verdict.detail,
    }


def _cost(reply: Reply) -> dict[str, Any]:
    return {
        "reply": reply.text[:REPLY_CHARS],
        "usage": reply.usage.as_list(),
        "seconds": round(reply.seconds, 6),
    }
