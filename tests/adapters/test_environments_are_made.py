"""The machinery for environments of foreign frameworks, without installing anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import build
import pytest
from build import BuildError, Wanted, declared_python, interpreter, names, wanted


@pytest.fixture
def described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wanted:
    """An environment that is described, and not made."""
    monkeypatch.setattr(build, "BUILT", tmp_path / "built")
    one = Wanted("small", tmp_path / "small.txt", tmp_path / "small.npm.txt")
    one.requirements.write_text(f"# python: 3.{sys.version_info.minor}\n")
    return one


@pytest.mark.parametrize("name", names())
def test_every_environment_is_described_with_its_python_and_exact_versions(name: str) -> None:
    one = wanted(name)
    files = [file for file in (one.requirements, one.packages) if file.exists()]
    lines = [line for file in files for line in file.read_text().splitlines() if line and line[0] != "#"]
    assert lines
    assert all("==" in line or "@" in line[1:] for line in lines)
    assert not one.requirements.exists() or one.python


def test_an_environment_is_made_again_only_when_its_description_has_changed(
    described: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    monkeypatch.setattr(build, "install_python", lambda one: made.append(one.name))
    assert not described.is_made()
    build.make(described)
    assert described.is_made()
    described.requirements.write_text(described.requirements.read_text() + "more==1\n")
    assert not described.is_made()
    described.packages.write_text("package@1.0.0\n")
    monkeypatch.setattr(build, "install_packages", lambda one: made.append(f"{one.name} of npm"))
    build.make(described)
    assert made == ["small", "small", "small of npm"]


def test_an_installation_that_fails_leaves_no_environment_and_tells_what_was_printed(
    described: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(one: Wanted) -> None:
        build.run(sys.executable, "-c", "import sys; print('no such package'); sys.exit(3)")

    monkeypatch.setattr(build, "install_python", fail)
    with pytest.raises(BuildError, match="status 3:\nno such package"):
        build.make(described)
    assert not described.is_made()


def test_the_python_of_a_description_must_be_its_first_line(tmp_path: Path) -> None:
    file = tmp_path / "x.txt"
    file.write_text("package==1\n# python: 3.11\n")
    with pytest.raises(BuildError, match="the first line must be '# python: 3"):
        declared_python(file)


def test_a_python_of_the_wanted_version_is_found_and_another_one_is_an_error() -> None:
    assert subprocess.run([interpreter(f"3.{sys.version_info.minor}"), "-V"], check=True, capture_output=True)
    with pytest.raises(BuildError, match=r"no Python 3\.99 on this machine"):
        interpreter("3.99")


def test_an_unknown_name_is_refused_before_anything_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["build.py", "harbour"])
    monkeypatch.setattr(build, "make", lambda one: pytest.fail("made"))
    assert build.main() == 2
