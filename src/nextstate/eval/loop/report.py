"""What the closed loop found: rates with intervals, faults by name, and one line for each episode."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nextstate.eval import journal, stats, tally
from nextstate.eval.loop.episode import Episode, Goal, decode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from rich.table import Table


@dataclass(frozen=True, slots=True)
class Report:
    """The finished episodes, and ``run``, which says what was measured; ``seconds`` is the time of this process."""

    episodes: tuple[Episode, ...]
    run: Mapping[str, Any]
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The report as one JSON object.

        ``inside`` and ``real`` are success rates of the scored episodes, and ``over_optimism`` the mean of their
        difference. ``failures_seen`` is the share of what really failed that the world reported as failed,
        ``successes_seen`` that of what really worked that it did not. Intervals are clustered by task.
        """
        scored = [one for one in self.episodes if one.real is not Goal.UNSCORED]
        inside, real = ([float(goal is Goal.REACHED) for goal in goals] for goals in _goals(scored))
        tasks = [(one.domain, one.task) for one in scored]
        return {
            "n": len(self.episodes),
            "scored": len(scored),
            "unscored": {"off_script": len(self.episodes) - len(scored)} if len(scored) < len(self.episodes) else {},
            "inside": stats.mean(inside, tasks).as_dict(),
            "real": stats.mean(real, tasks).as_dict(),
            "over_optimism": _difference(inside, real, tasks),
            "agreement": stats.mean([float(a == b) for a, b in zip(inside, real, strict=True)], tasks).as_dict(),
            "failures_seen": _share(self.episodes, lambda one: (one.failures_seen, one.failures)),
            "successes_seen": _share(self.episodes, lambda one: (one.successes_seen, one.successes)),
            "outcomes": tally.counted(f"inside {one.inside}, real {one.real}" for one in self.episodes),
            "faults": tally.counted(str(one.fault) for one in self.episodes),
            "faults_where_outcomes_part": tally.counted(str(one.fault) for one in scored if _parts(one)),
            "determined_where_they_part": tally.counted(
                {True: "determined", False: "undetermined", None: "not_asked"}[one.determined]
                for one in self.episodes
                if one.parted is not None
            ),
            "real_differs_twice": sum(one.real is not one.again for one in scored),
            "endings": tally.counted(str(one.ending) for one in self.episodes),
            "origins": dict(sorted(sum((Counter(one.origins) for one in self.episodes), Counter[str]()).items())),
            "steps": sum(one.steps for one in self.episodes),
            "tokens": sum(one.tokens for one in self.episodes),
            "seconds": round(self.seconds, 3),
            "inside_seconds": round(sum(one.seconds for one in self.episodes), 3),
            "episodes": [_line(one) for one in self.episodes],
            "run": dict(self.run),
        }


def load(folder: Path) -> Report:
    """The report of the run in ``folder``, finished or not. Raises :class:`~nextstate.errors.DataError`."""
    run, episodes = journal.read(folder, decode)
    return Report(episodes, run)


def table(report: Mapping[str, Any]) -> Table:
    """The report (see :meth:`Report.as_dict`) as a table for people: one line an episode, the rates below it."""
    from rich.table import Table
    from rich.text import Text

    run = report["run"]
    title = f"closed loop: {run['world']} against {run['real']}, {report['n']} episodes"
    shown = Table(title=Text(title), title_justify="left")
    for column in ("task", "agent", "inside", "real", "parts at", "fault"):
        shown.add_column(column)
    for one in report["episodes"]:
        at = "-" if one["parted"] is None else "probe" if one["at_probe"] else str(one["parted"] + 1)
        cells = (one["task"], one["agent"], one["inside"], one["real"], at, one["fault"])
        shown.add_row(*(Text(cell) for cell in cells))
    shown.caption = Text(_caption(report))
    shown.caption_justify = "left"
    return shown


def _caption(report: Mapping[str, Any]) -> str:
    over = report["over_optimism"]
    lines = [
        f"success inside {_percent(report['inside'])}, for real {_percent(report['real'])}",
        f"over-optimism (inside - real) {_percent({**over, 'mean': over['difference']})}",
        f"real failures that the world reported as such {_percent(report['failures_seen'])}",
        f"real successes that it reported as such {_percent(report['successes_seen'])}",
        "faults: " + ", ".join(f"{number} {name}" for name, number in report["faults"].items()),
    ]
    unscored = "".join(f"; {number} unscored: {why}" for why, number in report["unscored"].items())
    lines.append(f"[95% interval, clustered by task]; {report['seconds']:.1f} s, {report['tokens']:,} tokens{unscored}")
    return "\n".join(lines)


def _percent(found: Mapping[str, Any]) -> str:
    if found["mean"] is None:
        return "- (no such case)"
    low, high = found["ci95"]
    return f"{100 * found['mean']:.1f}% [{100 * low:.1f}, {100 * high:.1f}] (n = {found['n']})"


def _goals(episodes: Sequence[Episode]) -> tuple[list[Goal], list[Goal]]:
    return [one.inside for one in episodes], [one.real for one in episodes]


def _parts(one: Episode) -> bool:
    """Whether one of the two successes is an illusion."""
    return (one.inside is Goal.REACHED) != (one.real is Goal.REACHED)


def _difference(ours: Sequence[float], theirs: Sequence[float], clusters: Sequence[tuple[str, str]]) -> dict[str, Any]:
    found = stats.difference(ours, theirs, clusters).as_dict()
    return {"difference": found["mean"], "ci95": found["ci95"], "n": found["n"]}


def _share(episodes: Sequence[Episode], counts: Callable[[Episode], tuple[int, int]]) -> dict[str, Any]:
    """The share of actions of which something holds, with its interval."""
    values: list[float] = []
    clusters: list[tuple[str, str]] = []
    for one in episodes:
        held, number = counts(one)
        values += [1.0] * held + [0.0] * (number - held)
        clusters += [(one.domain, one.task)] * number
    return dict(stats.mean(values, clusters).as_dict())


def _line(one: Episode) -> dict[str, Any]:
    kept = one.as_dict()
    del kept["shown"]
    return kept
