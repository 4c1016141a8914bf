"""Real recordings, where there are some: the folder NEXTSTATE_RECORDINGS names, or shared/data beside the clone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent.parent
RECORDINGS = Path(os.environ.get("NEXTSTATE_RECORDINGS") or ROOT.parent / "shared" / "data")


@pytest.fixture(scope="session")
def recordings() -> Callable[[str], Path]:
    """The folder of real recordings with a name; skips the test where it is not there."""

    def folder(name: str) -> Path:
        if not (RECORDINGS / name).is_dir():
            pytest.skip(f"no real recordings {name}; set NEXTSTATE_RECORDINGS to the folder that holds them")
        return RECORDINGS / name

    return folder
