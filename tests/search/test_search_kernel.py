"""What was shown is shown again, batches are put together, wordings are learned; the rest is refused with facts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest

from nextstate.domain import Determined, Unknown, calls
from nextstate.domains.search.kernel import SearchKernel, State
from nextstate.types import Setup, Tool

if TYPE_CHECKING:
    from nextstate.types import Json

KERNEL = SearchKernel()


def do(name: str, **arguments: Json) -> str:
    return calls.render(name, arguments)


def after(turns: Iterable[tuple[str, str]], setup: Setup | None = None) -> State:
    state = KERNEL.open(setup or Setup())
    for action, observation in turns:
        state = KERNEL.absorb(state, action, observation)
    return state


def answer(state: State, action: str, *answers: str) -> str | None:
    found = KERNEL.step(state, action, answers)
    return found.observation if isinstance(found, Determined) else None


def refusal(state: State, action: str) -> Unknown:
    found = KERNEL.step(state, action)
    assert isinstance(found, Unknown)
    return found


def block(query: str) -> str:
    return f"A search for '{query}' found 1 result:\n\n1. [{query} page](https://a.example/{query})\nAbout {query}."


def test_a_search_that_was_asked_is_answered_again_whatever_the_order_of_its_arguments() -> None:
    state = after([(do("search", query="tarn light", lang="en"), "A lighthouse.")])
    assert answer(state, do("search", lang="en", query=" tarn  light")) == "A lighthouse."
    assert answer(state, do("search", query="tarn light", lang="da")) is None
    assert answer(state, do("search", query="Tarn light")) is None
    assert answer(state, do("other_search", query="tarn light", lang="en")) is None


@pytest.mark.parametrize("shown", ["Error: timed out", "Failed. Error: TypeError('x')", "429 Too Many Requests"])
def test_a_failure_that_may_pass_is_not_repeated(shown: str) -> None:
    action = do("visit", url="https://a.example")
    assert answer(after([(action, shown)]), action) is None


@pytest.mark.parametrize("shown", ["Error: 404 Not Found", "No results found."])
def test_a_failure_that_stays_is_repeated(shown: str) -> None:
    action = do("visit", url="https://a.example")
    assert answer(after([(action, shown)]), action) == shown


def test_a_page_that_is_worded_for_a_goal_is_a_fact_and_no_answer() -> None:
    action = do("visit", url=["https://a.example"], goal="find the keeper")
    shown = "Useful for the goal find the keeper: the last one left in 1984."
    found = refusal(after([(action, shown)]), action)
    assert found.reason == "a page is worded anew for a goal each time"
    assert "left in 1984" in found.facts
    batch = do("visit", url=["https://a.example", "https://b.example"], goal="find the keeper")
    blocks = "\n=======\n".join(f"https://{one}.example, goal find the keeper: none." for one in "ab")
    assert answer(after([(batch, blocks)]), action) is None


def test_parts_of_a_batch_are_answered_alone_and_the_reverse() -> None:
    shown = "\n=======\n".join(map(block, "ab"))
    state = after([(do("search", query=["a", "b"]), shown), (do("search", query="c"), block("c"))])
    assert answer(state, do("search", query=["b"])) == block("b")
    assert answer(state, do("search", query="a")) == block("a")
    assert answer(state, do("search", query=["c", "a"])) == "\n=======\n".join((block("c"), block("a")))
    assert answer(state, do("search", query=["c", "a"], max_results=2)) is None


def test_a_block_that_does_not_name_its_query_is_not_taken_out_of_its_batch() -> None:
    state = after([(do("search", query=["first", "second"]), "one\n=======\ntwo")])
    assert answer(state, do("search", query="first")) is None


def test_only_the_unknown_part_of_a_batch_is_asked_for_and_the_rest_is_computed_around_it() -> None:
    state = after([(do("search", query=["a", "b"]), "\n=======\n".join(map(block, "ab")))])
    action = do("search", query=["a", "d", "b"])
    found = refusal(state, action)
    assert found.ask == do("search", query=["d"])
    assert answer(state, action, block("d")) == "\n=======\n".join(map(block, "adb"))
    known = KERNEL.absorb(state, action, "\n=======\n".join(map(block, "adb")), (block("d"),))
    assert answer(known, do("search", query="d")) == block("d")


def test_a_batch_of_which_nothing_is_known_is_asked_for_as_a_whole() -> None:
    state = after([(do("search", query=["a", "b"]), "\n=======\n".join(map(block, "ab")))])
    assert refusal(state, do("search", query=["c", "d"])).ask is None


def test_a_batch_with_a_block_that_failed_in_passing_is_not_kept() -> None:
    action = do("search", query=["a", "b"])
    state = after([(action, f"{block('a')}\n=======\nError: b timed out")])
    assert answer(state, action) is None


def test_looking_up_a_word_on_a_page_that_is_shown_again_goes_the_same_way() -> None:
    page, word = (do("search", query="Tarn"), "Tarn is a rock. Tarn Light stands there."), do("lookup", keyword="Tarn")
    first, second = "(Result 1 / 2) Tarn is a rock.", "(Result 2 / 2) Tarn Light stands there."
    state = after([page, (word, first), (word, second), (do("search", query="Sule"), "Cliffs of birds."), page])
    assert answer(state, word) == first
    assert answer(KERNEL.absorb(state, word, first), word) == second
    assert answer(KERNEL.absorb(state, do("search", query="Nes"), "A hamlet."), word) is None


def test_looking_up_an_unknown_word_tells_where_the_page_has_it() -> None:
    state = after([(do("search", query="Tarn"), "Tarn is a rock. Nobody lives there.")])
    assert "Nobody lives there." in refusal(state, do("lookup", keyword="nobody")).facts


NOTE = "note_write"


def test_how_a_memory_speaks_is_learned_from_what_it_said() -> None:
    turns = [
        (do(NOTE, key="ferry", value="07:10"), "OK, 'ferry' is new."),
        (do(NOTE, key="ferry", value="15:40"), "OK, 'ferry' was overwritten."),
        (do("note_read", key="ferry"), "ferry = 15:40"),
        (do(NOTE, key="harbour", value="Brask"), "OK, 'harbour' is new."),
    ]
    state = after(turns)
    assert answer(state, do(NOTE, key="harbour", value="Haldo")) == "OK, 'harbour' was overwritten."
    assert answer(state, do("note_read", key="harbour")) == "harbour = Brask"


def test_whether_an_entry_is_new_is_not_guessed() -> None:
    state = after([(do(NOTE, key="ferry", value="07:10"), "Created 'ferry'.")])
    assert answer(state, do(NOTE, key="harbour", value="Brask")) is None
    assert answer(state, do(NOTE, key="ferry", value="15:40")) is None


def test_two_wordings_of_the_same_are_none() -> None:
    turns = [
        (do(NOTE, key="ferry", value=text), said) for text, said in (("a b", "New!"), ("c d", "OK."), ("e f", "Fine."))
    ]
    assert answer(after(turns), do(NOTE, key="ferry", value="g h")) is None


def test_reading_the_memory_again_shows_the_same_until_something_may_have_changed_it() -> None:
    listing = (do("note_list"), "ferry, reeve")
    state = after([listing, (do("search", query="x"), "y")])
    assert answer(state, listing[0]) == "ferry, reeve"
    for change in (do("note_delete", key="ferry"), do("tidy_up")):
        assert answer(KERNEL.absorb(state, change, "done"), listing[0]) is None


def test_a_change_of_the_memory_that_timed_out_leaves_it_unknown() -> None:
    turns = [(do("note_list"), "ferry"), (do("note_delete", key="ferry"), "Error: timed out")]
    assert answer(after(turns), do("note_list")) is None


def test_a_calculator_is_trusted_once_its_wording_was_seen() -> None:
    state = after([])
    assert answer(state, do("calculator", expression="7/4")) is None
    state = KERNEL.absorb(state, do("calculator", expression="7/4"), '{"results":"1.75"}')
    assert answer(state, do("calculator", expression="(9/4)**0.5")) == '{"results":"1.5"}'
    state = KERNEL.absorb(state, do("calculator", expression="10/3"), '{"results":"3.33"}')
    assert answer(state, do("calculator", expression="1/8")) is None, "it rounds, so its wording is not known"


def test_refusals_name_a_reason_and_facts_that_bear_on_the_call() -> None:
    results = "1. [Tarn Light](https://tarn.example)\nBuilt by an engineer from Kessel.\n\n2. [Wool](https://wool.example)\nSheep."
    state = after([(do("search", query="islands"), results)])
    found = refusal(state, do("search", query="who built Tarn Light"))
    assert found.reason == "a search that was not asked before"
    assert "https://tarn.example" in found.facts
    assert "wool.example" not in found.facts
    page = refusal(state, do("visit", url="https://tarn.example"))
    assert page.reason == "a page that was not shown before"
    assert "engineer from Kessel" in page.facts
    assert refusal(state, "search[Tarn]").reason == "the action is no tool call"
    assert refusal(state, do("submit", answer="x")).reason == "the agent hands in an answer"


def test_facts_are_bounded() -> None:
    line = f"[tarn light {'x' * 300}](https://a.example/)\n" + "tarn light " * 60
    results = "\n\n".join(f"{k}. {line}" for k in range(1, 60))
    state = after([(do("search", query="a"), results)])
    assert len(refusal(state, do("search", query="tarn light")).facts) <= 2000


def test_calls_of_undeclared_tools_and_against_the_schema_are_named() -> None:
    schema: dict[str, Json] = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}
    state = after([], Setup(tools=(Tool("web_search", "", schema),)))
    wrong = refusal(state, do("web_serch", query="x"))
    assert (wrong.reason, "'web_search'" in wrong.facts) == ("a tool that is not declared is called", True)
    assert refusal(state, do("web_search", query=3)).reason == "the arguments break the declared schema"
