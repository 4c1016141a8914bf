"""Actions that would keep a careless kernel busy for ever are computed, or given up, in a moment."""

from __future__ import annotations

import time

import pytest

from nextstate.domain import find
from nextstate.types import Setup

LONG = "a" * 45


@pytest.mark.parametrize(
    "action",
    [
        "cat <<E\n" + "\n" * 100_000 + "\nE",
        "\r\n" * 10_000,
        f"echo {LONG} | sed -E 's/(a|a)*c/x/'",
        f"echo {LONG} | grep -E '(a|.)*c'",
        f"echo {LONG} | grep -E 'a*a*a*a*a*a*a*a*c'",
        f"echo {LONG} | grep -E '(.*a){{12}}c'",
        f"echo {LONG} | awk '/{'a?' * 30 + 'a' * 30}c/'",
        f"echo {LONG} | grep -P '(a|a)*c'",
        f"echo {LONG} | grep -P 'a*a*a*a*a*a*a*a*c'",
        f"echo {LONG} | grep -P '(aa?)+c'",
    ],
)
def test_an_action_is_not_computed_for_long(action: str) -> None:
    make = find("terminal").kernel
    assert make is not None
    kernel = make()
    state = kernel.open(Setup())
    started = time.process_time()
    kernel.step(state, action)
    assert time.process_time() - started < 4.0
