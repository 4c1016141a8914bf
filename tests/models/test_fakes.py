"""The oracle, the baselines and the scripted model."""

from __future__ import annotations

from dataclasses import replace

from nextstate.models.fakes import AlwaysEmpty, CopyLast, Replay, Scripted
from nextstate.types import Origin, Outcome, Prediction, Query, Setup, Turn

from .worlds import domain_of, queries, query, trajectory

RECORDED = trajectory("a", ("pwd", "/\n"), ("date", "now\n"), ("date", "later\n"), setup=Setup("box", facts={"x": [1]}))


async def test_the_oracle_answers_every_recorded_turn() -> None:
    model = Replay([trajectory("b", ("pwd", "/other\n")), RECORDED])
    for asked, turn in zip(queries(RECORDED), RECORDED.turns, strict=True):
        prediction = await model.predict(asked)
        assert (prediction.observation, prediction.origin) == (turn.observation, Origin.RECORDED)


async def test_the_oracle_gives_back_recorded_answers() -> None:
    turn = Turn("git log | wc -l", "2\n", {"answers": ["one\ntwo\n"]})
    model = Replay([replace(RECORDED, turns=(turn,))])
    assert (await model.predict(Query("plain", RECORDED.setup, (), turn.action))).answers == ("one\ntwo\n",)


async def test_what_a_turn_holds_beside_its_texts_does_not_hide_it() -> None:
    asked = queries(RECORDED)[1]
    noted = replace(asked, history=(replace(asked.history[0], meta={"seconds": 3}),))
    assert (await Replay([RECORDED]).predict(noted)).observation == "now\n"


async def test_the_oracle_refuses_with_the_reason() -> None:
    model = Replay([RECORDED])
    cases = {
        "no recording has this set-up": query("pwd"),
        "no recording takes this action at turn 1; recorded there: 'pwd'": replace(queries(RECORDED)[0], action="ls"),
        "the history leaves every recording at turn 1: 'ls'": Query("plain", RECORDED.setup, (Turn("ls", ""),), "pwd"),
        "every recording with this history ends after turn 3": Query("plain", RECORDED.setup, RECORDED.turns, "pwd"),
    }
    for reason, asked in cases.items():
        prediction = await model.predict(asked)
        assert (prediction.outcome, prediction.detail) == (Outcome.REFUSED, reason)


async def test_equal_facts_match_whatever_the_order_of_their_keys() -> None:
    stored = trajectory("a", ("pwd", "/\n"), setup=Setup(facts={"cwd": "/", "env": {"A": "1", "B": "2"}}))
    asked = query("pwd", facts={"env": {"B": "2", "A": "1"}, "cwd": "/"})
    assert (await Replay([stored]).predict(asked)).observation == "/\n"


async def test_another_domain_is_another_set_up() -> None:
    other = replace(queries(RECORDED)[0], domain="other")
    assert (await Replay([RECORDED]).predict(other)).outcome is Outcome.REFUSED


async def test_of_two_truths_the_first_recorded_one_counts() -> None:
    model = Replay([trajectory("a", ("date", "1\n")), trajectory("b", ("date", "2\n"))])
    assert (await model.predict(query("date"))).observation == "1\n"


async def test_copy_last_shows_the_previous_observation() -> None:
    assert (await CopyLast(domain_of).predict(query("ls", ("a", "1"), ("b", "2")))).observation == "2"
    assert (await CopyLast(domain_of).predict(query("ls"))).observation == ""


async def test_always_empty_shows_nothing() -> None:
    assert (await AlwaysEmpty().predict(query("ls", ("a", "1")))).observation == ""


async def test_a_script_goes_by_the_turn_and_not_by_the_call() -> None:
    model = Scripted(["one", "two"])
    for _ in range(2):
        assert (await model.predict(query("a"))).observation == "one"
        assert (await model.predict(query("b", ("a", "one")))).observation == "two"


async def test_a_script_that_is_over_refuses() -> None:
    prediction = await Scripted(["one"]).predict(query("b", ("a", "one")))
    assert (prediction.outcome, prediction.detail) == (Outcome.REFUSED, "the script ends after turn 1")


async def test_a_script_may_be_a_function_of_the_query_and_may_fail() -> None:
    failure = Prediction(Outcome.CUT_OFF, detail="too long")
    model = Scripted(lambda asked: failure if asked.action == "yes" else asked.action.upper())
    assert (await model.predict(query("ls"))).observation == "LS"
    assert await model.predict(query("yes")) is failure
