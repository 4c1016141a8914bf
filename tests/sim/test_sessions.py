"""Many sessions over one tree: what they share, what they keep, and whose they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nextstate.errors import ActionError, SessionEnded, StepFailed, UsageError
from nextstate.models.base import refused
from nextstate.models.fakes import Scripted
from nextstate.models.grounded import Grounded
from nextstate.sim.limits import Ending, Limits
from nextstate.sim.quota import Quota, QuotaExceeded
from nextstate.sim.scenario import Scenario
from nextstate.sim.sessions import Busy, NoSuchSession, Sessions
from nextstate.sim.tree import Tree
from nextstate.types import Outcome, Prediction, Query, Setup, Turn, Usage

ME, YOU = "me", "you"
BOX = Scenario("terminal", Setup(initial_state="a box"), name="box")


class Counting:
    """A world that never says the same twice, and waits where it is told to."""

    name = "counting"

    def __init__(self) -> None:
        self.asked: list[Query] = []
        self.gate: asyncio.Event | None = None

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        self.asked.append(query)
        number = len(self.asked)
        if self.gate is not None:
            await self.gate.wait()
        if query.action == "fail":
            return Prediction(Outcome.CUT_OFF, usage=Usage(5, 0, 5), detail="too long")
        return Prediction(Outcome.OK, f"{number}\n", usage=Usage(2, 0, 1))


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def world() -> Counting:
    return Counting()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def sessions(world: Counting, clock: Clock, tmp_path: Path) -> AsyncIterator[Sessions]:
    made = opened(world, tmp_path, clock=clock)
    yield made
    await made.aclose()


def opened(world: Counting, folder: Path, **options: object) -> Sessions:
    return Sessions({"counting": world, "other": Scripted(["other\n"])}, Tree(folder / "tree.sqlite"), **options)  # type: ignore[arg-type]


async def test_group_members_with_one_seed_live_in_one_world(sessions: Sessions, world: Counting) -> None:
    one, two = await sessions.create(ME, BOX), await sessions.create(ME, BOX)
    first, second = await sessions.step(ME, one.id, "uptime"), await sessions.step(ME, two.id, "uptime")
    assert (first.turn, first.shared, second.turn, second.shared) == (second.turn, False, first.turn, True)
    assert len(world.asked) == 1


async def test_members_that_ask_at_the_same_time_share_one_answer(sessions: Sessions, world: Counting) -> None:
    ids = [(await sessions.create(ME, BOX)).id for _ in range(8)]
    steps = await asyncio.gather(*(sessions.step(ME, id, "uptime") for id in ids))
    assert {step.turn.observation for step in steps} == {"1\n"}
    assert len(world.asked) == 1
    assert sum(not step.shared for step in steps) == 1


async def test_another_seed_is_another_world(sessions: Sessions) -> None:
    one, two = await sessions.create(ME, BOX), await sessions.create(ME, BOX, seed=1)
    first, second = await sessions.step(ME, one.id, "uptime"), await sessions.step(ME, two.id, "uptime")
    assert first.turn.observation != second.turn.observation


async def test_another_owner_has_another_world(sessions: Sessions) -> None:
    mine, yours = await sessions.create(ME, BOX), await sessions.create(YOU, BOX)
    assert not (await sessions.step(ME, mine.id, "uptime")).shared
    assert not (await sessions.step(YOU, yours.id, "uptime")).shared


async def test_a_fork_shares_its_past_and_has_its_own_future(sessions: Sessions) -> None:
    one = await sessions.create(ME, BOX)
    await sessions.step(ME, one.id, "a")
    await sessions.step(ME, one.id, "b")
    two = await sessions.fork(ME, one.id, at=1)
    assert (two.turns, two.parent, two.family) == (1, one.id, one.id)
    await sessions.step(ME, two.id, "c")
    left, right = await sessions.trajectory(ME, one.id), await sessions.trajectory(ME, two.id)
    assert left.turns[0] == right.turns[0]
    assert [turn.action for turn in right.turns] == ["a", "c"]


async def test_a_rewound_step_shows_the_same_again(sessions: Sessions, world: Counting) -> None:
    one = await sessions.create(ME, BOX)
    before = await sessions.step(ME, one.id, "uptime")
    assert (await sessions.rewind(ME, one.id)).turns == 0
    again = await sessions.step(ME, one.id, "uptime")
    assert (again.turn, again.shared) == (before.turn, True)


async def test_what_one_branch_looked_up_another_sees_too(sessions: Sessions, world: Counting) -> None:
    one, two = await sessions.create(ME, BOX), await sessions.create(ME, BOX)
    shown = (await sessions.step(ME, one.id, "cat notes.txt")).turn.observation
    await sessions.step(ME, two.id, "ls /srv")
    assert (await sessions.step(ME, two.id, "cat notes.txt")).turn.observation == shown
    assert len(world.asked) == 2


@pytest.mark.parametrize("between", ["echo new > notes.txt", "rm -r .", "./run.sh", "cd /tmp"])
async def test_what_may_have_been_changed_since_is_asked_anew(sessions: Sessions, between: str) -> None:
    one, two = await sessions.create(ME, BOX), await sessions.create(ME, BOX)
    shown = (await sessions.step(ME, one.id, "cat notes.txt")).turn.observation
    await sessions.step(ME, two.id, between)
    assert (await sessions.step(ME, two.id, "cat notes.txt")).turn.observation != shown


async def test_looking_twice_in_one_branch_asks_twice(sessions: Sessions) -> None:
    one = await sessions.create(ME, BOX)
    steps = [await sessions.step(ME, one.id, "cat log.txt") for _ in range(2)]
    assert steps[0].turn.observation != steps[1].turn.observation


async def test_a_restart_loses_nothing(world: Counting, tmp_path: Path) -> None:
    before = opened(world, tmp_path)
    one = await before.create(ME, BOX, seed=7)
    for action in ("a", "b", "c"):
        await before.step(ME, one.id, action)
    told = await before.trajectory(ME, one.id)
    await before.aclose()
    after = opened(world, tmp_path)
    assert await after.trajectory(ME, one.id) == told
    assert (await after.step(ME, one.id, "d")).index == 3
    assert after.spent(ME).steps == 4
    await after.aclose()


async def test_an_instruction_holds_from_where_it_is_given(sessions: Sessions, world: Counting) -> None:
    one = await sessions.create(ME, BOX)
    await sessions.step(ME, one.id, "a")
    await sessions.instruct(ME, one.id, "every second call fails")
    step = await sessions.step(ME, one.id, "b")
    assert [query.setup.instruction for query in world.asked] == ["", "every second call fails"]
    assert step.turn.meta["instruction"] == "every second call fails"
    assert (await sessions.trajectory(ME, one.id)).setup.instruction == ""
    assert (await sessions.scenario(ME, one.id)).setup.instruction == "every second call fails"


async def test_a_snapshot_is_not_stepped_but_forked(sessions: Sessions, clock: Clock) -> None:
    one = await sessions.create(ME, BOX)
    await sessions.step(ME, one.id, "a")
    kept = await sessions.snapshot(ME, one.id)
    assert (kept.kind, kept.ending) == ("snapshot", None)
    with pytest.raises(SessionEnded):
        await sessions.step(ME, kept.id, "b")
    clock.now += 1e9
    await sessions.sweep()
    back = await sessions.fork(ME, kept.id)
    assert (back.kind, back.turns) == ("session", 1)


async def test_an_idle_session_ends_and_can_be_rewound(sessions: Sessions, clock: Clock) -> None:
    one = await sessions.create(ME, BOX)
    await sessions.step(ME, one.id, "a")
    clock.now += 3_601
    with pytest.raises(SessionEnded, match="idle"):
        await sessions.step(ME, one.id, "b")
    await sessions.sweep()
    assert (await sessions.view(ME, one.id)).ending == Ending.IDLE
    await sessions.rewind(ME, one.id, 0)
    assert (await sessions.step(ME, one.id, "b")).index == 1


@pytest.mark.parametrize(
    ("limits", "ending"),
    [(Limits(turns=1), "turn_limit"), (Limits(tokens=3), "token_limit"), (Limits(bytes=3), "byte_limit")],
)
async def test_a_session_ends_at_its_limit(sessions: Sessions, limits: Limits, ending: str) -> None:
    one = await sessions.create(ME, BOX, limits=limits)
    await sessions.step(ME, one.id, "a")
    with pytest.raises(SessionEnded, match=ending):
        await sessions.step(ME, one.id, "b")


async def test_limits_of_a_session_only_tighten_those_of_the_server(world: Counting, tmp_path: Path) -> None:
    sessions = opened(world, tmp_path, limits=Limits(turns=1))
    one = await sessions.create(ME, BOX, limits=Limits(turns=100))
    await sessions.step(ME, one.id, "a")
    with pytest.raises(SessionEnded, match="turn_limit"):
        await sessions.step(ME, one.id, "b")
    await sessions.aclose()


async def test_a_failed_step_leaves_the_session_as_it_was_and_is_charged(sessions: Sessions) -> None:
    one = await sessions.create(ME, BOX)
    with pytest.raises(StepFailed, match="too long"):
        await sessions.step(ME, one.id, "fail")
    view = await sessions.view(ME, one.id)
    assert (view.turns, view.tokens) == (0, 10)
    assert (await sessions.step(ME, one.id, "a")).index == 0


async def test_everyone_who_waits_for_a_failing_answer_is_told(sessions: Sessions, world: Counting) -> None:
    ids = [(await sessions.create(ME, BOX)).id for _ in range(3)]
    found = await asyncio.gather(*(sessions.step(ME, id, "fail") for id in ids), return_exceptions=True)
    assert all(isinstance(one, StepFailed) for one in found)
    assert sessions.spent(ME).tokens == 10


async def test_a_second_step_beside_the_first_is_refused(sessions: Sessions, world: Counting) -> None:
    one = await sessions.create(ME, BOX)
    world.gate = asyncio.Event()
    under_way = asyncio.create_task(sessions.step(ME, one.id, "a"))
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await sessions.step(ME, one.id, "b")
    with pytest.raises(Busy):
        await sessions.rewind(ME, one.id, 0)
    world.gate.set()
    assert (await under_way).index == 0


async def test_a_step_whose_caller_goes_away_is_finished_and_kept(world: Counting, tmp_path: Path) -> None:
    sessions = opened(world, tmp_path)
    one = await sessions.create(ME, BOX)
    world.gate = asyncio.Event()
    under_way = asyncio.create_task(sessions.step(ME, one.id, "a"))
    await asyncio.sleep(0)
    under_way.cancel()
    with pytest.raises(asyncio.CancelledError):
        await under_way
    world.gate.set()
    await sessions.aclose()
    again = opened(world, tmp_path)
    assert [turn.action for turn in (await again.trajectory(ME, one.id)).turns] == ["a"]
    await again.aclose()


async def test_no_owner_sees_the_session_of_another(sessions: Sessions) -> None:
    one = await sessions.create(ME, BOX)
    for look in (sessions.view, sessions.trajectory, sessions.fork, sessions.close, sessions.branches, sessions.facts):
        with pytest.raises(NoSuchSession):
            await look(YOU, one.id)
    with pytest.raises(NoSuchSession):
        await sessions.step(YOU, one.id, "a")
    assert await sessions.list(YOU) == []
    assert [view.id for view in await sessions.list(ME)] == [one.id]


async def test_no_owner_sees_the_session_of_another_after_a_restart(world: Counting, tmp_path: Path) -> None:
    before = opened(world, tmp_path)
    one = await before.create(ME, BOX)
    await before.aclose()
    after = opened(world, tmp_path)
    with pytest.raises(NoSuchSession):
        await after.view(YOU, one.id)
    await after.aclose()


async def test_a_quota_bounds_what_an_owner_uses(world: Counting, tmp_path: Path) -> None:
    sessions = opened(world, tmp_path, quota=lambda owner: Quota(open_sessions=2, steps=3))
    ids = [(await sessions.create(ME, BOX, seed=seed)).id for seed in range(2)]
    with pytest.raises(QuotaExceeded, match="2 open sessions"):
        await sessions.create(ME, BOX)
    await sessions.close(ME, ids[1])
    await sessions.create(ME, BOX)
    for _ in range(3):
        await sessions.step(ME, ids[0], "a")
    with pytest.raises(QuotaExceeded, match="3 steps"):
        await sessions.step(ME, ids[0], "a")
    await sessions.aclose()


async def test_a_closed_session_can_be_read_and_forked(sessions: Sessions) -> None:
    one = await sessions.create(ME, BOX)
    await sessions.step(ME, one.id, "a")
    assert (await sessions.close(ME, one.id)).ending == "closed"
    with pytest.raises(SessionEnded):
        await sessions.step(ME, one.id, "b")
    two = await sessions.fork(ME, one.id)
    assert (await sessions.step(ME, two.id, "b")).index == 1


async def test_the_family_is_told_as_a_tree(sessions: Sessions) -> None:
    one = await sessions.create(ME, BOX)
    await sessions.step(ME, one.id, "a")
    two = await sessions.fork(ME, one.id)
    await sessions.step(ME, one.id, "b")
    await sessions.step(ME, two.id, "c")
    found = await sessions.branches(ME, two.id)
    action = {node.key.hex(): node.turn.action for node in found.nodes}
    parents = {node.turn.action: action.get(node.parent.hex(), "") for node in found.nodes}
    assert parents == {"a": "", "b": "a", "c": "a"}
    assert {id: action[head] for id, head in found.heads.items()} == {one.id: "b", two.id: "c"}


async def test_a_session_goes_on_from_recorded_turns(sessions: Sessions) -> None:
    begun = Scenario("terminal", Setup(), (Turn("pwd", "/home\n", {"exit": 0}),))
    one = await sessions.create(ME, begun)
    assert one.turns == 1
    assert (await sessions.step(ME, one.id, "ls")).index == 1
    with pytest.raises(UsageError, match="has 2 turns; -1 cannot be left"):
        await sessions.rewind(ME, one.id, 3)


async def test_a_fork_may_have_another_author(sessions: Sessions) -> None:
    one = await sessions.create(ME, BOX)
    two = await sessions.fork(ME, one.id, model="other")
    assert (await sessions.step(ME, two.id, "a")).turn.observation == "other\n"
    with pytest.raises(UsageError, match="did you mean 'other'"):
        await sessions.fork(ME, one.id, model="othre")


async def test_a_session_of_a_model_that_is_no_longer_served_says_so_and_can_be_forked(
    world: Counting, tmp_path: Path
) -> None:
    before = Sessions({"gone": world}, Tree(tmp_path / "tree.sqlite"))
    one = await before.create(ME, BOX)
    await before.aclose()
    after = opened(world, tmp_path)
    for _ in range(2):
        with pytest.raises(UsageError, match="unknown world model 'gone'"):
            await after.step(ME, one.id, "a")
    two = await after.fork(ME, one.id, model="other")
    assert (await after.step(ME, two.id, "a")).index == 0
    await after.aclose()


async def test_what_no_session_can_be_begun_with_is_refused(sessions: Sessions) -> None:
    one = await sessions.create(ME, BOX, id="mine")
    with pytest.raises(UsageError, match="taken"):
        await sessions.create(YOU, BOX, id=one.id)
    with pytest.raises(UsageError, match="64 bits"):
        await sessions.create(ME, BOX, seed=2**70)
    with pytest.raises(UsageError, match="did you mean 'terminal'"):
        await sessions.create(ME, Scenario("termnal", Setup()))
    with pytest.raises(ActionError):
        await sessions.step(ME, one.id, "")


async def test_pages_of_the_list_are_newest_first_and_meet(sessions: Sessions, clock: Clock) -> None:
    for number in range(5):
        clock.now += number % 2
        await sessions.create(ME, BOX, id=f"s{number}")
    whole = [view.id for view in await sessions.list(ME)]
    first = [view.id for view in await sessions.list(ME, limit=2)]
    rest = [view.id for view in await sessions.list(ME, before=first[-1])]
    assert sorted(whole) == ["s0", "s1", "s2", "s3", "s4"]
    assert first + rest == whole
    assert whole[-1] == "s0"


async def test_what_a_kernel_computes_is_said_and_why_the_rest_is_not(tmp_path: Path) -> None:
    inner = Scripted(lambda query: "made up\n")
    sessions = Sessions({"grounded": Grounded(inner)}, Tree(tmp_path / "t.sqlite"))
    one = await sessions.create(ME, BOX)
    computed, made_up = [await sessions.step(ME, one.id, action) for action in ("echo hi", "frobnicate --now")]
    assert computed.turn.meta["origin"] == "computed"
    assert "why" not in computed.turn.meta
    assert made_up.turn.meta["origin"] == "model"
    assert made_up.turn.meta["why"]
    await sessions.aclose()


async def test_two_processes_do_not_share_a_file(sessions: Sessions, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="in use by another process"):
        Tree(tmp_path / "tree.sqlite")


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"something else entirely" * 100)
    with pytest.raises(UsageError, match="no store of sessions"):
        Tree(tmp_path / "x")


async def test_half_of_a_surrogate_pair_is_kept_as_a_replacement(tmp_path: Path) -> None:
    sessions = Sessions({"scripted": Scripted(lambda query: "a\udc80b")}, Tree(tmp_path / "t.sqlite"))
    one = await sessions.create(ME, BOX)
    await sessions.step(ME, one.id, "ls")
    await sessions.aclose()
    again = Sessions({"scripted": Scripted(["x"])}, Tree(tmp_path / "t.sqlite"))
    assert (await again.trajectory(ME, one.id)).turns[0].observation == "a\ufffdb"
    await again.aclose()


async def test_a_refusal_is_a_failed_step(tmp_path: Path) -> None:
    sessions = Sessions({"no": Scripted(lambda query: refused("not known"))}, Tree(tmp_path / "t.sqlite"))
    one = await sessions.create(ME, BOX)
    with pytest.raises(StepFailed, match="not known"):
        await sessions.step(ME, one.id, "ls")
    await sessions.aclose()
