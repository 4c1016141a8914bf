"""Reports of runs: figures as JSON and Markdown, and a page on which every row can be looked at; comparing two runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nextstate.eval.reports import markdown, page, stories
from nextstate.eval.reports.collect import calibrated, read
from nextstate.eval.reports.paired import compare
from nextstate.eval.reports.summary import summary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nextstate.errors import DataError
    from nextstate.eval.reports.model import Run
    from nextstate.eval.reports.summary import Prices

__all__ = ["Written", "calibrated", "compare", "read", "summary", "write"]

JSON, MARKDOWN, PAGE = "report.json", "report.md", "report.html"


@dataclass(frozen=True, slots=True)
class Written:
    """What :func:`write` wrote: the figures, and how many rows have no truth because no data file holds them."""

    figures: dict[str, Any]
    without_truth: int


def write(
    runs: Sequence[Run],
    out: Path,
    *,
    data: Sequence[Path] = (),
    prices: Prices = (),
    title: str = "Report of runs",
    on_error: Callable[[DataError], None],
) -> Written:
    """Write ``report.json``, ``report.md`` and ``report.html`` into the folder ``out``.

    ``data`` are the files that the runs were made from; set-up, history and truth of each row come from there, found
    by the row's key. Broken lines of them go to ``on_error``. ``prices`` are those of the model and of the judge of
    each run, and turn tokens into costs.
    """
    out.mkdir(parents=True, exist_ok=True)
    figures = summary(runs, prices)
    wanted = {row.key for run in runs for row in run.rows}
    told = stories.read(data, wanted, free_run=any(run.free_run for run in runs), on_error=on_error)
    lost = page.write(out / PAGE, runs, told, figures, title=title)
    (out / JSON).write_text(json.dumps(figures, indent=1) + "\n", "ascii")
    (out / MARKDOWN).write_text(markdown.document(figures), "utf-8")
    return Written(figures, lost)
