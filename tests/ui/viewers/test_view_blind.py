"""The game of real or simulated: what is sealed, what counts, and what the figures say."""

from __future__ import annotations

import asyncio
import io
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.errors import DataError, UsageError
from nextstate.models.fakes import Replay, Scripted
from nextstate.serve.catalogue import Catalogue
from nextstate.serve.problems import Refused
from nextstate.serve.testing import service_of
from nextstate.sim.quota import Quota, QuotaExceeded
from nextstate.types import Origin, Outcome, Prediction, Source
from nextstate.ui import blind, guesses
from nextstate.ui.blind import Game

from .stock import told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nextstate.types import Query, Trajectory, WorldModel


class Clock:
    """Seconds that pass when they are told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def ten(count: int = 10) -> list[Trajectory]:
    return [told(f"t{n}", [(f"echo {n}", f"real {n}\n"), (f"cat {n}", f"also real {n}\n")]) for n in range(count)]


Made = tuple[Game, Clock]


@pytest.fixture
def made() -> Iterator[Callable[..., Made]]:
    """Makes a game of recordings and models, with a coin that falls as it is told."""
    services = []

    def make(data: list[Trajectory] | None = None, *, side: int = 1, seed: int = 1, **models: WorldModel) -> Made:
        given = models or {"scripted": Scripted(lambda query: f"said of {query.action}\n")}
        service = service_of(given, catalogue=Catalogue({f"f/{one.id}": one for one in (data or ten())}))
        services.append(service)
        clock, draw = Clock(), random.Random(seed)
        return Game(service.sessions, service.catalogue, draw=draw, coin=lambda: bool(side), clock=clock), clock

    yield make
    for service in services:
        asyncio.run(service.sessions.aclose())


async def test_what_is_handed_out_differs_with_the_answer_in_the_order_of_the_texts_only(made: Any) -> None:
    rounds = []
    for side in (0, 1):
        game, _ = made(side=side)
        found = await game.deal("me")
        real = game.player("me").open.real
        assert real == ("first" if side else "second")
        assert (found["first"], found["second"]) == tuple(
            sorted((found["first"], found["second"]), key=lambda text: text.startswith("said"), reverse=not side)
        )
        found["first"], found["second"] = sorted((found["first"], found["second"]))
        rounds.append(found | {"round": ""})
    assert rounds[0] == rounds[1]
    assert len(json.dumps(rounds[0])) == len(json.dumps(rounds[1]))


async def test_the_model_is_asked_before_the_round_is_handed_out_and_never_after(made: Any) -> None:
    asked: list[str] = []

    def say(query: Query) -> str:
        asked.append(query.action)
        return "something else"

    game, _ = made(m=Scripted(say))
    found = await game.deal("me")
    assert asked == [found["action"]]
    game.guess("me", found["round"], "first")
    assert asked == [found["action"]]


async def test_the_name_and_the_turn_of_the_recording_are_told_after_the_guess_only(made: Any) -> None:
    game, _ = made()
    found = await game.deal("me")
    assert set(found) == {
        *("round", "domain", "model", "chance", "setup", "earlier", "history", "action", "first", "second", "cut")
    }
    assert "f/t" not in json.dumps(found)
    verdict = game.guess("me", found["round"], "first")
    assert verdict["name"].startswith("f/t")
    assert verdict["real"] == "first"
    assert verdict["right"] is True


async def test_asking_again_gives_the_same_round_whatever_is_asked_for(made: Any) -> None:
    models = {name: Scripted(lambda query: "x", name=name) for name in ("a", "b")}
    game, _ = made(**models)
    found = await game.deal("me", model="a")
    again = await asyncio.gather(*(game.deal("me", model=model) for model in ("a", "b", "a")))
    assert all(one == found for one in again)
    assert (await game.deal("you", model="a"))["round"] != found["round"]


async def test_the_first_guess_counts_and_later_ones_get_its_answer(made: Any) -> None:
    game, clock = made()
    found = await game.deal("me")
    clock.now = 4.0
    first = game.guess("me", found["round"], "second")
    clock.now = 9.0
    again = game.guess("me", found["round"], "first")
    assert again == first | {"again": True}
    (line,) = game.player("me").lines
    assert (line["guess"], line["right"], line["seconds"]) == ("second", False, 4.0)


async def test_a_round_of_somebody_else_or_of_nobody_cannot_be_guessed_at(made: Any) -> None:
    game, _ = made()
    found = await game.deal("me")
    for owner, id in (("you", found["round"]), ("me", "nonsense"), ("me", "")):
        with pytest.raises(Refused, match="not open"):
            game.guess(owner, id, "first")
    with pytest.raises(UsageError, match="a guess is"):
        game.guess("me", found["round"], "third")


async def test_a_turn_is_drawn_once_and_turns_that_were_shown_as_its_past_are_not_drawn(made: Any) -> None:
    data = [told("long", [(f"do {n}", f"real {n}") for n in range(12)])]
    game, _ = made(data, m=Scripted(lambda query: "no"))
    seen: set[str] = set()
    while (found := await game.deal("me"))["round"]:
        assert found["action"] not in seen
        seen |= {found["action"], *(turn["action"] for turn in found["history"])}
        game.guess("me", found["round"], "pass")
    assert "every recorded turn has been shown" in found["why"]


async def test_what_a_model_says_to_the_letter_is_a_tie_that_is_counted_and_not_shown(made: Any) -> None:
    data = ten()
    game, _ = made(data, truth=Replay(data))
    found = await game.deal("me")
    assert found["round"] is None
    assert "counted as ties" in found["why"]
    lines = game.player("me").lines
    assert {line["outcome"] for line in lines} == {"tie"}
    assert len({line["key"] for line in lines}) == len(lines) == blind.TRIES
    figures = guesses.figures(lines)
    assert (figures["n"], figures["ties"], figures["with_ties"]["mean"]) == (0, blind.TRIES, 0.5)


async def test_blanks_at_the_end_and_what_no_model_can_know_are_no_difference(made: Any) -> None:
    data = [told("t", [("date", "Tue Mar  4 10:00:00 UTC 2025\n"), ("echo a", "a\n")])]
    said = {"date": "Wed Apr  9 11:11:11 UTC 2025", "echo a": "a   \n\n"}
    game, _ = made(data, m=Scripted(lambda query: said[query.action]))
    assert (await game.deal("me"))["round"] is None
    assert [line["outcome"] for line in game.player("me").lines] == ["tie", "tie"]


async def test_a_model_that_gives_no_observation_is_counted_and_another_turn_is_drawn(made: Any) -> None:
    calls = []

    def say(query: Query) -> Any:
        calls.append(query)
        if len(calls) == 1:
            return Prediction(Outcome.REFUSED, detail="not now")
        if len(calls) == 2:
            raise RuntimeError("broken")
        return "at last"

    game, _ = made(m=Scripted(say))
    assert (await game.deal("me"))["round"]
    assert [line["ended"] for line in game.player("me").lines] == ["refused", "provider_error"]
    assert guesses.figures(game.player("me").lines)["unanswered"] == 2


async def test_determined_answers_stand_apart_from_predicted_ones(made: Any) -> None:
    computed = Scripted(lambda query: Prediction(Outcome.OK, "wrong", Origin.COMPUTED))
    game, _ = made(kernel=computed, model=Scripted(lambda query: "wrong too"))
    for model in ("kernel", "kernel", "model"):
        found = await game.deal("me", model=model)
        assert "origin" not in found
        assert game.guess("me", found["round"], "first")["origin"] == ("computed" if model == "kernel" else "model")
    by = guesses.figures(game.player("me").lines)["by"]
    assert {name: part["n"] for name, part in by["answer"].items()} == {"determined": 2, "predicted": 1}
    assert {name: part["n"] for name, part in by["model"].items()} == {"kernel": 2, "model": 1}


async def test_simulated_recordings_and_turns_that_are_no_target_are_not_drawn(made: Any) -> None:
    simulated = told("s", [("a", "b")], source=Source(simulated_by="m"))
    game, _ = made([simulated])
    assert game.turns == {}
    assert "every recorded turn" in (await game.deal("me"))["why"]
    with pytest.raises(UsageError, match="unknown domain"):
        await game.deal("me", domain="terminal")


async def test_unknown_models_are_told_with_the_nearest_name(made: Any) -> None:
    game, _ = made()
    with pytest.raises(UsageError, match="did you mean 'scripted'"):
        await game.deal("me", model="scriptd")


async def test_long_observations_are_cut_alike_and_one_note_stands_for_both(made: Any) -> None:
    data = [told("t", [("a", "r" * (blind.SHOWN + 50))])]
    game, _ = made(data, m=Scripted(lambda query: "short"))
    found = await game.deal("me")
    assert found["cut"] == blind.SHOWN
    assert sorted(map(len, (found["first"], found["second"]))) == [5, blind.SHOWN]


async def test_players_and_their_rounds_are_bounded(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blind, "PLAYERS", 3)
    monkeypatch.setattr(blind, "ROUNDS", 2)
    game, _ = made()
    for _ in range(2):
        game.guess("me", (await game.deal("me"))["round"], "first")
    with pytest.raises(Refused, match="begin anew"):
        await game.deal("me")
    game.forget("me")
    assert (await game.deal("me"))["round"]
    for name in "abcd":
        game.player(name)
    assert game.player("me").lines == []


async def test_an_owner_without_quota_gets_no_model_to_answer() -> None:
    service = service_of(catalogue=Catalogue({"f/t": ten()[0]}), quota=lambda owner: Quota(tokens=0))
    with pytest.raises(QuotaExceeded):
        await Game(service.sessions, service.catalogue).deal("me")
    await service.sessions.aclose()


async def test_an_export_is_read_back_and_counts_the_same(made: Any, tmp_path: Path) -> None:
    game, clock = made()
    for guess in ("first", "second", "pass", "first"):
        found = await game.deal("me")
        clock.now += 2.5
        game.guess("me", found["round"], guess)
    lines = game.player("me").lines
    file = tmp_path / "guesses.jsonl"
    file.write_bytes(b"".join(blind.exported(lines)))
    read = guesses.read(file)
    assert read == [json.loads(json.dumps(line)) for line in lines]
    assert guesses.figures(read) == guesses.figures(lines)
    assert (read[0]["guess"], read[0]["right"], read[0]["seconds"]) == ("first", True, 2.5)
    assert read[0]["shown"] == {"first": "real", "second": "simulated"}
    assert read[0]["key"].startswith("terminal/t")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"game": "chess"}, "not a line of the game"),
        ({"right": "yes"}, "right cannot be"),
        ({"outcome": "won"}, "outcome cannot be"),
        ({"seconds": -1}, "seconds cannot be"),
        ({"seconds": None}, "seconds cannot be"),
        ({"domain": 3}, "domain cannot be"),
    ],
)
async def test_a_line_that_is_none_of_the_game_is_told_with_its_place(
    made: Any, tmp_path: Path, change: dict[str, Any], what: str
) -> None:
    game, _ = made()
    game.guess("me", (await game.deal("me"))["round"], "first")
    file = tmp_path / "guesses.jsonl"
    file.write_text(json.dumps({**game.player("me").lines[0], **change}) + "\n", "utf-8")
    with pytest.raises(DataError, match=rf"guesses.jsonl:1: {what}"):
        guesses.read(file)


def line(right: bool | None, trajectory: str, **rest: Any) -> dict[str, Any]:
    common = {"game": guesses.GAME, "domain": "d", "model": "m", "origin": "model", "outcome": "guessed"}
    return {**common, "trajectory": trajectory, "right": right, "seconds": 1.0, **rest}


def test_somebody_who_is_always_right_is_above_chance_and_somebody_who_guesses_is_not() -> None:
    sure = guesses.figures([line(True, f"t{n}") for n in range(20)])
    assert sure["right"]["mean"] == 1.0
    assert sure["right"]["ci95"][0] > guesses.CHANCE
    unsure = guesses.figures([line(n % 2 == 0, f"t{n}") for n in range(20)])
    low, high = unsure["right"]["ci95"]
    assert low < guesses.CHANCE < high
    one = guesses.figures([line(True, "t")] * 20)
    assert one["right"]["ci95"] == [0.0, 1.0]


def test_ties_pull_towards_chance_and_nothing_is_counted_twice() -> None:
    rows = [line(True, f"t{n}") for n in range(4)] + [line(None, f"u{n}", outcome="tie") for n in range(4)]
    found = guesses.figures(rows)
    assert (found["n"], found["ties"], found["right"]["mean"], found["with_ties"]["mean"]) == (4, 4, 1.0, 0.75)


@given(st.text(st.characters(codec=None), max_size=200))
def test_whatever_a_model_said_is_exported_as_one_line_that_is_read_back(said: str) -> None:
    (exported,) = blind.exported([line(True, "t", key="k", simulated=said)])
    assert exported.count(b"\n") == 1
    assert guesses.parsed(exported, "here")["simulated"] == said.encode("utf-16", "surrogatepass").decode(
        "utf-16", "replace"
    )


def test_figures_are_a_table_for_people_with_chance_in_it() -> None:
    from rich.console import Console

    written = io.StringIO()
    console = Console(width=160, file=written)
    console.print(guesses.table(guesses.figures([line(n < 3, f"t{n}") for n in range(4)])))
    shown = written.getvalue()
    assert "0.750 [" in shown
    assert "chance 0.5" in shown
    assert "domain: d" in shown


def test_no_guesses_make_no_figure() -> None:
    found = guesses.figures([])
    assert (found["n"], found["right"]["mean"], found["seconds"], found["chance"]) == (0, None, None, 0.5)


async def test_the_coin_is_fair_and_the_turn_does_not_tell_how_it_falls(made: Any) -> None:
    data = [told(f"t{n}", [("a", "real")]) for n in range(400)]
    service = service_of({"m": Scripted(lambda query: "said")}, catalogue=Catalogue({one.id: one for one in data}))
    game = Game(service.sessions, service.catalogue)
    first = 0
    for _ in range(400):
        first += game.guess("me", (await game.deal("me"))["round"], "first")["right"]
    assert 140 < first < 260  # six standard deviations
    await service.sessions.aclose()
