"""The page in a real browser: figures, rows, differences, keys, and no network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from nextstate.data import store
from nextstate.eval import reports
from nextstate.eval.rows import row_keys

from .folders import benchmark, cases, evaluation, world

if TYPE_CHECKING:
    from pathlib import Path

    from nextstate.types import Trajectory

DATA = [
    world(
        f"t{n}", [(f"do {n} {k}", f"first line\nvalue is {n}{k} today\nlast line\n") for k in range(4)], state=f"s {n}"
    )
    for n in range(40)
]
KEY = row_keys(DATA[3])[2]


def truth(one: Trajectory, turn: int) -> str:
    return one.turns[turn].observation


def wrong(one: Trajectory, turn: int) -> str | None:
    return None if turn == 1 else truth(one, turn).replace("today", "tomorrow")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two like evaluations, one on other data, and a judged run of the benchmark."""
    place = tmp_path_factory.mktemp("report")
    store.write(place / "data.jsonl", DATA)
    folders = [
        evaluation(place / "oracle", DATA, truth),
        evaluation(place / "guesser", DATA, wrong),
        evaluation(place / "fewer", DATA[:3], truth),
        benchmark(place / "bench"),
    ]
    runs = [reports.read(folder) for folder in folders]
    reports.write(runs, place, data=[place / "data.jsonl"], title="Two & <b>more</b>", on_error=lambda error: None)
    return place / reports.PAGE


def shown(page: Any, name: str) -> str:
    """What the box called ``name`` shows, as soon as it shows anything."""
    box = page.get_by_role("region", name=name, exact=True)
    box.locator(".row").first.wait_for()
    return "\n".join(box.locator(".row").all_inner_texts())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_fits_the_width_and_asks_for_nothing(opened: Any, file: Path, width: int, scheme: str) -> None:
    with opened(file, width=width, scheme=scheme) as page:
        assert page.title() == page.locator("h1").inner_text() == "Two & <b>more</b>"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.locator("#list tbody a").nth(5).click()
        page.locator("dialog .difference, dialog .sides").first.wait_for()
        assert page.evaluate("document.getElementById('detail').scrollWidth") <= width
        ink, paper = page.evaluate("(s => [s.color, s.backgroundColor])(getComputedStyle(document.body))")
        assert (sum_of(ink) < 200 and sum_of(paper) > 700) if scheme == "light" else sum_of(ink) > sum_of(paper) + 400


def sum_of(colour: str) -> int:
    return sum(map(int, colour[4:-1].split(",")))


def test_like_runs_share_a_table_and_unlike_ones_say_why_they_do_not(opened: Any, file: Path) -> None:
    with opened(file) as page:
        sections = page.locator("#groups > section")
        assert sections.count() == 3
        first = sections.nth(0).locator("table").first.locator("tbody tr th").all_inner_texts()
        assert [name.split("\n")[0] for name in first] == ["oracle", "guesser", "baseline: copy-last"]
        assert "data_sha256" in sections.nth(1).locator(".note").first.inner_text()
        assert "kind: evaluation and agentworldbench" in sections.nth(2).locator(".note").first.inner_text()


def test_every_table_marks_a_judge_that_nobody_has_measured(opened: Any, file: Path) -> None:
    with opened(file) as page:
        tables = page.locator("#groups > section").nth(2).locator("table")
        assert tables.count() == 4
        for table in tables.all():
            assert "uncalibrated judge" in table.text_content()
        assert "uncalibrated" not in page.locator("#groups > section").nth(0).inner_text()


def test_rows_are_filtered_and_sorted(opened: Any, file: Path) -> None:
    with opened(file) as page:
        counted = page.locator("#counted")
        assert counted.inner_text().startswith("335 of 335 rows")
        page.get_by_label("Run", exact=True).select_option(label="guesser")
        page.get_by_label("Outcome").select_option(label="refused")
        assert counted.inner_text().startswith("40 of 335 rows")
        page.get_by_label("Outcome").select_option("")
        page.get_by_label("Score", exact=True).select_option("exact")
        page.get_by_label("at least").fill("0.5")
        assert counted.inner_text().startswith("0 of 335 rows")
        page.get_by_label("at least").fill("")
        page.get_by_label("Key contains").fill("/t3/")
        assert page.locator("#list tbody tr").count() == 4
        page.get_by_role("button", name="outcome").click()
        assert page.locator("#list tbody td:nth-child(3)").all_inner_texts() == ["ok", "ok", "ok", "refused"]
        page.get_by_role("button", name="outcome").click()
        assert page.locator("#list tbody td:nth-child(3)").all_inner_texts() == ["refused", "ok", "ok", "ok"]
        assert page.locator("#list th[aria-sort=descending]").inner_text() == "outcome ↓"


def test_a_long_list_is_shown_a_page_at_a_time(opened: Any, file: Path) -> None:
    with opened(file) as page:
        assert page.locator("#list tbody tr").count() == 100
        for _ in range(3):
            page.get_by_role("button", name="Next page").click()
        assert page.locator("#list tbody tr").count() == 35
        assert page.get_by_role("button", name="Next page").is_disabled()


def test_a_row_can_be_linked_to_and_shows_everything_about_it(opened: Any, file: Path) -> None:
    with opened(file, f"#{quote(KEY, safe='')}~2") as page:
        dialog = page.get_by_role("dialog")
        dialog.locator(".difference").wait_for()
        assert dialog.locator("h2").inner_text() == KEY
        assert shown(page, "Action") == "do 3 2"
        assert shown(page, "Difference of truth and prediction").split("\n")[:4] == [
            "  first line", "− value is 32 today", "+ value is 32 tomorrow", "  last line",
        ]  # fmt: skip
        assert dialog.locator(".difference del").all_inner_texts() == ["today"]
        assert dialog.locator(".difference ins").all_inner_texts() == ["tomorrow"]
        assert "oracle" in dialog.locator("table").inner_text()
        dialog.get_by_text("Set-up").click()
        assert shown(page, "Initial state") == "s 3"
        dialog.get_by_text("History (2 turns)").click()
        dialog.get_by_text("Turn 1: do 3 1").click()
        assert "value is 31 today" in shown(page, "Observation")


def test_the_words_of_the_judge_stand_beside_a_judged_row(opened: Any, file: Path) -> None:
    with opened(file, "#desk%2F7%2F0%2F0000000000000000") as page:
        dialog = page.get_by_role("dialog")
        dialog.get_by_text("What the judge or scorer said").wait_for()
        assert dialog.get_by_text("well said").count() == 5
        assert "uncalibrated judge" in dialog.inner_text()
        assert "not known here" in dialog.inner_text()


def test_the_page_is_used_by_keys_alone(opened: Any, file: Path) -> None:
    with opened(file) as page:
        links = page.locator("#list tbody a")
        links.first.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        page.locator("dialog .sides").wait_for()
        second = links.nth(1).get_attribute("title")
        assert page.locator("#detail-title").inner_text() == second
        page.keyboard.press("ArrowRight")
        page.wait_for_function("location.hash.length > 1")
        third = links.nth(2).get_attribute("title")
        page.locator("#detail-title", has_text=third).wait_for()
        page.keyboard.press("Escape")
        page.wait_for_function("title => document.activeElement.title === title", arg=third)
        assert not page.evaluate("document.getElementById('detail').open")
        assert page.evaluate("location.hash") == ""


def test_a_row_without_a_prediction_says_why(opened: Any, file: Path) -> None:
    with opened(file, f"#{quote(row_keys(DATA[0])[1], safe='')}~2") as page:
        page.locator("dialog .sides").wait_for()
        assert "There is none. never shown" in page.locator("dialog .sides").inner_text()
        assert page.locator("dialog .difference").count() == 0


def test_an_address_of_no_row_opens_nothing(opened: Any, file: Path) -> None:
    with opened(file, "#nowhere") as page:
        assert not page.evaluate("document.getElementById('detail').open")


def test_the_history_of_a_free_run_is_what_the_model_itself_had_shown(opened: Any, tmp_path: Path) -> None:
    store.write(tmp_path / "data.jsonl", DATA[:1])
    run = reports.read(evaluation(tmp_path / "free", DATA[:1], wrong, free_run=True))
    reports.write([run], tmp_path, data=[tmp_path / "data.jsonl"], on_error=lambda error: None)
    with opened(tmp_path / reports.PAGE, f"#{quote(row_keys(DATA[0], whole=True)[3], safe='')}") as page:
        dialog = page.get_by_role("dialog")
        dialog.get_by_text("History (3 turns)").click()
        dialog.get_by_text("Turn 2: do 0 2").click()
        assert "tomorrow" in shown(page, "What the model had shown")


def test_a_case_shows_its_verifier_and_the_rule_that_was_broken(opened: Any, tmp_path: Path) -> None:
    run = reports.read(cases(tmp_path / "run", tmp_path / "cases.jsonl"))
    reports.write([run], tmp_path, data=[tmp_path / "cases.jsonl"], on_error=lambda error: None)
    with opened(tmp_path / reports.PAGE, "#w%2F1%2Fread_back") as page:
        dialog = page.get_by_role("dialog")
        assert shown(page, "Truth") == "kept\n\u200b"
        assert "says kept" in dialog.inner_text()
        dialog.get_by_text("Set-up").click()
        assert "read_back" in shown(page, "Case")


def test_a_run_without_rows_has_a_page_too(opened: Any, tmp_path: Path) -> None:
    reports.write([reports.read(evaluation(tmp_path / "none", [], wrong))], tmp_path, on_error=lambda error: None)
    with opened(tmp_path / reports.PAGE) as page:
        assert page.locator("#counted").inner_text().startswith("0 of 0 rows")


def test_what_a_page_has_no_room_for_is_listed_without_its_texts(
    opened: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nextstate.eval.reports.page.MAX_PARTS", 1)
    store.write(tmp_path / "data.jsonl", DATA[:2])
    run = reports.read(evaluation(tmp_path / "run", DATA[:2], truth))
    reports.write([run], tmp_path, data=[tmp_path / "data.jsonl"], on_error=lambda error: None)
    with opened(tmp_path / reports.PAGE, f"#{quote(row_keys(DATA[1])[0], safe='')}") as page:
        page.get_by_role("dialog").get_by_text("not in this page").wait_for()
        assert page.locator("#list tbody tr").count() == 8
