"""The package installs from what it declares, pins what it tests with, and ships what it needs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import nextstate

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
DECLARED = [
    Requirement(line) for line in [*PROJECT["dependencies"], *(line for extra in EXTRAS.values() for line in extra)]
]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {normal(name): version for name, version in pairs}


def test_every_dependency_has_a_lower_bound() -> None:
    assert [str(one) for one in DECLARED if not any(spec.operator == ">=" for spec in one.specifier)] == []


def test_every_dependency_is_pinned_to_a_version_that_it_allows() -> None:
    pinned = pins()
    assert [str(one) for one in DECLARED if not one.specifier.contains(pinned[normal(one.name)])] == []


def test_the_pins_hold_names_and_versions_and_no_addresses() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pin = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+")
    assert [line for line in lines if not line.startswith("#") and not pin.fullmatch(line)] == []


def test_the_core_depends_on_no_provider_sdk_and_no_training_framework() -> None:
    refused = {"litellm", "openai", "anthropic", "torch", "transformers", "numpy"}
    assert refused.isdisjoint(normal(Requirement(line).name) for line in PROJECT["dependencies"])


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built without a network by the installed build backend."""
    out = tmp_path_factory.mktemp("wheel")
    build = f"import os; os.chdir({str(ROOT)!r}); from hatchling.build import build_wheel; build_wheel({str(out)!r})"
    subprocess.run([sys.executable, "-c", build], check=True, capture_output=True, env={**os.environ, "PYTHONPATH": ""})
    return zipfile.ZipFile(next(out.glob("nextstate-*.whl")))


def test_the_wheel_holds_every_file_of_the_source_tree(wheel: zipfile.ZipFile) -> None:
    listed = subprocess.run(["git", "ls-files", "src/nextstate"], cwd=ROOT, check=True, capture_output=True, text=True)
    source = {line.removeprefix("src/") for line in listed.stdout.splitlines()}
    assert "nextstate/py.typed" in source
    assert source <= set(wheel.namelist())


def test_the_wheel_holds_licence_version_and_entry_points(wheel: zipfile.ZipFile) -> None:
    info = f"nextstate-{nextstate.__version__}.dist-info"
    assert "Apache License" in wheel.read(f"{info}/licenses/LICENSE").decode()
    assert "License-Expression: Apache-2.0" in wheel.read(f"{info}/METADATA").decode()
    points = wheel.read(f"{info}/entry_points.txt").decode()
    assert "nextstate = nextstate.cli:main" in points
    assert "[nextstate.domains]" in points


def test_make_and_ci_run_the_same_tests() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "make test" in script
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
