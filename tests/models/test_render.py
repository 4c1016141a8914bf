"""Queries as text for models."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.domain import read_tagged, write_tagged
from nextstate.models.render import (
    LIMIT,
    STOP,
    clip,
    first_shown,
    messages,
    read_transcript,
    reply_of,
    transcript,
)
from nextstate.types import Query, Setup, Tool, Turn

from .worlds import PLAIN, query, turns

TEXT = st.text(alphabet="ab $#\n<>/", max_size=60)
SESSION = st.lists(st.builds(Turn, TEXT, TEXT), min_size=1, max_size=12)


def steps(session: list[Turn], setup: Setup | None = None, notes: str = "") -> list[Query]:
    """The query of each turn, each with its own notes."""
    kept = tuple(session)
    return [
        Query("plain", setup or Setup(), kept[:index], turn.action, notes and f"{notes} {index}")
        for index, turn in enumerate(kept)
    ]


@given(SESSION)
def test_the_messages_of_a_turn_are_a_prefix_of_those_of_the_next(session: list[Turn]) -> None:
    rendered = [messages(PLAIN, step) for step in steps(session)]
    for now, later in pairwise(rendered):
        assert later[: len(now)] == now


@given(SESSION)
def test_notes_change_nothing_but_the_last_message(session: list[Turn]) -> None:
    for plain, noted in zip(steps(session), steps(session, notes="seen"), strict=True):
        without, with_notes = messages(PLAIN, plain), messages(PLAIN, noted)
        assert with_notes[:-1] == without[:-1]
        assert with_notes[-1]["content"].startswith(without[-1]["content"])
        assert noted.notes in with_notes[-1]["content"]


@given(SESSION, st.integers(0, 2000))
def test_a_budget_is_kept(session: list[Turn], extra: int) -> None:
    setup = Setup("s" * 500, (Tool("t", "d" * 300),), turns(("a", "b" * 300)), "i" * 300)
    budget = len(PLAIN.prompt) + 900 + extra
    for step in steps(session, setup, notes="n" * 500):
        assert sum(len(message["content"]) for message in messages(PLAIN, step, max_chars=budget)) <= budget
        assert len(transcript(PLAIN, step, max_chars=budget)) <= budget


def test_under_a_budget_the_start_of_the_prompt_changes_only_at_checkpoints() -> None:
    session = [Turn(f"echo {index}", f"{index}\n" * 5) for index in range(60)]
    rendered = [messages(PLAIN, step, max_chars=2500) for step in steps(session)]
    appended = [later[: len(now)] == now for now, later in pairwise(rendered)]
    assert appended.count(False) in range(3, 12)
    assert "earlier turns are not shown" in rendered[-1][1]["content"]
    assert "earlier turns are not shown" not in rendered[1][1]["content"]


@given(st.lists(st.integers(1, 100), max_size=40), st.integers(-5, 200))
def test_what_is_shown_fits_and_the_start_never_goes_back(sizes: list[int], room: int) -> None:
    starts = [first_shown(sizes[:count], room) for count in range(len(sizes) + 1)]
    assert starts == sorted(starts)
    for count, start in enumerate(starts):
        assert sum(sizes[start:count]) <= max(room, 0)


def test_a_cut_leaves_half_the_room_free() -> None:
    assert [first_shown([10] * count, 50) for count in (5, 6, 9, 10)] == [0, 4, 4, 8]


def test_without_a_budget_every_turn_is_shown() -> None:
    assert first_shown([10**9] * 9, None) == 0


def test_the_system_message_holds_the_parts_in_a_fixed_order() -> None:
    setup = Setup("a fresh box", (Tool("look", "Look."),), turns(("hi", "ho")), "Be slow.")
    system = messages(PLAIN, query("ls", setup=setup))[0]["content"]
    places = [system.index(part) for part in (PLAIN.prompt, "a fresh box", '"look"', "Action: hi", "ho", "Be slow.")]
    assert places == sorted(places)


def test_an_empty_set_up_adds_nothing_to_the_domains_prompt() -> None:
    assert messages(PLAIN, query("ls"))[0] == {"role": "system", "content": PLAIN.prompt}


def test_equal_tools_read_the_same_whatever_the_order_of_their_keys() -> None:
    first = Tool("t", "", MappingProxyType({"a": 1, "b": {"c": 2, "d": 3}}))
    second = Tool("t", "", {"b": {"d": 3, "c": 2}, "a": 1})
    one, other = (messages(PLAIN, query("x", setup=Setup(tools=(tool,)))) for tool in (first, second))
    assert one == other


def test_the_history_is_what_a_perfect_model_would_have_said() -> None:
    rendered = messages(PLAIN, query("ls", ("cat f", "<predicted_observation>\n")))
    assert [message["role"] for message in rendered] == ["system", "user", "assistant", "user"]
    assert rendered[1]["content"] == "Action: cat f"
    assert rendered[2]["content"] == write_tagged(query("cat f"), "<predicted_observation>\n")
    assert rendered[3]["content"] == "Action: ls"


def test_a_huge_observation_is_cut_in_the_middle_and_says_so() -> None:
    reply = messages(PLAIN, query("ls", ("cat big", "x" * 5_000_000)))[2]["content"]
    assert len(reply) <= LIMIT
    assert "characters left out" in read_tagged(query("cat big"), reply)


@given(st.text(max_size=300), st.integers(0, 300))
def test_a_clipped_text_keeps_the_limit(text: str, limit: int) -> None:
    clipped = clip(text, limit)
    assert len(clipped) <= limit or clipped == text
    assert clipped == text or len(text) > limit


def test_a_clipped_text_keeps_both_ends() -> None:
    clipped = clip("head" + "-" * 1000 + "tail", 100)
    assert clipped.startswith("head")
    assert clipped.endswith("tail")


def test_a_transcript_is_a_session_to_go_on_with() -> None:
    step = query("ls", ("pwd", "/home\n"), ("printf x", "x"), ("true", ""), setup=Setup("a box"), notes="cwd: /home")
    assert transcript(PLAIN, step, examples=False) == (
        "$ # Initial state\na box\n$ pwd\n/home\n$ printf x\nx\n$ true\n$ # Known now\ncwd: /home\n$ ls\n"
    )


def test_a_transcript_opens_with_the_domains_example() -> None:
    assert transcript(PLAIN, query("ls")) == (
        "$ # An example session\n$ pwd\n/example\n$ true\n$ # A new session\n$ ls\n"
    )


def test_demonstrations_go_before_the_domains_example() -> None:
    text = transcript(PLAIN, query("ls", setup=Setup(demonstrations=turns(("id", "me\n")))))
    assert "$ id\nme\n" in text
    assert "/example" not in text


@given(SESSION)
def test_transcripts_without_notes_only_grow(session: list[Turn]) -> None:
    rendered = [transcript(PLAIN, step) for step in steps(session)]
    for now, later in pairwise(rendered):
        assert later.startswith(now)


@pytest.mark.parametrize(
    ("written", "observation"),
    [
        ("a\nb", "a\nb\n"),
        ("a\n$ ls\nb", "a\n"),
        ("$ ls", ""),
        ("", ""),
        ("a" + STOP, "a\n"),
        ("a\n" + STOP, "a\n\n"),
        (STOP, "\n"),
        ("costs $ 5\n", "costs $ 5\n"),
        ("\\$ ls\n$ pwd", "$ ls\n"),
    ],
)
def test_a_continued_transcript_ends_where_the_next_action_begins(written: str, observation: str) -> None:
    assert read_transcript(written) == observation


@given(TEXT | st.sampled_from(["$ ls\n", "a\n\\$ ls\n", "\\\\$ \n", "\n\n"]))
def test_a_transcript_reads_back_what_it_shows(text: str) -> None:
    step = query("ls", ("cat f", text))
    shown = transcript(PLAIN, step, examples=False)
    asked = transcript(PLAIN, replace(step, history=(), action="cat f"), examples=False)
    assert read_transcript(shown.removeprefix(asked)) == (text if not text or text.endswith("\n") else text + "\n")


def changed(query: Query, observation: str) -> str:
    """The reply of a toy domain of screens: how many characters came."""
    return write_tagged(query, f"+{len(observation) - len(SCREENS.before(query))}")


SCREENS = replace(PLAIN, screens=True, write=changed)


def test_a_transcript_of_screens_shows_what_changed_and_not_whole_screens() -> None:
    setup = Setup(initial_state="1234")
    asked = query("type 7", ("type 56", "123456"), setup=setup)
    assert transcript(SCREENS, asked, examples=False) == ("$ # Initial state\n1234\n$ type 56\n+2\n$ type 7\n")


def test_what_continues_a_transcript_of_screens_is_read_as_a_reply() -> None:
    said = read_transcript("+2\n$ another action")
    assert read_tagged(query("type 7"), reply_of(said)) == "+2"
