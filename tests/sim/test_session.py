"""A session's only state is its history: it forks, rewinds and repeats."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.data import store
from nextstate.errors import ActionError, SessionEnded, StepFailed, UsageError
from nextstate.models.fakes import Scripted
from nextstate.sim import Ending, Limits, Session, step_seed
from nextstate.types import Origin, Outcome, Prediction, Query, Setup, Turn, Usage

if TYPE_CHECKING:
    from nextstate.domain import Domain

USAGE = Usage(prompt_tokens=40, cached_tokens=30, completion_tokens=10)


class Echo:
    """Shows action, number of turns before it and seed; costs 50 tokens a step."""

    name = "echo"

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        text = f"{query.action} #{len(query.history)} @{seed}\n"
        return Prediction(Outcome.OK, text, Origin.MODEL, usage=USAGE, seconds=0.123, model="echo")


class Gate:
    """Answers when it is let through."""

    name = "gate"

    def __init__(self) -> None:
        self.asked, self.open = asyncio.Event(), asyncio.Event()

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        self.asked.set()
        await self.open.wait()
        return Prediction(Outcome.OK, "through\n", Origin.MODEL)


def echoing(desk: Domain, **options: object) -> Session:
    return Session(Echo(), desk, Setup(initial_state="An empty desk."), **options)  # type: ignore[arg-type]


def bytes_of(session: Session) -> bytes:
    return json.dumps(store.encode(session.trajectory)).encode()


async def test_a_step_shows_what_the_model_says_and_enters_the_history(desk: Domain) -> None:
    session = echoing(desk, seed=7)
    shown = await session.step("read Oslo")
    assert shown == f"read Oslo #0 @{step_seed(7, 0)}\n"
    (turn,) = session.trajectory.turns
    assert (turn.action, turn.observation) == ("read Oslo", shown)
    usage = {"prompt_tokens": 40, "cached_tokens": 30, "completion_tokens": 10}
    assert turn.meta == {"origin": "model", "outcome": "ok", "usage": usage}
    assert session.trajectory.source.simulated_by == "echo"


async def test_what_a_model_answered_inside_an_action_is_kept_with_the_turn(desk: Domain) -> None:
    inner = Prediction(Outcome.OK, "x\n", Origin.COMPUTED, model="llm", answers=("one", "two"))
    session = Session(Scripted([inner]), desk)
    await session.step("cities")
    assert session.history[0].meta == {
        "origin": "computed", "outcome": "ok", "model": "llm", "answers": ["one", "two"],
    }  # fmt: skip


async def test_an_action_that_does_not_parse_is_refused_before_the_model_is_asked(desk: Domain) -> None:
    session = Session(Scripted([]), desk)
    with pytest.raises(ActionError, match="does not know"):
        await session.step("dance")
    assert session.history == ()


async def test_a_failed_step_leaves_the_session_as_it_was_and_may_be_tried_again(desk: Domain) -> None:
    answers = iter([Prediction(Outcome.UNTAGGED, detail="no block", usage=USAGE), "fine\n"])
    session = Session(Scripted(lambda query: next(answers)), desk, limits=Limits(tokens=60))
    with pytest.raises(StepFailed, match="no observation: untagged \\(no block\\)") as failure:
        await session.step("cities")
    assert failure.value.prediction.outcome is Outcome.UNTAGGED
    assert session.history == ()
    assert session.tokens == 50
    assert await session.step("cities") == "fine\n"


async def test_a_fork_shares_its_past_and_never_touches_its_parent(desk: Domain) -> None:
    parent = echoing(desk)
    await parent.step("read Oslo")
    before = bytes_of(parent)
    child = parent.fork()
    assert child.history is parent.history
    await child.step("read Rome")
    child.rewind(2)
    assert bytes_of(parent) == before
    await parent.step("cities")
    assert child.history == ()


async def test_a_fork_given_the_same_action_sees_the_same_unless_it_has_another_seed(desk: Domain) -> None:
    session = echoing(desk)
    same, other = session.fork(), session.fork(seed=99)
    assert await session.step("clock") == await same.step("clock")
    assert await other.step("clock") != session.history[0].observation
    assert len({session.id, same.id, other.id}) == 3


async def test_two_runs_with_the_same_seed_give_the_same_bytes(desk: Domain) -> None:
    async def run(seed: int) -> bytes:
        session = echoing(desk, seed=seed, limits=Limits(turns=3))
        for action in ("note Oslo: 7C", "read Oslo", "clock"):
            await session.step(action)
        return bytes_of(session)

    assert await run(1) == await run(1)
    assert await run(1) != await run(2)


def test_the_seed_of_a_step_depends_on_seed_and_turn_only() -> None:
    assert [step_seed(0, 0), step_seed(0, 1), step_seed(1, 0)] == [1446583109, 2005510037, 1395928989]
    assert all(0 <= step_seed(seed, 3) < 2**31 for seed in (-5, 0, 2**70))


async def test_rewinding_takes_turns_back_and_the_same_step_is_repeated(desk: Domain) -> None:
    session = echoing(desk)
    for action in ("read Oslo", "cities", "clock"):
        await session.step(action)
    whole = session.history
    session.rewind(2)
    assert session.history == whole[:1]
    await session.step("cities")
    assert session.history == whole[:2]


@pytest.mark.parametrize("turns", [-1, 2])
async def test_rewinding_further_than_the_beginning_is_refused(desk: Domain, turns: int) -> None:
    session = echoing(desk)
    await session.step("cities")
    with pytest.raises(UsageError, match=f"cannot rewind {turns} turns: session .* has 1"):
        session.rewind(turns)


async def test_a_session_goes_on_from_a_recorded_history(desk: Domain) -> None:
    recorded = desk.examples()[0]
    session = Session(Echo(), desk, recorded.setup, history=recorded.turns)
    assert "#6 " in await session.step("cities")
    assert session.tokens == 50


@pytest.mark.parametrize(
    ("limits", "ending"),
    [
        (Limits(turns=2), Ending.TURN_LIMIT),
        (Limits(tokens=100), Ending.TOKEN_LIMIT),
        (Limits(tokens=51), Ending.TOKEN_LIMIT),
    ],
)
async def test_a_limit_that_is_reached_ends_the_session_by_name(desk: Domain, limits: Limits, ending: Ending) -> None:
    session = echoing(desk, limits=limits)
    await session.step("cities")
    assert session.ending is None
    await session.step("cities")
    assert session.ending is ending
    with pytest.raises(SessionEnded, match=ending) as refusal:
        await session.step("cities")
    assert refusal.value.ending == ending
    assert session.trajectory.meta["ending"] == ending
    session.rewind()
    assert await session.step("cities")


async def test_the_time_spent_waiting_ends_the_session(desk: Domain) -> None:
    session = echoing(desk, limits=Limits(seconds=1e-9))
    await session.step("cities")
    assert session.ending is Ending.TIME_LIMIT
    assert session.fork().ending is None


async def test_a_closed_session_says_so_until_it_is_forked_or_rewound(desk: Domain) -> None:
    session = echoing(desk)
    session.close()
    with pytest.raises(SessionEnded, match="closed; fork or rewind it"):
        await session.step("cities")
    assert await session.fork().step("cities")
    session.rewind(0)
    assert await session.step("cities")


async def test_an_observation_over_the_limit_is_cut_where_everybody_sees_it(desk: Domain) -> None:
    session = Session(Scripted(["x" * 1_000_000, "y" * 100]), desk, limits=Limits(observation_chars=100))
    shown = await session.step("cities")
    assert len(shown) <= 100
    assert shown.startswith("x" * 36 + "\n[cut here: 999964 more characters]")
    assert session.history[0].meta["cut"] == {"chars": 1_000_000, "limit": 100}
    assert await session.step("cities") == "y" * 100
    assert "cut" not in session.history[1].meta


async def test_a_step_that_never_ends_is_a_named_failure(desk: Domain) -> None:
    session = Session(Gate(), desk, limits=Limits(step_seconds=0.01))
    with pytest.raises(StepFailed, match=r"provider_error \(no answer within 0.01 s\)"):
        await session.step("cities")
    assert session.history == ()
    assert session.ending is None


async def test_a_timeout_of_the_model_itself_is_not_mistaken_for_the_limit(desk: Domain) -> None:
    def fail(query: Query) -> str:
        raise TimeoutError("inner")

    session = Session(Scripted(fail), desk)
    with pytest.raises(TimeoutError, match="inner"):
        await session.step("cities")
    assert session.history == ()


async def test_a_second_step_during_a_step_is_refused_but_a_fork_is_not(desk: Domain) -> None:
    gate = Gate()
    session = Session(gate, desk)
    step = asyncio.create_task(session.step("cities"))
    await gate.asked.wait()
    with pytest.raises(UsageError, match=r"cannot step .* while a step is under way"):
        await session.step("clock")
    with pytest.raises(UsageError, match=r"cannot rewind .* while a step is under way"):
        session.rewind(0)
    fork = session.fork()
    gate.open.set()
    assert await step == "through\n"
    assert await fork.step("clock") == "through\n"


async def test_a_step_that_is_cancelled_leaves_the_session_usable(desk: Domain) -> None:
    gate = Gate()
    session = Session(gate, desk)
    step = asyncio.create_task(session.step("cities"))
    await gate.asked.wait()
    step.cancel()
    with pytest.raises(asyncio.CancelledError):
        await step
    gate.open.set()
    assert await session.step("cities") == "through\n"
    assert len(session.history) == 1


async def test_closing_during_a_step_drops_its_answer(desk: Domain) -> None:
    gate = Gate()
    session = Session(gate, desk)
    step = asyncio.create_task(session.step("cities"))
    await gate.asked.wait()
    session.close()
    gate.open.set()
    with pytest.raises(SessionEnded, match="closed"):
        await step
    assert session.history == ()


@pytest.mark.parametrize("broken", [{"turns": -1}, {"tokens": -1}, {"step_seconds": -0.5}, {"observation_chars": 5}])
def test_limits_that_make_no_sense_are_refused(broken: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(broken))):
        Limits(**broken)  # type: ignore[arg-type]


MOVES = st.lists(
    st.tuples(st.sampled_from(["step", "fork", "rewind"]), st.integers(0, 5), st.integers(0, 3)), max_size=40
)


@given(MOVES)
def test_a_tree_of_forks_behaves_like_separate_lists(desk: Domain, moves: list[tuple[str, int, int]]) -> None:
    asyncio.run(compare_with_lists(desk, moves))


async def compare_with_lists(desk: Domain, moves: list[tuple[str, int, int]]) -> None:
    sessions: list[Session] = [echoing(desk)]
    expected: list[list[Turn]] = [[]]
    for move, which, number in moves:
        k = which % len(sessions)
        if move == "fork":
            sessions.append(sessions[k].fork())
            expected.append(list(expected[k]))
        elif move == "rewind":
            turns = min(number, len(expected[k]))
            sessions[k].rewind(turns)
            del expected[k][len(expected[k]) - turns :]
        else:
            await sessions[k].step("clock")
            expected[k].append(sessions[k].history[-1])
        assert [list(session.history) for session in sessions] == expected
