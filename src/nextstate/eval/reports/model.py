"""What a report knows of a run, of whatever kind it is: what was measured, and a row for each thing asked."""

from __future__ import annotations

import json
import math
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nextstate.errors import DataError
from nextstate.types import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_TEXT = 1_000_000
"""Characters of one text that a report holds; what lies beyond is cut off, and a line says so."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What was said of one row. ``prediction`` is ``None`` when there is none; ``detail`` then says why."""

    prediction: str | None = None
    reply: str = ""
    """The raw reply of the model, where it says more than the prediction."""
    detail: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)
    """The words of a judge by dimension, or the evidence of a scorer by its name."""

    def pack(self) -> bytes:
        """The texts, bounded and compressed: a run holds thousands of them in memory."""
        value = [self.prediction, self.reply, self.detail, dict(self.notes)]
        return zlib.compress(json.dumps(_bounded(value)).encode(), 1)


def unpack(packed: bytes) -> Texts:
    """The inverse of :meth:`Texts.pack`, but for what was cut off."""
    return Texts(*json.loads(zlib.decompress(packed))) if packed else Texts()


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one row. Scores are in [0, 1]; seconds are those of the answer, without the judge's."""

    key: str
    domain: str
    trajectory: str
    turn: int
    outcome: str
    origin: str | None = None
    seconds: float = 0.0
    usage: Usage = field(default_factory=Usage)
    scores: Mapping[str, float] = field(default_factory=dict)
    unscored: Mapping[str, str] = field(default_factory=dict)
    """Scorer to reason, for each scorer that could not grade this row."""
    baseline: Mapping[str, float] = field(default_factory=dict)
    """What copying the last observation scores on this row."""
    judge_usage: Usage = field(default_factory=Usage)
    packed: bytes = b""

    @property
    def cluster(self) -> tuple[str, str]:
        """The trajectory, whose rows are not independent of each other."""
        return (self.domain, self.trajectory)


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its rows in order, and what makes it like or unlike another."""

    kind: str
    """``evaluation``, ``agentworldbench`` or ``cases``."""
    model: str
    rows: tuple[Row, ...]
    manifest: Mapping[str, Any]
    """What was measured, as the run's folder says it."""
    alike: Mapping[str, Any]
    """The part of it that another run must share to be compared with this one."""
    folder: Path | None = None
    judge: str = ""
    """Who judged; empty where no judge had a part."""
    calibration: str | None = None
    """The fingerprint of the judge's calibration report."""
    free_run: bool = False
    """Whether the model lived with its own answers instead of the true history."""

    @property
    def uncalibrated(self) -> bool:
        """Whether scores of this run come from a judge that was never measured itself."""
        return bool(self.judge) and self.calibration is None


def names(rows: tuple[Row, ...]) -> list[str]:
    """The names of all scores of ``rows``, in the order in which they first occur."""
    return list(dict.fromkeys(name for row in rows for name in row.scores))


def cut(text: str) -> str:
    """``text`` with what lies beyond :data:`MAX_TEXT` cut off, which a last line then says."""
    if len(text) <= MAX_TEXT:
        return text
    return f"{text[:MAX_TEXT]}\n[{len(text) - MAX_TEXT:,} characters more are not in this report]"


def unlike(one: Run, other: Run) -> list[str]:
    """In what two runs differ so that they cannot be compared: ``key: value and value``; empty when they are alike."""
    found = [] if one.kind == other.kind else [f"kind: {one.kind} and {other.kind}"]
    if found:
        return found
    keys = dict.fromkeys((*one.alike, *other.alike))
    return [
        f"{key}: {_short(one.alike.get(key))} and {_short(other.alike.get(key))}"
        for key in keys
        if one.alike.get(key) != other.alike.get(key)
    ]


def number(line: Mapping[str, Any], key: str) -> float:
    """A finite number at ``key``, 0 when there is none. Raises :class:`DataError`."""
    value = line.get(key) or 0
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise DataError(f"{key} must be a number, got {_short(value)}")
    return float(value)


def text(line: Mapping[str, Any], key: str) -> str:
    """A text at ``key``, empty when there is none. Raises :class:`DataError`."""
    value = line.get(key) or ""
    if not isinstance(value, str):
        raise DataError(f"{key} must be a text, got {_short(value)}")
    return value


def usage(line: Mapping[str, Any]) -> Usage:
    """The tokens at ``usage``: prompt, cached, completion. Raises :class:`DataError`."""
    value = line.get("usage") or (0, 0, 0)
    if not (isinstance(value, list | tuple) and len(value) == 3 and all(type(one) is int for one in value)):
        raise DataError(f"usage must be three whole numbers, got {_short(value)}")
    return Usage(*value)


def words(line: Mapping[str, Any], key: str) -> dict[str, str]:
    """An object of texts at ``key``; what is no text is left out."""
    value = line.get(key)
    return {k: v for k, v in value.items() if isinstance(v, str)} if isinstance(value, dict) else {}


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, list):
        return [_bounded(one) for one in value]
    if isinstance(value, dict):
        return {key: _bounded(one) for key, one in value.items()}
    return value


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 200 else f"{shown[:200]}..."
