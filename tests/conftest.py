"""What tests all over the tree share: the sample third-party domain, a small whole world; and a real browser."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest

from nextstate import domain as domains
from plugged import PLUGIN, write_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[domains.Domain]:
    """The domain ``weather-desk``, found by its entry point; :mod:`test_plugin` installs it for real."""
    metadata = tmp_path_factory.mktemp("metadata")
    write_metadata(metadata)
    added = [str(PLUGIN), str(metadata)]
    sys.path[:0] = added
    domains.find.cache_clear()
    yield domains.find("weather-desk")
    for entry in added:
        sys.path.remove(entry)
    domains.find.cache_clear()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium without a page."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no chromium; install it (make system)")
    with playwright.sync_playwright() as running:
        found = running.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield found
        found.close()
