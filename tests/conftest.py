"""The sample third-party domain, for tests that need a small whole world."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nextstate import domain as domains

if TYPE_CHECKING:
    from collections.abc import Iterator

PLUGIN = Path(__file__).parent / "plugin"


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


def write_metadata(folder: Path) -> None:
    """What an installer would write for the plug-in, so that its entry points are found in ``folder``."""
    project = tomllib.loads((PLUGIN / "pyproject.toml").read_text("utf-8"))["project"]
    info = folder / "weather_desk-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = project["entry-points"].items()
    lines = [line for group, points in groups for line in (f"[{group}]", *(f"{k} = {v}" for k, v in points.items()))]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
