"""The folder of an evaluation: ``run.json`` says what is measured, ``rows.jsonl`` holds one line for each finished row.

A line is written and flushed when its row is finished, so killing the process loses at most the rows under way. The
same run started again in the same folder goes on where it was; another run is refused.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from nextstate.errors import DataError, UsageError
from nextstate.eval.rows import Row, decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

MANIFEST, ROWS = "run.json", "rows.jsonl"


class Journal:
    """The finished rows of one run, in memory and, when there is a folder, on disk. Use it as a context manager."""

    def __init__(self, folder: Path | None, run: Mapping[str, Any]) -> None:
        self.rows: dict[str, Row] = {}
        self.shown: dict[str, dict[str, Any]] = {}
        """Row key to the turn that the model made of it; only filled in a free run, whose later rows need it."""
        self._folder = folder
        self._run = dict(run)
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Journal:
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

    def append(self, row: Row, *, shown: dict[str, Any], **extra: Any) -> None:
        """Keep a finished row; ``shown`` and ``extra`` are written beside its own fields."""
        self.rows[row.key] = row
        if self._run["free_run"]:
            self.shown[row.key] = shown
        if self._file is not None:
            line = json.dumps({**row.as_dict(), "shown": shown, **extra}, separators=(",", ":"))
            self._file.write(line.encode() + b"\n")
            self._file.flush()

    def _resume(self, folder: Path) -> None:
        manifest = folder / MANIFEST
        if manifest.exists():
            _refuse_another(_load(manifest), self._run, folder)
        elif (folder / ROWS).stat().st_size:
            raise UsageError(
                f"{folder} holds {ROWS} without {MANIFEST}; use another folder, or delete it to start anew"
            )
        else:
            draft = folder / f"{MANIFEST}.part"
            draft.write_text(json.dumps(self._run, indent=2) + "\n", "utf-8")
            draft.replace(manifest)
        end = 0
        for offset, line in _lines(folder / ROWS):
            end, row = offset, decode(line, where=f"{folder / ROWS}, byte {end}")
            self.rows[row.key] = row
            if self._run["free_run"]:
                self.shown[row.key] = line["shown"]
        assert self._file is not None
        self._file.truncate(end)  # a line that a kill tore off; its row is asked again


def read(folder: Path) -> tuple[dict[str, Any], tuple[Row, ...]]:
    """The manifest and the finished rows of an evaluation's ``folder``. Raises :class:`DataError`."""
    where = str(folder / ROWS)
    return _load(folder / MANIFEST), tuple(decode(line, where=where) for _, line in _lines(folder / ROWS))


def _locked(path: Path) -> IO[bytes]:
    import fcntl

    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise UsageError(f"{path.parent}: another evaluation is writing here; wait, or use another folder") from None
    return file


def _load(manifest: Path) -> dict[str, Any]:
    try:
        run = json.loads(manifest.read_bytes())
    except FileNotFoundError:
        raise DataError("there is no evaluation in this folder", where=str(manifest)) from None
    except ValueError as error:
        raise DataError(f"not JSON: {error}", where=str(manifest)) from error
    if not isinstance(run, dict):
        raise DataError("not the manifest of an evaluation", where=str(manifest))
    return run


def _refuse_another(found: Mapping[str, Any], wanted: Mapping[str, Any], folder: Path) -> None:
    differing = [key for key in sorted({*found, *wanted}) if found.get(key) != wanted.get(key)]
    if differing:
        listed = "; ".join(f"{key} was {found.get(key)!r}, is now {wanted.get(key)!r}" for key in differing)
        raise UsageError(f"{folder} holds another run ({listed}); use another folder, or delete this one to start anew")


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The end offset (bytes) and the value of each whole line; a torn last line is left out."""
    end = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            end += len(line)
            yield end, _parse(line, f"{path}:{number}")


def _parse(line: bytes, where: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise DataError(f"not JSON: {error}; delete this line to ask its row again", where=where) from error
    if not isinstance(value, dict):
        raise DataError("not an evaluation row; delete this line to ask its row again", where=where)
    return value
