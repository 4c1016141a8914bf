"""Codec and checks on real recordings, where there are some."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from nextstate.data import sources
from nextstate.domain import find
from nextstate.types import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from nextstate.types import Json

DOMAIN = find("mcp")
FOLDERS = [("tau-bench", "tools_tau_bench"), ("bfcl", "tools_bfcl_replay"), ("livemcpbench", "tools_livemcpbench")]
MOST = 60
"""Trajectories of each source."""


@pytest.mark.parametrize(("form", "folder"), FOLDERS)
def test_every_check_holds_on_what_real_servers_said(form: str, folder: str, recordings: Callable[[str], Path]) -> None:
    applied: Counter[str] = Counter()
    for query, truth, _ in _turns(form, recordings(folder)):
        for name, check in DOMAIN.checks.items():
            holds = check(query, truth)
            assert holds is not False, (name, query.action, truth[:200])
            applied[name] += holds is True
    assert applied["well_formed"] or form == "livemcpbench"
    assert applied["no_reply_tags"]


@pytest.mark.parametrize(("form", "folder"), FOLDERS)
def test_real_actions_are_valid_and_real_results_masked_once_and_for_all(
    form: str, folder: str, recordings: Callable[[str], Path]
) -> None:
    for query, truth, _ in _turns(form, recordings(folder)):
        DOMAIN.validate(query.action)
        once = DOMAIN.canonical(truth)
        assert DOMAIN.canonical(once) == once
        assert once or not truth.strip()


def test_failures_are_told_where_real_servers_marked_them(recordings: Callable[[str], Path]) -> None:
    assert DOMAIN.failed is not None
    marked: Counter[tuple[bool, bool | None]] = Counter()
    for query, truth, meta in _turns("livemcpbench", recordings("tools_livemcpbench")):
        if isinstance(meta.get("error"), bool):
            marked[meta["error"], DOMAIN.failed(query, truth)] += 1
    assert marked[True, True] >= 0.9 * sum(n for (mark, _), n in marked.items() if mark)
    assert marked[True, False] == 0
    told_unmarked = marked[False, True] / sum(n for (mark, _), n in marked.items() if not mark)
    assert told_unmarked <= 0.08  # servers that say {"error": ...} without the mark


def test_the_errors_of_a_server_that_marks_none_are_told_too(recordings: Callable[[str], Path]) -> None:
    assert DOMAIN.failed is not None
    for query, truth, _ in _turns("tau-bench", recordings("tools_tau_bench")):
        if truth.strip():
            assert DOMAIN.failed(query, truth) is truth.startswith("Error")


def _turns(form: str, folder: Path) -> Iterator[tuple[Query, str, Mapping[str, Json]]]:
    for number, trajectory in enumerate(sources.read(form, folder)):
        if number == MOST:
            return
        for k, turn in enumerate(trajectory.turns):
            query = Query("mcp", trajectory.setup, trajectory.turns[:k], turn.action)
            yield query, turn.observation, turn.meta
