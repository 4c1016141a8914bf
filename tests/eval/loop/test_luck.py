"""Environment luck: no spread where there is none, and a known spread where a world draws lots."""

from __future__ import annotations

import io
import json
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.errors import UsageError
from nextstate.eval.luck import decode, luck, similar, table
from nextstate.models.fakes import AlwaysEmpty, Replay
from nextstate.models.grounded import KernelModel
from nextstate.types import Origin, Outcome, Prediction, Query

from ..worlds import episodes

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("desk")


class Coin:
    """Shows heads or tails, as its seed says; with ``sides`` of a die."""

    def __init__(self, sides: int = 2) -> None:
        self.name = f"coin-{sides}"
        self.asked = 0
        self._sides = sides

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        self.asked += 1
        return Prediction(Outcome.OK, f"side {random.Random(seed).randrange(self._sides)}\n", Origin.MODEL)


class Forgetful:
    """Does not keep to its seed."""

    name = "forgetful"

    def __init__(self) -> None:
        self._draws = random.Random(1)

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        return Prediction(Outcome.OK, f"{self._draws.random()}\n", Origin.MODEL)


async def test_a_deterministic_world_has_no_luck() -> None:
    data = episodes(4, 6)
    for model in (Replay(data), AlwaysEmpty(), KernelModel()):
        report = (await luck(model, data, worlds=3)).as_dict()
        seen = report["observations"]
        assert seen["agree"]["mean"] == seen["similarity"]["mean"] == seen["same_seed_agree"]["mean"] == 1.0
        assert (seen["trajectories_that_part"], seen["first_parted_turn"]) == (0, None)
        assert report["outcomes"]["exact"]["sd"] == report["outcomes"]["final"]["sd"] == 0.0


async def test_the_oracle_comes_out_as_recorded_and_silence_does_not() -> None:
    data = episodes(3, 4)
    right = (await luck(Replay(data), data, worlds=2)).as_dict()
    assert right["outcomes"]["final"] == {"mean": 1.0, "sd": 0.0, "trajectories_that_differ": 0, "widest": [1.0, 1.0]}
    silent = (await luck(Replay([]), data, worlds=2)).as_dict()
    assert silent["unanswered"] == 2 * 3 * 4
    assert silent["outcomes"]["exact"]["mean"] == 0.0
    assert silent["origins"] == {"none (refused)": 24}


async def test_a_world_that_draws_lots_has_the_spread_of_the_lots() -> None:
    report = (await luck(Coin(), episodes(50, 20), worlds=3)).as_dict()
    seen = report["observations"]
    assert seen["agree"]["mean"] == pytest.approx(0.25, abs=0.04), "three coins fall alike in 2 of 8 cases"
    assert seen["same_seed_agree"]["mean"] == 1.0, "the control keeps to the seed"
    # Two coins that differ, "side 0" and "side 1", still have five of six letters in common, and the end of the line.
    assert seen["similarity"]["mean"] == pytest.approx(0.5 + 0.5 * 6 / 7, abs=0.01)
    assert seen["trajectories_that_part"] == 50
    assert seen["first_parted_turn"]["least"] == 0


async def test_the_spread_of_outcomes_is_the_pooled_standard_deviation() -> None:
    from dataclasses import replace

    from nextstate.types import Turn

    data = [replace(one, turns=(Turn("read Oslo", "side 0\n"),)) for one in episodes(400, 2)]
    report = (await luck(Coin(), data, worlds=4)).as_dict()
    assert report["outcomes"]["final"]["mean"] == pytest.approx(0.5, abs=0.05)
    assert report["outcomes"]["final"]["sd"] == pytest.approx(0.5, abs=0.02), "of a fair coin"
    assert report["outcomes"]["final"]["widest"] == [0.0, 1.0]


async def test_a_world_that_does_not_keep_to_its_seed_is_told_by_the_control() -> None:
    report = (await luck(Forgetful(), episodes(2, 4), worlds=2)).as_dict()
    assert report["observations"]["same_seed_agree"]["mean"] == 0.0


async def test_every_world_lives_with_its_own_answers() -> None:
    seen: list[str] = []

    class Remembering:
        name = "remembering"

        async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
            seen.append("".join(turn.observation for turn in query.history))
            return Prediction(Outcome.OK, f"{seed}\n", Origin.MODEL)

    await luck(Remembering(), episodes(1, 3), worlds=2, workers=1)
    last = seen[2::3]
    assert last[0] == last[2] != last[1], "the third world has the seed of the first"
    assert all(one.count("\n") == 2 and "noted" not in one for one in last)


async def test_finished_trajectories_are_not_lived_through_again(tmp_path: Path) -> None:
    first = Coin()
    report = await luck(first, episodes(3, 2), worlds=2, out=tmp_path)
    again = Coin()
    resumed = await luck(again, episodes(3, 2), worlds=2, out=tmp_path)
    assert (first.asked, again.asked) == (18, 0)
    assert [one.as_dict() for one in resumed.spreads] == [one.as_dict() for one in report.spreads]
    assert decode(json.loads(json.dumps(report.spreads[0].as_dict()))).agree == report.spreads[0].agree
    with pytest.raises(UsageError, match="worlds was 2, is now 3"):
        await luck(Coin(), episodes(3, 2), worlds=3, out=tmp_path)


async def test_turns_and_trajectories_can_be_limited_and_one_world_is_refused() -> None:
    report = (await luck(Coin(), episodes(5, 6), worlds=2, turns=2, limit=3)).as_dict()
    assert (report["n"], report["turns"]) == (3, 6)
    with pytest.raises(UsageError, match="2 to 64 worlds"):
        await luck(Coin(), episodes(1, 1), worlds=1)


async def test_the_report_reads_as_a_table() -> None:
    from rich.console import Console

    report = (await luck(Coin(), episodes(3, 3), worlds=2)).as_dict()
    assert json.loads(json.dumps(report)) == report
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(table(report))
    assert "turns at which all worlds agree" in console.export_text()


async def test_no_trajectories_give_an_empty_report() -> None:
    report = (await luck(Coin(), [], worlds=2)).as_dict()
    assert report["observations"]["agree"]["mean"] is None
    table(report)


@given(st.lists(st.none() | st.text(max_size=8), min_size=2, max_size=6))
def test_similarity_is_a_share_and_one_only_where_all_are_alike(row: list[str | None]) -> None:
    value = similar(row)
    assert 0.0 <= value <= 1.0 + 1e-12
    assert (value > 1 - 1e-9) == (len(set(row)) == 1)
