"""The page of statistics in a real browser: it shows the numbers, loads nothing and runs nothing from recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from nextstate.data import stats_page
from nextstate.types import Setup, Source, Trajectory, Turn

from .test_stats import counted

if TYPE_CHECKING:
    from pathlib import Path

BAD = "</script><script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    turns = [Turn("ls", "a b", {"exit_code": 0}), Turn(BAD, BAD, {"skip": BAD})]
    one = Trajectory("t", "terminal", Setup(), tuple(turns * 3), Source("shells", licence=BAD))
    other = Trajectory("u", BAD, Setup(), (Turn("click('a')", "x" * 5000),), Source(BAD, licence="MIT"))
    path = tmp_path_factory.mktemp("page") / "stats.html"
    path.write_text(stats_page.page(counted(one, other), BAD), "utf-8")
    return path


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_shows_the_numbers_and_fits_the_width(browser: Any, file: Path, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    requests: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(file.as_uri())
    assert page.locator("#numbers div").first.inner_text().split() == ["2", "trajectories"]
    assert page.locator("figure").count() == 8
    assert page.locator("tbody tr").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert errors == []
    page.close()


def test_one_group_can_be_looked_at_alone(browser: Any, file: Path) -> None:
    page = browser.new_page()
    page.goto(file.as_uri())
    page.get_by_label("Show").select_option(label="terminal: shells")
    assert page.locator("#numbers").inner_text().split()[:4] == ["1", "trajectories", "6", "turns"]
    assert page.locator("figure").count() == 6
    page.close()


def test_markup_and_scripts_in_recordings_are_shown_as_text(browser: Any, file: Path) -> None:
    page = browser.new_page()
    page.goto(file.as_uri())
    assert page.title() == f"Trajectories: {BAD}"
    assert page.locator("h1").inner_text() == BAD
    assert page.locator("img").count() == 0
    assert page.locator("td", has_text="onerror").count() >= 1
    page.close()
