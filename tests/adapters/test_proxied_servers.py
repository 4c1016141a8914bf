"""The recording proxy in front of five real servers, and what simulates them when they are gone."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from proxied_servers import cases

from proxied import Tally, measured

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DETERMINED = 20
"""Calls that were not recorded and follow from what was, in all servers together."""


async def test_recorded_calls_are_answered_alike_and_determined_ones_right(
    packages: Callable[[str], Path], tmp_path: Path
) -> None:
    tallies = []
    for case in cases(packages("mcp-servers"), tmp_path):
        tallies.append(await measured(case, tmp_path / f"{case.name}.jsonl"))
        shutil.rmtree(tmp_path / "work", ignore_errors=True)
    print(table(tallies))
    assert [tally.wrong for tally in tallies if tally.wrong] == []
    assert all(tally.equal == tally.recorded >= 10 for tally in tallies)
    assert sum(tally.right for tally in tallies) >= DETERMINED


def table(tallies: list[Tally]) -> str:
    """What was asked and answered of each server, and below it why calls were refused."""
    rows = ["| server | recorded calls | equal | unrecorded asked | answered | right | refused |", "|" + "---|" * 7]
    for one in tallies:
        counts = (one.recorded, one.equal, one.asked, one.answered, one.right, len(one.refused))
        rows.append(f"| {one.name} | {' | '.join(map(str, counts))} |")
    return "\n".join((*rows, "", *(f"- {one.name}: {refusal}" for one in tallies for refusal in one.refused)))
