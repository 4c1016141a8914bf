"""What an observation tells: the state after it was shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from nextstate.domain import refusals
from nextstate.domain.calls import Call
from nextstate.domain.refusals import Fault
from nextstate.domains.search import arithmetic, codec, failures, layout, results, templates
from nextstate.domains.search.failures import Failure
from nextstate.domains.search.kernel import local
from nextstate.domains.search.kernel import state as keys
from nextstate.domains.search.kernel.state import MEMORY, REFUSAL, Open, State, with_one
from nextstate.domains.search.operations import (
    Calculate,
    Keep,
    Lookup,
    Memory,
    Operation,
    Read,
    Search,
    Verb,
    operation,
    readable,
)

MAX_RESULTS = 400
"""Results that are remembered for the facts."""
MAX_SAID = 600
"""Characters of a text that is remembered for them."""


def learned(state: State, call: Call, observation: str) -> State:
    """The state after ``call`` showed ``observation``."""
    asked = operation(call)
    if fault := state.refusals.fault(call):
        state = _judged(state, fault, asked, observation)
        if refusals.refused(fault, observation):
            return state  # nothing was done
    computed = local.answer(state, call, asked)
    agreed = computed is not None and codec.canonical(computed[0]) == codec.canonical(observation)
    failed = failures.failure(observation)
    if not agreed and (failed is Failure.PASSING or not observation.strip()):
        return _doubtful(state, asked)
    if computed is not None:
        state = _compared(state, asked, computed[1] if agreed else None)
    elif not readable(call):
        state = _doubtful(state, asked)
    return _learned(state, call, asked, observation, failed)


def _judged(state: State, fault: Fault, asked: Operation, observation: str) -> State:
    """The state that knows how a call against the declarations was answered."""
    computed = local.refused(state, fault, asked)
    if computed is not None and computed != observation:
        state = replace(state, trusted=state.trusted - {REFUSAL})
    return replace(state, refusals=state.refusals.after(fault, observation))


def _learned(state: State, call: Call, asked: Operation, observation: str, failed: Failure | None) -> State:
    match asked:
        case Search():
            return _searched(state, call, asked, observation, failed)
        case Read():
            return _read(state, call, asked, observation, failed)
        case Keep(urls, key) if failed is None and key:
            return replace(state, kept=with_one(state.kept, key, ", ".join(urls)), recalled={})
        case Lookup(keyword):
            return _looked_up(state, call, keyword, observation)
        case Memory():
            return _memory(state, call, asked, observation, failed)
        case Calculate(expression):
            return _calculated(state, call, expression, observation)
    return replace(state, recalled={})


def _doubtful(state: State, asked: Operation) -> State:
    """After a failure that passes, or nothing: whether the memory changed is not known."""
    if not isinstance(asked, Memory) or not asked.verb.changes:
        return state
    return replace(state, trusted=state.trusted - {MEMORY}, entries={}, exists={}, recalled={})


def _compared(state: State, asked: Operation, entries: Mapping[str, str] | None) -> State:
    """The state with the entries that the local world has now, or without trust in one that said something else."""
    if entries is None:
        return replace(state, trusted=state.trusted - {local.kind_of(asked)})
    return replace(state, entries=entries)


def _remembered(state: State, call: Call, parts: tuple[str, ...], observation: str) -> State:
    """The state that knows what ``call`` showed, as a whole and by the parts of a batch."""
    found = results.blocks(observation, len(parts))
    shown = list(zip(parts, found[0], strict=True)) if found else [(one, observation) for one in parts[:1]]
    if any(failures.failure(block) in (Failure.PASSING, Failure.ERROR) for _, block in shown):
        return state
    state = replace(state, shown=with_one(state.shown, keys.of_call(call), observation))
    for one, block in shown if found or len(parts) == 1 else ():
        state = _block(state, call, parts, one, block)
    return replace(state, joints=with_one(state.joints, call.name, found[1])) if found else state


def _block(state: State, call: Call, parts: tuple[str, ...], one: str, block: str) -> State:
    """Only a block that names what it answers is sure to look the same alone and in a batch."""
    if one.strip() not in block:
        return state
    return replace(state, blocks=with_one(state.blocks, keys.part(call, parts, one), block))


def _searched(state: State, call: Call, asked: Search, observation: str, failed: Failure | None) -> State:
    state = _remembered(state, call, asked.queries, observation)
    page = state.page if state.world.complete else _opened(state.page, call, failed)
    found = results.results(observation)
    known = {one.url: one for one in (*state.results, *found)}
    state = replace(state, results=tuple(known.values())[-MAX_RESULTS:], page=page)
    if found or failed or len(asked.queries) != 1:
        return state
    return replace(state, said=(*state.said, (asked.queries[0], observation[:MAX_SAID]))[-MAX_RESULTS:])


def _opened(page: Open | None, call: Call, failed: Failure | None) -> Open:
    """The page after a search of an encyclopedia, which shows one; after a failed one it may still be the last."""
    before = f"{page.call}\n" if failed and page else ""
    return Open(before + keys.of_call(call))


def _read(state: State, call: Call, asked: Read, observation: str, failed: Failure | None) -> State:
    worded_anew = asked.goal and asked.goal in observation
    state = _remembered(state, call, () if worded_anew else asked.urls, observation)
    url = next((one for one in reversed(asked.urls) if _shows(state, one, observation)), "")
    return replace(state, page=Open(keys.of_call(call), url)) if url or failed is None else state


def _shows(state: State, url: str, observation: str) -> bool:
    page = state.world.page_at(url)
    return page is not None and layout.page(page) in observation


def _looked_up(state: State, call: Call, keyword: str, observation: str) -> State:
    if state.page is None:
        return state
    page = next_place(state.page, keyword)
    return replace(state, page=page, shown=with_one(state.shown, lookup_identity(page, call), observation))


def next_place(page: Open, keyword: str) -> Open:
    """The page after ``keyword`` was looked up on it."""
    wanted = keyword.strip().casefold()
    return replace(page, keyword=wanted, times=page.times + 1 if page.keyword == wanted else 1)


def lookup_identity(page: Open, call: Call) -> str:
    """The identity of a look-up that makes ``page`` what it is."""
    return keys.identity(call.name, {"page": page.call, "keyword": page.keyword, "times": page.times})


def _memory(state: State, call: Call, asked: Memory, observation: str, failed: Failure | None) -> State:
    if local.covers(state, MEMORY):
        return state
    if failed is None:
        state = _worded(state, call, asked, observation)
        state = replace(state, entries=_entries(state.entries, asked), exists=_existing(state.exists, asked))
    recalled = {} if asked.verb.changes else {**state.recalled, keys.exact(call): observation}
    return replace(state, recalled=recalled)


def memory_wording(state: State, call: Call, asked: Memory) -> str | None:
    """Which wording a memory call has: a new entry may be spoken of in other words than an old one.

    ``None`` where it is not known whether there is such an entry, or what the tool shows is no matter of wording.
    """
    if asked.verb in (Verb.LIST, Verb.SEARCH, Verb.OTHER) or not asked.key or asked.key not in state.exists:
        return None
    return f"{call.name} {asked.verb} {state.exists[asked.key]}"


def memory_parts(state: State, asked: Memory) -> Mapping[str, str]:
    """The texts that what a memory tool says may be made of."""
    text = state.entries.get(asked.key or "") if asked.verb is Verb.READ else asked.text
    return {name: one for name, one in (("key", asked.key), ("value", text)) if one is not None}


def _worded(state: State, call: Call, asked: Memory, observation: str) -> State:
    wording, parts = memory_wording(state, call, asked), memory_parts(state, asked)
    reads = asked.verb is Verb.READ
    if wording is None or (reads and "value" not in parts):
        return state
    return _with_wording(state, wording, templates.learn(observation, parts, "value" if reads else ""))


def _with_wording(state: State, wording: str, found: templates.Template | None) -> State:
    known = state.wordings.get(wording, found)
    return replace(state, wordings=with_one(state.wordings, wording, found if known == found else None))


def _entries(entries: Mapping[str, str], asked: Memory) -> Mapping[str, str]:
    """The entries of a memory whose tools are not ours, as far as they are certain."""
    if asked.verb is Verb.WRITE and asked.key is not None and asked.text is not None:
        return {**entries, asked.key: asked.text}
    if not asked.verb.changes:
        return entries
    return _without(entries, asked.key)


def _existing(exists: Mapping[str, bool], asked: Memory) -> Mapping[str, bool]:
    """Which entries there are, after a call that did not fail."""
    if asked.verb is Verb.OTHER or (asked.verb is Verb.DELETE and not asked.key):
        return {}
    if not asked.key or asked.verb in (Verb.LIST, Verb.SEARCH):
        return exists
    return {**exists, asked.key: asked.verb is not Verb.DELETE}


def _without(entries: Mapping[str, str], key: str | None) -> Mapping[str, str]:
    """Without what a change may have touched: one entry, or any."""
    return {name: text for name, text in entries.items() if name != key} if key else {}


def _calculated(state: State, call: Call, expression: str, observation: str) -> State:
    number = arithmetic.value(expression)
    if number is None:
        return state
    parts = {"value": str(number), "expression": expression}
    return _with_wording(state, calculator_wording(call), templates.learn(observation, parts, "value"))


def calculator_wording(call: Call) -> str:
    """The wording of a calculator."""
    return f"{call.name} calculate"
