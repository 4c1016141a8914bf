"""The reports of the three stages as tables for people. The two scorings never share one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextstate.eval import tally
from nextstate.eval.agentworldbench.official import TOTAL
from nextstate.eval.agentworldbench.scoring import UNCALIBRATED
from nextstate.eval.agentworldbench.strict import MEAN
from nextstate.eval.judge.verdicts import DIMENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

SCALE = "points from 0 to 100, (mark - 1) / 4 * 100"


def table(report: Mapping[str, Any]) -> Table:
    """The report of :func:`nextstate.eval.agentworldbench.scoring.score`."""
    shown = _official(report) if report["scoring"] == "official" else _strict(report)
    shown.caption_justify = "left"
    return shown


def _strict(report: Mapping[str, Any]) -> Table:
    shown = _empty(report, "strict", ("n", MEAN, *DIMENSIONS))

    def add(title: str, scores: Mapping[str, Any], *, last: bool = False) -> None:
        cells = [tally.interval(scores[MEAN], digits=2), *(_value(scores[name]["mean"]) for name in DIMENSIONS)]
        shown.add_row(title, str(scores[MEAN]["n"]), *cells, end_section=last)

    add("macro (mean of domains)", report["scores"]["macro"])
    add("micro (mean of rows)", report["scores"]["micro"], last=True)
    for name, domain in report["by"]["domain"].items():
        add(name, domain["scores"])
    zeros, unscored = _listed(report["zeros"], "scored zero"), _listed(report["unscored"], "unscored")
    counted = f"{report['scored']} of {report['rows']} rows scored{zeros}{unscored}"
    shown.caption = _text(f"{counted}; {SCALE}; [95% interval, clustered by trajectory]{_ending(report)}")
    return shown


def _official(report: Mapping[str, Any]) -> Table:
    shown = _empty(report, "official rules", ("valid", "failed", TOTAL, *DIMENSIONS))
    for name, domain in report["by"]["domain"].items():
        scores = domain["scores"] or {}
        cells = [_value(scores.get(column)) for column in (TOTAL, *DIMENSIONS)]
        shown.add_row(_text(name), str(domain["valid"]), str(domain["failed"]), *cells)
    shown.add_section()
    overall = [_value(report["overall"]), *("" for _ in DIMENSIONS)]
    shown.add_row("Overall (mean of rows)", str(report["valid"]), str(report["failed"]), *overall)
    dropped = f"{report['failed']} of {report['rows']} rows dropped, as the published script does"
    prompts = "" if report["judge"]["prompt"] == "official" else "; not the official judge prompts"
    shown.caption = _text(f"{dropped}{prompts}; {SCALE}{_ending(report)}")
    return shown


def _empty(report: Mapping[str, Any], scoring: str, columns: tuple[str, ...]) -> Table:
    from rich.table import Table

    judge = report["judge"]
    mark = f" ({UNCALIBRATED})" if judge["calibration"] == UNCALIBRATED else ""
    judged = f"judge {judge['name']}{mark}, prompt {judge['prompt']}"
    title = f"AgentWorldBench, {scoring}: {report['run']['infer'].get('model')}; {judged}"
    shown = Table(title=_text(title), title_justify="left")
    shown.add_column("rows of")
    for column in columns:
        shown.add_column(column, justify="right")
    return shown


def _ending(report: Mapping[str, Any]) -> str:
    """What belongs below every table: what is missing, what it cost and how long it took."""
    unfinished = _listed({name: count for name, count in report["unfinished"].items() if count}, "not finished")
    otherwise = report["read_otherwise"]
    read = f"\n{otherwise} predictions are read otherwise by the official rules than by ours" if otherwise else ""
    spent = "; ".join(_spent(report, name) for name in ("model", "judge"))
    return f"{unfinished}{read}\n{spent}"


def _spent(report: Mapping[str, Any], name: str) -> str:
    usage, cost, latency = report["usage"][name], report["cost"][name], report["latency_ms"][name]
    prompt, cached, said = (usage[f"{kind}_tokens"] for kind in ("prompt", "cached", "completion"))
    tokens = f"{prompt:,} tokens in ({cached:,} cached), {said:,} out"
    priced = "" if cost is None else f", cost {cost:,.4f}"
    paced = "" if latency["p50"] is None else f", p50 {latency['p50']:,.0f} ms, p95 {latency['p95']:,.0f} ms"
    return f"{name}: {tokens}{priced}{paced}"


def _listed(counts: Mapping[str, int], what: str) -> str:
    return "".join(f", {count} {what}: {reason}" for reason, count in counts.items())


def _value(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _text(text: str) -> Any:
    """Text that is shown as it is: names come from files and are no markup."""
    from rich.text import Text

    return Text("".join(char if char == "\n" or char.isprintable() else "?" for char in text))
