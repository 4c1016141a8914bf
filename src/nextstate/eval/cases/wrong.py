"""Wrong observations: what a case must not let pass. Texts of the same trajectory and of its domain, never made up."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nextstate.eval.cases import failures, texts, verify
from nextstate.eval.cases.case import MADE, Case, made
from nextstate.eval.cases.verify import Shown

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

    from nextstate.eval.cases.scene import Draft, Scene

KEPT = 200
"""Texts of each kind that are kept to draw from."""
LONGEST = 8_000
"""Characters of a text that is kept."""


class Pool:
    """Answers of a domain's recordings by program: those that worked, and failures by kind."""

    def __init__(self, scenes: Iterable[Scene]) -> None:
        self.worked: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self.failures: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for scene in scenes:
            for turn, shown in enumerate(scene.turns):
                self._keep(scene, turn, shown.observation)

    def _keep(self, scene: Scene, turn: int, text: str) -> None:
        if not text.strip() or len(text) > LONGEST or scene.failed[turn] is None:
            return
        name = scene.trajectory.domain
        if scene.failed[turn] is False:
            for key in ((name, scene.acts[turn].program), (name, "")):
                if len(self.worked[key]) < KEPT:
                    self.worked[key].append(text)
        elif (found := failures.find(scene.shown[turn])) and len(self.failures[name]) < KEPT:
            self.failures[name].append((found.kind.name, text))

    def success(self, scene: Scene, turn: int, chance: random.Random) -> str | None:
        """What the same program showed when it worked; another one's answer where it never did."""
        name = scene.trajectory.domain
        among = self.worked.get((name, scene.acts[turn].program)) or self.worked.get((name, ""))
        return chance.choice(among) if among else None

    def other_failure(self, scene: Scene, turn: int, chance: random.Random) -> str | None:
        """A failure of another kind."""
        found = failures.find(scene.shown[turn])
        among = [
            text for kind, text in self.failures[scene.trajectory.domain] if found is None or kind != found.kind.name
        ]
        return chance.choice(among) if among else None


OTHER_TURNS = 3


def answers(scene: Scene, turn: int, draft: Draft, axis: str, pool: Pool) -> dict[str, str | None]:
    """The wrong observations of a case, by name; ``None`` for those that are made from the question."""
    chance = scene.chance(turn, "wrong", axis)
    found: dict[str, str | None] = dict.fromkeys(MADE)
    truth = scene.shown[turn] if draft.truth is None else scene.domain.canonical(draft.truth)
    others = [i for i in range(len(scene.turns)) if i != turn and scene.shown[i] not in ("", truth)]
    if axis == "error_handling":  # another failure of the same kind may be worded as well as the true one
        kind = _kind(truth)
        others = [i for i in others if scene.failed[i] is not True or _kind(scene.shown[i]) != kind]
    for number, i in enumerate(chance.sample(others, min(OTHER_TURNS, len(others)))):
        found[f"other_turn_{number + 1}"] = scene.turns[i].observation[:LONGEST]
    if (stale := scene.stale(turn)) is not None and draft.truth is None and not draft.instruction:
        found["stale"] = stale[:LONGEST]
    if draft.truth is not None:
        found["undisturbed"] = scene.turns[turn].observation
    if scene.failed[turn] is True and draft.truth is None:
        found["success"] = pool.success(scene, turn, chance)
        found["other_failure"] = pool.other_failure(scene, turn, chance)
    found |= draft.wrong
    return {name: text for name, text in found.items() if text is not None or name in MADE}


def _kind(text: str) -> str:
    found = failures.find(text)
    return found.kind.name if found else ""


TOLD_APART = 3


def told_apart(case: Case) -> Case:
    """The case with a stricter verifier, if copies of other turns pass it: no answer shows what tells them apart.

    What tells a copy apart are words that the true answer and the action do not hold.
    """
    added: list[dict[str, Any]] = []
    held = f"{Shown(case.query, case.truth).text}\n{case.query.action}"
    for name, text in case.wrong.items():
        copy = made(name, case) if text is None else text
        if name in _COPIES or name.startswith("other_turn"):
            if not all(verify.holds(rule, Shown(case.query, copy)) for rule in [case.verifier, *added]):
                continue
            odd = [word for word in texts.words(Shown(case.query, copy).text) if not texts.has(held, word)]
            if len(odd) > 1:
                step = max(1, len(odd) // TOLD_APART)
                words = [{"contains": word} for word in odd[::step][:TOLD_APART]]
                added.append({"not": {"all": words}})
    return replace(case, verifier={"all": [case.verifier, *added]}) if added else case


_COPIES = ("copy_last", "everything", "stale")
