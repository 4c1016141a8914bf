"""The sample third-party domain, for tests that need a small whole world."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

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
