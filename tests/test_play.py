"""``nextstate play`` works in every domain, begins where it is told to, and draws screens."""

from __future__ import annotations

import io
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from nextstate import domain as domains
from nextstate.cli import main
from nextstate.domain import find, names

SCREENS = [name for name in names() if find(name).screens]


def play(monkeypatch: pytest.MonkeyPatch, *arguments: str, lines: list[str]) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
    return main(["play", *arguments])


@pytest.mark.parametrize("name", names())
def test_the_recorded_actions_of_a_domain_can_be_played(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = find(name).examples()[0]
    actions = [turn.action for turn in example.turns if "\n" not in turn.action]
    assert play(monkeypatch, name, "--model", "kernel", lines=actions) == 0
    shown = capsys.readouterr().out
    assert shown.count("] > ") == len(actions) + 1
    assert shown.count("-- computed") + shown.count("! no observation: refused") == len(actions)


@pytest.mark.parametrize("name", names())
def test_a_game_goes_on_behind_recorded_turns(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    turns = find(name).examples()[0].turns
    saved = tmp_path / "saved.jsonl"
    assert play(monkeypatch, name, "--model", "replay:" + str(saved_example(name, tmp_path)), "--after", "2", lines=[
        turns[2].action, f":save {saved}",
    ]) == 0  # fmt: skip
    assert "[0:2] > " in capsys.readouterr().out
    assert len(next(iter(read(saved))).turns) == 3


def saved_example(name: str, folder: Path) -> Path:
    from nextstate.data import store

    path = folder / "example.jsonl"
    store.write(path, find(name).examples()[:1])
    return path


def read(path: Path) -> list[object]:
    from nextstate.data import store

    return list(store.read(path))


def test_more_recorded_turns_than_there_are_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for after in ("-1", "1000"):
        assert play(monkeypatch, "terminal", "--model", "kernel", "--after", after, lines=[]) == 2
        assert f"--after {after}: " in capsys.readouterr().err


class Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)


@pytest.mark.parametrize(("name", "text"), [("android", "Notes"), ("os", "E-mail"), ("web", "Send")])
def test_a_screen_is_drawn_into_a_page(
    name: str, text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "pictures" / "screen.html"
    assert play(monkeypatch, name, "--model", "kernel", lines=[f":picture {page}"]) == 0
    reader = Texts()
    reader.feed(page.read_text("utf-8"))
    assert any(text in found for found in reader.found)
    assert f"drawn in {page}" in capsys.readouterr().out


def test_domains_of_texts_have_no_picture(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert play(monkeypatch, "mcp", "--model", "kernel", lines=[":picture x.html"]) == 0
    assert "shows text, not screens" in capsys.readouterr().out


def test_the_domains_of_screens_are_those_that_one_would_expect() -> None:
    assert {"android", "os", "web"} <= set(SCREENS)
    assert not {"mcp", "search", "swe", "terminal"} & set(SCREENS)


def test_a_domain_without_examples_is_played_from_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = replace(find("terminal"), examples=tuple)
    monkeypatch.setattr(domains, "find", lambda name: bare)
    assert play(monkeypatch, "terminal", "--model", "always-empty", lines=["true"]) == 0
    assert "[0:1] > " in capsys.readouterr().out
