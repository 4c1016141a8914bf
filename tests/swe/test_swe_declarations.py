"""Calls against the declared tools are refused as it was seen, or not answered; never taken for what they resemble."""

from __future__ import annotations

from dataclasses import replace

import pytest
from swe_walk import ALIVE, answer, call, why_not

from nextstate.types import Json, Setup, Tool


def tool(name: str, required: tuple[str, ...], **kinds: str) -> Tool:
    properties: dict[str, Json] = {key: {"type": kind} for key, kind in kinds.items()}
    return Tool(name, "", {"type": "object", "properties": properties, "required": list(required)})


TOOLS = (
    tool("bash", ("command",), command="string"),
    tool("read", ("path",), path="string", offset="integer", limit="integer"),
    tool("write", ("path", "content"), path="string", content="string"),
)
DECLARED: Setup = replace(ALIVE, tools=TOOLS)
PATH = "/repo/jar.txt"
KNOWN = [
    (call("write", path=PATH, content="one\ntwo\nthree\n"), f"Created the file {PATH}."),
    (call("read", path=PATH), "     1\tone\n     2\ttwo\n     3\tthree\n"),
]


def test_a_view_of_known_lines_is_answered_where_the_call_fits() -> None:
    assert answer(DECLARED, KNOWN, call("read", path=PATH, offset=2, limit=1)) == "     2\ttwo\n"


@pytest.mark.parametrize("given", [{"offset": "not-a-number"}, {"limit": "2"}, {"offset": True}, {"zebra": 1}])
def test_arguments_against_the_schema_are_not_ignored(given: dict[str, Json]) -> None:
    assert answer(DECLARED, KNOWN, call("read", path=PATH, **given)) is None


@pytest.mark.parametrize("name", ["bash_async", "my_bash", "BASH"])
def test_a_tool_that_is_not_declared_is_not_the_one_it_resembles(name: str) -> None:
    assert answer(DECLARED, [], call("bash", command="echo hi")) == "hi\n"
    reason, facts = why_not(DECLARED, [], call(name, command="echo hi"))
    assert reason == "a tool that is not declared is called"
    assert repr(name) in facts


def test_names_are_free_where_no_tools_are_declared() -> None:
    assert answer(ALIVE, [], call("bash_async", command="echo hi")) == "hi\n"


def test_a_refusal_that_was_shown_is_shown_for_the_next_undeclared_tool() -> None:
    seen = [(call("read_v9", path=PATH), "Error: Unknown tool: read_v9")]
    assert answer(DECLARED, seen, call("write_async", path=PATH, content="")) == "Error: Unknown tool: write_async"
    hinted = [(call("read_v9", path=PATH), "Unknown tool: read_v9. Did you mean read?")]
    assert answer(DECLARED, hinted, call("write_async", path=PATH, content="")) is None


def test_the_words_for_an_argument_that_lacks_serve_the_same_tool_only() -> None:
    seen = [(call("write", path=PATH), "Error: the call of write lacks 'content'")]
    assert answer(DECLARED, seen, call("write", content="x")) == "Error: the call of write lacks 'path'"
    assert answer(DECLARED, seen, call("read")) is None


def test_a_refused_call_changes_nothing() -> None:
    seen = [*KNOWN, (call("write_async", path=PATH, content="other"), "Error: Unknown tool: write_async")]
    assert answer(DECLARED, seen, call("read", path=PATH, offset=2, limit=1)) == "     2\ttwo\n"


def test_a_tool_that_answered_though_it_is_not_declared_is_believed() -> None:
    seen = [(call("shell_x", command="echo a"), "a\n")]
    assert answer(DECLARED, seen, call("shell_x", command="echo b")) == "b\n"


@pytest.mark.parametrize("given", [{"workdir": "/other"}, {"run_in_background": True}, {"timeout": "soon"}])
def test_what_moves_a_command_elsewhere_is_not_ignored(given: dict[str, Json]) -> None:
    assert answer(ALIVE, [], call("bash", command="pwd; echo hi", **given)) is None


@pytest.mark.parametrize("given", [{"offset": "not-a-number"}, {"limit": "abc"}, {"path": 7, "file": PATH}])
def test_values_of_unusual_types_are_not_ignored_without_a_schema(given: dict[str, Json]) -> None:
    assert answer(ALIVE, KNOWN, call("read", **{"path": PATH, **given})) is None
