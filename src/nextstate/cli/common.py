"""What the commands share: where text goes, and how files and models named on the command line are opened."""

from __future__ import annotations

import json
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from nextstate.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator, Mapping

    from nextstate.types import WorldModel

    Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

DONE, FAILED, WRONG_USAGE, UNSCORED, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit statuses."""


def say(text: str) -> None:
    """A message for people, on standard error; standard output belongs to results."""
    print(text, file=sys.stderr, flush=True)


def print_json(value: Mapping[str, object]) -> None:
    """``value`` as the one JSON object on standard output; what a terminal would not show as text is escaped."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    print(text if text.isprintable() else "".join(char if char.isprintable() else _escaped(char) for char in text))


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


def printable(text: str, *, keep: str = "\n\t") -> str:
    """``text`` with control characters made visible, but those to ``keep``.

    Neither a model nor the name of a file must steer the reader's terminal, or make up lines of ours.
    """
    return "".join(char if char in keep or char.isprintable() else _visible(char) for char in text)


def _escaped(char: str) -> str:
    """A character as JSON spells it in ASCII, without the quotes."""
    return json.dumps(char)[1:-1]


def _visible(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def count(number: int, noun: str) -> str:
    """``1 turn``, ``2 turns``, ``2 trajectories``."""
    plural = noun if number == 1 else f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {plural}"


def listed(counts: Mapping[str, int]) -> str:
    """Counts by reason on one line."""
    return printable(", ".join(f"{number:,} {reason}" for reason, number in sorted(counts.items())), keep="")
