"""``nextstate domains`` and ``nextstate models``: what is installed, whether it conforms, and getting weights."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING, Any

from nextstate.cli import new
from nextstate.cli.common import DONE, FAILED, count, print_json, printable, say

if TYPE_CHECKING:
    from nextstate.cli.common import Commands
    from nextstate.conform import Report
    from nextstate.models.fetch import Advance
    from nextstate.models.weights import Listed


def add(commands: Commands) -> None:
    group = commands.add_parser(
        "domains", help="list the kinds of environment, check that one keeps its promises, or make one"
    )
    words = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    one = words.add_parser("list", help="list the installed domains")
    one.add_argument("--json", action="store_true", help="print one JSON object")
    one.set_defaults(run=run_domains_list)
    one = words.add_parser("check", help="run the conformance suite")
    one.add_argument("name", metavar="NAME", nargs="?", help="one domain (default: all)")
    one.add_argument("--json", action="store_true", help="print one JSON object")
    one.set_defaults(run=run_domains_check)
    new.add(words)

    group = commands.add_parser("models", help="list the embedded models, or get the weights of one")
    words = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    one = words.add_parser("list", help="list the embedded models")
    one.add_argument("--json", action="store_true", help="print one JSON object")
    one.set_defaults(run=run_models_list)
    one = words.add_parser("pull", help="get the weights of a model; may be interrupted and repeated")
    one.add_argument("name", metavar="NAME", help="see `nextstate models list`")
    one.set_defaults(run=run_models_pull)


def run_domains_list(arguments: argparse.Namespace) -> int:
    from nextstate.domain import names

    rows = [describe_domain(name) for name in names()]
    if arguments.json:
        print_json({"domains": rows})
        return DONE
    for row in rows:
        print(f"{row['name']:<12} {printable(row['error'] or details(row))}")
    return DONE


def details(row: dict[str, Any]) -> str:
    kernel = "computed where determined" if row["kernel"] else "no kernel"
    return f"version {row['version']}, {kernel}, {count(row['examples'], 'example')}"


def describe_domain(name: str) -> dict[str, Any]:
    """Name, version and so on; ``error`` instead when a third party's domain does not load."""
    from nextstate.domain import find

    try:
        domain = find(name)
        examples = len(domain.examples())
    except Exception as error:  # the boundary to third parties' code
        return {"name": name, "error": f"does not load: {type(error).__name__}: {error}"}
    kernel = domain.kernel is not None
    return {"name": name, "version": domain.version, "kernel": kernel, "examples": examples, "error": None}


def run_domains_check(arguments: argparse.Namespace) -> int:
    from nextstate.conform import check
    from nextstate.domain import find, names

    reports = [check(find(name)) for name in ([arguments.name] if arguments.name else names())]
    if arguments.json:
        print_json({"domains": {report.domain: as_dict(report) for report in reports}})
    else:
        for report in reports:
            print_findings(report)
    return FAILED if any(report.broken for report in reports) else DONE


def as_dict(report: Report) -> dict[str, Any]:
    kernel = report.kernel
    findings = [{"name": one.name, "verdict": one.verdict, "sentence": one.sentence} for one in report.findings]
    answered = {"turns": kernel.turns, "answered": kernel.answered, "wrong": list(kernel.wrong)}
    return {"broken": len(report.broken), "findings": findings, "kernel": answered}


def print_findings(report: Report) -> None:
    print(f"{report.domain}: " + (f"{count(len(report.broken), 'broken promise')}" if report.broken else "conforms"))
    for finding in report.findings:
        print(f"  {finding.verdict:<14} {finding.name}: {printable(finding.sentence)}")


def run_models_list(arguments: argparse.Namespace) -> int:
    from nextstate.models.weights import folder, listing

    if arguments.json:
        print_json({"folder": str(folder()), "models": [describe_model(one) for one in listing()]})
        return DONE
    for one in listing():
        weights = one.weights
        facts = f"{weights.bytes / 1e6:>7,.0f} MB  {weights.licence}  context {weights.context:>6,}"
        print(f"{weights.name:<14} {facts}  {'here' if one.path else 'not pulled':<10}  {weights.title}")
    say(f"the first one is the default; weights are kept in {folder()}")
    return DONE


def describe_model(one: Listed) -> dict[str, Any]:
    weights = one.weights
    return {
        "name": weights.name,
        "title": weights.title,
        "bytes": weights.bytes,
        "sha256": weights.sha256,
        "licence": weights.licence,
        "context": weights.context,
        "path": str(one.path) if one.path else None,
    }


def run_models_pull(arguments: argparse.Namespace) -> int:
    print(pull(arguments.name))
    return DONE


def pull(name: str) -> str:
    """Get the weights of ``name``, telling how far it is, and return where they lie.

    Raises :class:`UsageError` and :class:`~nextstate.models.fetch.SourceError`.
    """
    from nextstate.models import weights

    wanted = weights.find(name)
    present = any(one.path for one in weights.listing() if one.weights.name == name)
    if not present:
        say(f"pulling {wanted.title} ({wanted.bytes / 1e6:,.0f} MB, {wanted.licence}) to {weights.folder()}")
    return str(weights.pull(name, progress=Told()))


class Told:
    """Progress of a pull: a line that is renewed on a terminal, and nothing in a log."""

    def __init__(self) -> None:
        self._last = 0.0
        self._terminal = sys.stderr.isatty()

    def __call__(self, advance: Advance) -> None:
        now = time.monotonic()
        finished = advance.done >= advance.total
        if self._terminal and (finished or now - self._last > 0.2):
            self._last = now
            share = advance.done / max(1, advance.total)
            print(f"\r{advance.doing:<8} {share:>4.0%}", end="\n" if finished else "", file=sys.stderr, flush=True)
