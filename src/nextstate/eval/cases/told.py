"""Controllability, told outcomes: the instruction tells what history cannot, most often what was really recorded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nextstate.domain import calls
from nextstate.eval.cases import failures, texts
from nextstate.eval.cases.scene import Draft
from nextstate.eval.cases.wordings import code, worded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nextstate.eval.cases.scene import Rule, Scene

MAX_TRUTH = 40_000
"""Characters of a recorded answer that is transformed."""
SHARE = 0.15
"""The share of turns at which rules try that could try at each."""


def drawn(scene: Scene, turn: int, rule: str) -> bool:
    return scene.chance(turn, rule, "try").random() < (SHARE if len(scene.turns) > 8 else 0.5)


def shell(scene: Scene, turn: int) -> bool:
    """Whether the action is a shell command as it stands, and what it prints is all that is shown."""
    return scene.command(turn) == scene.turns[turn].action


def form_known(scene: Scene, turn: int) -> bool:
    """Whether the question shows that results are JSON: an earlier one was, or the tool declares its form."""
    call = calls.call_of(scene.actions[turn])
    tool = calls.declared(scene.trajectory.setup, call.name) if call else None
    return bool(tool and tool.output_schema) or any(scene.values[i] is not None for i in range(turn))


def usable(scene: Scene, turn: int) -> bool:
    return bool(scene.actions[turn]) and len(scene.turns[turn].observation) <= MAX_TRUTH


def exactly(count: int) -> dict[str, Any]:
    return {"line_count": {"least": count, "most": count}}


def dumped(value: Any, like: str) -> str:
    """A JSON value laid out like the text that it is made from: on one line or on several."""
    return json.dumps(value, ensure_ascii=False, indent=2 if like.lstrip().startswith(("{\n", "[\n")) else None)


def told_failure(scene: Scene, turn: int) -> Iterator[Draft]:
    """A real failure whose cause history need not show; the instruction tells it."""
    found = failures.find(scene.shown[turn]) if scene.failed[turn] is True and not scene.domain.screens else None
    if found is None or not found.kind.plain or len(scene.lines[turn]) > 8:
        return
    what = found.what
    if "{what}" in found.kind.plain and (not texts.telling(what) or what not in scene.actions[turn]):
        return
    told = worded("told_failure", scene.chance(turn, "told_failure"), cause=found.kind.plain.format(what=what))
    named = [{"contains": what}] if "{what}" in found.kind.plain else []
    words = {"any": [{"shows": word} for word in found.kind.words]}
    yield Draft(
        {"all": [{"failed": True}, words, *named, {"size": {"most": 3 * len(scene.shown[turn]) + 200}}]}, None, told
    )


def told_lines(scene: Scene, turn: int) -> Iterator[Draft]:
    """How many lines are printed is told."""
    count = len(scene.lines[turn])
    looks = scene.acts[turn].looks and scene.failed[turn] is not True and scene.values[turn] is None
    if scene.domain.screens or not looks or not 3 <= count <= 40 or not shell(scene, turn):
        return
    told = worded("told_lines", scene.chance(turn, "told_lines"), count=count)
    short = "\n".join(scene.lines[turn][:-1])
    yield Draft({"all": [exactly(count), {"failed": False}]}, None, told, {"one_less": short})


def told_items(scene: Scene, turn: int) -> Iterator[Draft]:
    """How many entries a list has is told."""
    value = scene.recorded(turn)
    if scene.domain.screens or not isinstance(value, list) or not 2 <= len(value) <= 30 or scene.failed[turn] is True:
        return
    if not form_known(scene, turn):
        return
    told = worded("told_items", scene.chance(turn, "told_items"), count=len(value))
    wrong = {"one_less": json.dumps(value[:-1], ensure_ascii=False)}
    yield Draft({"items": {"least": len(value), "most": len(value)}}, None, told, wrong)


def told_value(scene: Scene, turn: int) -> Iterator[Draft]:
    """A value that the result shows is told; sometimes another than the recorded one, so that it must be obeyed."""
    value = scene.recorded(turn)
    if scene.domain.screens or not isinstance(value, dict) or scene.failed[turn] is True or not usable(scene, turn):
        return
    if not form_known(scene, turn):
        return
    known = scene.told_before(turn) + scene.actions[turn]
    keys = [key for key, one in value.items() if _tellable(one) and not texts.has(known, texts.written(one))]
    keys = [key for key in keys if [name for name, _ in texts.leaves(value)].count(key) == 1]
    if not keys:
        return
    chance = scene.chance(turn, "told_value")
    key = chance.choice(keys)
    real = value[key]
    wanted = _changed(real, chance) if chance.random() < 0.7 else real
    told = worded("told_value", chance, key=key, value=json.dumps(wanted, ensure_ascii=False))
    truth = None if wanted == real else dumped({**value, key: wanted}, scene.turns[turn].observation)
    other = dumped({**value, key: _changed(wanted, chance)}, scene.turns[turn].observation)
    yield Draft({"all": [{"leaf": {"key": key, "value": wanted}}, {"failed": False}]}, truth, told, {"another": other})


def _tellable(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return abs(value) >= 2
    return isinstance(value, str) and 3 <= len(value) <= 60 and "\n" not in value


def _changed(value: Any, chance: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, int):
        return value + chance.randrange(3, 90)
    if isinstance(value, float):
        return round(value + chance.randrange(3, 90) + 0.5, 2)
    return f"{code(chance)}"


RULES: dict[str, Rule] = {
    "told_failure": told_failure,
    "told_lines": told_lines,
    "told_items": told_items,
    "told_value": told_value,
}
