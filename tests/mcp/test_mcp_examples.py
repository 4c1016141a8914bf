"""The domain keeps its promises, and its golden examples are what the real server says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from nextstate import conform
from nextstate.data import store
from nextstate.domain import find
from nextstate.domains.mcp.failures import failed
from nextstate.types import Query, Trajectory

DOMAIN = find("mcp")


def test_the_domain_conforms() -> None:
    assert [finding.sentence for finding in conform.check(DOMAIN).broken] == []


def test_the_prompts_tell_the_reply_format_and_the_short_one_fits_small_contexts() -> None:
    for prompt in (DOMAIN.prompt, *DOMAIN.prompts.values()):
        assert prompt.rstrip().endswith("</predicted_observation>")
    assert len(DOMAIN.prompt) <= 2_500 < len(DOMAIN.prompts["long"])


def test_the_rubric_has_five_dimensions_three_kinds_of_content_and_a_word_against_praise() -> None:
    for word in ("format:", "factuality:", "consistency:", "realism:", "quality:"):
        assert word in DOMAIN.rubric
    for word in ("deterministic content", "pre-existing content", "runtime metadata", "praises itself"):
        assert word in DOMAIN.rubric


@pytest.mark.parametrize("example", DOMAIN.examples(), ids=lambda one: one.id)
def test_failures_in_the_examples_are_told_as_the_server_marked_them(example: Trajectory) -> None:
    for k, turn in enumerate(example.turns):
        query = Query("mcp", example.setup, example.turns[:k], turn.action)
        assert failed(query, turn.observation) is turn.meta["error"]


def test_the_examples_are_small_and_hold_successes_failures_and_every_tool() -> None:
    path = Path(sys.modules["nextstate.domains.mcp"].__file__ or "").parent / "examples.jsonl"
    assert path.stat().st_size <= 150_000
    turns = [turn for example in store.read(path) for turn in example.turns]
    assert {turn.meta["error"] for turn in turns} == {True, False}
    tools = {tool.name for example in DOMAIN.examples() for tool in example.setup.tools}
    assert all(any(f'"{name}"' in turn.action for turn in turns) for name in tools)


def test_the_examples_are_what_the_server_says_today(tmp_path: Path) -> None:
    pytest.importorskip("mcp", reason="the MCP SDK is not installed")
    from nextstate.record import mcp_examples

    mcp_examples.main(["--out", str(tmp_path / "again.jsonl")])
    for again, kept in zip(store.read(tmp_path / "again.jsonl"), DOMAIN.examples(), strict=True):
        assert again.id == kept.id
        assert again.setup.initial_state == kept.setup.initial_state
        assert [tool.name for tool in again.setup.tools] == [tool.name for tool in kept.setup.tools]
        for new, old in zip(again.turns, kept.turns, strict=True):
            assert (new.action, DOMAIN.canonical(new.observation)) == (old.action, DOMAIN.canonical(old.observation))
