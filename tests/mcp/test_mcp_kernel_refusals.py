"""What the kernel says of calls that a server refuses."""

from __future__ import annotations

import pytest
from mcp_kernel_worlds import LIBRARY, NUMBER, TEXT, after, book, call, said, taught, tool, unknown

from nextstate.types import Setup, Tool

SETUP = Setup(tools=LIBRARY)
PYTHON = (call("get_book", book_id=9), "Error executing tool get_book: there is no book 9")
TYPESCRIPT = (call("drop"), "MCP error -32602: Tool drop not found")
LOW = (call("add_book"), "Input validation error: 'title' is a required property")


def test_a_missing_argument_is_refused_though_nobody_knows_in_which_words() -> None:
    found = unknown(after(SETUP), "get_book")
    assert found.reason == "the arguments are against the schema"
    assert "'book_id' is a required property" in found.facts
    assert "refuses" in found.facts


def test_a_wrong_type_may_be_refused() -> None:
    assert "may refuse" in unknown(after(SETUP), "get_book", book_id="nine").facts


def test_an_undeclared_tool_is_named_with_the_nearest_that_is_declared() -> None:
    found = unknown(after(SETUP), "get_boook", book_id=1)
    assert found.reason == "the tool is not declared"
    assert "get_book" in found.facts


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (PYTHON, "Unknown tool: clear"),
        (TYPESCRIPT, "MCP error -32602: Tool clear not found"),
        ((call("drop"), "no tool called drop here, error"), None),
    ],
)
def test_an_undeclared_tool_is_refused_in_the_words_of_the_sdk_that_was_seen(shown: tuple[str, str], text: str) -> None:
    assert said(after(SETUP, shown), "clear") == text


def test_the_refusal_of_one_undeclared_tool_is_that_of_another() -> None:
    state = after(SETUP, (call("shred"), "Error: no tool 'shred'"))
    assert said(state, "clear") == "Error: no tool 'clear'"


def test_pydantic_words_a_missing_argument_once_the_sdk_was_seen() -> None:
    text = said(after(SETUP, PYTHON), "move_book", shelf="B2")
    assert text is not None
    assert text.splitlines()[:3] == [
        "Error executing tool move_book: 1 validation error for move_bookArguments",
        "book_id",
        "  Field required [type=missing, input_value={'shelf': 'B2'}, input_type=dict]",
    ]


def test_pydantic_shortens_a_long_value_in_the_middle() -> None:
    text = said(after(SETUP, PYTHON), "move_book", shelf="x" * 80)
    assert text is not None
    assert f"input_value={{'shelf': '{'x' * 14}...{'x' * 22}'}}," in text


def test_pydantic_counts_all_that_is_missing() -> None:
    text = said(after(SETUP, PYTHON), "move_book")
    assert text is not None
    assert text.startswith("Error executing tool move_book: 2 validation errors for move_bookArguments\nbook_id\n")


def test_a_text_that_pydantic_may_turn_into_a_number_is_left_open() -> None:
    assert said(after(SETUP, PYTHON), "get_book", book_id="7") is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {},
            "Invalid input: expected string, received undefined at query\n"
            'Invalid option: expected one of "asc"|"desc" at order',
        ),
        ({"query": 5, "order": "asc"}, "Invalid input: expected string, received number at query"),
        ({"query": "q", "order": "up"}, 'Invalid option: expected one of "asc"|"desc" at order'),
        ({"query": "q", "order": "asc", "count": 99}, "Too big: expected number to be <=10 at count"),
    ],
)
def test_zod_words_every_problem_on_its_line(arguments: dict[str, object], words: str) -> None:
    order = {"type": "string", "enum": ["asc", "desc"]}
    count = {"type": "number", "maximum": 10, "default": 5}
    setup = Setup(tools=(tool("seek", {"query": TEXT, "order": order, "count": count}),))
    prefix = "MCP error -32602: Input validation error: Invalid arguments for tool seek: "
    assert said(after(setup, TYPESCRIPT), "seek", **arguments) == prefix + words


def test_jsonschema_words_the_best_match() -> None:
    assert said(after(SETUP, LOW), "get_book") == "Input validation error: 'book_id' is a required property"


def test_two_sdks_in_one_history_prove_neither() -> None:
    assert said(after(SETUP, PYTHON, TYPESCRIPT), "get_book") is None


def test_a_declaration_that_the_tool_itself_does_not_keep_is_not_enforced() -> None:
    state = after(SETUP, (call("get_book"), book(1)), (call("get_book"), book(1)))
    assert unknown(state, "move_book").reason == "the arguments are against the schema"
    assert said(state, "get_book") == book(1)


def test_the_error_of_a_tool_behind_a_gateway_proves_nothing_of_its_server() -> None:
    state = after(SETUP, (call("get_book", book_id=2), "Error executing tool run: INTERNAL_ERROR"))
    assert said(state, "get_book") is None


def test_demonstrations_show_the_manner_of_refusals() -> None:
    assert said(after(taught(TYPESCRIPT, tools=LIBRARY)), "clear") == "MCP error -32602: Tool clear not found"


@pytest.mark.parametrize("schema", [{"type": 5}, {"$ref": "http://127.0.0.1:9/x"}, {"properties": []}, {"required": 3}])
def test_a_broken_schema_demands_nothing(schema: dict[str, object]) -> None:
    state = after(Setup(tools=(Tool("get_it", "", schema),)), PYTHON)  # type: ignore[arg-type]  # broken on purpose
    assert unknown(state, "get_it", a=1).reason == "what the call reads was not shown before"


def test_bounds_of_a_number_are_refused_in_the_words_of_pydantic() -> None:
    page = {"type": "integer", "maximum": 50, "minimum": 1}
    text = said(after(Setup(tools=(tool("get_page", {"page": page}), *LIBRARY)), PYTHON), "get_page", page=99)
    assert text is not None
    assert "Input should be less than or equal to 50 [type=less_than_equal, input_value=99, input_type=int]" in text


def test_without_tools_nothing_is_refused() -> None:
    assert unknown(after(Setup()), "get_price", of=NUMBER).reason == "what the call reads was not shown before"
