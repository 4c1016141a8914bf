"""What a stage cost: tokens, money, time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from nextstate.eval import tally
from nextstate.types import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost, in whatever currency: of the prompt, of its cached part, of the reply."""

    prompt: float
    cached: float
    completion: float

    def of(self, usage: Usage) -> float:
        """The price of ``usage``."""
        fresh = max(usage.prompt_tokens - usage.cached_tokens, 0)
        parts = (fresh * self.prompt, usage.cached_tokens * self.cached, usage.completion_tokens * self.completion)
        return math.fsum(parts) / 1e6


class Asked(Protocol):
    """A row that somebody was asked about; ``seconds`` is 0 where nobody was."""

    @property
    def usage(self) -> Usage: ...

    @property
    def seconds(self) -> float: ...


def spent(rows: Iterable[Asked], price: Price | None) -> dict[str, Any]:
    """``{"usage": tokens by kind, "cost": money or None, "latency_ms": {"p50", "p95"}}`` of all ``rows``."""
    asked = list(rows)
    return {
        "usage": tally.tokens(row.usage for row in asked),
        "cost": None if price is None else round(price.of(sum((row.usage for row in asked), Usage())), 6),
        "latency_ms": tally.latency(row.seconds for row in asked if row.seconds > 0),
    }
