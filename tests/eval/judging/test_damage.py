"""Known damage is seeded, differs canonically from the truth, and the strict scorers rank it below the truth."""

from __future__ import annotations

import time
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate import domain as domains
from nextstate.eval.damage import KINDS, ORDERS, PRAISE, damage, ordering, praised
from nextstate.eval.scorers import exact, similarity
from nextstate.types import Origin, Outcome, Prediction, Query, Turn

TEXT = "total 12\n-rw-r--r-- 1 dev dev 48 notes.txt\n-rw-r--r-- 1 dev dev 20 plan.txt\n"
TEXTS = st.text(max_size=200) | st.text(alphabet="ab \n19é", max_size=60) | st.just(TEXT)


@given(TEXTS, st.sampled_from(KINDS), st.integers(0, 2**40))
def test_damage_differs_in_more_than_white_space_and_is_the_same_for_the_same_seed(
    text: str, kind: str, seed: int
) -> None:
    damaged = damage(text, kind, seed)
    assert damaged == damage(text, kind, seed)
    if damaged is not None:
        assert damaged.split() != text.split()


@pytest.mark.parametrize(
    ("kind", "changed"),
    [("swap_number", 1), ("change_word", 1), ("drop_line", -1), ("duplicate_line", 1), ("invent_line", 1)],
)
def test_each_kind_makes_one_fault(kind: str, changed: int) -> None:
    before, after = TEXT.split("\n"), str(damage(TEXT, kind, 3)).split("\n")
    if kind in ("swap_number", "change_word"):
        assert sum(one != other for one, other in zip(before, after, strict=True)) == changed
        assert len(str(damage(TEXT, "swap_number", 3))) == len(TEXT)
    else:
        assert len(after) - len(before) == changed
    new = set(after) - set(before)
    assert len(new) == (0 if kind in ("drop_line", "duplicate_line") else 1)


def test_lines_change_places_and_texts_end_early_or_never_begin() -> None:
    swapped = str(damage(TEXT, "swap_lines", 1))
    assert sorted(swapped.split("\n")) == sorted(TEXT.split("\n"))
    assert TEXT.startswith(str(damage(TEXT, "truncate", 1)))
    assert damage(TEXT, "empty", 1) == ""


def test_praise_and_orders_stand_behind_the_text() -> None:
    for text in (TEXT, TEXT.rstrip("\n"), ""):
        assert praised(text, 5).rstrip("\n").split("\n")[-1] in PRAISE
        assert ordering(text, 5).rstrip("\n").split("\n")[-1] in ORDERS
        assert praised(text, 5).startswith(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *(("", kind) for kind in KINDS if kind not in ("self_praise", "order_judge")),
        ("words alone", "swap_number"),
        ("12 34", "change_word"),
        ("one line\n", "drop_line"),
        ("same\nsame\n", "swap_lines"),
        ("a\n", "truncate"),
    ],
)
def test_a_kind_that_does_not_apply_gives_nothing(text: str, kind: str) -> None:
    assert damage(text, kind, 0) is None


def test_what_the_canonical_form_masks_is_no_damage() -> None:
    assert damage("it is 12:30", "swap_number", 0, lambda text: "it is <time>") is None
    damaged = damage("12:30 is at 5", "swap_number", 0, lambda text: text[6:])
    assert damaged is not None
    assert damaged.startswith("12:30 is at ")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError, match="melt"):
        damage(TEXT, "melt", 0)


@pytest.mark.parametrize("text", ["1 " * 500_000, "line of words 12\n" * 60_000, "x" * 1_000_000, "\n" * 1_000_000])
def test_damage_to_huge_texts_takes_bounded_time(text: str) -> None:
    for kind in KINDS:
        started = time.process_time()
        damage(text, kind, 1)
        assert time.process_time() - started < 2, kind


@cache
def turns(name: str) -> list[tuple[Query, str]]:
    return [
        (Query(name, one.setup, one.turns[:number], turn.action), turn.observation)
        for one in domains.find(name).examples()
        for number, turn in enumerate(one.turns)
    ]


async def ranked(query: Query, truth: str, damaged: str) -> bool:
    """Whether both strict scorers give the damaged observation less than the truth."""
    for scorer in (exact, similarity):
        shown = [Prediction(Outcome.OK, text, Origin.MODEL) for text in (truth, damaged)]
        true, less = [next(iter((await scorer(query, one, truth)).values.values())) for one in shown]
        if not less < true == 1.0:
            return False
    return True


@pytest.mark.parametrize("name", domains.names())
async def test_the_strict_scorers_rank_damage_below_the_truth(name: str) -> None:
    canonical = domains.find(name).canonical
    tried = 0
    for seed, (query, truth) in enumerate(turns(name)):
        for kind in KINDS:
            damaged = damage(truth, kind, seed, canonical)
            if damaged is not None:
                assert await ranked(query, truth, damaged), (kind, damaged)
                tried += 1
    assert tried > 100


@pytest.mark.parametrize("name", domains.names())
async def test_of_damage_that_knows_no_domain_the_strict_scorers_miss_at_most_what_nobody_can_know(name: str) -> None:
    drawn = [(query, truth, damage(truth, kind, 7)) for query, truth in turns(name) for kind in KINDS]
    seen = [await ranked(query, truth, damaged) for query, truth, damaged in drawn if damaged is not None]
    assert sum(seen) / len(seen) > 0.95


def test_damage_keeps_no_state() -> None:
    first = [damage(TEXT, kind, 4) for kind in KINDS]
    assert first == [damage(TEXT, kind, 4) for kind in KINDS]
    assert Turn("x", TEXT).observation == TEXT
