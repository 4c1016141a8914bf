"""Reuse of evaluated prompts that never changes an answer.

What an engine computes for a token depends, in the last digits, on the tokens that it is evaluated together with, and
for a small model that is enough to choose another word. So prompts are evaluated in blocks of :data:`BLOCK` tokens that
begin at multiples of it, and of an earlier prompt only whole blocks are reused, which were evaluated in just that way:
an answer is the same whatever was asked before. Prompts of sessions that take turns are kept in files.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from nextstate.errors import NextstateError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
    from pathlib import Path

BLOCK = 32
"""Tokens that are evaluated together. Larger blocks are hardly faster, and the last one is evaluated every time."""

KEPT = 16
"""Prompts of other sessions that are kept; a file takes some tens of kilobytes for each token."""


class EngineError(NextstateError):
    """The engine did not load the model, or refused a call."""


@dataclass(slots=True)
class Prefixes:
    """What the engine holds of earlier prompts. ``ask(path, body)`` posts to it; it keeps files in ``folder``."""

    ask: Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]
    folder: Path
    held: list[int] = field(default_factory=list)
    """The prompt that the engine evaluated last; what it generated after that is never reused."""
    kept: OrderedDict[str, list[int]] = field(default_factory=OrderedDict)
    _names: Iterator[int] = field(default_factory=count)

    async def prepare(self, prompt: Sequence[int]) -> None:
        """Leave in the engine what ``prompt`` may reuse and no more; say so with :meth:`evaluated` when it has run."""
        await self._swap(prompt)
        held, self.held = self.held, []
        reused = min(_shared(held, prompt), len(prompt) - 1) // BLOCK * BLOCK
        # A token that continues neither prompt makes the engine drop all that it holds behind the reused blocks.
        odd = next(token for token in range(3) if token not in (prompt[reused], *held[reused : reused + 1]))
        await self.ask("/completion", {"prompt": [*prompt[:reused], odd], "n_predict": 0, "temperature": 0.0})

    def evaluated(self, prompt: Sequence[int]) -> None:
        """The engine now holds ``prompt``."""
        self.held = list(prompt)

    async def _swap(self, prompt: Sequence[int]) -> None:
        """Keep what the engine holds if ``prompt`` makes it drop much; take back what suits ``prompt`` better."""
        here = _shared(self.held, prompt)
        best = max(self.kept, key=lambda name: _shared(self.kept[name], prompt), default="")
        if len(self.held) - here > max(2 * BLOCK, len(self.held) // 4):
            await self._keep()
        if best in self.kept and _shared(self.kept[best], prompt) >= here + BLOCK:
            await self._take_back(best)

    async def _keep(self) -> None:
        name = f"prompt-{next(self._names)}"
        try:
            await self.ask("/slots/0?action=save", {"filename": name})
        except EngineError:  # as on a full disk: it will be evaluated again
            return
        self.kept[name] = self.held
        while len(self.kept) > KEPT:
            self._forget(next(iter(self.kept)))

    async def _take_back(self, name: str) -> None:
        tokens, self.held = self.kept[name], []
        try:
            await self.ask("/slots/0?action=restore", {"filename": name})
            self.held = tokens
        except EngineError:  # as when the file was removed: it will be evaluated again
            pass
        self._forget(name)

    def _forget(self, name: str) -> None:
        del self.kept[name]
        (self.folder / name).unlink(missing_ok=True)


def _shared(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens the two have in common at their beginning."""
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return index
    return min(len(one), len(other))
