"""Whatever an agent, a model or a file hands to a domain: the outcome is a named one, and it comes soon."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate import domain as domains
from nextstate.domain import TAG, Determined, Domain, Unknown, calls, patterns, schemas
from nextstate.errors import ActionError, ReplyError
from nextstate.types import Query, Setup, Turn

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("android", "mcp", "os", "search", "swe", "terminal", "web")
GUI = ("android", "os", "web")
CALLED = ("mcp", "search", "swe")
SECONDS = 2.0
DIGITS = "9" * 5_000

ACTIONS = (
    *("", "\n", "\x00", "\udc80", "null", "[]", "5", "NaN", "1e4000", DIGITS, "{", "[" * 100_000, "((((" * 250),
    *('{"name": 5}', '{"name": "x", "arguments": [1]}', '{"name": "x", "arguments": {"path": NaN}}'),
    *(f'{{"name": "x", "arguments": {{"n": {DIGITS}}}}}', '{"name": "\\ud800"}', "a\r\nb", "\u202eab\u200b"),
    *('{"action_type": "click", "index": -1}', f'{{"action_type": "click", "index": {DIGITS}}}'),
    *('{"action_type": "input_text", "text": "\\ud800", "index": 1}', '{"action_type": ["click"]}'),
    *("click(float('nan'))", f"click({DIGITS})", "click('1', *[1])", "click(click('1'))", "tab_focus(10**100)"),
    *("pyautogui.write('a' * 10**10)", "pyautogui.press('a', presses=10**9)", "pyautogui.click(1e999, 0)"),
    *("__import__('os').system('true')", "while True: pass", "click('\\ud800')", "lambda: 0"),
)
OBSERVATIONS = (
    *("", "\n" * 300_000, "x" * 300_000, "\x00\ud800\u202e\u200b" * 500, "a\r\n" * 20_000, "\t" * 100_000),
    *("[" * 50_000, '{"a":' * 950 + "1" + "}" * 950, DIGITS, "1e4000", "NaN", '{"a": -Infinity, "a": 1}'),
    *('{"a": "\\ud800"}', "'" * 100_000, '"' * 100_000, "\\" * 100_000, "a: error " * 20_000, "Error\n (x)" * 10_000),
    *('0 Button "' + '\\"' * 100_000, '0 B "x" clickable [' + DIGITS + ",0][1e999,nan]", "<a>" * 50_000),
    *(f"(Result {DIGITS} / {DIGITS}) x", "<returncode>" * 20_000, "1. [T](http://[)\n" * 5_000),
)
FACTS: tuple[Any, ...] = (
    *(None, True, -1, 10**5000, float("nan"), "", "x", "\ud800", "\x00", [], [None], [[]], ["x", 1, None, {}]),
    *({}, {"": ""}, {"a": None}, {"a": [1]}, {"http://[": 1}, {"http://a/": {"title": 1, "tree": 2, "text": 3}}),
    *({"ranking": "bm25", "results": -1}, {"ranking": [], "results": {}}, {"\ud800": "\ud800"}),
)
_SHELL = ("user", "host", "cwd", "env", "files", "modes", "complete", "tools", "invoke")
KEYS = {
    "search": ("pages", "complete", "index", "memory"),
    "web": ("plain", "pages"),
    "android": ("x",),
    "os": ("x",),
    "swe": (*_SHELL, "shown"),
    "terminal": (*_SHELL, "screen"),
}
"""Facts that are read; those of the tools of mcp are tried by their own tests."""


def soon(call: Callable[[], Any]) -> Any:
    """What ``call`` gives, which takes little processor time."""
    started = time.process_time()
    result = call()
    assert time.process_time() - started < SECONDS
    return result


@pytest.fixture(params=NAMES)
def world(request: pytest.FixtureRequest) -> Domain:
    return domains.find(request.param)


def first(world: Domain, action: str | None = None) -> Query:
    example = world.examples()[0]
    return Query(world.name, example.setup, (), example.turns[0].action if action is None else action)


@pytest.mark.parametrize("action", ACTIONS, ids=range(len(ACTIONS)))
def test_an_action_is_taken_or_refused_in_one_sentence(world: Domain, action: str) -> None:
    try:
        soon(lambda: world.validate(action))
    except ActionError as error:
        assert 10 < len(str(error)) < 600
        str(error).encode()


@pytest.mark.parametrize("action", ACTIONS, ids=range(len(ACTIONS)))
def test_a_kernel_answers_or_does_not_know_any_action(world: Domain, action: str) -> None:
    assert world.kernel is not None
    kernel, setup = world.kernel(), world.examples()[0].setup
    for state in (kernel.open(Setup()), kernel.open(setup)):
        found = soon(lambda state=state: kernel.step(state, action))
        assert isinstance(found, Determined) or (isinstance(found, Unknown) and len(found.facts) < 5_000)
        soon(lambda state=state: kernel.absorb(state, action, "shown\n"))


@pytest.mark.parametrize("action", ACTIONS, ids=range(len(ACTIONS)))
def test_checks_and_failures_are_told_for_any_action(world: Domain, action: str) -> None:
    query = Query(world.name, world.examples()[0].setup, (Turn(action, "x"),), action)
    assert world.show(query) == world.show(query)
    for check in (*world.checks.values(), world.failed):
        if check is not None:
            assert check(query, "x") in (True, False, None)


@pytest.mark.parametrize("shown", OBSERVATIONS, ids=range(len(OBSERVATIONS)))
def test_any_observation_is_compared_checked_and_drawn(world: Domain, shown: str) -> None:
    query = first(world)
    once = soon(lambda: world.canonical(shown))
    assert world.canonical(once) == once
    for one in (query, Query(world.name, query.setup, (Turn(query.action, shown),), query.action)):
        for check in (*world.checks.values(), world.failed):
            if check is not None:
                assert soon(lambda check=check, one=one: check(one, shown)) in (True, False, None)
    if world.picture is not None:
        assert len(soon(lambda: world.picture(shown))) < 5_000_000


@pytest.mark.parametrize("shown", OBSERVATIONS, ids=range(len(OBSERVATIONS)))
def test_any_observation_is_absorbed_and_comes_back_from_a_reply(world: Domain, shown: str) -> None:
    assert world.kernel is not None
    kernel, query = world.kernel(), first(world)
    state = soon(lambda: kernel.absorb(kernel.open(query.setup), query.action, shown))
    assert isinstance(soon(lambda: kernel.step(state, query.action)), Determined | Unknown)
    after = Query(world.name, query.setup, (Turn(query.action, shown),), query.action)
    for one in (query, after):
        assert world.read(one, soon(lambda one=one: world.write(one, shown))) == shown


@pytest.mark.parametrize("name", KEYS)
def test_facts_of_a_wrong_type_are_no_facts(name: str) -> None:
    world = domains.find(name)
    assert world.kernel is not None
    kernel, example = world.kernel(), world.examples()[0]
    for key in KEYS[name]:
        for value in FACTS:
            setup = Setup(example.setup.initial_state, example.setup.tools, facts={**example.setup.facts, key: value})
            state = soon(lambda setup=setup: kernel.open(setup))
            for turn in example.turns[:2]:
                assert isinstance(kernel.step(state, turn.action), Determined | Unknown)
                kernel.absorb(state, turn.action, turn.observation)


@pytest.mark.parametrize("name", GUI)
def test_a_long_screen_that_stays_the_same_comes_back(name: str) -> None:
    world = domains.find(name)
    long = "line\n" * 60_000
    query = Query(name, Setup(), (Turn("x", long),), "x")
    reply = world.write(query, long)
    assert len(reply) < 200
    assert world.read(query, reply) == long


@pytest.mark.parametrize(
    "edits",
    [
        "shift " + " ".join(["x+1"] * 100_000),
        "shift top+1 " + "z+1 " * 50_000,
        "shift top+1..end x+" + DIGITS,
        "set top+1..end name=" + "y" * 1_000_000,
        "set " + " " * 300_000 + "x=1",
        "delete " + ".." * 300_000,
        "move " + " after " * 50_000,
        "delete top+" + DIGITS,
        "after top\n" + "|x\n" * 30_000,
        "delete nowhere\n" * 15_000,
        "move top+1..end after top+1\n" * 2,
    ],
    ids=range(11),
)
@pytest.mark.parametrize("name", GUI)
def test_edits_that_fit_no_screen_are_refused_soon(name: str, edits: str) -> None:
    world = domains.find(name)
    with pytest.raises(ReplyError) as refused:
        soon(lambda: world.read(first(world), f"<{TAG}>\nedit\n{edits}\n</{TAG}>"))
    assert len(str(refused.value)) < 500


def doubling(keyword: str, levels: int) -> dict[str, Any]:
    """A schema that asks the same 2**levels times."""
    parts = {f"d{i}": {keyword: [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(levels)}
    return {"$ref": "#/$defs/d0", "$defs": {**parts, f"d{levels}": {"type": "string"}}}


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"allOf": [schema]}
    return schema


HOSTILE: dict[str, dict[str, Any]] = {
    "no type": {"type": "nonsense"},
    "dialect of a wrong type": {"$schema": 5},
    "dialect in a part": {"allOf": [{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "string"}]},
    "recursive": {"allOf": [{"$ref": "#"}]},
    "elsewhere": {"$ref": "http://127.0.0.1:1/schema.json"},
    "a file": {"$ref": "file:///etc/passwd"},
    "any of doubled": doubling("anyOf", 24),
    "all of doubled": doubling("allOf", 24),
    "one of doubled": doubling("oneOf", 24),
    "deep": nested(5_000),
    "long messages": {"anyOf": [{"type": "integer"}] * 1_000},
    "many ways out": {"additionalProperties": {"anyOf": [{"$ref": "#"}] * 8}},
    "names that backtrack": {"patternProperties": {"^(x+x+)+y": {"type": "string"}}},
    "no expression": {"properties": {"a": {"pattern": "("}}},
    "many repetitions": {"properties": {"a": {"pattern": "a{99999999999}"}}},
    "unevaluated": {"unevaluatedProperties": False},
}


@pytest.mark.parametrize("schema", HOSTILE.values(), ids=HOSTILE)
def test_a_schema_that_cannot_be_followed_demands_nothing(schema: dict[str, Any]) -> None:
    value = {"a": "x" * 100_000, "x" * 60: 1, "l": [{"i": i} for i in range(500)]}
    assert soon(lambda: calls.problems(schema, value)) == ()


def test_an_expression_that_backtracks_is_still_decided() -> None:
    schema = {"properties": {"a": {"pattern": "^(a+)+$"}}}
    assert soon(lambda: calls.problems(schema, {"a": "a" * 60})) == ()
    (said,) = soon(lambda: calls.problems(schema, {"a": "a" * 60 + "b"}))
    assert said.endswith("does not match '^(a+)+$'")
    assert soon(lambda: schemas.errors(schema, {"a": "a" * 1_000_000 + "b"})) == []


@given(st.from_regex(r"\^?(\(?[ab.](\*|\+|\?|\{1,2\})?\|?[^a]?\)?(\*|\+)?){1,4}\$?", fullmatch=True), st.text("ab\nx"))
def test_expressions_are_found_as_the_standard_library_finds_them(pattern: str, text: str) -> None:
    text = text[:12]
    try:
        expected = re.search(pattern, text) is not None
        places = set(range(len(text) + 1))
        found = bool(patterns._sequence(patterns._parsed(pattern), text, places, lambda steps: None))
    except (re.error, patterns.Unreadable):
        return
    assert found is expected


@pytest.mark.parametrize("name", CALLED)
@pytest.mark.parametrize("text", ['"\\ud800"', '{"a": "\\udfff"}', '["\\ud83d"]'])
def test_half_of_a_surrogate_pair_is_no_text(name: str, text: str) -> None:
    with pytest.raises(ActionError, match="surrogate"):
        domains.find(name).validate(f'{{"name": "x", "arguments": {{"v": {text}}}}}')
    assert calls.parse('{"name": "x", "arguments": {"v": "\\ud83d\\ude00"}}').arguments == {"v": "\N{GRINNING FACE}"}


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("web", r"click('\ud800')"),
        ("os", r"pyautogui.write('\ud800')"),
        ("android", r'{"action_type": "answer", "text": "\ud800"}'),
    ],
)
def test_half_of_a_surrogate_pair_is_no_text_on_a_screen(name: str, action: str) -> None:
    with pytest.raises(ActionError, match="surrogate"):
        domains.find(name).validate(action)


@pytest.mark.parametrize("given_", [5, ["a"], {"a": 1}, True])
@pytest.mark.parametrize("command", ["view", "create", "str_replace", "insert", "undo_edit"])
def test_an_editor_without_a_readable_path_is_not_known(command: str, given_: object) -> None:
    world = domains.find("swe")
    assert world.kernel is not None
    arguments = {"command": command, "path": given_, "file_text": "x", "old_str": "x", "new_str": "y", "insert_line": 1}
    action = json.dumps({"name": "str_replace_editor", "arguments": arguments})
    kernel = world.kernel()
    state = kernel.open(world.examples()[0].setup)
    assert isinstance(kernel.step(state, action), Unknown)
    kernel.absorb(state, action, "x")


@pytest.mark.parametrize("name", ("android", "os", "search", "web"))
def test_a_history_of_five_thousand_turns_is_walked_and_checked(name: str) -> None:
    world = domains.find(name)
    assert world.kernel is not None
    kernel, example = world.kernel(), world.examples()[0]
    turns = (example.turns * (5_000 // len(example.turns) + 1))[:5_000]
    state = kernel.open(example.setup)
    started = time.process_time()
    for turn in turns[:500]:
        state = kernel.absorb(state, turn.action, turn.observation)
    assert time.process_time() - started < SECONDS
    query = Query(name, example.setup, turns, turns[0].action)
    for check in world.checks.values():
        assert soon(lambda check=check: check(query, turns[0].observation)) in (True, False, None)
    assert world.read(query, soon(lambda: world.write(query, turns[0].observation))) == turns[0].observation
