"""Reuse of evaluated prompts, against an engine that notes how each token was evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.models import local_prefix
from nextstate.models.local_prefix import EngineError, Prefixes

BLOCK = 4
Tokens = list[int]


class Noting:
    """Holds (token, the span it was evaluated in) and reuses as much as it can, as the real engine does."""

    def __init__(self, *, full_disk: bool = False) -> None:
        self.cells: list[tuple[int, object]] = []
        self.files: dict[str, list[tuple[int, object]]] = {}
        self.full_disk = full_disk
        self.evaluated = 0

    async def __call__(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if path.endswith("=save"):
            if self.full_disk:
                raise EngineError("no space")
            self.files[body["filename"]] = list(self.cells)
        elif path.endswith("=restore"):
            self.cells = list(self.files[body["filename"]])
        else:
            self.run(body["prompt"])
        return {}

    def run(self, prompt: Tokens, generated: Tokens | None = None) -> None:
        held = [token for token, _ in self.cells]
        start = min(local_prefix._shared(held, prompt), len(prompt) - 1)
        del self.cells[start:]
        for begin in range(start, len(prompt), BLOCK):
            block = prompt[begin : begin + BLOCK]
            self.cells += [(token, (begin, len(block))) for token in block]
        self.evaluated = len(prompt) - start
        self.cells += [(token, "alone") for token in generated or []]


async def ask(prefixes: Prefixes, engine: Noting, prompt: Tokens, generated: Tokens) -> list[tuple[int, object]]:
    """Run one request and return how its prompt was evaluated."""
    await prefixes.prepare(prompt)
    engine.run(prompt, generated)
    prefixes.evaluated(prompt)
    return engine.cells[: len(prompt)]


@pytest.fixture(autouse=True, scope="module")
def blocks() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_prefix, "BLOCK", BLOCK)
        patch.setattr(local_prefix, "KEPT", 3)
        yield


TOKENS = st.lists(st.integers(0, 2), min_size=1, max_size=20)


@st.composite
def requests(draw: st.DrawFn) -> list[tuple[Tokens, Tokens]]:
    """Prompts that often continue an earlier one with what was generated, each with what is generated after it."""
    made: list[tuple[Tokens, Tokens]] = []
    for _ in range(draw(st.integers(1, 12))):
        stem: Tokens = []
        if made and draw(st.booleans()):
            before, generated = draw(st.sampled_from(made))
            stem = (before + generated)[: draw(st.integers(0, 60))]
        made.append((stem + draw(TOKENS), draw(TOKENS)))
    return made


@given(requests(), st.booleans())
async def test_every_token_is_evaluated_as_in_a_fresh_engine(
    made: list[tuple[Tokens, Tokens]], full_disk: bool
) -> None:
    engine = Noting(full_disk=full_disk)
    prefixes = Prefixes(engine, Path("/nowhere"))
    for prompt, generated in made:
        fresh = Noting()
        fresh.run(prompt)
        assert await ask(prefixes, engine, prompt, generated) == fresh.cells


async def test_a_growing_prompt_evaluates_little_more_than_what_is_new() -> None:
    engine = Noting()
    prefixes = Prefixes(engine, Path("/nowhere"))
    prompt: Tokens = []
    for _ in range(20):
        prompt = [*prompt, 1, 2, 0]
        await ask(prefixes, engine, prompt, [0, 0])
        assert engine.evaluated <= 3 + BLOCK
    assert not engine.files


async def test_two_sessions_that_take_turns_evaluate_little_more_than_what_is_new(tmp_path: Path) -> None:
    engine = Noting()
    prefixes = Prefixes(engine, tmp_path)
    one, other = [1] * 40, [2] * 40
    for turn in range(5):
        for session in (one, other):
            session += [0, turn % 2]
            await ask(prefixes, engine, session, [1])
            assert engine.evaluated <= 2 + BLOCK or turn == 0


async def test_only_so_many_prompts_are_kept_and_their_files_go(tmp_path: Path) -> None:
    engine = Noting()
    prefixes = Prefixes(engine, tmp_path)
    for number in range(9):
        (tmp_path / f"prompt-{number}").touch()
        await ask(prefixes, engine, [number + 3] * 40, [])
    assert len(prefixes.kept) == 3
    assert len(list(tmp_path.iterdir())) == 9 - 5


async def test_what_was_interrupted_is_not_reused() -> None:
    engine = Noting()
    prefixes = Prefixes(engine, Path("/nowhere"))
    await ask(prefixes, engine, [1] * 40, [])
    await prefixes.prepare([1] * 60)
    engine.cells = [(1, "half done")] * 50
    cells = await ask(prefixes, engine, [1] * 60, [])
    assert all(span != "half done" for _, span in cells)
