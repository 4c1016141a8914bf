"""A running server with the playground, and pages of it that fail a test when they stumble or ask anybody else."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from nextstate import ui
from nextstate.models.fakes import Scripted
from nextstate.models.grounded import Grounded
from nextstate.serve.testing import served, service_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from nextstate.serve.service import Service
    from nextstate.types import WorldModel

    Opened = Callable[..., AbstractContextManager[Any]]

SURFACES = ("rest", "pty")


def models() -> dict[str, WorldModel]:
    """Two worlds that differ: one computes what it can, the other only echoes."""
    told = Scripted(lambda query: f"{query.setup.instruction or 'plain'}: {query.action}", name="told")
    echo = Scripted(lambda query: f"echo of {query.action}", name="echo")
    return {"grounded": Grounded(told), "echo": echo}


@contextmanager
def running(service: Service | None = None, **options: Any) -> Iterator[str]:
    """The address of a server that runs in a thread of its own, for browsers that block this one."""
    found: list[str] = []
    ready, leave = threading.Event(), threading.Event()

    async def serve() -> None:
        async with served(service, ui, surfaces=SURFACES, **options) as address:
            found.append(address)
            ready.set()
            await asyncio.to_thread(leave.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    if not ready.wait(20):
        raise RuntimeError("the server did not start")
    yield found[0]
    leave.set()
    thread.join(20)


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of a server with the domains' examples and two models, ``grounded`` and ``echo``."""
    with running(service_of(models())) as address:
        yield address


@pytest.fixture
def opened(browser: Any) -> Opened:
    """Opens a page of a site; at the end it must have asked nobody else, raised no error and broken no policy."""

    @contextmanager
    def open_page(
        address: str,
        route: str = "#/play",
        *,
        width: int = 1280,
        scheme: str = "light",
        expected: tuple[str, ...] = (),
        context: Any = None,
    ) -> Iterator[Any]:
        owned = context or browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page = owned.new_page()
        errors, asked, dialogs = watched(page)
        page.set_default_timeout(10_000)
        page.goto(f"{address}/{route}")
        page.wait_for_selector("html[data-ready]")
        yield page
        assert page.evaluate("window.violations") == []
        assert [url for url in asked if not url.startswith((address, "data:", "blob:", "about:"))] == []
        assert [one for one in errors if not any(word in one for word in expected)] == []
        assert dialogs == []
        page.close()
        if context is None:
            owned.close()

    return open_page


def watched(page: Any) -> tuple[list[str], list[str], list[str]]:
    """What goes wrong in a page: errors on its console, addresses that it asks for, dialogs that it opens.

    An address that a policy kept the browser from asking for does not count as asked for.
    """
    errors: list[str] = []
    asked: list[str] = []
    dialogs: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda request: asked.remove(request.url) if request.failure == "csp" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.add_init_script(
        "window.violations = [];"
        "addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective));"
    )
    return errors, asked, dialogs


def ready(page: Any, view: str) -> Any:
    """The page once it shows ``view``."""
    page.wait_for_selector(f'[data-view="{view}"]')
    return page
