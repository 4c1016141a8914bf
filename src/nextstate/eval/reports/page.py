"""A report as one HTML page, whole in itself: it loads nothing, and texts from elsewhere are shown as text only.

The texts of a trajectory stand in the page once, whatever number of rows and runs share them, as gzip in base64; the
page unpacks them when one of their rows is opened. Its policy allows no script and no style but those written here.
"""

from __future__ import annotations

import gzip
import hashlib
import html
import json
import re
from base64 import b64encode
from collections import defaultdict
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

from nextstate.domain.picture import visible
from nextstate.eval.reports import difference
from nextstate.eval.reports.model import cut, names, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from nextstate.eval.reports.model import Row, Run
    from nextstate.eval.reports.stories import Story

SCRIPTS = ("base.js", "words.js", "text.js", "difference.js", "tables.js", "list.js", "detail.js", "start.js")
MAX_PARTS = 400_000_000
"""Bytes of texts that a page holds, packed; rows beyond are listed without their texts."""
NOWHERE = (-1, -1, None)


def write(path: Path, runs: Sequence[Run], stories: Iterable[Story], summary: Mapping[str, Any], *, title: str) -> int:
    """Write the page to ``path`` and return how many keys of rows are in no story.

    The stories are taken one at a time, so that memory does not grow with the data.
    """
    head, tail = _frame(title)
    building = _Building(runs)
    with path.open("w", encoding="utf-8") as file:
        file.write(head)
        file.writelines(building.parts(stories))
        file.write(_script("index", building.index(summary)))
        file.write(tail)
    return building.lost


def _frame(title: str) -> tuple[str, str]:
    """What stands in front of the data and behind it."""
    style, script = _asset("page.css"), "\n".join(map(_asset, SCRIPTS))
    values = {
        "style-hash": _hash(style),
        "script-hash": _hash(script),
        "title": html.escape(visible(title)),
        "style": style,
        "script": script,
    }
    head, _, tail = _asset("page.html").partition("{{data}}")
    return _filled(head, values), _filled(tail, values)


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The template with its gaps filled, in one pass: a value that looks like a gap stays as it is."""
    return _GAP.sub(lambda gap: values[gap[1]], template)


_GAP = re.compile(r"\{\{([a-z-]+)\}\}")


def _asset(name: str) -> str:
    return resources.files("nextstate.eval.reports").joinpath("assets", name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _script(name: str, value: object) -> str:
    """``value`` as a part of the page: ASCII that no parser of HTML can misread."""
    packed = gzip.compress(json.dumps(value, separators=(",", ":"), allow_nan=False).encode(), 6, mtime=0)
    return f'<script type="text/plain" id="{name}">{b64encode(packed).decode()}</script>\n'


@dataclass(slots=True)
class _Building:
    """A page being written. ``places`` says in which part, and where in it, the texts of a row are, and its turn."""

    runs: Sequence[Run]
    lost: int = 0
    written: int = 0
    places: dict[tuple[int, str], tuple[int, int, int | None]] = field(default_factory=dict)
    _count: int = 0

    def parts(self, stories: Iterable[Story]) -> Iterator[str]:
        """The parts that hold the texts: one for each story, then those of rows of which there is no story."""
        waiting: defaultdict[str, list[tuple[int, Row]]] = defaultdict(list)
        for number, run in enumerate(self.runs):
            for row in run.rows:
                waiting[row.key].append((number, row))
        for story in stories:
            found = [(number, row, turn) for key, turn in story.rows.items() for number, row in waiting.pop(key, ())]
            if found:
                turns = [list(map(cut, turn)) for turn in story.turns[: 1 + max(turn for _, _, turn in found)]]
                yield from self._part(found, dict(story.setup), turns)
        self.lost = len(waiting)
        alone: defaultdict[tuple[str, str], list[tuple[int, Row, int]]] = defaultdict(list)
        for rows in waiting.values():
            for number, row in rows:
                alone[row.cluster].append((number, row, row.turn))
        for found in alone.values():
            yield from self._part(found, {}, None)

    def _part(
        self, found: Sequence[tuple[int, Row, int]], setup: Mapping[str, str], turns: list[list[str]] | None
    ) -> Iterator[str]:
        if self.written > MAX_PARTS:
            return
        rows = [_texts(number, row, turn, turns) for number, row, turn in found]
        text = _script(f"part-{self._count}", {"setup": setup, "turns": turns, "rows": rows})
        self.places |= {(number, row.key): (self._count, at, turn) for at, (number, row, turn) in enumerate(found)}
        self.written += len(text)
        self._count += 1
        yield text

    def index(self, summary: Mapping[str, Any]) -> dict[str, Any]:
        """All that the page shows before a row is opened; rows are held by columns."""
        every = [(number, row) for number, run in enumerate(self.runs) for row in run.rows]
        known = {name: list(dict.fromkeys(_value(row, name) for _, row in every)) for name in _NAMED}
        numbers = {name: {value: n for n, value in enumerate(values)} for name, values in known.items()}
        places = [self.places.get((number, row.key), NOWHERE) for number, row in every]
        scores = dict.fromkeys(name for run in self.runs for name in names(run.rows))
        columns = {
            "run": [number for number, _ in every],
            "key": [row.key for _, row in every],
            "trajectory": [row.trajectory for _, row in every],
            "turn": [row.turn if turn is None else turn for (_, row), (_, _, turn) in zip(every, places, strict=True)],
            "ms": [round(row.seconds * 1000, 3) for _, row in every],
            "tokens": [row.usage.prompt_tokens + row.usage.completion_tokens for _, row in every],
            "unscored": [int(bool(row.unscored)) for _, row in every],
            "scores": {name: [_rounded(row.scores.get(name)) for _, row in every] for name in scores},
            "part": [part for part, _, _ in places],
            "at": [at for _, at, _ in places],
        }
        for name, numbered in numbers.items():
            columns[name] = [numbered[_value(row, name)] if _value(row, name) else -1 for _, row in every]
        return {"summary": summary, "rows": columns, "names": known, **self._remarks(summary)}

    def _remarks(self, summary: Mapping[str, Any]) -> dict[str, Any]:
        runs, rows = len(self.runs), sum(len(run.rows) for run in self.runs)
        return {
            "about": f"{runs} run{'s' * (runs != 1)}, {rows:,} rows. Written by nextstate {summary['version']}.",
            "remarks": list(summary.get("remarks", ())),
            "noData": "Set-up, history, action and truth of this row are not known here: no data file named by --data "
            "holds it.",
        }


_NAMED = ("domain", "outcome", "origin")


def _value(row: Row, name: str) -> str:
    return str(getattr(row, name) or "")


def _texts(number: int, row: Row, turn: int, turns: Sequence[Sequence[str]] | None) -> dict[str, Any]:
    said = unpack(row.packed)
    truth = None if turns is None else turns[turn][1]
    compared = truth is not None and said.prediction is not None and truth != said.prediction
    return {
        "run": number,
        "turn": turn,
        "prediction": said.prediction,
        "reply": said.reply,
        "detail": said.detail,
        "notes": dict(said.notes),
        "difference": difference.runs(truth or "", said.prediction or "") if compared else [],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
