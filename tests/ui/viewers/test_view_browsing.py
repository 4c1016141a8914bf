"""Trajectories in a real browser: those of the server and files of one's own, by mouse, by keys, on a phone."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from nextstate.data import store

from .stock import recordings

if TYPE_CHECKING:
    from pathlib import Path


def rows(page: Any, label: str = "Trajectories") -> Any:
    return page.get_by_role("listbox", name=label).get_by_role("option")


def counted(page: Any, words: str = r"^[\d,]+ trajector(y|ies)$") -> None:
    """Wait until the list has been looked through and what stands above it fits ``words``."""
    page.locator("#traj-counted").get_by_text(re.compile(words)).wait_for()


def content() -> bytes:
    return b"".join(map(store.line, recordings()))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_list_and_a_turn_fit_the_width(opened: Any, site: str, width: int, scheme: str) -> None:
    with opened(site, "#/trajectories", width=width, scheme=scheme) as page:
        counted(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        rows(page).nth(3).click()
        page.get_by_role("heading", name="Set-up", exact=True).wait_for()
        rows(page, "Turns").nth(2).click()
        page.get_by_role("heading", name="Turn 1", exact=True).wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        ink, paper = page.evaluate("(s => [s.color, s.backgroundColor])(getComputedStyle(document.body))")
        assert ink != paper


def test_a_trajectory_is_found_opened_read_and_left_by_keys_alone(opened: Any, stocked: str) -> None:
    with opened(stocked, "#/trajectories") as page:
        counted(page)
        page.keyboard.press("/")
        page.keyboard.type("4 ")
        counted(page, "^1 trajectory$")
        page.keyboard.press("Escape")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="made-4").wait_for()
        for name in ("Turn 0", "Turn 1", "Turn 2"):
            page.keyboard.press("j")
            page.get_by_role("heading", name=name, exact=True).wait_for()
        page.keyboard.press("k")
        page.get_by_role("heading", name="Turn 1", exact=True).wait_for()
        assert page.evaluate("location.hash") == "#/trajectories/at/made%2Fmade-4?turn=1"
        assert page.locator(".traj-turn .plain-text").all_inner_texts() == ["echo 4 1", "4 1"]
        page.keyboard.press("Escape")
        page.get_by_role("heading", name="Trajectories").wait_for()
        assert page.locator("#traj-search").input_value() == "4 "


def test_enter_on_a_link_or_a_button_is_theirs_and_coming_back_finds_the_row_again(opened: Any, stocked: str) -> None:
    with opened(stocked, "#/trajectories") as page:
        counted(page)
        page.get_by_role("listbox", name="Trajectories").press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="made-2").wait_for()
        page.get_by_role("link", name="All trajectories").press("Enter")
        counted(page)
        page.locator(".rows-row[aria-selected=true]").get_by_text("made/made-2").wait_for()
        with page.expect_file_chooser():
            page.get_by_role("button", name="Open a file").press("Enter")


def test_an_address_opens_the_turn_that_it_names(opened: Any, stocked: str) -> None:
    with opened(stocked, "#/trajectories/at/made%2Fmade-3?turn=7") as page:
        page.get_by_role("heading", name="Turn 7", exact=True).wait_for()
        assert page.locator(".rows-row[aria-selected=true]").inner_text().startswith("7")
        assert page.get_by_role("button", name="Next turn").is_disabled()


def test_filters_leave_what_fits_and_origins_are_shown(opened: Any, stocked: str) -> None:
    with opened(stocked, "#/trajectories") as page:
        counted(page)
        page.get_by_label("Answered by").select_option("computed")
        counted(page, "^1 trajectory$")
        assert rows(page).all_inner_texts()[0].startswith("made/mixed")
        rows(page).first.click()
        rows(page, "Turns").nth(1).click()
        page.locator(".traj-top .badge.computed").wait_for()


def test_play_from_here_opens_a_session_behind_the_turn(opened: Any, stocked: str) -> None:
    with opened(stocked, "#/trajectories/at/made%2Fmade-2?turn=2") as page:
        page.get_by_role("heading", name="Turn 2", exact=True).wait_for()
        page.get_by_label("Model to play with").select_option("echo")
        page.get_by_role("button", name="Play from here").click()
        page.wait_for_url("**/#/play/*")
        id = page.evaluate("location.hash.split('/')[2].split('?')[0]")
        session = page.evaluate(f"fetch('/v1/sessions/{id}').then((answer) => answer.json())")
        assert (session["turns"], session["model"]) == (3, "echo")


def test_a_picture_and_what_changed_are_shown_of_a_screen(opened: Any, site: str) -> None:
    with opened(site, "#/trajectories") as page:
        counted(page)
        page.get_by_label("Domain").select_option("android")
        counted(page, "^3 trajectories$")
        rows(page).first.click()
        rows(page, "Turns").nth(2).click()
        page.frame_locator("iframe.screen-frame").locator(".box").first.wait_for()
        page.get_by_role("tab", name="Changes").click()
        page.locator(".difference .row.come, .row.come").first.wait_for()
        page.get_by_role("tab", name="Text").click()
        page.keyboard.press("j")
        page.get_by_role("heading", name="Turn 2", exact=True).wait_for()
        assert page.get_by_role("tab", name="Text").get_attribute("aria-selected") == "true"


@pytest.mark.parametrize("packing", ["plain", "gz", "zst"])
def test_a_file_of_ones_own_is_opened_without_leaving_the_machine(
    opened: Any, stocked: str, tmp_path: Path, packing: str
) -> None:
    name, packed = {
        "plain": ("own.jsonl", content()),
        "gz": ("own.jsonl.gz", gzip.compress(content())),
        "zst": ("own.jsonl.zst", zstandard.compress(content())),
    }[packing]
    (tmp_path / name).write_bytes(packed)
    with opened(stocked, "#/trajectories") as page:
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
        page.set_input_files("#traj-file", tmp_path / name)
        page.wait_for_url("**/#/trajectories/file/0")
        counted(page, "^8 trajectories$")
        assert [url.removeprefix(stocked) for url in sent] == (["/viewers/unpack"] if packing == "zst" else [])
        rows(page).nth(2).click()
        page.get_by_role("heading", name="made-2").wait_for()
        rows(page, "Turns").nth(3).click()
        page.get_by_role("heading", name="Turn 2", exact=True).wait_for()
        page.get_by_role("button", name="Play from here").click()
        page.wait_for_url("**/#/play/*")


@pytest.mark.parametrize("name", ["cut.jsonl.gz", "cut.jsonl.zst"])
def test_a_damaged_file_is_told_in_words(opened: Any, stocked: str, tmp_path: Path, name: str) -> None:
    packed = gzip.compress(content()) if name.endswith("gz") else zstandard.compress(content())
    (tmp_path / name).write_bytes(packed[:-30])
    with opened(stocked, "#/trajectories", expected=("422",)) as page:
        page.set_input_files("#traj-file", tmp_path / name)
        page.get_by_role("alert").get_by_text("compressed").wait_for()


def test_broken_lines_are_counted_and_the_first_is_named(opened: Any, stocked: str, tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_bytes(content() + b'{"torn": \n{"id": 3}\n')
    with opened(stocked, "#/trajectories") as page:
        page.set_input_files("#traj-file", tmp_path / "own.jsonl")
        counted(page, r"; 2 lines are no trajectory \(line 9: not JSON")


def test_a_file_that_is_no_longer_open_is_asked_for_again(opened: Any, stocked: str) -> None:
    with opened(stocked, "#/trajectories/file/3/2") as page:
        page.get_by_role("link", name="Open it again").click()
        page.get_by_role("heading", name="Trajectories").wait_for()


def test_hostile_texts_are_texts_in_the_list_the_set_up_and_the_turns(
    opened: Any, stocked: str, tmp_path: Path
) -> None:
    last = len(recordings()) - 1
    (tmp_path / f"{'<img src=x onerror=pwned=1>'}.jsonl").write_bytes(content())
    with opened(stocked, "#/trajectories") as page:
        for own in (False, True):
            if own:
                page.goto(stocked + "/#/trajectories")
                page.set_input_files("#traj-file", next(tmp_path.iterdir()))
                page.wait_for_url("**/#/trajectories/file/0")
            counted(page)
            rows(page).nth(last).click()
            page.get_by_role("heading", name="Set-up", exact=True).wait_for()
            while (closed := page.locator("details.fold:not([open]) > summary")).count():
                closed.first.click()
            for n in (1, 2):
                rows(page, "Turns").nth(n).click()
                page.get_by_role("heading", name=f"Turn {n - 1}", exact=True).wait_for()
            page.locator("details.fold > summary").last.click()
            shown = page.locator(".traj-turn").inner_text()
            assert "<script>window.pwned = 1</script>" in shown
            assert "␛[31mred" in shown
            assert "⟨U+202E⟩" in shown
            assert "‮" not in page.content()
            assert page.evaluate("window.pwned") is None
            assert page.locator("main script, main img, main svg[onload]").count() == 0
            page.go_back()


def test_a_file_with_a_hundred_thousand_turns_stays_usable(opened: Any, stocked: str, tmp_path: Path) -> None:
    turn = {"action": "echo", "observation": "y" * 100, "meta": {}}
    with (tmp_path / "large.jsonl").open("w", encoding="utf-8") as file:
        many = [{**turn, "action": f"echo {n}"} for n in range(60_000)]
        file.write(json.dumps({"id": "one", "domain": "terminal", "setup": {}, "turns": many, "source": {}}) + "\n")
        for n in range(400):
            few = {"id": f"t{n}", "domain": "terminal", "setup": {}, "turns": [turn] * 100, "source": {}}
            file.write(json.dumps(few) + "\n")
    with opened(stocked, "#/trajectories") as page:
        page.set_input_files("#traj-file", tmp_path / "large.jsonl")
        counted(page, "^401 trajectories$")
        rows(page).first.click()
        page.get_by_role("heading", name="Set-up", exact=True).wait_for()
        assert rows(page, "Turns").count() < 60
        page.get_by_role("listbox", name="Turns").press("End")
        page.get_by_role("heading", name="Turn 59,999", exact=True).wait_for()
        assert page.locator(".traj-turn .plain-text").first.inner_text() == "echo 59999"
        page.locator(".rows-row[aria-selected=true]").get_by_text("echo 59999").wait_for()
