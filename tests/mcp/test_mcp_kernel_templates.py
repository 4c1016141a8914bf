"""Results carried over from earlier calls of the same tool."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp_kernel_worlds import LIBRARY, after, book, call, said, taught

from nextstate.domains.mcp.kernel import carry
from nextstate.types import Setup

NONE = Setup()


def _wrote(path: str, content: str = "one\ntwo\n", text: str = "Wrote {path}.") -> tuple[str, str]:
    return call("write_file", path=path, content=content), text.format(path=path)


def test_an_acknowledgement_names_the_new_arguments() -> None:
    assert said(after(NONE, _wrote("/a/x.txt")), "write_file", path="/b/y.md", content="q") == "Wrote /b/y.md."


def test_nothing_is_carried_over_to_a_call_that_was_made_before() -> None:
    state = after(NONE, _wrote("/a/x.txt"), _wrote("/a/y.txt"))
    assert said(state, "write_file", path="/a/x.txt", content="one\ntwo\n") is None


def test_a_number_that_nothing_explains_is_not_carried_over() -> None:
    state = after(NONE, (call("send_mail", to="red@example.org"), "Sent to red@example.org as 4711."))
    assert said(state, "send_mail", to="blue@example.org") is None


def test_a_count_of_lines_is_carried_over_once_it_was_proven() -> None:
    first = _wrote("/a/x", "a\nb\nc", "Wrote {path} (3 lines)")
    second = _wrote("/a/y", "a\nb", "Wrote {path} (2 lines)")
    assert said(after(NONE, first), "write_file", path="/a/z", content="a\nb\nc\nd") is None
    assert said(after(NONE, first, second), "write_file", path="/a/z", content="a\nb\nc\nd") == "Wrote /a/z (4 lines)"


def test_numbers_that_count_on_are_counted_on() -> None:
    state = after(
        Setup(tools=LIBRARY),
        (call("add_book", title="Ferns"), book(11, "Ferns")),
        (call("add_book", title="Mosses"), book(12, "Mosses")),
        (call("add_book", title="Lichens"), book(13, "Lichens")),
    )
    assert json.loads(said(state, "add_book", title="Algae") or "") == json.loads(book(14, "Algae"))


def test_the_number_of_the_first_thing_does_not_tell_that_of_the_next() -> None:
    state = after(Setup(tools=LIBRARY), (call("add_book", title="Ferns"), book(11, "Ferns")))
    assert said(state, "add_book", title="Algae") is None


def test_a_failure_tells_nothing_of_a_call_in_another_situation() -> None:
    missing = (call("remove_book", book_id=8), "Error: there is no book 8")
    made = (call("add_book", title="Ferns"), book(5, "Ferns"))
    assert said(after(Setup(tools=LIBRARY), missing, made), "remove_book", book_id=5) is None


def test_what_is_gone_is_missed_like_what_never_was() -> None:
    missing = (call("get_book", book_id=8), "Error: there is no book 8")
    made = (call("add_book", title="Ferns"), book(5, "Ferns"))
    gone = (call("remove_book", book_id=5), "Book 5 was removed.")
    assert said(after(Setup(tools=LIBRARY), missing, made, gone), "get_book", book_id=5) == "Error: there is no book 5"


def test_an_update_shows_the_thing_with_what_was_changed() -> None:
    state = after(
        NONE,
        (call("create_book", title="Ferns"), book(5, "Ferns")),
        (call("create_book", title="Mosses"), book(6, "Mosses")),
        (call("move_book", id=5, shelf="B2"), book(5, "Ferns", "B2")),
    )
    assert said(state, "move_book", id=6, shelf="C3") == book(6, "Mosses", "C3")


def test_a_read_shows_what_was_written_once_one_did() -> None:
    first = [_wrote("/a/x", "red roses"), (call("read_file", path="/a/x"), "red roses")]
    assert said(after(NONE, *first, _wrote("/a/y", "blue bells")), "read_file", path="/a/y") == "blue bells"
    assert said(after(NONE, *first), "read_file", path="/a/z") is None


def test_a_read_is_not_carried_over_where_something_else_is_different_too() -> None:
    shown = "# Ferns\nkept on A1"
    made = [(call("create_book", title="Ferns"), json.dumps({"id": 5, "title": "Ferns", "shelf": "A1", "tags": []}))]
    other = (
        call("create_book", title="Mosses"),
        json.dumps({"id": 6, "title": "Mosses", "shelf": "B1", "tags": ["x"]}),
    )
    assert said(after(NONE, *made, (call("print_book", id=5), shown), other), "print_book", id=6) is None


def test_a_text_that_tells_the_state_of_the_service_is_no_acknowledgement() -> None:
    first = (call("add_item", item="milk"), "Added milk. The list now has: milk")
    assert said(after(NONE, first), "add_item", item="bread") is None


def test_a_list_of_a_search_is_never_carried_over() -> None:
    shown = [(call("search_books", words=word), "[]") for word in ("ferns", "moss", "algae")]
    assert said(after(NONE, *shown), "search_books", words="palms") is None


@pytest.mark.parametrize("name", ["query", "sql", "old_text"])
def test_what_hangs_on_a_program_or_a_match_is_not_carried_over(name: str) -> None:
    state = after(NONE, *((call("update_rows", **{name: text}), "1 row changed") for text in ("a b", "c d")))
    assert said(state, "update_rows", **{name: "e f"}) is None


def test_a_switch_that_is_another_one_now_may_choose_another_result() -> None:
    state = after(NONE, (call("set_door", door="left-front", lock=True), "Door left-front is set."))
    assert said(state, "set_door", door="right-rear", lock=True) == "Door right-rear is set."
    assert said(state, "set_door", door="right-rear", lock=False) is None


def test_a_part_of_a_list_in_a_text_is_in_doubt() -> None:
    first = (call("set_tasks", tasks=[{"what": "paint"}]), "Tasks: paint.")
    assert said(after(NONE, first), "set_tasks", tasks=[{"what": "sand"}]) is None
    whole = (call("set_tasks", tasks=[{"what": "paint"}]), "Tasks set to [{'what': 'paint'}].")
    assert said(after(NONE, whole), "set_tasks", tasks=[{"what": "sand"}]) == "Tasks set to [{'what': 'sand'}]."


def test_demonstrations_teach_how_a_tool_answers() -> None:
    setup = taught(_wrote("/a/x.txt"))
    assert said(after(setup), "write_file", path="/b/y.md", content="q") == "Wrote /b/y.md."
    assert said(after(setup), "read_file", path="/a/x.txt") is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, st.dictionaries(st.sampled_from(["a", "id", "name", "list"]), VALUES))
def test_carrying_over_to_the_same_sources_changes_nothing(value: object, arguments: dict[str, object]) -> None:
    sources = carry.Sources(arguments, {}, {}, {}, {})
    found = carry.carry(value, sources, sources)
    assert found is carry.Not.DOUBTFUL or (isinstance(found, carry.Carried) and found.value == value)
