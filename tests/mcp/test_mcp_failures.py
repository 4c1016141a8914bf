"""Does a result say that the call failed?"""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.domains.mcp.failures import failed
from nextstate.types import Query, Setup

QUERY = Query("mcp", Setup(), (), '{"name": "tool", "arguments": {}}')


@pytest.mark.parametrize(
    "text",
    [
        "Error executing tool get_note: there is no note 9",
        "Error executing tool get_note",
        "Error calling tool 'get_note': boom",
        "Unknown tool: drop_notes",
        "MCP error -32602: Tool drop_notes not found",
        "Input validation error: 'query' is a required property",
        "2 validation errors for call[get_note]\nid\n  Field required",
        "Error: no seats left",
        "ERROR: no seats left",
        "❌ Error: no seats left",
        "Database error: no such table: ghost",
        "ENOENT: no such file or directory, open '/x'",
        "Access denied - path outside allowed directories",
        "Failed to fetch the page",
        "Could not find exact match for edit:\nx",
        "ValueError: bad number",
        "sqlite3.OperationalError: no such column",
        "Traceback (most recent call last):\n  File ...",
        "Entity with name ghost not found",
        "The document does not exist.",
        "Tool call timed out.",
        "success: false\nerror: nothing given",
        '{"error": "no such order"}',
        '{"error": {"code": 404, "message": "none"}}',
        '{"success": false, "message": "nothing changed"}',
        '{"isError": true, "content": []}',
        '{"status": "error", "message": "broken", "data": {}}',
        '{"result": "Error: division by zero"}',
        '{"result": {"error": "division by zero"}}',
    ],
)
def test_messages_of_failure_are_told(text: str) -> None:
    assert failed(QUERY, text) is True


@pytest.mark.parametrize(
    "text",
    [
        "Successfully wrote to notes.txt",
        "OK",
        "1023.0",
        "# Errands\nbuy milk",
        "[]",
        '{"id": 1, "title": "Error handling", "body": "what failed and why"}',
        '{"error": null, "value": 3}',
        '{"error": "", "value": 3}',
        '{"error": 0.02, "epochs": 3}',
        '{"success": true, "message": "no errors found"}',
        '{"status": "success"}',
        '{"order": 7, "status": "failed"}',
        '{"result": "7"}',
        '[{"name": "a"}, {"name": "b"}]',
        '{"a": 1}\n{"b": 2}',
    ],
)
def test_successes_are_told(text: str) -> None:
    assert failed(QUERY, text) is False


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "a.txt: one\n---\nb.txt: Error - no such file",
        "No matches found or search timed out after 30000ms.",
        "Contents of page:\n<error>cannot be simplified</error>",
        '{"a.md": {"result": 1, "error": "too long"}}',
        '{"results": [{"success": true}, {"success": false}]}',
        '{"errors": ["one"], "warnings": []}',
    ],
)
def test_what_does_not_tell_is_left_open(text: str) -> None:
    assert failed(QUERY, text) is None


@given(st.text(max_size=200))
def test_any_text_has_an_answer(text: str) -> None:
    assert failed(QUERY, text) in (True, False, None)
    assert failed(QUERY, json.dumps({"error": text})) is (bool(text) or False)


@pytest.mark.parametrize(
    "text", ["error " * 160_000, "A" * 1_000_000, "_." * 400_000, '{"a": [' + "{}," * 300_000 + "{}]}"]
)
def test_long_texts_take_little_time(text: str) -> None:
    started = time.perf_counter()
    failed(QUERY, text)
    assert time.perf_counter() - started < 2
