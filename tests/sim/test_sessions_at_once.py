"""What happens to a session between the moments in which it waits: nothing that was answered is lost or mixed up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from nextstate.errors import SessionEnded, UsageError
from nextstate.models.fakes import Scripted
from nextstate.sim.quota import Quota, QuotaExceeded
from nextstate.sim.scenario import Scenario
from nextstate.sim.sessions import Busy, NoSuchSession, Sessions, View
from nextstate.sim.tree import Tree
from nextstate.types import Outcome, Prediction, Query, Setup

ME = "me"
BOX = Scenario("terminal", Setup(initial_state="a box"), name="box")


class Breaking:
    """A world model with a fault: its first answer is an exception that no model may raise."""

    name = "breaking"

    def __init__(self) -> None:
        self.asked = 0

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        self.asked += 1
        first = self.asked == 1
        await asyncio.sleep(0)
        if first:
            raise ZeroDivisionError("broken")
        return Prediction(Outcome.OK, f"answer {self.asked}\n")


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def opened(folder: Path, model: object = None, **options: object) -> Sessions:
    shown = model or Scripted(lambda query: f"{len(query.history)}: {query.action}\n")
    return Sessions({"one": shown}, Tree(folder / "tree.sqlite"), **options)  # type: ignore[dict-item,arg-type]


@pytest.mark.parametrize("rounds", range(8))
async def test_a_session_that_is_closed_beside_a_step_keeps_both(tmp_path: Path, rounds: int) -> None:
    sessions = opened(tmp_path)
    one = await sessions.create(ME, BOX)
    under_way = asyncio.create_task(sessions.step(ME, one.id, "a"))
    for _ in range(rounds):
        await asyncio.sleep(0)
    await sessions.close(ME, one.id)
    await under_way
    told = await sessions.view(ME, one.id)
    await sessions.aclose()
    again = opened(tmp_path)
    assert (told.turns, told.ending) == (1, "closed")
    assert await again.view(ME, one.id) == told
    await again.aclose()


async def test_no_step_begins_while_turns_are_taken_back(tmp_path: Path) -> None:
    sessions = opened(tmp_path)
    one = await sessions.create(ME, BOX)
    await sessions.step(ME, one.id, "a")
    await sessions.step(ME, one.id, "b")
    back = asyncio.create_task(sessions.rewind(ME, one.id))
    await asyncio.sleep(0)
    for other in (sessions.step(ME, one.id, "c"), sessions.rewind(ME, one.id), sessions.instruct(ME, one.id, "x")):
        with pytest.raises(Busy):
            await other
    assert (await back).turns == 1
    told = await sessions.trajectory(ME, one.id)
    await sessions.aclose()
    again = opened(tmp_path)
    assert (await again.trajectory(ME, one.id)).turns == told.turns
    assert [turn.action for turn in told.turns] == ["a"]
    await again.aclose()


async def test_of_two_that_ask_for_one_id_at_once_one_gets_it(tmp_path: Path) -> None:
    sessions = opened(tmp_path)
    asked = (sessions.create(owner, BOX, id="mine") for owner in ("me", "you"))
    first, second = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(first, View)
    assert isinstance(second, UsageError)
    assert (await sessions.view(ME, "mine")).id == "mine"
    with pytest.raises(NoSuchSession):
        await sessions.view("you", "mine")
    await sessions.aclose()


async def test_a_quota_of_open_sessions_holds_for_those_begun_at_once_and_for_those_opened_again(
    tmp_path: Path,
) -> None:
    sessions = opened(tmp_path, quota=lambda owner: Quota(open_sessions=1))
    begun = await asyncio.gather(*(sessions.create(ME, BOX) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(one, QuotaExceeded) for one in begun) == 3
    first = next(one for one in begun if isinstance(one, View))
    await sessions.close(ME, first.id)
    await sessions.create(ME, BOX)
    with pytest.raises(QuotaExceeded):
        await sessions.rewind(ME, first.id, 0)
    await sessions.aclose()


async def test_idle_sessions_count_for_no_quota_whether_or_not_they_were_swept(tmp_path: Path) -> None:
    clock = Clock()
    sessions = opened(tmp_path, quota=lambda owner: Quota(open_sessions=1), clock=clock, idle_seconds=10.0)
    await sessions.create(ME, BOX)
    clock.now += 11
    await sessions.create(ME, BOX)
    await sessions.aclose()


async def test_a_model_that_breaks_is_a_failed_step_for_everyone_who_waits(tmp_path: Path) -> None:
    model = Breaking()
    sessions = opened(tmp_path, model)
    ids = [(await sessions.create(ME, BOX)).id for _ in range(3)]
    steps = (sessions.step(ME, id, "uptime") for id in ids)
    found = await asyncio.gather(*steps, return_exceptions=True)
    assert [str(one) for one in found] == ["no observation: provider_error (ZeroDivisionError: broken)"] * 3
    assert model.asked == 1
    assert (await sessions.step(ME, ids[0], "uptime")).index == 0
    await sessions.aclose()


async def test_a_snapshot_takes_no_instruction(tmp_path: Path) -> None:
    sessions = opened(tmp_path)
    kept = await sessions.snapshot(ME, (await sessions.create(ME, BOX)).id)
    with pytest.raises(SessionEnded, match="snapshot"):
        await sessions.instruct(ME, kept.id, "it rains")
    assert await sessions.view(ME, kept.id) == kept
    await sessions.aclose()


async def test_an_instruction_does_not_open_an_idle_session_again(tmp_path: Path) -> None:
    clock = Clock()
    sessions = opened(tmp_path, clock=clock, idle_seconds=10.0)
    one = await sessions.create(ME, BOX)
    clock.now += 11
    assert (await sessions.instruct(ME, one.id, "it rains")).ending == "idle"
    assert (await sessions.close(ME, one.id)).ending == "idle"
    await sessions.aclose()


async def test_half_of_a_surrogate_pair_in_an_instruction_fails_nobody(tmp_path: Path) -> None:
    sessions = opened(tmp_path)
    one = await sessions.create(ME, BOX)
    told, step = await asyncio.gather(
        sessions.instruct(ME, one.id, "rain\ud800"),
        sessions.step(ME, (await sessions.create(ME, BOX)).id, "uptime"),
    )
    assert (told.instruction, step.index) == ("rain\ufffd", 0)
    with pytest.raises(NoSuchSession):
        await sessions.view(ME, "\ud800")
    await sessions.aclose()


async def test_every_turn_says_which_model_answered_also_in_a_fork_with_another_one(tmp_path: Path) -> None:
    models = {name: Scripted([f"{name}\n"] * 2, name=name) for name in ("one", "other")}
    sessions = Sessions(models, Tree(tmp_path / "tree.sqlite"))
    one = await sessions.create(ME, BOX)
    await sessions.step(ME, one.id, "uptime")
    two = await sessions.fork(ME, one.id, model="other")
    await sessions.step(ME, two.id, "uptime")
    told = await sessions.trajectory(ME, two.id)
    assert [turn.meta["model"] for turn in told.turns] == ["one", "other"]
    await sessions.aclose()


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be opened as a store"):
        Tree(tmp_path)


async def test_a_question_counts_for_the_quota_also_where_nobody_waits_for_its_answer(tmp_path: Path) -> None:
    sessions = opened(tmp_path, Breaking(), quota=lambda owner: Quota(steps=1))
    query = Query("terminal", Setup(), (), "ls")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await sessions.ask(ME, query)
    with pytest.raises(QuotaExceeded):
        await sessions.ask(ME, query)
    await sessions.aclose()
