"""The folder of a run: ``run.json`` says what is measured, ``rows.jsonl`` holds one line for each finished row.

A line is written and flushed when its row is finished, so killing the process loses at most the rows under way. The
same run started again in the same folder goes on where it was; another run is refused.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Generic, TypeVar

from nextstate.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

MANIFEST, ROWS = "run.json", "rows.jsonl"

T = TypeVar("T")


class Journal(Generic[T]):
    """The finished rows of one run, in memory and, when there is a folder, on disk. Use it as a context manager.

    ``run`` says in plain JSON values what is measured. Every line is a JSON object whose ``key`` names its row, and
    ``decode`` gives what is kept of it in memory; it may raise :class:`DataError`. Raises :class:`UsageError` when the
    folder holds another run or somebody else writes there, and :class:`DataError` for a broken line.
    """

    def __init__(self, folder: Path | None, run: Mapping[str, Any], decode: Callable[[Mapping[str, Any]], T]) -> None:
        self.rows: dict[str, T] = {}
        """What is kept of each finished row, by its key."""
        self._folder = folder
        self._run = dict(run)
        self._decode = decode
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Journal[T]:
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = _locked(self._folder / ROWS)
            try:
                self._resume(self._folder)
            except BaseException:
                self._file.close()
                raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def append(self, line: Mapping[str, Any], value: T) -> None:
        """Write a finished row's ``line`` and keep ``value``, which is what ``decode`` would make of it."""
        self.rows[line["key"]] = value
        if self._file is not None:
            self._file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
            self._file.flush()

    def _resume(self, folder: Path) -> None:
        found = folder / MANIFEST
        if found.exists():
            _refuse_another(manifest(folder), self._run, folder)
        elif (folder / ROWS).stat().st_size:
            raise UsageError(
                f"{folder} holds {ROWS} without {MANIFEST}; use another folder, or delete it to start anew"
            )
        else:
            draft = folder / f"{MANIFEST}.part"
            draft.write_text(json.dumps(self._run, indent=2) + "\n", "utf-8")
            draft.replace(found)
        whole = 0
        for end, line, where in _lines(folder / ROWS):
            self.rows[_key(line, where)] = _decoded(self._decode, line, where)
            whole = end
        assert self._file is not None
        self._file.truncate(whole)  # a line that a kill tore off; its row is asked again


def lines(folder: Path) -> Iterator[dict[str, Any]]:
    """The lines of the finished rows of a run's ``folder``, in the order in which they finished.

    Raises :class:`DataError`.
    """
    return (line for _, line, _ in _lines(folder / ROWS))


def read(folder: Path, decode: Callable[[Mapping[str, Any]], T]) -> tuple[dict[str, Any], tuple[T, ...]]:
    """What the run in ``folder`` measures, and its finished rows. Raises :class:`DataError`."""
    run = manifest(folder)
    return run, tuple(_decoded(decode, line, where) for _, line, where in _lines(folder / ROWS))


def manifest(folder: Path) -> dict[str, Any]:
    """What the run in ``folder`` measures. Raises :class:`DataError` when there is none."""
    path = folder / MANIFEST
    try:
        run = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise DataError("there is no run in this folder", where=str(path)) from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON: {error}", where=str(path)) from error
    if not isinstance(run, dict):
        raise DataError("not the manifest of a run", where=str(path))
    return run


def _locked(path: Path) -> IO[bytes]:
    import fcntl

    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise UsageError(f"{path.parent}: another run is writing here; wait, or use another folder") from None
    return file


def _refuse_another(found: Mapping[str, Any], wanted: Mapping[str, Any], folder: Path) -> None:
    differing = [key for key in sorted({*found, *wanted}) if found.get(key) != wanted.get(key)]
    if differing:
        listed = "; ".join(f"{key} was {found.get(key)!r}, is now {wanted.get(key)!r}" for key in differing)
        raise UsageError(f"{folder} holds another run ({listed}); use another folder, or delete this one to start anew")


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any], str]]:
    """The end offset (bytes), the value and the place of each whole line; a torn last line is left out."""
    end = 0
    if not path.is_file():
        raise DataError("there are no rows of a run here", where=str(path))
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            end += len(line)
            where = f"{path}:{number}"
            yield end, parse(line, where), where


def parse(line: bytes, where: str) -> dict[str, Any]:
    """The object of one whole line. Raises :class:`DataError`."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON: {error}; delete this line to ask its row again", where=where) from error
    if not isinstance(value, dict):
        raise DataError("not a row of a run; delete this line to ask its row again", where=where)
    return value


def _key(line: Mapping[str, Any], where: str) -> str:
    key = line.get("key")
    if not isinstance(key, str):
        raise DataError("a row without a key; delete this line to ask its row again", where=where)
    return key


def _decoded(decode: Callable[[Mapping[str, Any]], T], line: Mapping[str, Any], where: str) -> T:
    try:
        return decode(line)
    except DataError as error:
        raise DataError(str(error), where=where) from error
