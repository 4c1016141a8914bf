"""Messages read back into the question that they were rendered from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextstate import domain as domains
from nextstate.errors import NextstateError, UsageError
from nextstate.models import render
from nextstate.serve.openai import reading
from nextstate.serve.openai.wire import Message
from nextstate.types import Query, Setup, Tool, Turn

TEXT = domains.find("terminal")


def read(messages: list[dict[str, Any]], domain: domains.Domain | None = None) -> Query:
    """The query of messages, as the server reads them."""
    asked = msgspec.convert(messages, list[Message])
    name, rest = reading.prompted(reading.system(asked), reading.prompts())
    domain = domain or domains.find(name)
    setup = reading.setup(domain, rest)
    found = reading.conversation(domain, setup, asked)
    return Query(domain.name, setup, found.history, found.action, found.notes)


def told(setup: Setup) -> Setup:
    """What of a set-up stands in messages."""
    return replace(setup, facts={})


@pytest.mark.parametrize("name", ["android", "mcp", "os", "search", "swe", "terminal", "web"])
def test_what_was_rendered_is_read_back_for_every_golden_example(name: str) -> None:
    domain = domains.find(name)
    for example in domain.examples():
        if len(example.setup.initial_state) > render.LIMIT or len(example.turns) > 40:
            continue
        *past, last = example.turns[:8]
        query = Query(name, example.setup, tuple(past), last.action, "only now: a fact")
        back = read(render.messages(domain, query))
        assert back.domain == name
        assert back.setup == told(example.setup)
        assert [(one.action, one.observation) for one in back.history] == [
            (one.action, one.observation) for one in past
        ]
        assert (back.action, back.notes) == (query.action, query.notes)


words = st.text(st.characters(codec="utf-8"), max_size=30)
tools = st.builds(
    Tool, st.text("abc", min_size=1, max_size=5), words, st.dictionaries(words, st.text("xyz"), min_size=1, max_size=2)
)
setups = st.builds(
    Setup,
    initial_state=words,
    tools=st.lists(tools, max_size=2).map(tuple),
    demonstrations=st.lists(st.builds(Turn, words, words), max_size=2).map(tuple),
    instruction=words,
)
queries = st.builds(
    Query, st.just("terminal"), setups, st.lists(st.builds(Turn, words, words), max_size=3).map(tuple), words, words
)


@given(queries)
@settings(max_examples=60, deadline=None)
def test_any_query_without_headings_in_it_is_read_back(query: Query) -> None:
    assert read(render.messages(TEXT, query)) == query


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_system_message_is_read_as_some_set_up(text: str) -> None:
    assert isinstance(reading.setup(TEXT, text).initial_state, str)


def test_a_system_message_of_another_author_is_the_initial_state() -> None:
    query = read([{"role": "system", "content": "A box with two disks."}, {"role": "user", "content": "lsblk"}], TEXT)
    assert (query.setup, query.action) == (Setup(initial_state="A box with two disks."), "lsblk")


def test_an_observation_without_tags_is_taken_as_it_is() -> None:
    query = read(
        [
            {"role": "user", "content": "echo hi"},
            {"role": "assistant", "content": "hi\n"},
            {"role": "user", "content": [{"type": "text", "text": "echo "}, {"type": "text", "text": "ho"}]},
        ],
        TEXT,
    )
    assert query.history == (Turn("echo hi", "hi\n"),)
    assert query.action == "echo ho"


def test_the_long_variant_of_a_world_prompt_names_its_domain_as_well() -> None:
    domain = domains.worded(TEXT, "long")
    query = Query("terminal", Setup(initial_state="a box"), (), "ls")
    assert read(render.messages(domain, query)) == query


def test_a_domain_that_words_its_actions_is_read_back() -> None:
    domain = replace(TEXT, show=lambda query: f"[{len(query.history)}] do {query.action} now")
    query = Query("terminal", Setup(), (Turn("do x", "y"),), "]do [")
    assert read(render.messages(domain, query), domain) == query


CALL = {"id": "c1", "type": "function", "function": {"name": "bash", "arguments": '{"command": "ls"}'}}
OTHER = {"id": "c2", "type": "function", "function": {"name": "bash", "arguments": '{"command": "pwd"}'}}


def test_the_transcript_of_an_agent_is_its_calls_and_their_results() -> None:
    domain = replace(TEXT, tool=lambda setup: _bash())
    query = read(
        [
            {"role": "system", "content": "You are an agent."},
            {"role": "user", "content": "Find the file."},
            {"role": "assistant", "content": "I look.", "tool_calls": [CALL, OTHER]},
            {"role": "tool", "tool_call_id": "c2", "content": "/home\n"},
            {"role": "tool", "tool_call_id": "c1", "content": "a.txt\n"},
            {"role": "assistant", "tool_calls": [{**CALL, "id": "c3"}]},
        ],
        domain,
    )
    assert query.history == (Turn("pwd", "/home\n"), Turn("ls", "a.txt\n"))
    assert query.action == "ls"


def _bash() -> Tool:
    return Tool("bash", "", {"type": "object", "properties": {"command": {"type": "string"}}})


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        ([{"role": "system", "content": "x"}], "no action"),
        ([{"role": "user", "content": "a"}, {"role": "user", "content": "b"}], "message 1"),
        ([{"role": "assistant", "content": "a"}], "message 0"),
        ([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "message 1"),
        ([{"role": "user", "content": [{"type": "image_url"}]}], "image_url"),
        ([{"role": "user", "content": "[... 3 earlier turns are not shown ...]\n\nls"}], "3 turns are left out"),
        ([{"role": "assistant", "tool_calls": [CALL, OTHER]}], "2 tool calls"),
        ([{"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "tool_call_id": "c1"}], "0 tool calls"),
        ([{"role": "tool", "tool_call_id": "no"}], "nobody has made"),
        ([{"role": "assistant", "tool_calls": [{"function": {"name": "bash", "arguments": "[1]"}}]}], "no JSON object"),
        ([{"role": "assistant", "tool_calls": [{"function": {"name": "bash", "arguments": "{,"}}]}], "not JSON"),
        ([{"role": "assistant", "tool_calls": [{"function": {"name": "zsh", "arguments": "{}"}}]}], "zsh"),
    ],
)
def test_messages_that_ask_nothing_are_refused_with_what_to_change(messages: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(NextstateError, match=says):
        read(messages, replace(TEXT, tool=lambda setup: _bash()))


def test_a_gap_is_refused_because_a_world_goes_on_from_all_turns() -> None:
    turns = tuple(Turn(f"echo {number}", "x" * 500) for number in range(40))
    shown = render.messages(TEXT, Query("terminal", Setup(), turns, "ls"), max_chars=len(TEXT.prompt) + 9_000)
    with pytest.raises(UsageError, match="turns are left out"):
        read(shown)


@pytest.mark.parametrize("place", ["state", "observation", "action"])
def test_a_text_that_was_cut_is_refused_wherever_it_stands(place: str) -> None:
    long = "x" * 40_000
    setup = Setup(initial_state=long if place == "state" else "")
    turn = Turn(long if place == "action" else "cat f", long if place == "observation" else "")
    with pytest.raises(UsageError, match="a part is left out"):
        read(render.messages(TEXT, Query("terminal", setup, (turn,), "wc f")))
