"""A judge's reply gives five marks that stand in it, or none and the reason."""

from __future__ import annotations

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.eval.judge.lenient_json import CONSIDERED
from nextstate.eval.judge.verdicts import DIMENSIONS, Verdict, answers, read_verdict

FIVE = {"format": 5, "factuality": 4, "consistency": 3, "realism": 2, "quality": 1}
PLAIN = json.dumps(FIVE)
REASONED = json.dumps({name: {"why": f"because of {name}", "mark": mark} for name, mark in FIVE.items()})


@pytest.mark.parametrize(
    "reply",
    [
        PLAIN,
        f"  \n{PLAIN}\n",
        REASONED,
        json.dumps(FIVE, indent=4),
        f"```json\n{PLAIN}\n```",
        f"Here are my marks:\n\n{PLAIN}\n\nI hope that this helps {{or not}}.",
        f"<think>The format is {{bad}}. {PLAIN.replace('5', '1')}</think>\n{PLAIN}",
        f"Let me see. {PLAIN.replace('5', '2')} No, that is too low.\n</think>\n\n{PLAIN}",
        "{" + ", ".join(f"'{name}': {mark}" for name, mark in FIVE.items()) + ",}",
        "{" + ",\n".join(f"{name}: {mark}" for name, mark in FIVE.items()) + "}",
        json.dumps({name.upper(): f"{mark}/5" for name, mark in FIVE.items()}),
        json.dumps({f"{name}_score": f"{mark} / 5" for name, mark in FIVE.items()}),
        json.dumps({f" {name.title()} Score ": float(mark) for name, mark in FIVE.items()}),
        json.dumps({name: {"Score": str(mark), "reason": "so"} for name, mark in FIVE.items()}),
        json.dumps({name: f"{mark} out of 5" for name, mark in FIVE.items()}),
        json.dumps({"comment": "a {brace", "scores": FIVE, "total": 15}),
        json.dumps({"result": {"scores": FIVE}}),
        "{" + ", ".join(f'"{name}": {mark}/5' for name, mark in FIVE.items()) + "}",
        f'{PLAIN[:-1]}, "note": "the text holds </think> and }}"}}',
        f'The draft {json.dumps(dict.fromkeys(FIVE, 1))} was too low. {PLAIN} {{"done": true}}',
        PLAIN[:-1] + ', "note": "two\nlines"}',
    ],
)
def test_a_verdict_is_read_in_every_form_that_judges_give_it(reply: str) -> None:
    verdict = read_verdict(reply)
    assert (verdict.outcome, dict(verdict.scores)) == ("judged", FIVE)
    assert verdict.mean == 3.0


def test_the_words_of_the_judge_are_kept_with_the_dimension() -> None:
    assert read_verdict(REASONED).words == {name: f"because of {name}" for name in DIMENSIONS}
    assert read_verdict(PLAIN).words == {}


NO_MARKS = [0, 6, 50, -1, 4.5, 3.0001, True, "good", "5/10", "4-5", "five", [4], "٤", "4e0", 1e400]


@pytest.mark.parametrize("mark", NO_MARKS)
def test_what_is_no_whole_number_from_one_to_five_is_unreadable_and_never_bent(mark: object) -> None:
    for reply in (json.dumps(FIVE | {"realism": mark}), f"x {json.dumps(FIVE | {'realism': mark})}"):
        verdict = read_verdict(reply)
        assert (verdict.outcome, verdict.scores) == ("unreadable", {})
        assert "realism" in verdict.detail


@pytest.mark.parametrize("mark", [None, "", "N/A", {}, {"why": "cannot tell"}, {"score": None}])
def test_a_dimension_without_a_mark_makes_the_verdict_incomplete(mark: object) -> None:
    verdict = read_verdict(json.dumps(FIVE | {"quality": mark}))
    assert (verdict.outcome, verdict.scores, verdict.detail) == ("incomplete", {}, "no mark for quality")


def test_an_absent_dimension_is_named() -> None:
    assert read_verdict('{"format": 5, "quality": 4}').detail == "no mark for factuality, consistency, realism"


NO_VERDICTS = [
    *("", "  \n", "I cannot judge this.", "5 4 3 2 1", "[5, 4, 3, 2, 1]", "{}", '{"mark": 5}', "null", "{" * 50),
    *(f"<think>{PLAIN}", PLAIN[:-1], f"{PLAIN[:40]}... and so on", f"<thinking>\nperhaps {PLAIN}"),
    *(f"My draft is {PLAIN}.\n</think>\n", f"<think>{'again ' * CONSIDERED}{PLAIN}"),
]


@pytest.mark.parametrize("reply", NO_VERDICTS, ids=range(len(NO_VERDICTS)))
def test_a_reply_without_a_verdict_is_unreadable(reply: str) -> None:
    verdict = read_verdict(reply)
    assert (verdict.outcome, verdict.scores) == ("unreadable", {})
    assert verdict.detail


def test_a_mark_that_is_given_twice_counts_when_both_are_the_same() -> None:
    assert read_verdict(PLAIN[:-1] + ', "Format": "5"}').outcome == "judged"
    verdict = read_verdict(PLAIN[:-1] + ', "format": 2}')
    assert (verdict.outcome, verdict.detail) == ("unreadable", "format is given twice: 2 and 5")


def test_of_several_objects_the_last_that_names_a_dimension_counts_even_when_it_says_less() -> None:
    assert read_verdict(f'{PLAIN} On reflection: {{"format": 1}}').outcome == "incomplete"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.floats(0, 9) | st.sampled_from(["4", "4/5", "5.0", "x", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*DIMENSIONS, "score", "why", "scores", "Format"]), inner, max_size=7)
    ),
    max_leaves=12,
)


def stands_in(text: str, verdict: Verdict) -> bool:
    """Whether each mark stands somewhere behind the name of its dimension."""
    return all(
        re.search(rf"{name}.*?\b{mark}\b", text, re.IGNORECASE | re.DOTALL) for name, mark in verdict.scores.items()
    )


@given(st.dictionaries(st.sampled_from([*DIMENSIONS, "scores", "Quality", "note"]), VALUES, max_size=8))
def test_no_verdict_on_any_json_holds_a_mark_that_does_not_stand_there(value: dict[str, object]) -> None:
    text = json.dumps(value)
    verdict = read_verdict(text)
    assert stands_in(text, verdict)
    assert (verdict.outcome == "judged") == (len(verdict.scores) == 5)
    wrapped = read_verdict(f"Well:\n```json\n{text}\n```\n")
    assert (wrapped.outcome, wrapped.scores) == (verdict.outcome, verdict.scores)


PIECES = st.sampled_from(
    [
        *(
            *DIMENSIONS,
            "{",
            "}",
            "[",
            "]",
            '"',
            "'",
            ":",
            ",",
            "\\",
            "\n",
            " ",
            "1",
            "5",
            "50",
            "4/5",
            "null",
            "<think>",
        ),
        *("</think>", "```", "score", "\u2028", "\x00", "\ud800", PLAIN, PLAIN[:30], PLAIN[30:]),
    ]
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_no_text_crashes_the_reader_or_makes_it_invent_a_mark(text: str) -> None:
    verdict = read_verdict(text)
    assert stands_in(text, verdict)


@given(st.permutations(list(FIVE)), st.integers(0, 4), st.text(alphabet="abc {}\"',:[]\\\n", max_size=20))
def test_a_verdict_from_which_one_mark_is_torn_out_is_never_whole(order: list[str], gone: int, instead: str) -> None:
    members = [f'"{name}": {"" if number == gone else FIVE[name]}' for number, name in enumerate(order)]
    torn = read_verdict("{" + ", ".join(members) + "}" + instead)
    assert torn.outcome != "judged"


@given(st.integers(0, len(REASONED) - 1))
def test_a_verdict_that_was_cut_off_is_none(end: int) -> None:
    assert read_verdict(REASONED[:end]).outcome == "unreadable"


NUMBERLESS = st.recursive(
    st.text(max_size=8) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=6), NUMBERLESS, max_size=4))
def test_lenient_reading_gives_what_strict_reading_gives(value: dict[str, object]) -> None:
    text = json.dumps(value)
    (strict,) = answers(text)
    assert answers(f"so: {text}") == ([] if "</think>" in text else [strict])


HOSTILE = [
    *("{" * 1_000_000, '{"a":' * 200_000, "{'a':[" * 160_000, '{"' * 500_000, "{'\"" * 300_000, "<think>" * 140_000),
    *('{"a":"' + "\\" * 999_000, "[" * 999_000 + "{", '{"a":{},' * 120_000, '{"format":1,' * 80_000),
    *('{"format":' + "9" * 999_000 + "}", " " * 1_000_000, '{"a":[' + "1," * 500_000, "</think>" * 120_000),
    *("{a:{a:{a:{a:{a:{a:{a:{a:{a:{a:{a:{a:b," * 25_000, "format: 5 " * 100_000, '{"x":1}' * 140_000),
    *('{"format": {"score": null' * 30_000, "{" + '"format": 5, ' * 80_000 + "}", "\\{\"'" * 250_000),
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_huge_and_hostile_replies_are_read_in_bounded_time(text: str) -> None:
    started = time.process_time()
    assert read_verdict(text).outcome in ("unreadable", "incomplete")
    assert time.process_time() - started < 2


def test_deeply_nested_json_is_no_verdict() -> None:
    deep = '{"scores":' * 900 + PLAIN + "}" * 900
    assert read_verdict('{"scores":' * 100_000 + "}" * 100_000).outcome == "unreadable"
    assert read_verdict(deep).outcome in ("judged", "unreadable")


def test_a_verdict_at_the_end_of_a_very_long_reply_is_read() -> None:
    assert read_verdict("thinking aloud {again} " * CONSIDERED + PLAIN).outcome == "judged"


def test_marks_without_the_outcome_judged_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="all five scores, 1 to 5, exactly when"):
        Verdict("unreadable", FIVE)
    with pytest.raises(ValueError, match="all five scores, 1 to 5, exactly when"):
        Verdict("judged", {"format": 5})
    with pytest.raises(ValueError, match="all five scores, 1 to 5, exactly when"):
        Verdict("judged", FIVE | {"format": 50})
    with pytest.raises(ValueError, match="no outcome of judging"):
        Verdict("fine")
