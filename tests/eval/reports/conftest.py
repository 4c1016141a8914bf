"""A real browser without a network, and pages that fail a test when they ask for anything or stumble."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    Opened = Callable[..., AbstractContextManager[Any]]


@pytest.fixture
def opened(browser: Any) -> Opened:
    """Opens a page; at the end it must have asked for nothing and have raised no error."""

    @contextmanager
    def open_page(file: Path, fragment: str = "", width: int = 1280, scheme: str = "light") -> Iterator[Any]:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        asked: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(file.as_uri() + fragment)
        page.wait_for_selector("html[data-ready]")
        yield page
        assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
        assert errors == []
        page.close()

    return open_page
