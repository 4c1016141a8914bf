"""Broken, huge and hostile texts get a named outcome within the time that the interface allows."""

from __future__ import annotations

import time

import pytest

from nextstate.conform import SECONDS
from nextstate.domain import Determined, Unknown, calls
from nextstate.domains.search import codec, failures, results
from nextstate.domains.search.checks import CHECKS
from nextstate.domains.search.kernel import SearchKernel
from nextstate.types import Query, Setup, Turn

MILLION = 1_000_000
HOSTILE = {
    "brackets": "[" * MILLION,
    "pairs": "[]" * (MILLION // 2),
    "lists": "[" + "[]," * (MILLION // 4) + "[]]",
    "objects": '{"a":' * 100_000,
    "packed": '{"a": "' + "\\\\" * (MILLION // 3) + '"}',
    "links": "1. [" + "](" * (MILLION // 2) + ")",
    "half links": ("1. [" + "](" * 500 + "\n") * 900,
    "newlines": "\n" * MILLION,
    "separators": "\n===" * (MILLION // 4),
    "blanks": " \t" * (MILLION // 2),
    "digits": "in " + "1" * MILLION,
    "error": "Error: " + "4" * MILLION,
    "quotes": "'" * MILLION,
    "results": "(Result " + "9" * MILLION + " / 1) x",
    "header": "A search for '" + "' found 1" * (MILLION // 9),
    "NUL and surrogates": "\x00\udc80" * (MILLION // 2),
}
ACTIONS = [
    calls.render("search", {"query": ["a", "b"], "max_results": 3}),
    calls.render("visit", {"url": "https://a.example", "goal": "x"}),
    calls.render("lookup", {"keyword": "x"}),
    calls.render("memory_read", {"key": "k"}),
    calls.render("memory_write", {"key": "k", "value": "v"}),
    calls.render("calculator", {"expression": "1+1"}),
]


def timed(call: object, *arguments: object) -> object:
    started = time.process_time()
    found = call(*arguments)  # type: ignore[operator]
    assert time.process_time() - started < SECONDS
    return found


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_observation_is_read_in_time(name: str) -> None:
    text, kernel = HOSTILE[name], SearchKernel()
    timed(codec.canonical, text)
    timed(failures.failure, text)
    timed(results.results, text)
    state = kernel.open(Setup())
    for action in ACTIONS:
        state = timed(kernel.absorb, state, action, text)
    for action in ACTIONS:
        assert isinstance(timed(kernel.step, state, action), Determined | Unknown)


@pytest.mark.parametrize("name", ["links", "newlines", "lists", "results", "header"])
def test_checks_stay_in_time(name: str) -> None:
    text = HOSTILE[name]
    for action in ACTIONS[:3]:
        query = Query("search", Setup(), (Turn(action, text),), action)
        for check in CHECKS.values():
            timed(check, query, text)


@pytest.mark.parametrize(
    "action",
    [
        '{"name": "search", "arguments": {"query": 5}}',
        '{"name": "search", "arguments": {"query": [1, null, {}]}}',
        '{"name": "search", "arguments": {"query": []}}',
        '{"name": "visit", "arguments": {"url": {"a": 1}}}',
        '{"name": "visit", "arguments": {"url": "http://[", "key": 3}}',
        '{"name": "memory_write", "arguments": {"key": 1, "value": [2]}}',
        '{"name": "memory", "arguments": {"action": 7}}',
        '{"name": "calculator", "arguments": {"expression": "9**9**9**9"}}',
        '{"name": "lookup", "arguments": {"keyword": ""}}',
        '{"name": "x", "arguments": {}}',
        "search[x]",
        '{"name": "search", "arguments": {"query": ["' + 'a", "' * 10_000 + '"]}}',
    ],
    ids=range(12),
)
def test_strange_calls_are_answered_or_refused(action: str) -> None:
    kernel = SearchKernel()
    page = {"https://a.example": "text"}
    for facts in ({}, {"pages": page, "complete": True, "index": {"ranking": "bm25"}, "memory": {}}):
        state = kernel.open(Setup(facts=facts))  # type: ignore[arg-type]
        found = timed(kernel.step, state, action)
        assert isinstance(found, Determined | Unknown)
        timed(kernel.absorb, state, action, "shown")
