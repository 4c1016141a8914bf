"""Hostile screens: bounded time, and no answer where nothing can be told."""

from __future__ import annotations

import time

import pytest

from nextstate.domain import Unknown, find
from nextstate.domains.android.kernel import AndroidKernel
from nextstate.types import Query, Setup, Turn

CLICK = '{"action_type": "click", "index": 3}'
BACK = '{"action_type": "navigate_back"}'
SCREENS = {
    "a million tags that are never closed": "<p id=1>" * 125_000,
    "a million characters of elements": "\n".join(f'{i} Button "{i}" clickable [0,0][9,9]' for i in range(25_000)),
    "one number again and again": '3 Button "a" clickable\n' * 4_000,
    "numbers that go down": "\n".join(f'{i} Button "a" clickable' for i in range(4_000, 0, -1)),
    "an open string": '0 Button "' + "\\" * 1_000_000,
    "quotes": "0 Button " + '"' * 1_000_000,
    "attributes without an end": "<button id=3 text='" * 60_000,
    "attributes with many ends": "<button id=3 text='" + "'>" * 500_000,
    "half a box": "0 Button [1,1][" * 70_000,
    "huge coordinates": "0 A [0,0][" + "9" * 20 + ",1]\n3 A [-99999999999,0][0,1]",
    "clocks": "package com.android.systemui\n" + '3 A "12:30" id=clock\n' * 40_000,
    "nested lines": "\n".join(" " * i + f"{i} Button" for i in range(1_000)),
    "control characters": "0 Button \x00\x1b[31m\u202e\ud800",
}


@pytest.mark.parametrize("name", SCREENS)
def test_every_function_takes_a_hostile_screen_in_bounded_time(name: str) -> None:
    text, domain, kernel = SCREENS[name], find("android"), AndroidKernel()
    query = Query("android", Setup(initial_state=text), (Turn(CLICK, text + "\n"),), CLICK)
    started = time.perf_counter()
    state = kernel.open(query.setup)
    kernel.step(state, CLICK)
    state = kernel.absorb(kernel.absorb(state, CLICK, text + "\n"), BACK, text)
    kernel.step(state, CLICK)
    for check in domain.checks.values():
        check(query, text)
    assert domain.picture is not None
    assert domain.failed is not None
    domain.failed(query, text)
    domain.picture(text)
    domain.canonical(text)
    assert time.perf_counter() - started < 4


def test_a_screen_with_too_many_elements_is_not_computed_with() -> None:
    kernel = AndroidKernel()
    state = kernel.open(Setup(initial_state=SCREENS["a million characters of elements"]))
    found = kernel.step(state, CLICK)
    assert isinstance(found, Unknown)
    assert found.reason == "the screen is in no known notation"


def test_a_long_session_stays_fast_and_small() -> None:
    kernel = AndroidKernel()
    state = kernel.open(Setup(initial_state="<button id=3>a</button>"))
    started = time.perf_counter()
    for number in range(1_000):
        state = kernel.absorb(state, CLICK, f"<button id=3>{number}</button>")
    kernel.step(state, CLICK)
    assert len(state.frames) <= 64
    assert len(state.newer) <= 1_000
    assert time.perf_counter() - started < 4
