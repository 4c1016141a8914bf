"""Actions and observations of the MCP domain."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.domain import find
from nextstate.domains.mcp import codec
from nextstate.errors import ActionError
from nextstate.types import Query, Setup

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
STRUCTURES = JSON.filter(lambda value: isinstance(value, dict | list))


@pytest.mark.parametrize(
    "action",
    [
        '{"name": "get_note", "arguments": {"id": 1}}',
        '{"name": "get_note"}',
        '{"name": "get_note", "arguments": null}',
        '{"name": "server.tool-with/odd:name", "arguments": {}}',
        '{"name": "no_such_tool", "arguments": {"deep": [[{"a": null}]]}}',
    ],
)
def test_a_tool_call_is_an_action_whether_the_tool_exists_or_not(action: str) -> None:
    codec.validate(action)


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("", "empty"),
        ("get_note(1)", "not JSON"),
        ("[]", "object"),
        ('{"arguments": {}}', "'name'"),
        ('{"name": "a", "arguments": [1]}', "object"),
        ('{"name": "a", "arguments": {"x": NaN}}', "NaN"),
        ('{"name": "a", "args": {}}', "args"),
        ('{"name": "a", "arguments": ' + "[" * 5_000 + "]" * 5_000 + "}", "JSON|deep"),
        ('{"name": "\\udc80"' + "\udc80}", "not JSON"),
    ],
)
def test_what_is_no_tool_call_is_refused_in_words(action: str, said: str) -> None:
    with pytest.raises(ActionError, match=said):
        codec.validate(action)


# Canonical form


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a": 1, "b": [1, 2]}', '{\n  "b": [1,2],\n  "a": 1\n}\n'),
        ('[{"a": "\\u00e4"}]', '[{"a": "ä"}]'),
        ('{"a": 1e2}', '{"a": 100.0}'),
        ('{"a": 1}\n{"b": 2}', '{"a":1}\n\n{ "b": 2 }'),
        ("line one\r\nline two\n", "line one\nline two"),
        ("\n text ", "text"),
    ],
)
def test_layout_does_not_count(one: str, other: str) -> None:
    assert codec.canonical(one) == codec.canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a": 1}', '{"a": 1.0}'),
        ('{"a": 1}', '{"a": "1"}'),
        ('{"a": 1}', '{"a": true}'),
        ('{"a": null}', "{}"),
        ("[1, 2]", "[2, 1]"),
        ('{"a": 1, "a": 2}', '{"a": 2}'),
        ('{"a": 1}', 'Here it is: {"a": 1}'),
        ("one  two", "one two"),
        ('{"a": " x"}', '{"a": "x"}'),
    ],
)
def test_values_kinds_order_of_lists_and_words_count(one: str, other: str) -> None:
    assert codec.canonical(one) != codec.canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"started_at": "2031-05-06T07:08:09Z"}', '{"started_at": "2031-05-06T09:01:02+02:00"}'),
        ('{"meta": {"timestamp": 1790000000}}', '{"meta": {"timestamp": 1790000123}}'),
        ('{"uptime_ms": 51}', '{"uptime_ms": 12345}'),
        ('{"elapsed": 0.25, "n": 1}', '{"elapsed": 1.5, "n": 1}'),
        ('{"requestId": "0123456789abcdef0123"}', '{"requestId": "fedcba98765432100123"}'),
        (
            '{"trace_id": "0b0b5f0e-3a51-4f0c-9d7e-2f5d3a1c9e77"}',
            '{"trace_id": "77777777-3a51-4f0c-9d7e-2f5d3a1c9e77"}',
        ),
        ('{"pid": 4242}', '{"pid": 77}'),
        ('{"created": "2031-05-06T07:08:09.123456"}', '{"created": "2031-05-06T07:08:10.654321"}'),
        ("Started with PID 4242", "Started with PID 77"),
        ("Done in 12 ms", "Done in 900 ms"),
        ("took 1.25 seconds", "took 0.5 seconds"),
        ("Serving at http://127.0.0.1:43210/", "Serving at http://127.0.0.1:51111/"),
        ("<Thing object at 0x7f00aa11bb22>", "<Thing object at 0x7f3333333333>"),
        ("wrote /tmp/tmpab12_xyz/out.txt", "wrote /tmp/tmpzz99_abc/out.txt"),
        (
            "modified: Tue Jul 22 2031 02:04:10 GMT+0000 (Coordinated Universal Time)",
            "modified: Wed Jul 23 2031 03:04:10 GMT+0000 (Coordinated Universal Time)",
        ),
        ("see https://errors.pydantic.dev/2.11/v/missing", "see https://errors.pydantic.dev/2.14/v/missing"),
        ('{"result": "Started with PID 12"}', '{"result": "Started with PID 13"}'),
    ],
)
def test_what_no_model_can_know_is_masked(one: str, other: str) -> None:
    assert codec.canonical(one) == codec.canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"date": "2031-05-06"}', '{"date": "2031-05-07"}'),
        ('{"created_at": "2031-05-06T07:08:09"}', '{"created_at": "2031-05-06T07:08:10"}'),
        ('{"departure": "2031-05-06T07:08:00"}', '{"departure": "2031-05-06T07:09:00"}'),
        ('{"id": "0b0b5f0e-3a51-4f0c-9d7e-2f5d3a1c9e77"}', '{"id": "77777777-3a51-4f0c-9d7e-2f5d3a1c9e77"}'),
        ('{"duration": 120}', '{"duration": 121}'),
        ('{"runtime": 142}', '{"runtime": 143}'),
        ('{"port": 8080}', '{"port": 8081}'),
        ('{"started_at": "noon"}', '{"started_at": "2031-05-06T07:08:09Z"}'),
        ('{"timestamp": 12}', '{"timestamp": 13}'),
        ('[{"timestamp": "2031-05-06T07:08:09Z"}]', '[{"timestamp": "2031-05-06T07:08:10Z"}]'),
        ('{"pages": [{"elapsed": 3}]}', '{"pages": [{"elapsed": 4}]}'),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8081/"),
        ("search timed out after 30000ms", "search timed out after 10000ms"),
        ("in 5 seconds", "in 6 seconds"),
        ("2031-05-06T07:08:09.000Z", "2031-05-07T07:08:09.000Z"),
    ],
)
def test_data_that_looks_like_metadata_is_kept(one: str, other: str) -> None:
    assert codec.canonical(one) != codec.canonical(other)


@given(STRUCTURES)
def test_any_layout_of_a_structure_has_one_canonical_form(value: object) -> None:
    forms = {
        codec.canonical(json.dumps(value, ensure_ascii=ascii, indent=indent, sort_keys=ordered))
        for ascii in (True, False)
        for indent in (None, 2)
        for ordered in (True, False)
    }
    assert len(forms) == 1


@given(st.text() | STRUCTURES.map(json.dumps) | st.lists(STRUCTURES.map(json.dumps), max_size=3).map("\n".join))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = codec.canonical(text)
    assert codec.canonical(once) == once


PIECES = st.sampled_from(
    [
        "2031-05-06T07:08:09.5Z",
        "PID 12",
        "in 5 ms",
        " ",
        "\r",
        "\n",
        "at 0x7f00aa11bb22",
        "<time>",
        "{",
        '"',
        "}",
        "[",
        "]",
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_masking_twice_is_masking_once_also_for_what_is_masked(text: str) -> None:
    once = codec.canonical(text)
    assert codec.canonical(once) == once


@given(STRUCTURES)
def test_a_structure_is_found_in_its_text(value: object) -> None:
    assert codec.value(json.dumps(value)) == value


@pytest.mark.parametrize("text", ["", "null", "3", '"text"', "{} {}", "{}x", "[NaN]", "[1e999]", "[" * 101 + "]" * 101])
def test_what_is_no_object_or_array_is_text(text: str) -> None:
    assert codec.values(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1_000_000,
        "{}\n" * 300_000,
        "[" * 90 + "1," * 400_000 + "1" + "]" * 90,
        '{"a":' * 100_000,
        "PID " * 250_000,
        "2031-05-06T07:08:09." * 50_000,
        "/tmp/tmp" * 120_000,
        '["' + "at 0x" * 190_000 + '"]',
        "\r" * 1_000_000,
        "[" + "9" * 900_000 + "]",
    ],
)
def test_long_and_nested_texts_take_little_time(text: str) -> None:
    started = time.perf_counter()
    codec.canonical(text)
    assert time.perf_counter() - started < 2


@given(st.text())
def test_a_reply_is_read_as_it_was_written(observation: str) -> None:
    domain = find("mcp")
    query = Query("mcp", Setup(), (), '{"name": "get_note", "arguments": {}}')
    assert domain.read(query, domain.write(query, observation)) == observation
    assert domain.show(query) == query.action
