"""A headless Chromium with tabs, which shows a site of our own that a thread serves on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import http.server
import os
import shutil
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nextstate.data.sources import screens
from nextstate.data.sources.screens import Screen, Tab
from nextstate.errors import UsageError
from nextstate.record.web_site import HOST, Site
from nextstate.record.web_tree import tree

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from playwright.async_api import BrowserContext, FrameLocator, Locator, Page

SETTLE_S = 0.15
"""How long a page is given after an action before it is looked at, in seconds."""
LOAD_MS = 5_000
"""How long a page may take to load, in milliseconds."""


@dataclass(slots=True)
class Browser:
    """A browser under way: its open tabs and which of them is shown."""

    context: BrowserContext
    page: Page
    messages: list[str] = field(default_factory=list)

    async def screen(self, error: str = "") -> Screen:
        """What can be seen, once the page has settled."""
        await asyncio.sleep(SETTLE_S)
        self._choose_tab()
        for page in self.context.pages:
            await page.wait_for_load_state("load", timeout=LOAD_MS)
        tabs = [Tab(await page.title(), page.url, page is self.page) for page in self.context.pages]
        return Screen(screens.page(tabs, await tree(self.page)), error)

    def _choose_tab(self) -> None:
        """A tab that was opened by the page is shown; if the shown one is gone, the last one is."""
        pages = self.context.pages
        if self.page.is_closed() or self.page not in pages:
            self.page = pages[-1]

    async def element(self, bid: str) -> Locator:
        """The element with a bid; raises :class:`ValueError` in BrowserGym's words when there is none."""
        place: Page | FrameLocator = self.page
        for frame in _frames_of(bid):
            found = place.get_by_test_id(frame)
            if not await found.count():
                raise ValueError(f'Could not find element with bid "{bid}"')
            place = found.frame_locator(":scope")
        found = place.get_by_test_id(bid)
        if not await found.count():
            raise ValueError(f'Could not find element with bid "{bid}"')
        return found

    def show(self, page: Page) -> None:
        self.page = page


def _frames_of(bid: str) -> Iterator[str]:
    """The bids of the frames around an element, the outermost first: ``a`` and ``ab`` for ``ab12``."""
    end = 0
    while end < len(bid) and not bid[end:].isnumeric():
        end += 1
        while end < len(bid) and bid[end].isalpha() and bid[end].isupper():
            end += 1
        yield bid[:end]


@contextlib.asynccontextmanager
async def browsing(site: Site, start: str = "/") -> AsyncIterator[Browser]:
    """A browser that shows the page ``start`` of ``site``. Raises :class:`UsageError` where no browser is installed."""
    try:
        from playwright.async_api import Error, async_playwright
    except ImportError:
        raise UsageError("playwright is not installed; install nextstate[web]") from None

    with served(site) as port:
        async with async_playwright() as playwright:
            playwright.selectors.set_test_id_attribute("bid")
            try:
                program = await playwright.chromium.launch(
                    executable_path=shutil.which("chromium"),
                    chromium_sandbox=os.geteuid() != 0,  # Chromium's own sandbox does not start for root
                    args=[f"--host-resolver-rules=MAP {HOST} 127.0.0.1:{port},MAP * ~NOTFOUND"],
                )
            except Error as error:
                raise UsageError(f"Chromium does not start; run `playwright install chromium`: {error}") from None
            async with program:
                context = await program.new_context()
                browser = Browser(context, await context.new_page())
                context.on("page", lambda page: browser.show(page))  # bound methods of slotted classes are refused
                await browser.page.goto(f"http://{HOST}{start}", timeout=LOAD_MS)
                yield browser


@contextlib.contextmanager
def served(site: Site) -> Iterator[int]:
    """Serve ``site`` on loopback from a thread; gives the port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, site))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    def __init__(self, site: Site, *args: Any) -> None:
        self.site = site
        super().__init__(*args)

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), 1_000_000)
        status, page = self.site.respond(self.command, self.path, self.rfile.read(length).decode("utf-8", "replace"))
        body = page.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not reported."""
