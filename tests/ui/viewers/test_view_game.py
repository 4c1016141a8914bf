"""Real or simulated in a real browser: sealed until the guess, counted once, with chance beside the result."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from nextstate.models.fakes import Scripted
from nextstate.serve.testing import service_of

from ..conftest import running
from .conftest import world_models
from .stock import HOSTILE, catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def table() -> Iterator[str]:
    """A server of one's own, for what one has played is kept there."""
    hostile = Scripted(lambda query: f"{HOSTILE} {query.action}", name="hostile")
    service = service_of({**world_models(), "hostile": hostile}, catalogue=catalogue())
    with running(replace(service)) as address:
        yield address


WITHOUT_TEXT = """(node) => {
  const copy = node.cloneNode(true);
  copy.querySelector('.plain-text').textContent = 'TEXT';
  return copy.outerHTML;
}"""


def begin(page: Any, model: str = "echo") -> None:
    page.get_by_label("Model", exact=True).select_option(model)
    page.get_by_role("button", name="Draw a turn").click()
    page.get_by_role("heading", name="Which one was recorded?").wait_for()


def side(page: Any, name: str) -> str:
    return page.get_by_role("region", name=name, exact=True).locator(".plain-text").inner_text()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_turn_is_guessed_at_and_the_result_says_chance_and_interval(opened: Any, table: str, width: int) -> None:
    with opened(table, "#/game", width=width) as page:
        page.get_by_text("No guesses yet. Chance is 50%.").wait_for()
        begin(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        real = "second" if side(page, "First").startswith("echo of") else "first"
        page.locator(f"#game-{real}").click()
        page.get_by_role("heading", name="Right", exact=True).wait_for()
        page.get_by_text(f"The {real} one was recorded.", exact=False).first.wait_for()
        result = page.locator("#game-result").inner_text()
        assert "100% [0%, 100%] right of 1 guess on 1 trajectory; chance 50%" in result
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("link", name="See it where it was recorded").click()
        page.locator(".traj-turn h2").get_by_text("Turn").wait_for()


def test_nothing_that_was_sent_or_shown_before_the_guess_tells_it(opened: Any, table: str) -> None:
    with opened(table, "#/game") as page:
        answers: list[str] = []
        page.on("response", lambda answer: answers.append(answer.text()) if "/viewers/" in answer.url else None)
        begin(page)
        told = [json.loads(answer) for answer in answers]
        (dealt,) = [one for one in told if "round" in one]
        assert "made/" not in json.dumps(dealt)
        assert not {"real", "origin", "right", "name", "turn", "key"} & dealt.keys()
        sides = {}
        for name in ("First", "Second"):
            region = page.get_by_role("region", name=name, exact=True)
            word = name.lower()
            sides[name] = region.evaluate(WITHOUT_TEXT)
            sides[name] = sides[name].replace(name, "N").replace(word, "n").replace("(1)", "(k)").replace("(2)", "(k)")
            sides[name] = sides[name].replace('"1"', '"k"').replace('"2"', '"k"')
        assert sides["First"] == sides["Second"]


def test_it_is_played_by_keys_alone_and_loading_the_page_again_draws_no_other_turn(opened: Any, table: str) -> None:
    with opened(table, "#/game") as page:
        page.keyboard.press("n")
        page.get_by_role("heading", name="Which one was recorded?").wait_for()
        before = (side(page, "First"), side(page, "Second"))
        page.reload()
        page.get_by_role("heading", name="Which one was recorded?").wait_for()
        assert (side(page, "First"), side(page, "Second")) == before
        page.keyboard.press("2")
        page.locator("#game-verdict").wait_for()
        page.keyboard.press("2")
        page.keyboard.press("n")
        page.get_by_role("heading", name="Which one was recorded?").wait_for()
        page.keyboard.press("0")
        page.get_by_role("heading", name="Passed").wait_for()
        page.get_by_text("of 1 guess on 1 trajectory").wait_for()


def test_two_pages_share_the_round_and_its_first_guess_counts(opened: Any, table: str) -> None:
    with opened(table, "#/game") as one, opened(table, "#/game") as two:
        begin(one)
        begin(two, "grounded")
        assert side(one, "First") == side(two, "First")
        one.keyboard.press("1")
        one.locator("#game-verdict").wait_for()
        two.keyboard.press("2")
        two.locator("#game-verdict").wait_for()
        assert one.locator("#game-verdict h2").inner_text() == two.locator("#game-verdict h2").inner_text()
        two.get_by_text("of 1 guess on 1 trajectory").wait_for()


def test_ties_and_silence_are_counted_and_not_shown(opened: Any, table: str) -> None:
    with opened(table, "#/game") as page:
        for model, words in (("truth", "counted as ties"), ("silent", "counted as unanswered")):
            page.get_by_label("Model", exact=True).select_option(model)
            page.get_by_role("button", name="Draw a turn").click()
            page.get_by_text(words).wait_for()
        row = page.get_by_role("row").filter(has_text="Model: truth")
        assert row.get_by_role("cell").all_inner_texts()[1:4] == ["0", "–", "12"]


def test_hostile_observations_are_shown_as_texts(opened: Any, table: str) -> None:
    with opened(table, "#/game") as page:
        begin(page, "hostile")
        assert "<script>window.pwned = 1</script>" in page.locator("#game-field").inner_text()
        page.keyboard.press("1")
        page.locator("#game-verdict").wait_for()
        assert page.evaluate("window.pwned") is None
        assert page.locator("#game-field script, #game-field img").count() == 0


def test_what_was_played_is_exported_and_forgotten(opened: Any, table: str) -> None:
    with opened(table, "#/game") as page:
        begin(page)
        page.keyboard.press("1")
        page.locator("#game-verdict").wait_for()
        with page.expect_download() as waiting:
            page.locator("#game-export").click()
        assert waiting.value.suggested_filename == "real-or-simulated.jsonl"
        (line,) = [json.loads(one) for one in Path(waiting.value.path()).read_text("utf-8").splitlines()]
        assert (line["model"], line["guess"], line["outcome"]) == ("echo", "first", "guessed")
        assert sorted(line["shown"].values()) == ["real", "simulated"]
        page.get_by_role("button", name="Begin anew").click()
        page.get_by_role("button", name="Forget them").click()
        page.get_by_text("No guesses yet.").wait_for()


def test_screens_are_drawn_on_both_sides(opened: Any, site: str) -> None:
    with opened(site, "#/game") as page:
        page.get_by_label("Domain", exact=True).select_option("android")
        begin(page)
        for name in ("First", "Second"):
            region = page.get_by_role("region", name=name, exact=True)
            region.frame_locator("iframe.screen-frame").locator("body .box, body .note").first.wait_for()
