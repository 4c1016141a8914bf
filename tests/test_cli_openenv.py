"""``nextstate openenv``: an environment folder of OpenEnv. Its use by OpenEnv itself is tested in tests/adapters."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest
import yaml

from nextstate import domain
from nextstate.cli.openenv import make
from nextstate.data import store
from nextstate.errors import UsageError
from nextstate.serve.catalogue import Catalogue

if TYPE_CHECKING:
    from pathlib import Path

SCENARIOS = [f"{name}/{domain.find(name).examples()[0].id}" for name in domain.names()]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_folder_of_any_scenario_is_well_formed_and_holds_no_recorded_turn(scenario: str, tmp_path: Path) -> None:
    recording = Catalogue.of().recorded(scenario)
    written = make(tmp_path / "my-world", recording, scenario, 'chat:a"b\\@http://localhost:1')
    assert len(written) == len(set(written)) == 10
    for path in written:
        text = path.read_text()
        assert path.suffix == ".jsonl" or "$" not in text
        if path.suffix == ".py":
            ast.parse(text)
    declared = yaml.safe_load((tmp_path / "my-world" / "openenv.yaml").read_text())
    assert declared["name"] == "my_world" and declared["app"] == "server.app:app"
    (kept,) = store.read(tmp_path / "my-world" / "scenario.jsonl")
    assert kept.setup == recording.setup and kept.turns == ()


def test_names_that_cannot_be_used_and_folders_that_are_there_are_refused(tmp_path: Path) -> None:
    recording = Catalogue.of().recorded(SCENARIOS[0])
    for name in ("class", "Upper", "1st", "server", "a b", "é"):
        with pytest.raises(UsageError, match="cannot be called"):
            make(tmp_path / name, recording, SCENARIOS[0], "kernel")
    (tmp_path / "there").mkdir()
    with pytest.raises(UsageError, match="exists"):
        make(tmp_path / "there", recording, SCENARIOS[0], "kernel")
