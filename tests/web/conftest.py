"""Real recordings, and small screens to ask about. The tests of this folder are no package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from web_screens import screen

from data.conftest import recordings
from nextstate.domains.web.kernel import WebKernel
from nextstate.types import Setup

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nextstate.domain import State
    from nextstate.types import Json

__all__ = ["recordings"]

PLAIN: Mapping[str, Json] = {"plain": ["http://desk.example/"]}


@pytest.fixture
def kernel() -> WebKernel:
    return WebKernel()


@pytest.fixture
def opened(kernel: WebKernel) -> Callable[..., State]:
    """Opens a world that shows a screen, on a site that is declared to be plain."""

    def state(text: str = "", facts: Mapping[str, Json] = PLAIN) -> State:
        return kernel.open(Setup(initial_state=text or screen(), facts=facts))

    return state
