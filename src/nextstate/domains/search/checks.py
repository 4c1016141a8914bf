"""Executable checks of an observation: rules that hold whatever the web, or a memory, holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from nextstate.domain import Check, calls
from nextstate.domain.checks import no_reply_tags
from nextstate.domains.search import codec, failures, layout, results, values
from nextstate.domains.search.failures import Failure
from nextstate.domains.search.operations import Lookup, Memory, Read, Search, Verb, operation
from nextstate.types import Observation, Query

LOOKED_UP = re.compile(r"\A\s*\(Result (\d+) ?/ ?(\d+)\) (.*)", re.DOTALL)
WINDOW = 200
"""Turns of the history that are looked at."""


def _failed(observation: Observation) -> bool:
    return not observation.strip() or failures.failure(observation) is not None


def _earlier(query: Query, name: str) -> Iterator[Observation]:
    """What the same tool showed before, where it did not fail; the newest first."""
    for turn in reversed(query.history[-WINDOW:]):
        if not _failed(turn.observation) and (call := calls.call_of(turn.action)) and call.name == name:
            yield turn.observation


def well_formed(query: Query, observation: Observation) -> bool | None:
    """A result has the form that the tool's output schema declares, else that of its earlier results: JSON or text."""
    call = calls.call_of(query.action)
    if call is None or _failed(observation):
        return None
    value = values.parse(observation)
    tool = calls.declared(query.setup, call.name)
    if tool and tool.output_schema:
        return value is not None and not calls.problems(tool.output_schema, json.loads(observation, strict=False))
    kinds = {_kind(one) for one in _earlier(query, call.name)}
    if len(kinds) != 1:
        return None
    return _kind(observation) == kinds.pop()


def _kind(observation: Observation) -> str:
    """``object``, ``array``, or ``text``; JSON that was cut off counts as what it begins as."""
    text = observation.lstrip()
    if text.startswith(('{"', "{\n")):
        return "object"
    return "array" if text.startswith(("[{", "[\n", "[]")) else "text"


def no_more_than_asked(query: Query, observation: Observation) -> bool | None:
    """A search with a limit lists no more results than that for each query."""
    call = calls.call_of(query.action)
    asked = operation(call) if call else None
    if not isinstance(asked, Search) or asked.at_most is None:
        return None
    found = results.results(observation)
    return len(found) <= asked.at_most * max(len(asked.queries), 1) if found else None


def headers_tell_the_truth(query: Query, observation: Observation) -> bool | None:
    """Where a block says how many results it has, it lists as many, numbered from 1."""
    if not isinstance(_asked(query), Search) or not (blocks := _blocks(query, observation)):
        return None
    told = [(head, block) for block in blocks if (head := results.header(block))]
    if not told:
        return None
    return all([one.number for one in results.results(block)] == [*range(1, head.found + 1)] for head, block in told)


def queries_have_their_blocks(query: Query, observation: Observation) -> bool | None:
    """A batch shows a block for each query, in their order, where blocks say what they answer."""
    asked = _asked(query)
    if not isinstance(asked, Search) or not asked.queries or results.header(observation) is None:
        return None
    heads = [results.header(block) for block in _blocks(query, observation)]
    if len(heads) != len(asked.queries):
        return False
    pairs = zip(heads, asked.queries, strict=True)
    return all(head is None or _same(head.query, wanted) for head, wanted in pairs)


def _blocks(query: Query, observation: Observation) -> tuple[str, ...]:
    asked = _asked(query)
    count = len(asked.queries) if isinstance(asked, Search) else 1
    found = results.blocks(observation, count)
    return found[0] if found else (observation,)


def _same(left: str, right: str) -> bool:
    return left.split() == right.split()


def _asked(query: Query) -> object:
    call = calls.call_of(query.action)
    return operation(call) if call else None


def addresses_are_addresses(query: Query, observation: Observation) -> bool | None:
    """Every result of a search stands under an absolute address."""
    if not isinstance(_asked(query), Search) or not (found := results.results(observation)):
        return None
    return all(layout.is_address(one.url) or one.url.startswith("ftp://") for one in found)


def shown_again(query: Query, observation: Observation) -> bool | None:
    """A search or page that was shown before, with the same arguments, shows the same, unless it failed."""
    asked = _asked(query)
    if not isinstance(asked, Search | Read) or _may_pass(observation):
        return None
    wanted = calls.call_of(query.action)
    for turn in reversed(query.history[-WINDOW:]):
        if calls.call_of(turn.action) == wanted:
            if _may_pass(turn.observation) or _for_a_goal(asked, turn.observation):
                return None
            return codec.canonical(turn.observation) == codec.canonical(observation)
    return None


def _may_pass(observation: Observation) -> bool:
    """Whether this is a failure that need not come again."""
    return failures.failure(observation) in (Failure.PASSING, Failure.ERROR)


def _for_a_goal(asked: Search | Read, shown: Observation) -> bool:
    """Whether a page was worded for a goal, which a model does anew each time."""
    return isinstance(asked, Read) and bool(asked.goal) and asked.goal in shown


def lookup_has_its_word(query: Query, observation: Observation) -> bool | None:
    """A sentence found by looking up a word has that word in it, and its number is within their count."""
    asked, found = _asked(query), LOOKED_UP.match(observation[:20_000])
    if not isinstance(asked, Lookup) or found is None:
        return None
    number, count = int(found[1][:9]), int(found[2][:9])
    return 1 <= number <= count and asked.keyword.strip().casefold() in found[3].casefold()


def memory_keeps(query: Query, observation: Observation) -> bool | None:
    """Reading an entry right after it was written shows what was written."""
    asked = _asked(query)
    if not isinstance(asked, Memory) or asked.verb is not Verb.READ or not asked.key or not query.history:
        return None
    last = query.history[-1]
    call = calls.call_of(last.action)
    wrote = operation(call) if call else None
    if (
        not isinstance(wrote, Memory)
        or wrote.verb is not Verb.WRITE
        or wrote.key != asked.key
        or _failed(last.observation)
    ):
        return None
    if not wrote.text or not wrote.text.strip():
        return None
    packed = json.dumps(wrote.text)[1:-1]
    return wrote.text in observation or packed in observation or wrote.text in json.dumps(values.parse(observation))


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "well_formed": well_formed,
        "no_more_than_asked": no_more_than_asked,
        "headers_tell_the_truth": headers_tell_the_truth,
        "queries_have_their_blocks": queries_have_their_blocks,
        "addresses_are_addresses": addresses_are_addresses,
        "shown_again": shown_again,
        "lookup_has_its_word": lookup_has_its_word,
        "memory_keeps": memory_keeps,
        "no_reply_tags": no_reply_tags,
    }
)
