"""Retrieval: similar turns of other recorded trajectories, put before a model as notes. Lexical, in memory, exact."""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter, defaultdict
from dataclasses import replace
from heapq import heapify, heappop
from itertools import accumulate
from typing import TYPE_CHECKING

from nextstate.models import base, keys
from nextstate.models.render import clip
from nextstate.types import Origin, Outcome, Prediction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nextstate.types import Query, Setup, Trajectory, Turn, WorldModel

K1, B = 1.2, 0.75
"""BM25: how soon a repeated word stops counting, and how much a long text is held against it."""

ACTION_WEIGHT = 3.0
"""A word of the action counts this much more than one of the observation before it."""

READ = 2_000
"""Characters of an action or observation that are looked at."""

LOOKED_UP = 48
"""Words of a query that are looked up: those of the action first, then the rarest."""

HEAD = "Similar turns from other recordings. They come from other states: trust their form, not their facts."


class Recalled:
    """``inner``, with the ``k`` most similar recorded turns in its notes; each observation in ``max_chars`` at most.

    The trajectory that a query comes from is never among them. A query does not name it, so none counts that has the
    same set-up and took the same actions up to this one; this action is not compared, as it may be a part of the
    recorded one (a kernel asks for parts). So before its first action a world is not recalled from itself.
    An answer that a model gave with recalled turns before it has the origin ``RETRIEVED``.
    """

    def __init__(
        self, inner: WorldModel, trajectories: Iterable[Trajectory], *, k: int = 5, max_chars: int = READ
    ) -> None:
        self.inner = inner
        self.name = f"recalled+{inner.name}"
        self._index = Index(trajectories)
        self._k, self._max_chars = k, max_chars

    @property
    def fingerprint(self) -> str:
        return f"recalled:{self._index.digest}:{self._k}:{self._max_chars}+{base.fingerprint(self.inner)}"

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        turns = self._index.similar(query, self._k)
        if not turns:
            return await self.inner.predict(query, seed=seed)
        notes = "\n\n".join(part for part in (query.notes, HEAD, *map(self._worded, turns)) if part)
        prediction = await self.inner.predict(replace(query, notes=notes), seed=seed)
        if prediction.origin is Origin.MODEL:
            return replace(prediction, origin=Origin.RETRIEVED)
        return prediction

    async def aclose(self) -> None:
        await base.close(self.inner)

    def _worded(self, turn: Turn) -> str:
        action, observation = clip(turn.action, self._max_chars), clip(turn.observation, self._max_chars)
        return f"Action:\n{action}\nObservation:\n{observation}"


class Nearest:
    """Shows what the most similar recorded turn showed, of another trajectory than the query's own. A baseline."""

    name = "nearest"

    def __init__(self, trajectories: Iterable[Trajectory]) -> None:
        self._index = Index(trajectories)

    @property
    def fingerprint(self) -> str:
        return f"nearest:{self._index.digest}"

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        for turn in self._index.similar(query, 1):
            return Prediction(Outcome.OK, turn.observation, Origin.RETRIEVED, model=self.name)
        return base.refused("no recorded turn of another trajectory is similar", model=self.name)


class Index:
    """BM25 over the words of each turn's action and of the observation before it, per domain."""

    def __init__(self, trajectories: Iterable[Trajectory]) -> None:
        self._turns: list[Turn] = []
        self._owner = array("L")
        self._length = array("f")
        self._postings: dict[str, tuple[array[int], array[int]]] = {}
        self._takers: dict[bytes, list[int]] = defaultdict(list)
        chain = b""
        for owner, trajectory in enumerate(trajectories):
            self._add(owner, trajectory)
            chain = keys.digest(chain.hex(), [[turn.action, turn.observation] for turn in trajectory.turns])
        self._mean = sum(self._length) / len(self._length) if self._length else 1.0
        self.digest = chain.hex()[:16]

    def similar(self, query: Query, k: int) -> list[Turn]:
        """Up to ``k`` different turns that share a word of the action, best first; of equals the one recorded first."""
        last = query.history[-1].observation if query.history else ""
        scores = self._scores(set(_words(query.domain, query.action, last)))
        own = set(self._takers.get(_paths(query.domain, query.setup, query.history)[-1], ()))
        ranked = [(-score, number) for number, score in scores.items() if self._owner[number] not in own]
        heapify(ranked)
        found: dict[tuple[str, str], Turn] = {}
        while ranked and len(found) < k:
            turn = self._turns[heappop(ranked)[1]]
            found.setdefault((turn.action, turn.observation), turn)
        return list(found.values())

    def _add(self, owner: int, trajectory: Trajectory) -> None:
        for path in _paths(trajectory.domain, trajectory.setup, trajectory.turns):
            self._takers[path].append(owner)
        last = ""
        for turn in trajectory.turns:
            counts = Counter(_words(trajectory.domain, turn.action, last))
            for word, count in counts.items():
                where, often = self._postings.setdefault(word, (array("L"), array("L")))
                where.append(len(self._turns))
                often.append(count)
            self._turns.append(turn)
            self._owner.append(owner)
            self._length.append(counts.total())
            last = turn.observation

    def _scores(self, words: set[str]) -> dict[int, float]:
        """The score of every turn that shares a word of the action."""
        held = {word: len(self._postings[word][0]) for word in words if word in self._postings}
        known = sorted(held, key=lambda word: (not _of_action(word), held[word], word))
        scores: dict[int, float] = defaultdict(float)
        acted: set[int] = set()
        for word in known[:LOOKED_UP]:
            where, often = self._postings[word]
            weight = self._idf(held[word]) * (ACTION_WEIGHT if _of_action(word) else 1.0)
            for turn, count in zip(where, often, strict=True):
                norm = K1 * (1 - B + B * self._length[turn] / self._mean)
                scores[turn] += weight * count * (K1 + 1) / (count + norm)
            if _of_action(word):
                acted.update(where)
        return {turn: scores[turn] for turn in acted}

    def _idf(self, holders: int) -> float:
        return math.log(1 + (len(self._turns) - holders + 0.5) / (holders + 0.5))


def _words(domain: str, action: str, last: str) -> Iterator[str]:
    """The words of an action and of the observation before it, marked by domain and place."""
    for place, text in (("action", action), ("last", last)):
        for word in re.findall(r"\w+", text[:READ].lower()):
            yield f"{place} {domain} {word}"


def _of_action(word: str) -> bool:
    return word.startswith("action ")


def _paths(domain: str, setup: Setup, turns: Iterable[Turn]) -> list[bytes]:
    """A key for the set-up and each further action, whatever was shown."""
    actions = (turn.action for turn in turns)
    start = keys.setup_key(domain, setup)
    return list(accumulate(actions, lambda key, action: keys.digest(key.hex(), action), initial=start))
