"""What a judge is asked to find out how far it can be trusted: verdicts on known damage, and which of two is real."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from nextstate import domain as domains
from nextstate.data.filters import targets
from nextstate.eval.damage import KINDS, damage, ordering, praised
from nextstate.eval.judge.prompt import FULL, JudgePrompt, Limits, fenced, material, rubric_sha256, shortened, text
from nextstate.eval.judge.verdicts import answers, member
from nextstate.eval.rows import row_keys
from nextstate.models import keys
from nextstate.types import Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nextstate.eval.judge import Prompt
    from nextstate.models.language import Reply
    from nextstate.types import Observation, Trajectory

VERSION = 1
"""Of the questions; other questions, other version."""

SUBTLE = ("swap_number", "change_word", "invent_line", "drop_line")
"""Kinds of damage that pass for an imitation, where no world model makes one."""

TRUTH, OTHER, MODEL = "truth", "other", "model"
PRAISED, ORDERED = "other+praise", "other+order"
TURING = "turing"
REPEATED = (MODEL, "damage:change_word", "damage:swap_number", OTHER, TRUTH)
"""The verdict that is asked again is the first of these that a turn has: one that is partly right, if possible."""


@dataclass(frozen=True, slots=True)
class Case:
    """One turn on which a judge is tried. ``other`` is what another turn really showed, wrong here."""

    key: str
    trajectory: str
    query: Query
    truth: Observation
    other: Observation | None


@dataclass(frozen=True, slots=True)
class Probe:
    """One verdict that is asked for: its name, the prediction to be judged, and the seed of the asking."""

    name: str
    predicted: Observation
    seed: int = 0


def cases(trajectories: Sequence[Trajectory], count: int, seed: int) -> list[Case]:
    """At most ``count`` turns that show something, drawn by ``seed`` from as many trajectories as there are.

    Every trajectory gives one turn before any gives a second.
    """
    queues = [_turns(trajectory, seed) for trajectory in _ordered(trajectories, seed)]
    rounds = max(map(len, queues), default=0)
    drawn = [queue[number] for number in range(rounds) for queue in queues if number < len(queue)]
    shown: dict[str, list[tuple[str, int, str]]] = {}
    for trajectory, turn in drawn:
        entry = (trajectory.id, turn, trajectory.turns[turn].observation)
        shown.setdefault(trajectory.domain, []).append(entry)
    found: dict[str, Case] = {}
    for trajectory, turn in drawn:
        if len(found) == count:
            break
        key = row_keys(trajectory)[turn]
        if key not in found:
            found[key] = _case(trajectory, turn, key, shown[trajectory.domain], seed)
    return list(found.values())


def probes(case: Case, *, simulated: Observation | None, repeats: int, seed: int) -> list[Probe]:
    """The verdicts to ask about ``case``; ``simulated`` is what a world model predicted.

    The same verdict is asked ``repeats`` times in all, with seeds of their own.
    """
    asked = [Probe(TRUTH, case.truth)]
    canonical = domains.find(case.query.domain).canonical
    for kind in KINDS:
        damaged = damage(case.truth, kind, _number(seed, case.key), canonical)
        if damaged is not None:
            asked.append(Probe(f"damage:{kind}", damaged))
    if case.other is not None:
        number = _number(seed, case.key)
        asked.append(Probe(OTHER, case.other))
        asked.append(Probe(PRAISED, praised(case.other, number)))
        asked.append(Probe(ORDERED, ordering(case.other, number)))
    if simulated is not None:
        asked.append(Probe(MODEL, simulated))
    named = {probe.name: probe for probe in asked}
    again = next(named[name] for name in REPEATED if name in named)
    return [*asked, *(Probe(f"repeat:{number}", again.predicted, number) for number in range(1, repeats))]


def imitation(case: Case, simulated: Observation | None, seed: int) -> Observation | None:
    """What stands beside the truth in the blind test; ``None`` where nothing differs from it."""
    canonical = domains.find(case.query.domain).canonical
    if simulated is not None:
        return simulated if canonical(simulated) != canonical(case.truth) else None
    number = _number(seed, case.key)
    kinds = Random(number).sample(SUBTLE, len(SUBTLE))
    return next(filter(None, (damage(case.truth, kind, number + 1, canonical) for kind in kinds)), None)


def real_first(case: Case, seed: int) -> bool:
    """Whether the real observation is the first of the two that are shown."""
    return bool(_number(seed, f"order {case.key}") % 2)


@dataclass(frozen=True, slots=True)
class TuringPrompt:
    """The question which of two observations is real."""

    guide: str
    limits: Limits

    @property
    def sha256(self) -> str:
        """The hash of the wording and the limits."""
        limits = self.limits
        return keys.digest(self.guide, [limits.setup, limits.history, limits.entry, limits.action, limits.text]).hex()

    def messages(self, query: Query, first: Observation, second: Observation) -> list[dict[str, str]]:
        """The conversation that asks."""
        one, other = shortened(first, second, self.limits.text)
        parts = [*material(query, self.limits), ("first", one), ("second", other)]
        return [{"role": "system", "content": self.guide.strip()}, {"role": "user", "content": fenced(parts, query)}]


def turing(prompt: Prompt) -> TuringPrompt:
    """The blind test with the limits of ``prompt``, or the usual ones where it has none of ours."""
    return TuringPrompt(text("turing"), (prompt if isinstance(prompt, JudgePrompt) else FULL).limits)


def chose_first(reply: Reply) -> bool | None:
    """Whether the first one was called real; ``None`` when the reply does not tell."""
    found = [member(pairs, "real") for pairs in answers(reply.text)]
    return {"first": True, "second": False}.get((found[-1] or "").casefold()) if found else None


def _ordered(trajectories: Sequence[Trajectory], seed: int) -> list[Trajectory]:
    return sorted(trajectories, key=lambda one: keys.digest("calibration", seed, one.domain, one.id))


def _turns(trajectory: Trajectory, seed: int) -> list[tuple[Trajectory, int]]:
    """The turns that show something, in an order of the seed."""
    shown = [turn for turn in targets(trajectory) if trajectory.turns[turn].observation.strip()]
    shown.sort(key=lambda turn: keys.digest(seed, trajectory.domain, trajectory.id, turn))
    return [(trajectory, turn) for turn in shown]


def _case(trajectory: Trajectory, turn: int, key: str, shown: Sequence[tuple[str, int, str]], seed: int) -> Case:
    said = trajectory.turns[turn]
    query = Query(trajectory.domain, trajectory.setup, trajectory.turns[:turn], said.action)
    own = [seen for name, number, seen in shown if name == trajectory.id and number != turn]
    foreign = [seen for name, _, seen in shown if name != trajectory.id]
    return Case(key, trajectory.id, query, said.observation, _unlike(said.observation, own, foreign, query, seed))


def _unlike(truth: str, own: Sequence[str], foreign: Sequence[str], query: Query, seed: int) -> Observation | None:
    """An observation that is not the truth: of the same trajectory if possible, for that is the harder one."""
    canonical = domains.find(query.domain).canonical
    true, random = canonical(truth), Random(_number(seed, truth))
    for group in (own, foreign):
        for seen in random.sample(group, min(8, len(group))):
            if canonical(seen) != true:
                return seen
    return None


def _number(*parts: object) -> int:
    return int.from_bytes(keys.digest(*parts)[:6])


def rubrics(found: Iterable[Case]) -> dict[str, str]:
    """The hashes of what judges are told about the domains of the cases."""
    return {name: rubric_sha256(name) for name in sorted({case.query.domain for case in found})}
