"""Judges' replies for every branch of the published rules, written by us, with what they give, worked out by hand.

The numbers in front of the names are those of the rules in :mod:`nextstate.eval.agentworldbench.official_verdict`. The
five scores stand in the order format, factuality, consistency, realism, quality; ``None`` is a failed row.
"""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """A reply and what the published rules make of it."""

    name: str
    reply: str
    scores: tuple[int, int, int, int, int] | None
    total: float = 0.0


def five(a: object, b: object, c: object, d: object, e: object) -> str:
    """The object that judges are asked for, with whatever as marks, written as they stand."""
    marks = f'"format": {a}, "factuality": {b}, "consistency": {c}, "realism": {d}, "quality": {e}'
    return f'{{"strengths": ["same rows"], "weaknesses": [], "scores": {{{marks}}}}}'


GOOD = five(5, 4, 3, 2, 1)
FENCED = f"```json\n{GOOD}\n```"

CASES = (
    # 1: reasoning and the tagged block
    Case("0 as it was asked for", f"Well.\n<final_evaluation>\n{FENCED}\n</final_evaluation>", (5, 4, 3, 2, 1), 3.0),
    Case("1 nothing", "", None),
    Case("1 blanks", " \n\t ", None),
    Case("1 only reasoning", "<think>it is good</think>", None),
    Case("1 reasoning before", f"<think>first {five(1, 1, 1, 1, 1)}</think>{GOOD}", (5, 4, 3, 2, 1), 3.0),
    Case("1 reasoning in capitals", f"<THINK>{five(1, 1, 1, 1, 1)}</Think>{GOOD}", (5, 4, 3, 2, 1), 3.0),
    Case(
        "1 a closing marker alone takes what is before it", f"{five(1, 1, 1, 1, 1)}</think>{GOOD}", (5, 4, 3, 2, 1), 3.0
    ),
    Case("1 a closing marker alone takes everything", f"{GOOD}</think>", None),
    Case(
        "1 an opening marker alone ends at the tag",
        f"<think>{five(1, 1, 1, 1, 1)}<final_evaluation>{GOOD}</final_evaluation>",
        (5, 4, 3, 2, 1),
        3.0,
    ),
    Case("1 an opening marker alone takes the rest", f"<think>{GOOD}", None),
    Case("1 nested markers pair in order", f"<think>a<think>b</think>c</think>{GOOD}", (5, 4, 3, 2, 1), 3.0),
    Case("1 two openings and one closing marker", f"<think>a<think>b</think>{GOOD}", None),
    Case(
        "1 two pieces of reasoning", f"<think>a</think>{GOOD}<think>{five(1, 1, 1, 1, 1)}</think>", (5, 4, 3, 2, 1), 3.0
    ),
    # 2: the last tagged block
    Case(
        "2 the last block counts",
        f"<final_evaluation>{five(1, 1, 1, 1, 1)}</final_evaluation> no: <FINAL_EVALUATION>{GOOD}</Final_Evaluation>",
        (5, 4, 3, 2, 1),
        3.0,
    ),
    Case("2 a block that is not closed", f"<final_evaluation>\n{GOOD}", (5, 4, 3, 2, 1), 3.0),
    Case(
        "2 a blank block leaves the whole text", f"{GOOD}\n<final_evaluation> </final_evaluation>", (5, 4, 3, 2, 1), 3.0
    ),
    Case("2 a block without an object hides the object outside", f"{GOOD}<final_evaluation>see above", None),
    # 3: fences
    Case("3 a fence without a language", f"```\n{GOOD}\n```", (5, 4, 3, 2, 1), 3.0),
    Case("3 a fence in one line", f"```json{GOOD}```", (5, 4, 3, 2, 1), 3.0),
    Case(
        "3 the last fence with scores",
        f"```\n{five(1, 1, 1, 1, 1)}\n```\n{FENCED}\n```\n{{}}\n```",
        (5, 4, 3, 2, 1),
        3.0,
    ),
    Case(
        "3 a fence in another language is no object",
        f"```python\n{five(1, 1, 1, 1, 1)}\n```\n{GOOD}",
        (5, 4, 3, 2, 1),
        3.0,
    ),
    Case("3 a fence without scores hides the object outside", f'{GOOD}\n```json\n{{"note": 1}}\n```', None),
    Case("3 a fence with a list leaves the object outside", f"```json\n[1]\n```\n{GOOD}", (5, 4, 3, 2, 1), 3.0),
    Case("3 a fence that is not closed", f"```json\n{GOOD}", (5, 4, 3, 2, 1), 3.0),
    Case(
        "3 two objects in one fence are cut down to the first scores",
        f"```json\n{GOOD} {five(1, 1, 1, 1, 1)}\n```",
        (5, 4, 3, 2, 1),
        3.0,
    ),
    # 4: objects by their braces
    Case("4 prose around", f"My marks are {GOOD}, as I said.", (5, 4, 3, 2, 1), 3.0),
    Case(
        "4 the last object with scores",
        f'{five(1, 1, 1, 1, 1)} then {GOOD} then {{"done": true}}',
        (5, 4, 3, 2, 1),
        3.0,
    ),
    Case("4 only an object without scores", 'I give {"format": 5}', None),
    Case("4 no object", "five out of five", None),
    Case("4 a brace that is never closed is passed over", f"set {{ and then {GOOD}", (5, 4, 3, 2, 1), 3.0),
    Case("4 an object that is cut off", GOOD[:-2], None),
    Case(
        "4 braces in texts do not count",
        '{"weaknesses": ["a } too many"], "scores": {"format": 2}}',
        (2, 0, 0, 0, 0),
        2.0,
    ),
    Case("4 escaped quotes in texts", r'{"weaknesses": ["\"}\" lost"], "scores": {"format": 2}}', (2, 0, 0, 0, 0), 2.0),
    Case("4 an odd quote before hides nothing", f'5" of snow {GOOD}', (5, 4, 3, 2, 1), 3.0),
    Case("4 scores inside another object", '{"answer": {"scores": {"format": 3}}}', None),
    # 5: repair
    Case("5 trailing commas", '{"scores": {"format": 4, "quality": 2, },}', (4, 0, 0, 0, 2), 3.0),
    Case("5 keys in single quotes", "{'scores': {'format': 4, 'quality': 2}}", (4, 0, 0, 0, 2), 3.0),
    Case("5 bare keys", "{scores: {format: 4, quality: 2}}", (4, 0, 0, 0, 2), 3.0),
    Case("5 values in single quotes cannot be read", "{'scores': {'format': '4'}}", None),
    Case(
        "5 a reason that the repair breaks is left out",
        '{"weaknesses": ["long, though: right"], "scores": {"format": 4}}',
        (4, 0, 0, 0, 0),
        4.0,
    ),
    Case("5 broken scores beside it fail", '{"weaknesses": ["long, though: right"], "scores": {"format": four}}', None),
    Case(
        "5 scores with an object inside fail when the rest is broken",
        '{"weaknesses": ["a, b: c"], "scores": {"format": {"mark": 4}}}',
        None,
    ),
    Case("5 empty scores fail when the rest is broken", '{"weaknesses": ["a, b: c"], "scores": {}}', None),
    Case("5 a comment in the object fails", '{"scores": {"format": 4 /* good */}}', None),
    Case(
        "5 a list that is cut off is left out",
        '{"strengths": ["a", "scores": {"format": 3, "quality": 5}}',
        (3, 0, 0, 0, 5),
        4.0,
    ),
    # 6: the scores
    Case("6 scores in a list fail", '{"scores": [5, 4, 3, 2, 1]}', None),
    Case("6 scores that are null fail", '{"scores": null}', None),
    Case("6 no scores fail", '{"marks": {"format": 5}}', None),
    Case("6 no dimension at all counts as judged", '{"scores": {}}', (0, 0, 0, 0, 0)),
    Case(
        "6 a dimension is missing",
        '{"scores": {"format": 5, "factuality": 2, "consistency": 5, "realism": 4}}',
        (5, 2, 5, 4, 0),
        4.0,
    ),
    Case("6 other names do not count", '{"scores": {"Format": 5, "quality ": 4, "realism": 3}}', (0, 0, 0, 3, 0), 3.0),
    Case("6 the last of equal keys counts", '{"scores": {"format": 1, "format": 5}}', (5, 0, 0, 0, 0), 5.0),
    Case("6 above five is five", five(50, 6, 5, 1000000, 5), (5, 5, 5, 5, 5), 5.0),
    Case("6 zero is a dimension left out", five(0, 4, 4, 4, 4), (0, 4, 4, 4, 4), 4.0),
    Case("6 below zero stays and is no part of the total", five(-3, 4, 4, 4, 4), (-3, 4, 4, 4, 4), 4.0),
    Case("6 true is one and false nothing", five("true", "false", 3, 3, 3), (1, 0, 3, 3, 3), 2.5),
    Case("6 null is nothing", five("null", 4, 4, 4, 4), (0, 4, 4, 4, 4), 4.0),
    Case("6 halves go to the even number", five(4.5, 3.5, 2.5, 1.5, 0.5), (4, 4, 2, 2, 0), 3.0),
    Case("6 other numbers are rounded", five(4.51, 5.9, 0.4, 1e0, 3.49), (5, 5, 0, 1, 3), 3.5),
    Case("6 a number that is none fails", five("NaN", 4, 4, 4, 4), None),
    Case("6 a number without end fails", five("Infinity", 4, 4, 4, 4), None),
    Case("6 texts", five('"4/5"', '" 3 "', '"2 / 5"', '"+5"', '"7"'), (4, 3, 2, 5, 5), 3.8),
    Case("6 texts that are no number", five('"good"', '"4.0"', '"4 of 5"', '""', '"/5"'), (0, 0, 0, 0, 0)),
    Case("6 lists and objects are nothing", five("[5]", '{"mark": 5}', 3, 3, 3), (0, 0, 3, 3, 3), 3.0),
)
