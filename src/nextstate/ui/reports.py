"""Runs and reports that a server was told of: a table of figures, and pages made by :mod:`nextstate.eval.reports`.

A page is made once for each choice of runs, in a temporary folder, and opened by a secret that lasts some minutes: the
frame that shows it cannot send a key. Folders come from the command line, and are looked at again for every list.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import tempfile
import threading
import time
import weakref
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nextstate.data import store
from nextstate.errors import DataError, NextstateError
from nextstate.eval import journal, reports
from nextstate.serve.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nextstate.eval.reports.model import Run
    from nextstate.serve.catalogue import Catalogue
    from nextstate.types import Trajectory

MOST = 500
"""Runs and reports that a list holds."""
KEPT = 8
"""Pages that are kept."""
TICKETS, TICKET_SECONDS = 256, 600.0
"""Secrets that are good at once, and for how long."""
STAGES = ("", "infer", "judge")
"""Folders of a run in which its files may lie: beside the run itself, those of the stages of a benchmark."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something to open: a ``run``, a ``page`` that somebody wrote, or ``broken`` with the reason."""

    id: str
    name: str
    kind: str
    path: Path
    mark: tuple[int, ...]
    """Sizes and times of its files: another mark is another content."""
    reason: str = ""


@dataclass(slots=True, weakref_slot=True)
class Library:
    """The folders, what was read of them, and the pages that were made. Its methods may take seconds; use a thread."""

    folders: tuple[Path, ...]
    catalogue: Catalogue
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _runs: dict[str, tuple[tuple[int, ...], Run]] = field(default_factory=dict)
    _figures: tuple[object, dict[str, Any]] | None = None
    _pages: OrderedDict[object, Path] = field(default_factory=OrderedDict)
    _tickets: OrderedDict[str, tuple[float, Path]] = field(default_factory=OrderedDict)
    _place: Path | None = None

    def listed(self) -> dict[str, Any]:
        """What there is to open, and the figures of all runs; an item's ``run`` is its number among those."""
        with self._lock:
            items, runs = self._read()
            key = tuple((item.id, item.mark) for item in items if item.id in runs)
            if self._figures is None or self._figures[0] != key:
                self._figures = (key, reports.summary(list(runs.values())))
            numbers = {id: number for number, id in enumerate(runs)}
            told = [
                {"id": one.id, "name": one.name, "kind": one.kind, "reason": one.reason, "run": numbers.get(one.id)}
                for one in items
            ]
            return {"items": told, "summary": self._figures[1]}

    def opened(self, ids: Sequence[str]) -> str:
        """A secret that opens the page of the runs, or of the one report, called ``ids``. Raises :class:`Refused`."""
        with self._lock:
            items, runs = self._read()
            known = {item.id: item for item in items}
            if not ids or any(known.get(id) is None or known[id].kind == "broken" for id in ids):
                raise Refused(404, "no_such_report", "there is no such run or report; load the list again")
            chosen = [known[id] for id in dict.fromkeys(ids)]
            if chosen[0].kind == "page":
                path = chosen[0].path
            else:
                path = self._page([one for one in chosen if one.id in runs], runs)
            return self._ticket(path)

    def page(self, ticket: str) -> Path:
        """The page that a secret opens. Raises :class:`Refused`."""
        until, path = self._tickets.get(ticket, (0.0, Path()))
        if time.monotonic() > until or not path.is_file():
            raise Refused(404, "no_such_report", "this report is no longer open; open it again from the list")
        return path

    def _read(self) -> tuple[list[Item], dict[str, Run]]:
        """Everything there is, and the runs of it that can be read, by their ids."""
        items, runs = [], {}
        for item in _items(self.folders):
            try:
                if item.kind == "run":
                    runs[item.id] = self._run(item)
            except NextstateError as error:
                item = Item(item.id, item.name, "broken", item.path, item.mark, _told(error, item))
            items.append(item)
        self._runs = {id: held for id, held in self._runs.items() if id in runs}
        return items, runs

    def _run(self, item: Item) -> Run:
        held = self._runs.get(item.id)
        if held is None or held[0] != item.mark:
            held = (item.mark, reports.read(item.path))
            self._runs[item.id] = held
        return held[1]

    def _page(self, chosen: Sequence[Item], runs: dict[str, Run]) -> Path:
        key = tuple((item.id, item.mark) for item in chosen)
        if key in self._pages:
            self._pages.move_to_end(key)
            return self._pages[key]
        if self._place is None:
            self._place = Path(tempfile.mkdtemp(prefix="nextstate-reports-"))
            weakref.finalize(self, shutil.rmtree, self._place, ignore_errors=True)
        folder = self._place / secrets.token_hex(8)
        folder.mkdir()
        data = folder / "data.jsonl"
        wanted = [runs[item.id] for item in chosen]
        store.write(data, self._told_of(wanted))
        title = chosen[0].name if len(chosen) == 1 else f"{len(chosen)} runs"
        reports.write(wanted, folder, data=[data], title=title, on_error=lambda error: None)
        data.unlink()
        self._pages[key] = folder / reports.PAGE
        while len(self._pages) > KEPT:
            shutil.rmtree(self._pages.popitem(last=False)[1].parent, ignore_errors=True)
        return folder / reports.PAGE

    def _told_of(self, runs: Iterable[Run]) -> Iterator[Trajectory]:
        """The trajectories of the catalogue that rows of ``runs`` are of: their set-up, history and truth."""
        named = {row.cluster for run in runs for row in run.rows}
        for entry in self.catalogue.page(limit=len(self.catalogue)):
            one = self.catalogue.recorded(entry.name)
            if (one.domain, one.id) in named:
                yield one

    def _ticket(self, path: Path) -> str:
        ticket = secrets.token_urlsafe(32)
        self._tickets[ticket] = (time.monotonic() + TICKET_SECONDS, path)
        while len(self._tickets) > TICKETS:
            self._tickets.popitem(last=False)
        return ticket


def _items(folders: Iterable[Path]) -> Iterator[Item]:
    """What the folders, and the folders in them, hold; the first :data:`MOST`."""
    count = 0
    for folder in folders:
        try:
            inside = sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))
        except OSError:
            yield Item(_id(folder), folder.name, "broken", folder, (), "the folder cannot be read")
            continue
        for one in (folder, *inside):
            for item in _of(one):
                if count == MOST:
                    return
                count += 1
                yield item


def _of(folder: Path) -> Iterator[Item]:
    page = folder / reports.PAGE
    if page.is_file():
        yield Item(_id(page), folder.name, "page", page, _mark([page]))
    found = [folder / stage / name for stage in STAGES for name in (journal.MANIFEST, journal.ROWS)]
    inside_of_a_run = folder.name in STAGES and (folder.parent / STAGES[1]).is_dir()
    if any(path.is_file() for path in found) and not inside_of_a_run:
        yield Item(_id(folder), folder.name, "run", folder, _mark(found))


def _id(path: Path) -> str:
    """A name that tells nothing of where the folder lies."""
    return hashlib.sha256(str(path.absolute()).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _mark(paths: Iterable[Path]) -> tuple[int, ...]:
    found: list[int] = []
    for path in paths:
        try:
            about = path.stat()
        except OSError:
            found += (0, 0)
        else:
            found += (about.st_mtime_ns, about.st_size)
    return tuple(found)


def _told(error: NextstateError, item: Item) -> str:
    """What is wrong with a run, without saying where its folder lies."""
    where = f"{error.where}: " if isinstance(error, DataError) and error.where else ""
    return str(error).removeprefix(where).replace(str(item.path), item.name)[:500]
