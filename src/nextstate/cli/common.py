"""What the commands share: where text goes, and how files and models named on the command line are opened."""

from __future__ import annotations

import argparse
import json
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from nextstate.data.visible import printable as printable
from nextstate.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping

    from nextstate.errors import DataError
    from nextstate.eval.agentworldbench.costs import Price
    from nextstate.types import Trajectory, WorldModel

    Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

DONE, FAILED, WRONG_USAGE, UNSCORED, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit statuses."""

PAGE, WIDE = 100, 120
"""Columns of a table, or of a wide one, that goes into a file or a pipe."""

SHOWN = 20
"""Skipped lines that are named one by one; the rest is only counted."""


def say(text: str) -> None:
    """A message for people, on standard error; standard output belongs to results."""
    print(text, file=sys.stderr, flush=True)


def print_json(value: Mapping[str, object]) -> None:
    """``value`` as the one JSON object on standard output; what a terminal would not show as text is escaped."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    print(text if text.isprintable() else "".join(char if char.isprintable() else _escaped(char) for char in text))


def draw(shown: Any, *, width: int = PAGE) -> None:
    """A table or the like, for people: as wide as the terminal, and ``width`` columns wide in a file or a pipe."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else width).print(shown)


def existing(path: str) -> Path:
    """The path of a file or folder that must be there. Raises :class:`UsageError`."""
    found = Path(path)
    if not found.exists():
        missing = found if found.parent.exists() else found.parent
        raise UsageError(f"no such file: {path}" + ("" if missing is found else f" (there is no folder {missing})"))
    return found


def writable(path: str) -> Path:
    """The path of a file to be written, whose folder is made if needed. Raises :class:`UsageError`."""
    target = Path(path)
    if target.is_dir():
        raise UsageError(f"{path} is a folder; name a file to write")
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


@asynccontextmanager
async def opened_model(spec: str, *, prompt: str = "") -> AsyncIterator[WorldModel]:
    """The world model that ``spec`` names, closed at the end; ``prompt`` names a variant of the world prompt.

    Raises :class:`UsageError`.
    """
    from nextstate.models import base
    from nextstate.models.chat import ChatOptions
    from nextstate.models.spec import Options, build

    model = build(spec, Options(ChatOptions(prompt=prompt)) if prompt else None)
    try:
        yield model
    finally:
        await base.close(model)


def _escaped(char: str) -> str:
    """A character as JSON spells it in ASCII, without the quotes."""
    return json.dumps(char)[1:-1]


def count(number: int, noun: str) -> str:
    """``1 turn``, ``2 turns``, ``2 trajectories``."""
    plural = noun if number == 1 else f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {plural}"


def listed(counts: Mapping[str, int]) -> str:
    """Counts by reason on one line."""
    return printable(", ".join(f"{number:,} {reason}" for reason, number in sorted(counts.items())), keep="")


@dataclass(slots=True)
class Data:
    """The trajectories of a file, read anew each time; what is broken, or of no installed domain, is named once."""

    path: Path
    only_known: bool = True
    errors: list[str] = field(default_factory=list)
    _read: bool = False

    def __call__(self) -> Iterator[Trajectory]:
        return iter(self)

    def __iter__(self) -> Iterator[Trajectory]:
        from nextstate import domain as domains
        from nextstate.data import store

        names = domains.names()
        for trajectory in store.read_lenient(self.path, self._skip):
            if not self.only_known or trajectory.domain in names:
                yield trajectory
            else:
                where = f"{self.path}, trajectory {trajectory.id!r}: "
                self._skip(unknown_name("domain", trajectory.domain, names), where)
        self._read = True

    def _skip(self, error: DataError | UsageError, where: str = "") -> None:
        if self._read:
            return
        self.errors.append(f"{where}{error}")
        if len(self.errors) <= SHOWN:
            say(f"nextstate: skipped: {printable(self.errors[-1])}")

    def skipped(self) -> dict[str, Any]:
        """``n`` lines, the first of them with place and reason."""
        return {"n": len(self.errors), "first": self.errors[:SHOWN]}


def until_interrupted(work: Coroutine[Any, Any, int], out: str | None) -> int:
    """The exit status of ``work``; after Ctrl-C, a word on what the folder ``out`` keeps."""
    import asyncio

    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        lost = "nothing was kept; with --out DIR a run can be resumed"
        kept = f"finished rows are kept in {out}; the same command goes on from there"
        say(f"nextstate: interrupted; {kept if out else lost}")
        return INTERRUPTED


def progress(what: str) -> Callable[..., None] | None:
    """What counts finished ``what`` on one line of a terminal, renewed a few times a second; nothing in a log.

    It is called with the number of those that are finished and of all, behind whatever else a caller gives.
    """
    if not sys.stderr.isatty():
        return None
    last = 0.0

    def step(*finished_of_total: Any) -> None:
        nonlocal last
        finished, total = finished_of_total[-2:]
        now = time.monotonic()
        if finished == total or now - last > 0.2:
            last = now
            print(f"\r{finished}/{total} {what}", end="\n" if finished == total else "", file=sys.stderr, flush=True)

    return step


def positive(text: str) -> int:
    """A number of things, as an option says it: at least 1. Raises :class:`argparse.ArgumentTypeError`."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return number


def temperature(text: str) -> float:
    """How freely an endpoint draws, as an option says it. Raises :class:`argparse.ArgumentTypeError`."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of at least 0")
    return value


def price(text: str) -> Price:
    """What a million tokens cost, as an option says it: ``IN,CACHED,OUT``."""
    from nextstate.eval.agentworldbench.costs import Price

    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) != 3 or not all(0 <= value < float("inf") for value in values):
        raise argparse.ArgumentTypeError(f"write IN,CACHED,OUT for a million tokens, as in 1.25,0.125,10, not {text!r}")
    return Price(*values)
