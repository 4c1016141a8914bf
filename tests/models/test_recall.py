"""Similar recorded turns are found, bounded, and never leak the answer."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from nextstate.models.base import fingerprint
from nextstate.models.recall import Index, Recalled
from nextstate.types import Origin, Outcome, Prediction, Query, Setup, Trajectory

from .worlds import Counting, queries, query, trajectory

BOX = Setup("the recorded box")


def recorded(ident: str, *pairs: tuple[str, str]) -> Trajectory:
    return trajectory(ident, *pairs, setup=BOX)


CORPUS = [
    recorded("a", ("git status", "On branch main\n"), ("git log", "commit 1\n")),
    recorded("b", ("cat notes.txt", "milk\n"), ("git log --oneline", "1 first\n")),
    recorded("c", ("python3 -c 'print(1)'", "1\n")),
]


async def notes_for(asked: Query, corpus: list[Trajectory] = CORPUS, *, k: int = 5, max_chars: int = 2000) -> str:
    inner = Counting()
    await Recalled(inner, corpus, k=k, max_chars=max_chars).predict(asked)
    return inner.asked[0][0].notes


async def test_similar_turns_are_put_in_the_notes_best_first() -> None:
    notes = await notes_for(query("git log --oneline -n 3"))
    assert notes.index("1 first") < notes.index("commit 1")
    assert "milk" not in notes


async def test_notes_that_were_there_stay_in_front() -> None:
    assert (await notes_for(query("git log", notes="cwd: /repo"))).startswith("cwd: /repo\n\nSimilar turns")


async def test_without_a_common_word_in_the_action_the_query_goes_on_unchanged() -> None:
    inner = Counting()
    asked = query("whoami", ("git status", "On branch main\n"))
    prediction = await Recalled(inner, CORPUS).predict(asked, seed=2)
    assert inner.asked == [(asked, 2)]
    assert prediction.origin is Origin.MODEL


async def test_the_observation_before_decides_between_equal_actions() -> None:
    corpus = [
        recorded("a", ("cat x", "apples and pears\n"), ("next", "fruit\n")),
        recorded("b", ("cat y", "hammer and nails\n"), ("next", "tools\n")),
    ]
    assert "tools" in await notes_for(query("next", ("cat z", "a hammer\n")), corpus, k=1)
    assert "fruit" in await notes_for(query("next", ("cat z", "two pears\n")), corpus, k=1)


async def test_each_recalled_text_is_bounded() -> None:
    corpus = [recorded(str(index), (f"cat big {index}", "x" * 1_000_000)) for index in range(9)]
    notes = await notes_for(query("cat big"), corpus, k=5, max_chars=300)
    assert len(notes) < 5 * (2 * 300 + 50) + 200
    assert notes.count("characters left out") == 5


async def test_equal_turns_are_recalled_once() -> None:
    corpus = [recorded(f"t{index}", ("git log", "same\n")) for index in range(50)] + CORPUS
    notes = await notes_for(query("git log --stat"), corpus)
    assert notes.count("same") == 1
    assert "1 first" in notes


async def test_other_domains_are_not_searched() -> None:
    assert await notes_for(query("git log", domain="other")) == ""


ACTIONS = st.lists(st.sampled_from(["ls", "ls a", "cat a", "cat b"]), min_size=1, max_size=5)


@given(st.lists(ACTIONS, min_size=1, max_size=4))
def test_the_trajectory_of_a_query_is_never_recalled_not_even_for_a_part_of_its_action(runs: list[list[str]]) -> None:
    corpus = [
        recorded(str(number), *((action, f"{number}.{index}") for index, action in enumerate(run)))
        for number, run in enumerate(runs)
    ]
    index = Index(corpus)
    for number, recording in enumerate(corpus):
        for asked in queries(recording):
            for part in (asked, replace(asked, action="ls"), replace(asked, action="cat")):
                assert not any(turn.observation.startswith(f"{number}.") for turn in index.similar(part, 100))


def test_a_simulated_history_does_not_disguise_the_trajectory() -> None:
    asked = queries(CORPUS[1])[1]
    simulated = replace(asked, history=(replace(asked.history[0], observation="eggs\n"),))
    assert [turn.observation for turn in Index(CORPUS).similar(simulated, 9)] == ["commit 1\n", "On branch main\n"]


def test_other_sessions_of_the_same_world_are_recalled_once_they_differ() -> None:
    assert Index(CORPUS).similar(query("git log", setup=BOX), 9) == []
    later = Index(CORPUS).similar(query("git log", ("cd repo", ""), setup=BOX), 9)
    assert {turn.observation for turn in later} == {"commit 1\n", "1 first\n", "On branch main\n"}


def test_the_same_actions_in_another_set_up_are_another_trajectory() -> None:
    asked = replace(queries(CORPUS[1])[1], setup=Setup("another box"))
    assert Index(CORPUS).similar(asked, 1)[0].observation == "1 first\n"


def test_an_empty_corpus_recalls_nothing() -> None:
    assert Index([]).similar(query("ls"), 5) == []


async def test_the_origin_says_that_turns_were_recalled() -> None:
    answered = await Recalled(Counting(), CORPUS).predict(query("git log"))
    assert answered.origin is Origin.RETRIEVED
    computed = Prediction(Outcome.OK, "x", Origin.COMPUTED)
    assert await Recalled(Counting(lambda query, seed: computed), CORPUS).predict(query("git log")) is computed


async def test_failures_and_seeds_pass_through() -> None:
    failure = Prediction(Outcome.EMPTY, detail="nothing")
    inner = Counting(lambda query, seed: failure)
    model = Recalled(inner, CORPUS)
    assert await model.predict(query("git log"), seed=11) is failure
    assert inner.asked[0][1] == 11
    await model.aclose()
    assert inner.closed == 1


def test_fingerprints_tell_corpora_and_settings_apart() -> None:
    inner = Counting()
    models = [Recalled(inner, CORPUS), Recalled(inner, CORPUS[:2]), Recalled(inner, CORPUS, k=4)]
    assert len({fingerprint(model) for model in models}) == 3
    assert fingerprint(Recalled(inner, list(CORPUS))) == fingerprint(models[0])
