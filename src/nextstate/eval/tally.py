"""What every report counts, and how figures are worded for people."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from nextstate.eval import stats
from nextstate.types import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def counted(values: Iterable[str]) -> dict[str, int]:
    """How often each value occurs, by name."""
    return dict(sorted(Counter(values).items()))


def tokens(usages: Iterable[Usage]) -> dict[str, int]:
    """Tokens by kind, of all calls together."""
    total = sum(usages, Usage())
    return {
        "prompt_tokens": total.prompt_tokens,
        "cached_tokens": total.cached_tokens,
        "completion_tokens": total.completion_tokens,
    }


def latency(seconds: Iterable[float]) -> dict[str, float | None]:
    """How long an answer took, in milliseconds: ``p50`` and ``p95``."""
    every = list(seconds)
    found = {name: stats.percentile(every, share) for name, share in (("p50", 0.5), ("p95", 0.95))}
    return {name: None if value is None else round(value * 1000, 3) for name, value in found.items()}


def interval(score: Mapping[str, Any] | None, digits: int = 3) -> str:
    """A mean and its interval; a dash where there is none."""
    if score is None or score["mean"] is None:
        return "-"
    low, high = score["ci95"]
    return f"{score['mean']:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def difference(value: Mapping[str, Any] | None) -> str:
    """A paired difference and its interval, with their signs; a dash where there is none."""
    if value is None or value["difference"] is None:
        return "-"
    low, high = value["ci95"]
    return f"{value['difference']:+.3f} [{low:+.3f}, {high:+.3f}]"


def caption(report: Mapping[str, Any]) -> str:
    """What stands below the table of a run: endings, what is unscored, tokens and time."""
    outcomes = ", ".join(f"{count} {name}" for name, count in report["by"]["outcome"].items())
    unscored = "".join(f", {count} unscored: {reason}" for reason, count in report["unscored"].items())
    usage = report["usage"]
    total = usage["prompt_tokens"] + usage["completion_tokens"]
    return f"{outcomes}{unscored}; {total:,} tokens, {report['seconds']:.1f} s; [95% interval, clustered by trajectory]"
