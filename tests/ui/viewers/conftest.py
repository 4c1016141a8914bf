"""A server with recordings and runs for the viewers, and what makes it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from eval.reports.folders import DATA, benchmark, evaluation, half, right
from nextstate.data import store
from nextstate.eval import reports
from nextstate.models.fakes import Replay, Scripted
from nextstate.serve.testing import service_of

from ..conftest import models, running
from .stock import catalogue, recordings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nextstate.serve.service import Service
    from nextstate.types import WorldModel


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs: two like evaluations, a judged benchmark, a broken run, and a report with a page."""
    place = tmp_path_factory.mktemp("runs")
    evaluation(place / "oracle", DATA, right)
    evaluation(place / "half", DATA, half)
    benchmark(place / "bench")
    (place / "broken").mkdir()
    (place / "broken" / "run.json").write_text("{", "ascii")
    (place / "broken" / "rows.jsonl").write_text("", "ascii")
    store.write(place / "data.jsonl", DATA)
    run = reports.read(place / "oracle")
    reports.write([run], place / "written", data=[place / "data.jsonl"], title="As it was", on_error=lambda error: None)
    return place


def world_models() -> dict[str, WorldModel]:
    """The models of :func:`models`, one that tells the truth, one that never answers, one that says hostile things."""
    silent = Scripted([], name="silent")
    return {**models(), "truth": Replay(recordings()), "silent": silent}


@pytest.fixture
def service(shelf: Path) -> Service:
    """A service with the recordings and the runs."""
    return replace(service_of(world_models(), catalogue=catalogue()), reports=(shelf,))


@pytest.fixture(scope="module")
def stocked(shelf: Path) -> Iterator[str]:
    """The address of a server with the recordings and the runs."""
    with running(replace(service_of(world_models(), catalogue=catalogue()), reports=(shelf,))) as address:
        yield address
