"""Facts for a model: what was shown already and bears on a call, in a bounded text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from nextstate.domain.calls import Call
from nextstate.domains.search.kernel import state as keys
from nextstate.domains.search.kernel.state import State
from nextstate.domains.search.layout import places, snippet, tokens
from nextstate.domains.search.operations import Keep, Lookup, Memory, Read, Search
from nextstate.domains.search.results import Result

MAX_FACTS = 2_000
"""Characters of the facts."""
MAX_SHOWN = 8
"""Results that are named."""
MAX_PAGES, MAX_READ = 2_000, 2_000
"""Pages of a local world that are looked through, and characters of each."""
COMMON = frozenset(
    "a an and are as at by for from in is it of on or the to was were what when where which who with".split()
)


def earlier(text: str) -> str:
    """What was shown for the same call before."""
    return _bounded(["The same call showed before, and this must not contradict it:", text])


def about(state: State, call: Call, asked: object) -> str:
    """The facts for a call; empty where there are none."""
    match asked:
        case Search(queries=queries):
            return _bounded(_search(state, queries))
        case Read(urls=urls):
            return _bounded(_pages(state, call, urls))
        case Keep(urls=urls):
            return _bounded([*_kept(state), *_pages(state, call, urls)])
        case Memory():
            return _bounded(_entries(state))
        case Lookup(keyword):
            return _bounded(_places(state, keyword))
    return _bounded(_kept(state))


def known(state: State) -> str:
    """What was shown or given: results, entries of the memory, what was kept, how many pages are known."""
    results = list({one.url: one for one in reversed(state.results)}.values())[:MAX_SHOWN]
    lines = [f"Pages of the world that are known whole: {len(state.world.pages)}"] if state.world.pages else []
    lines += ["Results shown last:", *(f"- {one.title} | {one.url}" for one in results)] if results else []
    return _bounded([*lines, *_kept(state), *_entries(state)])


def _bounded(lines: Iterable[str]) -> str:
    text = "\n".join(lines)
    return text if len(text) <= MAX_FACTS else text[: MAX_FACTS - 4].rstrip() + " ..."


def _search(state: State, queries: Sequence[str]) -> list[str]:
    wanted = set(tokens(" ".join(queries)[:2_000])) - COMMON
    near, said = _nearest(state, wanted), _said(state, wanted)
    lines = []
    if near:
        lines = ["Addresses, titles and snippets of earlier results (keep to them where they come up again):"]
        lines += [f"- {one.title} | {one.url} | {one.snippet[:160]}" for one in near]
    if said:
        lines += ["Earlier searches showed (do not contradict it):", *(f"- {query}: {text}" for query, text in said)]
    return lines


def _said(state: State, wanted: set[str]) -> list[tuple[str, str]]:
    """What the newest searches with some of the words showed."""
    near = [one for one in state.said if len(wanted & set(tokens(" ".join(one)))) >= _least(wanted)]
    return near[: -MAX_SHOWN - 1 : -1]


def _least(wanted: set[str]) -> int:
    """How many words must be in common."""
    return 1 if len(wanted) < 3 else 2


def _nearest(state: State, wanted: set[str]) -> list[Result]:
    """The known results with the most words of the query in them, newer ones first among equal ones."""
    pages = [Result(one.url, one.title, one.text[:MAX_READ]) for one in state.world.pages.values()][:MAX_PAGES]
    known = [*reversed(state.results), *pages]
    common = {id(one): len(wanted & set(tokens(f"{one.title} {one.snippet}"))) for one in known}
    near = sorted((one for one in known if common[id(one)] >= _least(wanted)), key=lambda one: -common[id(one)])
    return [replace(one, snippet=snippet(one.snippet, sorted(wanted))) for one in near[:MAX_SHOWN]]


def _pages(state: State, call: Call, urls: Sequence[str]) -> list[str]:
    lines = []
    for url in urls[:MAX_SHOWN]:
        known = next((one for one in reversed(state.results) if one.url == url), None)
        if known:
            lines.append(f"{url} was found by a search: {known.title} | {known.snippet[:400]}")
        before = next((text for key, text in reversed([*state.shown.items()]) if _about_page(key, url)), "")
        if before and keys.of_call(call) not in state.shown:
            lines.append(f"A call with {url} showed before:\n{before[:800]}")
    return lines


def _about_page(key: str, url: str) -> bool:
    return f'"{url}"' in key


def _places(state: State, keyword: str) -> list[str]:
    """The sentences with the word in what the page showed, which may be only its beginning."""
    page = state.page
    shown = state.shown.get(page.call, "") if page else ""
    found = places(shown[:100_000], keyword)[:MAX_SHOWN]
    if page is None or not found:
        return []
    again = page.times if page.keyword == keyword.strip().casefold() else 0
    head = f"The page shown last has the word here, and perhaps further on; it was looked up {again} times in a row:"
    return [head, *(f"- {line[:300]}" for line in found)]


def _kept(state: State) -> list[str]:
    if not state.kept:
        return []
    return ["Kept so far, in this order:", *(f"- {key}: {url}" for key, url in state.kept.items())]


def _entries(state: State) -> list[str]:
    if not state.entries:
        return []
    return ["Entries of the memory:", *(f"- {key}: {text[:200]}" for key, text in list(state.entries.items())[:20])]
