"""The sample third-party package: where it lies, and what an installer would write for a package."""

from __future__ import annotations

import tomllib
from pathlib import Path

PLUGIN = Path(__file__).parent / "plugin"


def write_metadata(folder: Path) -> None:
    """What an installer would write for the plug-in, so that its entry points are found in ``folder``."""
    pretend_installed(PLUGIN, folder)


def pretend_installed(package: Path, folder: Path) -> None:
    """Write into ``folder`` what an installer would write for the project in the folder ``package``."""
    project = tomllib.loads((package / "pyproject.toml").read_text("utf-8"))["project"]
    name, version = project["name"], project["version"]
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    groups = project["entry-points"].items()
    lines = [line for group, points in groups for line in (f"[{group}]", *(f"{k} = {v}" for k, v in points.items()))]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
