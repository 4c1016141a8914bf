"""What a stage cost: tokens, money, time."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from nextstate.eval import stats
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
    total = sum((row.usage for row in asked), Usage())
    seconds = [row.seconds for row in asked if row.seconds > 0]
    paces = {name: stats.percentile(seconds, share) for name, share in (("p50", 0.5), ("p95", 0.95))}
    return {
        "usage": {
            "prompt_tokens": total.prompt_tokens,
            "cached_tokens": total.cached_tokens,
            "completion_tokens": total.completion_tokens,
        },
        "cost": None if price is None else round(price.of(total), 6),
        "latency_ms": {name: None if value is None else round(value * 1000, 3) for name, value in paces.items()},
    }


def counted(reasons: Iterable[str]) -> dict[str, int]:
    """How often each reason occurs, by name."""
    return dict(sorted(Counter(reasons).items()))
