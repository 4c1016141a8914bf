"""Reports in a real browser: figures with intervals, the page of every row in its frame, and a file of one's own."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from nextstate.eval import reports
from nextstate.serve.gate import Gate
from nextstate.serve.keys import Keys
from nextstate.serve.testing import service_of

from ..conftest import models, running
from .stock import HOSTILE, catalogue

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("width", [1280, 390])
def test_runs_stand_in_tables_with_intervals_and_unlike_ones_apart(opened: Any, stocked: str, width: int) -> None:
    with opened(stocked, "#/reports", width=width) as page:
        row = page.get_by_role("row").filter(has=page.get_by_role("link", name="half"))
        assert re.search(r"0\.500\s+\[0\.138, 0\.862\]|0\.500 \[0\.138, 0\.862\]", row.inner_text())
        assert page.locator(".report-group").count() == 2
        page.get_by_text("Not to be compared with the first table").wait_for()
        page.get_by_text("The judge was not calibrated").wait_for()
        page.get_by_text("baseline: copy-last").wait_for()
        assert "not JSON" in page.get_by_role("list", name="Cannot be read").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_chosen_runs_open_as_one_page_whose_scripts_work_in_their_sandbox(opened: Any, stocked: str) -> None:
    with opened(stocked, "#/reports", expected=("Security Policy", "Blocked autofocusing")) as page:
        page.get_by_label("Choose oracle").check()
        page.get_by_label("Choose half").check()
        page.get_by_role("button", name="Open the chosen runs").click()
        frame = page.frame_locator("iframe.report-frame")
        frame.get_by_role("heading", name="2 runs").wait_for()
        frame.locator("#list tbody a").first.click()
        frame.locator("dialog[open]").wait_for()
        inner = page.frames[-1]
        assert inner.evaluate("origin") == "null"
        assert inner.evaluate("(() => { try { return parent.document.title } catch (e) { return e.name } })()") == (
            "SecurityError"
        )
        assert inner.evaluate("fetch('/v1/models').then(() => 'reached', () => 'refused')") == "refused"
        page.evaluate("window.violations = []")  # of the frame's attempt above
        page.get_by_role("link", name="All reports").click()
        page.get_by_role("heading", name="Reports", exact=True).wait_for()


def test_where_keys_are_needed_a_report_opens_for_one_and_what_was_played_is_another_ones(
    opened: Any, browser: Any, shelf: Path, tmp_path: Path
) -> None:
    keys = Keys(tmp_path / "keys.json")
    service = service_of(models(), catalogue=catalogue(), gate=Gate(keys))
    secrets = [keys.new(name) for name in ("one", "two")]
    with running(replace(service, reports=(shelf,))) as address:
        for number, secret in enumerate(secrets):
            context = browser.new_context(http_credentials={"username": "x", "password": secret})
            with opened(address, "#/reports", context=context, expected=("401",)) as page:
                page.get_by_role("link", name="oracle").click()
                page.frame_locator("iframe.report-frame").get_by_role("heading", name="oracle").wait_for()
                page.goto(address + "/#/game")
                page.get_by_text("No guesses yet.").wait_for()
                if not number:
                    page.keyboard.press("n")
                    page.locator("#game-first").click()
                    page.get_by_text("of 1 guess on 1 trajectory").wait_for()
            context.close()
        for path in ("/viewers/game", "/viewers/reports", "/viewers/about", "/ui/report/x"):
            with pytest.raises(HTTPError, match="401"):
                urlopen(address + path)


def test_a_page_that_was_written_before_opens_as_it_is(opened: Any, stocked: str) -> None:
    with opened(stocked, "#/reports") as page:
        page.get_by_role("list", name="Reports that were written").get_by_role("link").click()
        page.frame_locator("iframe.report-frame").get_by_role("heading", name="As it was").wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("heading", name="Reports", exact=True).wait_for()


def test_a_report_that_is_gone_is_told_with_a_way_back(opened: Any, stocked: str) -> None:
    with opened(stocked, "#/reports/open/nothing", expected=("404",)) as page:
        page.get_by_role("alert").get_by_text("there is no such run or report").wait_for()


EVALUATION = {
    "n": 4,
    "scores": {"exact": {"mean": 0.25, "ci95": [0.05, 0.7], "n": 4}},
    "by": {"domain": {HOSTILE: {"n": 4, "scores": {}}}, "origin": {}, "outcome": {"ok": 4}},
    "baseline": {"copy-last": {"exact": {"mean": 0.0, "ci95": [0.0, 0.5], "n": 4}}},
    "run": {"model": HOSTILE},
    "unscored": {HOSTILE: 2},
}
CASES = {
    "n": 2,
    "accuracy": {"mean": 0.5, "ci95": [0.1, 0.9], "n": 2},
    "copy_last": {"mean": 0.0, "ci95": [0.0, 0.6], "n": 2},
    "computed": 0.5,
    "axes": {"consistency": {"n": 2, "accuracy": None, "copy_last": None, "computed": None, "domain": {}}},
    "by": {"outcome": {}},
    "run": {},
}


def test_a_report_file_of_ones_own_is_shown_as_figures(opened: Any, stocked: str, tmp_path: Path, shelf: Path) -> None:
    files = {
        "report.json": (shelf / "written" / reports.JSON).read_text("ascii"),
        "eval.json": json.dumps(EVALUATION),
        "cases.json": json.dumps(CASES),
    }
    shown = {}
    with opened(stocked, "#/reports") as page:
        for name, text in files.items():
            (tmp_path / name).write_text(text, "ascii")
            page.set_input_files("#report-file", tmp_path / name)
            own = page.get_by_role("region", name="Your report")
            own.get_by_text(name).wait_for()
            shown[name] = own.inner_text()
        assert page.evaluate("window.pwned") is None
    assert "oracle" in shown["report.json"]
    assert "1.000 [0.476, 1.000]" in shown["report.json"]
    assert "0.250 [0.050, 0.700]" in shown["eval.json"]
    assert "<script>window.pwned = 1</script>" in shown["eval.json"]
    assert "0.500 [0.100, 0.900]" in shown["cases.json"]


@pytest.mark.parametrize("text", ["not json", "[]", "{}", '{"groups": [{}], "runs": []}', "null", '"x"'])
def test_a_file_that_is_no_report_is_told_in_words(opened: Any, stocked: str, tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text, "ascii")
    with opened(stocked, "#/reports") as page:
        page.set_input_files("#report-file", tmp_path / "x.json")
        page.get_by_role("alert").get_by_text("This is no report").wait_for()


def test_a_server_without_runs_says_how_it_gets_some(opened: Any, site: str) -> None:
    with opened(site, "#/reports") as page:
        page.get_by_text("nextstate serve --reports FOLDER").wait_for()
