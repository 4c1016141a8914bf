"""Real recordings of screens, where there are some (as in `tests/data/conftest.py`)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
RECORDINGS = Path(os.environ.get("NEXTSTATE_RECORDINGS") or ROOT.parent / "shared" / "data")


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder of real recordings; skips the test where it is not there."""
    if not RECORDINGS.is_dir():
        pytest.skip("no real recordings; set NEXTSTATE_RECORDINGS to the folder that holds them")
    return RECORDINGS
