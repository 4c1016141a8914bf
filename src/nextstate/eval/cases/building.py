"""Cases are derived from recorded trajectories by rules, and kept only where they measure something."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING

from nextstate.data.split import fraction
from nextstate.eval.cases import broken, consistency, control, errors, planted, verify, wrong
from nextstate.eval.cases.case import Case
from nextstate.eval.cases.scene import Scene
from nextstate.types import Json, Turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from nextstate.eval.cases.scene import Draft, Rule
    from nextstate.types import Trajectory

AXES: Mapping[str, Mapping[str, Rule]] = MappingProxyType(
    {
        "controllability": control.RULES,
        "error_handling": errors.RULES | broken.RULES | planted.ERRORS,
        "consistency": consistency.RULES | planted.RULES,
    }
)
"""The rules of each axis."""

PER_TRAJECTORY = 3
"""Cases of one axis from one trajectory, unless told otherwise."""
PER_RULE = 120
"""Cases of one rule in one domain, unless told otherwise."""
MAX_CHARS = 60_000
"""Characters of set-up, history and action of a case, unless told otherwise."""


@dataclass(slots=True)
class Built:
    """The cases of a build, and how many drafts were dropped, by axis, rule and reason."""

    cases: tuple[Case, ...] = ()
    dropped: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    trajectories: int = 0

    def as_dict(self) -> dict[str, Json]:
        """Counts: kept by axis, domain and rule, dropped by reason and by axis and rule."""
        kept: dict[str, dict[str, Json]] = {}
        for axis in AXES:
            of_axis = [case for case in self.cases if case.axis == axis]
            names = sorted({case.domain for case in of_axis})
            kept[axis] = {
                name: dict(sorted(Counter(case.rule for case in of_axis if case.domain == name).items()))
                for name in names
            }
        reasons = Counter(reason for (_, _, reason), count in self.dropped.items() for _ in range(count))
        rules: dict[str, dict[str, int]] = defaultdict(dict)
        for (axis, rule, reason), count in sorted(self.dropped.items()):
            rules[f"{axis}/{rule}"][reason] = count
        return {
            "n": len(self.cases),
            "trajectories": self.trajectories,
            "clusters": len({(case.domain, case.cluster) for case in self.cases}),
            "kept": dict(kept),
            "dropped": dict(sorted(reasons.items())),
            "dropped_by_rule": {name: dict(found) for name, found in rules.items()},
        }


def build(
    trajectories: Iterable[Trajectory],
    *,
    seed: int = 0,
    max_chars: int = MAX_CHARS,
    per_trajectory: int = PER_TRAJECTORY,
    per_rule: int = PER_RULE,
) -> Built:
    """The cases of ``trajectories``, the same for the same arguments.

    A draft becomes a case if the true answer passes its verifier and each wrong one fails. A case that asks what
    another one asks is dropped, and of the rest at most ``per_trajectory`` are kept of one trajectory and axis, and at
    most ``per_rule`` of one rule and domain; the seed chooses.
    """
    built = Built()
    scenes = [Scene(one, seed) for one in trajectories]
    built.trajectories = len(scenes)
    pool = wrong.Pool(scenes)
    found: list[Case] = []
    asked: set[tuple[str, ...]] = set()
    for scene in scenes:
        found += _cases(scene, pool, max_chars, asked, built.dropped)
    few = _few(found, per_trajectory, seed, built.dropped)
    built.cases = tuple(_balanced(list(few), per_rule, seed, built.dropped))
    return built


def _cases(
    scene: Scene, pool: wrong.Pool, max_chars: int, asked: set[tuple[str, ...]], dropped: Counter[tuple[str, str, str]]
) -> Iterator[Case]:
    """The sound cases of one trajectory that ask what none in ``asked`` does."""
    for axis, rules in AXES.items():
        for turn in scene.targets:
            for rule, make in rules.items():
                for draft in make(scene, turn):
                    key = _asks(scene, turn, rule, draft)
                    if key in asked:
                        dropped[axis, rule, "asked_already"] += 1
                        continue
                    case = _case(scene, turn, axis, rule, draft, pool)
                    reason = "too_long" if case.size > max_chars else case.unsound()
                    if reason:
                        dropped[axis, rule, reason] += 1
                    else:
                        asked.add(key)
                        yield case


def _asks(scene: Scene, turn: int, rule: str, draft: Draft) -> tuple[str, ...]:
    """What two cases must not have in common: rule, action and answer, but an answer that an instruction made."""
    recorded = scene.turns[turn]
    answer = recorded.observation if draft.truth is None or not draft.instruction else ""
    return (scene.trajectory.domain, rule, (draft.action or recorded.action).strip(), answer)


def _case(scene: Scene, turn: int, axis: str, rule: str, draft: Draft, pool: wrong.Pool) -> Case:
    recorded = scene.trajectory
    name = "/".join(filter(None, (recorded.id, str(turn), rule, draft.variant)))
    told = "\n".join(filter(None, (recorded.setup.instruction, draft.instruction)))
    world = replace(
        recorded,
        id=name,
        setup=replace(recorded.setup, instruction=told),
        turns=(*_history(recorded, turn, draft), _asked(recorded, turn, draft)),
        meta={},
    )
    answers = wrong.answers(scene, turn, draft, axis, pool)
    verifier = verify.check(draft.verifier, name)
    case = Case(axis, rule, world, recorded.id, turn, verifier, answers, draft.truth is not None)
    return wrong.told_apart(case)


def _history(recorded: Trajectory, turn: int, draft: Draft) -> Iterator[Turn]:
    for number in range(turn + 1):
        yield from (planted for at, planted in draft.planted if at == number)
        if number < turn:
            yield recorded.turns[number]


def _asked(recorded: Trajectory, turn: int, draft: Draft) -> Turn:
    asked = recorded.turns[turn]
    if draft.truth is None:
        return asked
    return Turn(draft.action or asked.action, draft.truth)


def _few(found: list[Case], most: int, seed: int, dropped: Counter[tuple[str, str, str]]) -> Iterator[Case]:
    """At most so many cases of each trajectory and axis, those of the rules that found least first."""
    counts = Counter((case.domain, case.rule) for case in found)
    taken: Counter[tuple[str, str, str]] = Counter()
    for case in sorted(found, key=lambda case: (counts[case.domain, case.rule], _draw(case, seed))):
        key = (case.domain, case.cluster, case.axis)
        taken[key] += 1
        if taken[key] <= most:
            yield case
        else:
            dropped[case.axis, case.rule, "enough_of_trajectory"] += 1


def _balanced(cases: list[Case], most: int, seed: int, dropped: Counter[tuple[str, str, str]]) -> Iterator[Case]:
    """At most so many cases of each rule and domain, in the order of axes, domains and rules."""
    order = list(AXES)

    def place(case: Case) -> tuple[int, str, str]:
        return order.index(case.axis), case.domain, case.rule

    for (number, _, rule), group in groupby(
        sorted(cases, key=lambda case: (*place(case), _draw(case, seed))), key=place
    ):
        drawn = list(group)
        yield from drawn[:most]
        if drawn[most:]:
            dropped[order[number], rule, "enough_of_rule"] += len(drawn) - most


def _draw(case: Case, seed: int) -> float:
    return fraction(seed, "draw", case.domain, case.id)
