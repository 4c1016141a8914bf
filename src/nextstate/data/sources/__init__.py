"""Public formats of recordings: one module each, found through the entry-point group ``nextstate.sources``.

A :class:`Format` says how its files are recognised and how they become trajectories: record by record (``rows``), which
lets one long file be read in pieces by many processes, or file by file (``file``). What several formats share stands in
:mod:`nextstate.data.sources.conversation` (messages, calls and results).

What importers promise: the agent's own reasoning is left out; every turn that is left out is counted, by reason,
under ``dropped`` in the ``meta`` of its trajectory; dataset, revision and licence travel in ``source``. Keys of
``meta`` that mean the same in every format are listed in docs/data.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING

from nextstate import plugins
from nextstate.data.checks import check
from nextstate.data.files import Head, head, plain_name, records, walk
from nextstate.data.provenance import provenance
from nextstate.data.sources.problems import BROKEN, sound
from nextstate.data.sources.problems import guard as guard
from nextstate.data.sources.problems import shorten as shorten
from nextstate.data.sources.problems import stop as stop
from nextstate.errors import DataError, UsageError
from nextstate.types import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from nextstate.data.sources.problems import OnError as OnError
    from nextstate.types import Json, Trajectory

GROUP = "nextstate.sources"

NOTES = ("SOURCE.md", "LICEN[CS]E*", "README*", "NOTICE*", "CITATION*")
"""Names of files that lie beside recordings and are none."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record or a file stands, and what is known of its provenance."""

    id: str
    """Unique within one import; the trajectory's id, or its beginning where a record gives several."""
    source: Source
    domain: str = ""
    """The domain that the caller insists on; empty where the format decides."""


@dataclass(frozen=True, slots=True)
class Format:
    """A public format. Exactly one of ``rows`` and ``file`` is given.

    Both raise :class:`DataError`, ``LookupError``, ``TypeError``, ``AttributeError`` or ``ValueError`` for what is not
    of the format; the caller says where. A record that breaks in the middle gives nothing.
    """

    title: str
    """What people call it, for ``nextstate data formats``."""
    recognise: Callable[[Head], str | None]
    """Why the beginning of a file says that it is of this format; ``None`` when it does not."""
    rows: Callable[[Json, Origin], Iterable[Trajectory]] | None = None
    """The trajectories of one record: a line of a ``.jsonl`` file, or an item of a JSON array or object."""
    file: Callable[[Path, Origin, OnError], Iterable[Trajectory]] | None = None
    """The trajectories of one file; broken parts of it go to the handler."""
    patterns: tuple[str, ...] = ("*.jsonl", "*.json")
    """Names of its files below a folder; compressed forms (``.gz``, ``.zst``) are meant as well."""
    beside: tuple[str, ...] = ()
    """Names of files that are read together with a file of this format, and are none themselves."""
    generic: bool = False
    """Whether a more special format that recognises the file as well is right."""
    write: Callable[[Trajectory], Iterable[Json]] | None = None
    """The records that a trajectory becomes in this format; ``None`` where it is only read."""
    loses: str = ""
    """What the format cannot hold, so that writing loses it; for people."""
    source: Source = field(default_factory=Source)
    """What is known of every recording in this format, where nothing beside the file says otherwise."""


def names() -> tuple[str, ...]:
    """The names of all installed formats, sorted."""
    return plugins.names(GROUP)


@cache
def find(name: str) -> Format:
    """The installed format called ``name``; raises :class:`UsageError` when there is none."""
    return plugins.load(GROUP, name, "format", Format)


@dataclass(frozen=True, slots=True)
class Recognised:
    """A file, the format it is of, and why."""

    path: Path
    format: str
    why: str


def recognise(path: Path, among: Iterable[str] = ()) -> Recognised:
    """The format of a file, of all that are installed or ``among`` these (to find all takes longer than to ask them).

    Raises :class:`DataError` when no format, or more than one, recognises it.
    """
    beginning = head(path)
    found = {name: why for name in among or names() if (why := _why(find(name), beginning))}
    special = {name: why for name, why in found.items() if not find(name).generic} or found
    if len(special) == 1:
        ((name, why),) = special.items()
        return Recognised(path, name, why)
    if special:
        reasons = "; ".join(f"{name}: {why}" for name, why in special.items())
        raise DataError(f"more than one format recognises it ({reasons}); name the one to use", where=str(path))
    raise DataError(_unknown(beginning.start), where=str(path))


def _unknown(start: bytes) -> str:
    """Why nothing recognises a file."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "it is in UTF-16; convert it to UTF-8"
    return "no format recognises it; name its format, or leave it out" if start else "it is empty; leave it out"


def _why(form: Format, beginning: Head) -> str | None:
    """Why a file is of the format; a beginning that breaks the question is not of it."""
    try:
        return form.recognise(beginning)
    except BROKEN:
        return None


def survey(path: Path, on_error: OnError = stop) -> Iterator[Recognised]:
    """The files below ``path`` that some format recognises; the others go to ``on_error``, with the reason."""
    among = names()
    beside = [*NOTES, *(pattern for name in among for pattern in find(name).beside)]
    for file in walk(path, on_error):
        if file != path and any(file.match(pattern) for pattern in beside):
            continue
        try:
            yield recognise(file, among)
        except DataError as error:
            on_error(error)
        except UsageError as error:  # the file has gone, or may not be read
            on_error(DataError(str(error), where=str(file)))


def select(name: str, path: Path, on_error: OnError = stop) -> list[Path]:
    """``path`` itself, or the files below it that bear a name of the format; never none."""
    if path.is_file():
        return [path]
    form = find(name)
    found = [file for file in walk(path, on_error) if any(plain_name(file).match(pattern) for pattern in form.patterns)]
    found = [file for file in found if not any(file.match(pattern) for pattern in form.beside)]
    if not found:
        wanted = ", ".join(form.patterns)
        raise UsageError(f"no {wanted} below {path}; name the folder or the file that holds them")
    return found


def read(
    name: str, path: Path, on_error: OnError = stop, *, source: Source | None = None, domain: str = ""
) -> Iterator[Trajectory]:
    """The trajectories of the format ``name`` in a file, or in the files below a folder.

    ``source`` overrides what is found beside the files, field by field; ``domain`` overrides what the format says.
    Raises :class:`UsageError` when nothing of the format is there.
    """
    for file in select(name, path, on_error):
        yield from read_file(find(name), file, origin_of(find(name), file, path, source, domain), on_error)


def origin_of(form: Format, file: Path, root: Path, source: Source | None = None, domain: str = "") -> Origin:
    """Where ``file`` of an import of ``root`` comes from: as the caller says, what lies beside it, or the format."""
    relative = plain_name(file).relative_to(root) if file != root else plain_name(file.relative_to(file.parent))
    known = provenance(file)
    own = source or Source()
    return Origin(
        id=relative.with_suffix("").as_posix(),
        source=Source(
            dataset=own.dataset or form.source.dataset or known.dataset,
            revision=own.revision or known.revision,
            licence=own.licence or known.licence or form.source.licence,
            row=relative.as_posix(),
            simulated_by=own.simulated_by or form.source.simulated_by,
        ),
        domain=domain,
    )


def read_file(form: Format, file: Path, origin: Origin, on_error: OnError) -> Iterator[Trajectory]:
    """The trajectories of one file; whatever is broken goes to ``on_error``, with its place, and the rest goes on."""
    with guard(form, str(file), on_error):
        if form.rows is not None:
            for key, where, value in records(file, on_error):
                yield from read_row(form, value, row_origin(origin, key), where, on_error)
        elif form.file is not None:
            yield from filter(partial(sound, str(file), on_error), form.file(file, origin, on_error))


def read_row(form: Format, value: Json, origin: Origin, where: str, on_error: OnError) -> list[Trajectory]:
    """The trajectories of one record, all of them or, when it is broken, none."""
    assert form.rows is not None
    with guard(form, where, on_error):
        found = list(form.rows(value, origin))
        for trajectory in found:
            check(trajectory, from_json=True)
        return found
    return []


def row_origin(origin: Origin, key: str, mark: str = "#") -> Origin:
    """The origin of the record ``key`` of a file."""
    source = origin.source
    row = f"{source.row}{mark}{key}"
    return Origin(
        f"{origin.id}-{key}",
        Source(source.dataset, source.revision, source.licence, row, source.simulated_by),
        origin.domain,
    )
