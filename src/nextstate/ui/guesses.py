"""What a game of real or simulated measured: one line for each turn that was drawn, and the figures that they make.

A line is a plain JSON object; a file of them, as the playground exports it, is counted by :func:`read` and
:func:`figures`. Every turn that was drawn is in it: what could not be shown is counted too, for otherwise a model that
often fails, or one that is often right to the letter, would be measured on the rest alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from nextstate.data import lines, store
from nextstate.errors import DataError
from nextstate.eval import forms, stats, tally
from nextstate.types import Origin

if TYPE_CHECKING:
    from pathlib import Path

    from rich.table import Table

GAME = "real-or-simulated/1"
CHANCE = 0.5
"""The share of right guesses of somebody who cannot tell the two apart, whatever the habits of guessing."""

Line: TypeAlias = "Mapping[str, Any]"


class Ending(StrEnum):
    """What came of a turn that was drawn."""

    GUESSED = "guessed"
    PASSED = "passed"
    """It was shown, and nobody guessed."""
    TIE = "tie"
    """The model said what is true, but for what no model can know; there was nothing to tell apart."""
    UNANSWERED = "unanswered"
    """The model gave no observation."""


def figures(rows: Iterable[Line]) -> dict[str, Any]:
    """Counts and the share of right guesses, in all, by domain, by model and by whether a kernel had the answer.

    Intervals are those of :func:`nextstate.eval.stats.mean` (Wilson's, clustered by trajectory). ``with_ties`` counts a
    tie as half a right guess, which is what guessing at it would give.
    """
    every = list(rows)
    parts: dict[str, Callable[[Line], str]] = {
        "domain": lambda row: str(row["domain"]),
        "model": lambda row: str(row["model"]),
        "answer": answer,
    }
    return {
        "game": GAME,
        "chance": CHANCE,
        **_counted(every),
        "by": {name: _by(every, part) for name, part in parts.items()},
    }


def table(found: Mapping[str, Any]) -> Table:
    """Figures (see :func:`figures`) as a table for people."""
    from rich.table import Table
    from rich.text import Text

    shown = Table(title=Text("Real or simulated?"), title_justify="left")
    shown.add_column("turns of")
    for column in ("guesses", "right", "ties", "with ties", "passed", "unanswered"):
        shown.add_column(column, justify="right")

    def add(title: str, part: Mapping[str, Any], *, end: bool = False) -> None:
        shares = {name: tally.interval(part[name]) for name in ("right", "with_ties")}
        counts = {name: str(part[name]) for name in ("n", "ties", "passed", "unanswered")}
        cells = {**shares, **counts}
        order = ("n", "right", "ties", "with_ties", "passed", "unanswered")
        shown.add_row(Text(title), *(cells[name] for name in order), end_section=end)

    add("all", found, end=True)
    for kind, parts in found["by"].items():
        for name, part in parts.items():
            add(f"{kind}: {name}", part, end=name == list(parts)[-1])
    shown.caption = Text(f"chance {found['chance']}; [95% interval, clustered by trajectory]; a tie was not shown")
    shown.caption_justify = "left"
    return shown


def answer(row: Line) -> str:
    """``determined`` where a kernel computed what was simulated, ``predicted`` where a model said it, or ``none``."""
    if row["origin"] is None:
        return "none"
    return "determined" if row["origin"] == Origin.COMPUTED else "predicted"


def _by(rows: Sequence[Line], part: Callable[[Line], str]) -> dict[str, Any]:
    names = sorted({part(row) for row in rows})
    return {name: _counted([row for row in rows if part(row) == name]) for name in names}


def _counted(rows: Sequence[Line]) -> dict[str, Any]:
    endings = tally.counted(row["outcome"] for row in rows)
    guessed = [row for row in rows if row["outcome"] == Ending.GUESSED]
    told = [row for row in rows if row["outcome"] in (Ending.GUESSED, Ending.TIE)]
    waited = stats.percentile([row["seconds"] for row in guessed], 0.5)
    return {
        "n": len(guessed),
        "right": _share(guessed),
        "ties": endings.get(Ending.TIE, 0),
        "with_ties": _share(told),
        "passed": endings.get(Ending.PASSED, 0),
        "unanswered": endings.get(Ending.UNANSWERED, 0),
        "trajectories": len({_cluster(row) for row in guessed}),
        "seconds": None if waited is None else round(waited, 3),
    }


def _share(rows: Sequence[Line]) -> dict[str, Any]:
    values = [CHANCE if row["outcome"] == Ending.TIE else float(row["right"]) for row in rows]
    return stats.mean(values, [_cluster(row) for row in rows]).as_dict()


def _cluster(row: Line) -> tuple[str, str]:
    return (row["domain"], row["trajectory"])


def read(path: Path) -> list[Line]:
    """The lines of an exported file. Raises :class:`DataError` for one that is none of this game."""
    found: list[Line] = []
    for where, line in lines.lines(path):
        if isinstance(line, DataError):
            raise line
        found.append(parsed(line, where))
    return found


def parsed(line: bytes, where: str) -> Line:
    """The value of one exported line, which lies at ``where``. Raises :class:`DataError` for one of another kind."""
    value = store.parse(line, where)
    try:
        if not isinstance(value, dict) or value.get("game") != GAME:
            raise DataError(f"not a line of the game {GAME}")
        forms.check(value, **dict.fromkeys(("key", "domain", "trajectory", "model"), forms.text))
        forms.check(value, outcome=lambda one: one in set(Ending), origin=forms.optional(forms.text))
        forms.check(value, seconds=forms.optional(forms.number), right=forms.optional(forms.flag))
        if value["outcome"] == Ending.GUESSED:
            forms.check(value, seconds=forms.number, right=forms.flag)
    except DataError as error:
        raise DataError(str(error), where=where) from None
    return value
