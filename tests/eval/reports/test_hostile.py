"""Whatever recordings, models and judges say, the page shows it as text, runs nothing and stays quick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from nextstate.data import store
from nextstate.eval import reports
from nextstate.eval.rows import row_keys

from .folders import evaluation, world

if TYPE_CHECKING:
    from pathlib import Path

    from nextstate.types import Trajectory

BAD = (
    "</script><script>window.ran=1</script><img src=x onerror='window.ran=1'>"
    "{{data}}{{script}}\u202egnp.\u2028\x00\x1b[31m"
)
SURROGATE = "half \ud83d of a character"
LONG_LINE = "word " * 200_000
LINES = 20_000
LARGE = "".join(f"{n:05d} a line of a long listing\n" for n in range(LINES))

BLOCKED = """() => new Promise((resolve) => {
  const found = [];
  const keep = (list) => found.push(...list.getEntries().map((one) => one.duration));
  new PerformanceObserver(keep).observe({ type: "longtask", buffered: true });
  setTimeout(() => resolve(Math.max(0, ...found)), 300);
})"""
"""The longest time, in milliseconds, for which the page did not answer."""


def said(one: Trajectory, turn: int) -> str | None:
    return {
        BAD: "prediction " + BAD + SURROGATE,
        LARGE: LARGE.replace("0777 a line", "0777 another line").replace("19999 a", "19999 no"),
        LONG_LINE: LONG_LINE[:600_000] + "other" + LONG_LINE[600_000:],
    }[one.turns[turn].observation]


@pytest.fixture(scope="module")
def data() -> list[Trajectory]:
    hostile = world(BAD, [("do " + BAD, BAD)] * 2, domain=BAD, state=BAD)
    return [hostile, world("large", [("list", LARGE), ("print", LONG_LINE)])]


@pytest.fixture(scope="module")
def file(data: list[Trajectory], tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("hostile")
    store.write(place / "data.jsonl", data)
    run = evaluation(place / "run", data, said, model=BAD, judge=BAD)
    reports.write([reports.read(run)], place, data=[place / "data.jsonl"], title=BAD, on_error=lambda error: None)
    return place / reports.PAGE


def address(trajectory: Trajectory, turn: int) -> str:
    return "#" + quote(row_keys(trajectory)[turn], safe="!~*'()")


def test_texts_that_look_like_markup_stay_texts(opened: Any, file: Path, data: list[Trajectory]) -> None:
    with opened(file, address(data[0], 1)) as page:
        dialog = page.get_by_role("dialog")
        dialog.locator(".difference").wait_for()
        dialog.get_by_text("Set-up").click()
        dialog.get_by_text("History (1 turn)").click()
        assert page.evaluate("window.ran") is None
        assert page.locator("img").count() == 0
        read = BAD.replace("\u202e", "⟨U+202E⟩").replace("\u2028", "⟨U+2028⟩").replace("\x00", "␀").replace("\x1b", "␛")
        page.get_by_role("region", name="Prediction", exact=True).locator(".row").first.wait_for()
        shown = page.get_by_role("region", name="Truth", exact=True).inner_text().replace("\n", "")
        assert shown == read
        predicted = page.get_by_role("region", name="Prediction", exact=True).inner_text().replace("\n", "")
        assert predicted == f"prediction {read}half ⟨U+D83D⟩ of a character"
        assert "{{script}}" in page.locator("h1").inner_text()


def test_nothing_that_a_row_says_stands_in_the_file_as_it_is(file: Path) -> None:
    text = file.read_text("utf-8")
    assert "window.ran=1</script>" not in text
    assert text.count("<script>") == 1
    assert "unsafe-inline" not in text


def test_an_observation_of_20_000_lines_opens_without_freezing(opened: Any, file: Path, data: list[Trajectory]) -> None:
    with opened(file) as page:
        page.evaluate("address => { location.hash = address; }", address(data[1], 0))
        page.locator("dialog .difference .row").first.wait_for()
        page.get_by_role("button", name="Show equal lines").click()
        box = page.get_by_role("region", name="Difference of truth and prediction")
        box.evaluate("box => { box.scrollTop = box.scrollHeight; }")
        box.get_by_text("19999 no line").wait_for()
        assert box.locator(".row").count() < 200
        truth = page.get_by_role("region", name="Truth", exact=True)
        truth.evaluate("box => { box.scrollTop = box.scrollHeight / 2; }")
        truth.get_by_text("10000 a line").wait_for()
        assert page.evaluate("document.querySelectorAll('*').length") < 3_000
        assert page.evaluate(BLOCKED) < 1_000


def test_changes_in_a_long_text_are_found_one_after_another(opened: Any, file: Path, data: list[Trajectory]) -> None:
    with opened(file, address(data[1], 0)) as page:
        box = page.get_by_role("region", name="Difference of truth and prediction")
        page.get_by_role("button", name="Show equal lines").click()
        page.locator("dialog .difference").get_by_role("button", name="Next", exact=True).click()
        box.get_by_text("00777 another line").wait_for()
        page.locator("dialog .difference").get_by_role("button", name="Next", exact=True).click()
        box.get_by_text("10777 another line").wait_for()
        page.locator("dialog .difference").get_by_role("button", name="Previous", exact=True).click()
        box.get_by_text("00777 another line").wait_for()
        page.get_by_role("button", name="Fold equal lines").click()
        box.get_by_text("equal lines").first.wait_for()
        assert box.locator(".row").count() < 40


def test_a_line_of_a_million_characters_opens_without_freezing(opened: Any, file: Path, data: list[Trajectory]) -> None:
    with opened(file, address(data[1], 1), width=390) as page:
        box = page.get_by_role("region", name="Difference of truth and prediction")
        box.locator(".row").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert box.locator(".row").count() < 200
        assert page.evaluate(BLOCKED) < 1_000
