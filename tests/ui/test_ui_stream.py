"""What a model writes is shown while it writes it."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from nextstate.models.base import heard
from nextstate.serve.testing import service_of
from nextstate.types import Origin, Outcome, Prediction

from .conftest import running
from .test_ui_play import start

if TYPE_CHECKING:
    from nextstate.types import Query

    from .conftest import Opened


class Slow:
    """Writes the beginning of an answer, and the rest when it is told to."""

    name = "slow"

    def __init__(self) -> None:
        self.go_on = threading.Event()

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        listener = heard.get()
        assert listener is not None
        listener("Let me think.\n<predicted_observation>\nthe first ")
        listener("line\n<b>the second")
        await asyncio.to_thread(self.go_on.wait, 20)
        return Prediction(Outcome.OK, "the first line\n<b>the second line", Origin.MODEL, model=self.name)


def test_the_observation_is_read_while_it_is_written(opened: Opened) -> None:
    slow = Slow()
    with running(service_of({"slow": slow})) as address, opened(address) as page:
        try:
            start(page, model="slow")
            page.fill(".composer-line", "ls")
            page.press(".composer-line", "Enter")
            pending = page.locator(".turn.pending")
            pending.get_by_text("the first line").wait_for()
            assert pending.locator(".plain-text").inner_text() == "the first line\n<b>the second"
            assert "slow answers" in pending.inner_text()
            assert page.get_by_role("button", name="Send").is_disabled()
        finally:
            slow.go_on.set()
        page.locator(".turn:not(.pending)").wait_for()
        assert page.locator(".turn .plain-text").inner_text() == "the first line\n<b>the second line"
        assert page.locator(".turn.pending").count() == 0
