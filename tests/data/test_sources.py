"""Sources are found by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nextstate.data import sources
from nextstate.data.sources import intercode, nemo_gym
from nextstate.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_built_in_sources_are_found_by_their_names() -> None:
    assert {"intercode", "nemo-gym-terminal"} <= set(sources.names())
    assert sources.find("intercode") is intercode.read
    assert sources.find("nemo-gym-terminal") is nemo_gym.read


def test_a_misspelt_source_is_wrong_usage_and_gets_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="unknown source 'intercod'; did you mean 'intercode'"):
        sources.find("intercod")


def test_a_path_without_files_of_the_format_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no \*\.json below"):
        list(intercode.read(tmp_path))
    with pytest.raises(UsageError, match="no such file or folder"):
        list(nemo_gym.read(tmp_path / "none"))
