"""Writes and reads that are planted in a recorded session of a shell: what they must show follows from them alone.

The recorded turns between are the long context. Files have odd names, so that nothing recorded touches them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from nextstate.domain.acts import with_command
from nextstate.eval.cases.scene import Draft
from nextstate.eval.cases.wordings import code
from nextstate.types import Turn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nextstate.eval.cases.scene import Rule, Scene

LEAST = 4
"""Recorded turns before the question at least."""
_UNTRUSTED = re.compile(
    r"\b(?:exec|set|alias|trap|umask|ulimit|chroot|su|sudo|exit|ssh|unshare|mount|python3?|sqlite3|stty)\b|/tmp"
)
"""What might change how a later command of the shell is taken, or its files."""


@dataclass(frozen=True, slots=True)
class Plot:
    """Commands in order; the last one is asked and shows ``truth``; ``wrong`` is what a world that forgot shows."""

    commands: tuple[str, ...]
    truth: str
    rules: tuple[dict[str, Any], ...]
    wrong: dict[str, str]


def _only(*lines: str) -> tuple[dict[str, Any], ...]:
    return ({"lines": list(lines)}, {"line_count": {"least": len(lines), "most": len(lines)}})


def _failing(path: str, said: str) -> tuple[dict[str, Any], ...]:
    return ({"failed": True}, {"contains": path}, {"shows": said}, {"line_count": {"least": 1, "most": 3}})


def _overwritten(one: str, two: str, old: str, new: str) -> Plot:
    return Plot(
        (f"echo {old} > {one}", f"echo {new} > {one}", f"cat {one}"), f"{new}\n", _only(new), {"stale": f"{old}\n"}
    )


def _appended(one: str, two: str, old: str, new: str) -> Plot:
    wrong = {"stale": f"{old}\n", "last_only": f"{new}\n", "swapped": f"{new}\n{old}\n"}
    return Plot(
        (f"echo {old} > {one}", f"echo {new} >> {one}", f"cat {one}"), f"{old}\n{new}\n", _only(old, new), wrong
    )


def _copied(one: str, two: str, old: str, new: str) -> Plot:
    commands = (f"echo {old} > {one}", f"cp {one} {two}", f"echo {new} > {one}", f"cat {two}")
    return Plot(commands, f"{old}\n", _only(old), {"of_the_original": f"{new}\n"})


def _moved(one: str, two: str, old: str, new: str) -> Plot:
    commands = (f"echo {old} > {one}", f"mv {one} {two}", f"cat {two}")
    missing = f"cat: {two}: No such file or directory\n"
    return Plot(commands, f"{old}\n", _only(old), {"missing": missing})


def _edited(one: str, two: str, old: str, new: str) -> Plot:
    commands = (f"echo colour={old} > {one}", f"sed -i s/{old}/{new}/ {one}", f"cat {one}")
    return Plot(commands, f"colour={new}\n", _only(f"colour={new}"), {"stale": f"colour={old}\n"})


def _listed(one: str, two: str, old: str, new: str) -> Plot:
    folder = one.removesuffix(".txt")
    commands = (f"mkdir {folder}", f"touch {folder}/{old} {folder}/{new}", f"rm {folder}/{old}", f"ls {folder}")
    return Plot(commands, f"{new}\n", _only(new), {"stale": f"{old}\n{new}\n"})


def _removed(one: str, two: str, old: str, new: str) -> Plot:
    commands = (f"echo {old} > {one}", f"rm {one}", f"cat {one}")
    truth = f"cat: {one}: No such file or directory\n"
    return Plot(commands, truth, _failing(one, "No such file"), {"stale": f"{old}\n"})


def _left(one: str, two: str, old: str, new: str) -> Plot:
    commands = (f"echo {old} > {one}", f"mv {one} {two}", f"wc -l {one}")
    truth = f"wc: {one}: No such file or directory\n"
    return Plot(commands, truth, _failing(one, "No such file"), {"stale": f"1 {one}\n"})


def _made_twice(one: str, two: str, old: str, new: str) -> Plot:
    folder = one.removesuffix(".txt")
    commands = (f"mkdir {folder}", f"mkdir {folder}")
    truth = f"mkdir: cannot create directory '{folder}': File exists\n"
    return Plot(commands, truth, _failing(folder, "exists"), {})


def _not_empty(one: str, two: str, old: str, new: str) -> Plot:
    folder = one.removesuffix(".txt")
    commands = (f"mkdir {folder}", f"touch {folder}/{old}", f"rmdir {folder}")
    truth = f"rmdir: failed to remove '{folder}': Directory not empty\n"
    return Plot(commands, truth, _failing(folder, "not empty"), {})


def _read_folder(one: str, two: str, old: str, new: str) -> Plot:
    folder = one.removesuffix(".txt")
    truth = f"cat: {folder}: Is a directory\n"
    return Plot((f"mkdir {folder}", f"cat {folder}"), truth, _failing(folder, "directory"), {"content": f"{old}\n"})


Plotting: TypeAlias = Callable[[str, str, str, str], Plot]

_KEPT: tuple[Plotting, ...] = (_overwritten, _appended, _copied, _moved, _edited, _listed)
_FAILING: tuple[Plotting, ...] = (_removed, _left, _made_twice, _not_empty, _read_folder)


def planted_read(scene: Scene, turn: int) -> Iterator[Draft]:
    """A file is written, changed and read, with recorded turns between."""
    yield from _planted(scene, turn, "planted_read")


def planted_failure(scene: Scene, turn: int) -> Iterator[Draft]:
    """What was planted makes an action fail: the file is removed, the directory is there already."""
    yield from _planted(scene, turn, "planted_failure")


def _planted(scene: Scene, turn: int, rule: str) -> Iterator[Draft]:
    if len(scene.turns) <= LEAST or turn != scene.chance(rule, "turn").randrange(LEAST, len(scene.turns)):
        return
    if any(scene.command(i) is None or _UNTRUSTED.search(scene.actions[i]) for i in range(turn + 1)):
        return
    chance = scene.chance(turn, rule)
    plots = _KEPT if rule == "planted_read" else _FAILING
    one, two = (f"/tmp/{chance.choice(_NOUNS)}_{code(chance).lower()}.txt" for _ in range(2))
    plot = chance.choice(plots)(one, two, code(chance), code(chance))
    places = sorted(chance.sample(range(turn - 1), min(len(plot.commands) - 1, turn - 1)))
    if len(places) < len(plot.commands) - 1:
        return
    like = scene.turns[turn].action
    turns = tuple(
        (at, Turn(with_command(like, command), "")) for at, command in zip(places, plot.commands, strict=False)
    )
    yield Draft(
        {"all": list(plot.rules)},
        plot.truth,
        wrong=plot.wrong,
        action=with_command(like, plot.commands[-1]),
        planted=turns,
    )


_NOUNS = ("ledger", "memo", "draft", "roster", "tally", "sketch")

RULES: dict[str, Rule] = {"planted_read": planted_read}
ERRORS: dict[str, Rule] = {"planted_failure": planted_failure}
