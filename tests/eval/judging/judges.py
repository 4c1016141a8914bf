"""Judges that are known to be good or bad, as language models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from nextstate.eval.judge import DIMENSIONS, Judge, programmatic, sections
from nextstate.models.language import Reply, ScriptedReplies
from nextstate.types import Outcome, Query, Setup, Trajectory, Turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from nextstate.models.language import LanguageModel, Messages


def marks(mark: int) -> str:
    return json.dumps(dict.fromkeys(DIMENSIONS, mark))


def computed(messages: Messages) -> int:
    """The mark that the programmatic judge gives; it also says which of two is real, when that is plain to see."""
    parts = sections(messages)
    if parts["prediction"] == parts["truth"]:
        return 5
    return 3 if len(parts["prediction"]) >= len(parts["truth"]) / 2 else 1


def judge(reply: Callable[[Messages], str | Reply], name: str) -> Judge:
    return Judge(ScriptedReplies(reply, name=name))


def constant(messages: Messages) -> str:
    """Says the same of everything, and takes what stands first for real."""
    return marks(4) if "truth" in sections(messages) else '{"real": "first"}'


def believer(messages: Messages) -> str:
    """Compares, unless the prediction says that it is good; then it believes."""
    parts = sections(messages)
    if "truth" not in parts:
        return '{"real": "second"}'
    last = parts["prediction"].rstrip("\n").split("\n")[-1]
    told = any(word in last for word in ("checked", "correct", "verified", "mark", '"format"', "Answer"))
    return marks(5 if told else computed(messages))


class Moody:
    """Gives marks that depend on the seed alone."""

    name = fingerprint = "moody"

    async def complete(self, messages: Messages, *, seed: int | None = None) -> Reply:
        return Reply(Outcome.OK, marks(1 + (seed or 0) * 2 % 5))


class Counting:
    """``inner``, counted; after ``most`` calls it fails like an endpoint that is down."""

    def __init__(self, inner: LanguageModel | None = None, most: int | None = None) -> None:
        self.inner = inner or programmatic()
        self.name, self.fingerprint = self.inner.name, self.inner.fingerprint
        self.most = most
        self.asked: list[tuple[str, int | None]] = []
        self.closed = False

    async def complete(self, messages: Messages, *, seed: int | None = None) -> Reply:
        if self.most is not None and len(self.asked) >= self.most:
            return Reply(Outcome.PROVIDER_ERROR, detail="down")
        self.asked.append((json.dumps(list(messages)), seed))
        return await self.inner.complete(messages, seed=seed)

    async def aclose(self) -> None:
        self.closed = True


def sessions(count: int, domain: str) -> list[Trajectory]:
    """Trajectories of ``domain`` whose observations are lists with numbers, all unlike each other."""
    return [
        Trajectory(
            f"s-{number}",
            domain,
            Setup(f"machine {number}"),
            tuple(Turn(f"show {turn}", _listing(number, turn)) for turn in range(4)),
        )
        for number in range(count)
    ]


def _listing(number: int, turn: int) -> str:
    names = ("apple", "birch", "cedar", "dune", "elder")
    return "".join(f"{name} {7 * number + turn + place} left\n" for place, name in enumerate(names))


def query_of(trajectory: Trajectory, turn: int) -> Query:
    return Query(trajectory.domain, trajectory.setup, trajectory.turns[:turn], trajectory.turns[turn].action)
