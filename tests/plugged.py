"""The sample third-party package: where it lies, and what an installer would write for it."""

from __future__ import annotations

import tomllib
from pathlib import Path

PLUGIN = Path(__file__).parent / "plugin"


def write_metadata(folder: Path) -> None:
    """What an installer would write for the plug-in, so that its entry points are found in ``folder``."""
    project = tomllib.loads((PLUGIN / "pyproject.toml").read_text("utf-8"))["project"]
    info = folder / "weather_desk-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = project["entry-points"].items()
    lines = [line for group, points in groups for line in (f"[{group}]", *(f"{k} = {v}" for k, v in points.items()))]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
