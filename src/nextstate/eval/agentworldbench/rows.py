r"""The rows of AgentWorldBench: files ``{domain}_test.jsonl``, one question a line, read one at a time.

The format is described in :mod:`nextstate.data.sources.agentworldbench`. :func:`index` reads the files once and keeps
where each row stands; a row is read again when it is asked, so memory does not grow with the histories. Lines end at
``\n`` only.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from nextstate.data import sources
from nextstate.data.lines import COMPRESSED, MAX_LINE
from nextstate.data.sources import agentworldbench as format
from nextstate.data.sources.problems import BROKEN
from nextstate.errors import DataError, UsageError
from nextstate.eval import journal
from nextstate.models import keys
from nextstate.types import Query, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from nextstate.types import Observation

FILES = "*_test.jsonl"
MARKER = format.OBSERVATION.rstrip("\n")
"""What stands on the line before every observation of the files."""


@dataclass(frozen=True)
class BenchRow:
    """One question: what the environment shows at ``turn`` (from 0). ``value`` is the row as it stands in the file."""

    value: Mapping[str, Any]
    task: str
    id: str
    turn: int
    system: str
    prompts: tuple[str, ...]
    """The prompts of all turns up to the one that is asked, which is the last."""
    responses: tuple[str, ...]
    """The true responses to all of them; the last one is the truth."""

    @property
    def domain(self) -> str:
        """The last part of the task."""
        return self.task.rpartition("/")[2]

    @property
    def current(self) -> str:
        """The prompt that is asked, without the request to answer that may stand behind it."""
        current = self.value.get("current_prompt")
        return current if isinstance(current, str) and current else self.prompts[-1]

    @cached_property
    def content(self) -> bytes:
        """The SHA-256 of all that is asked and of the truth."""
        return keys.digest(self.task, self.id, self.system, self.prompts, self.responses)

    @cached_property
    def cluster(self) -> bytes:
        """What rows of one trajectory have in common; the id is not enough, for ids repeat."""
        first = self.current if self.turn == 0 else self.prompts[0]
        return keys.digest(self.task, self.id, self.system, first, self.responses[0])

    def messages(self) -> list[dict[str, str]]:
        """The question as the published script asks it: system prompt, then user = prompt, assistant = response."""
        asked = [{"role": "system", "content": self.system}] if self.system else []
        for prompt, response in zip(self.prompts, self.responses[:-1], strict=False):
            asked += {"role": "user", "content": prompt}, {"role": "assistant", "content": response}
        return [*asked, {"role": "user", "content": self.prompts[-1]}]

    def question(self) -> tuple[Query, Observation]:
        """The question as the importer reads it, with the truth. Raises :class:`DataError`."""
        turns = self.turn + 1
        value = {**self.value, "prompt": list(self.prompts), "response": list(self.responses), "turn_idx": turns}
        try:
            trajectory = format.one(value, sources.Origin(f"{self.domain}-{self.id}", Source()))
            *history, asked = trajectory.turns
        except BROKEN as error:
            raise DataError(f"the row cannot be read as a query: {type(error).__name__}: {error}") from error
        return Query(trajectory.domain, trajectory.setup, tuple(history), asked.action), asked.observation


def read(value: Any) -> BenchRow:
    """The row that a line's JSON ``value`` is; raises :class:`DataError` for anything else."""
    if not isinstance(value, dict):
        raise DataError(f"a row is a JSON object, not a {type(value).__name__}")
    task, ident, turn = value.get("task"), value.get("id"), value.get("turn_idx")
    prompts, responses = _texts(value, "prompt"), _texts(value, "response")
    if not (isinstance(task, str) and task.rpartition("/")[2]):
        raise DataError(f"task is {_short(task)}; it names the domain")
    if isinstance(ident, bool) or not isinstance(ident, int | str):
        raise DataError(f"id is {_short(ident)}; it is a number or a text")
    if isinstance(turn, bool) or not isinstance(turn, int) or not 1 <= turn <= min(len(prompts), len(responses)):
        counted = f"{len(prompts)} prompts and {len(responses)} responses"
        raise DataError(f"turn_idx is {_short(turn)}, and there are {counted}, counted from 1")
    system = value.get("system_str") or ""
    if not isinstance(system, str):
        raise DataError(f"system_str is {_short(system)}; it is a text")
    return BenchRow(value, task, str(ident), turn - 1, system, prompts[:turn], responses[:turn])


def _texts(value: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = value.get(name)
    texts = [found] if isinstance(found, str) else found
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise DataError(f"{name} is {_short(found)}; it is a list of texts")
    return tuple(texts)


def _short(value: object) -> str:
    return repr(value)[:60]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line stands: its offset and length in bytes."""

    path: Path
    offset: int
    length: int

    def read(self) -> dict[str, Any]:
        """The JSON object of the line. Raises :class:`DataError` when the file was changed meanwhile."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            line = file.read(self.length)
        try:
            value = _json(line)
        except DataError:
            value = None
        if not isinstance(value, dict):
            raise DataError("the file has changed since it was indexed; start again", where=str(self.path))
        return value


@dataclass(frozen=True, slots=True)
class Entry:
    """A row by name. ``key`` is ``{domain}/{id}/{turn}/{16 hex digits of its content}``, unlike for every row."""

    key: str
    domain: str
    trajectory: str
    turn: int
    place: Place

    def row(self) -> BenchRow:
        """The row, read from its file."""
        return read(self.place.read())


@dataclass(frozen=True, slots=True)
class Bench:
    """The rows that are asked. ``groups`` holds those of each trajectory in order, the longest groups first.

    Rows of one trajectory share a long beginning; who asks them one after another finds it in the prefix cache. That
    long groups come first keeps all workers busy to the end.
    """

    groups: tuple[tuple[Entry, ...], ...]
    sha256: str
    """Of the content of all rows of the files, in order."""
    problems: tuple[DataError, ...] = ()
    """Lines that are no rows, with their places; they are skipped."""
    repeated: int = 0
    """Rows that are equal to an earlier one in everything; they are asked and counted like any other."""

    @property
    def entries(self) -> Iterator[Entry]:
        """All rows, group by group."""
        return (entry for group in self.groups for entry in group)

    def counts(self) -> dict[str, int]:
        """The number of rows of each domain."""
        return dict(sorted(Counter(entry.domain for entry in self.entries).items()))


def files(paths: Iterable[str | Path]) -> list[Path]:
    """The files of rows that ``paths`` name: files as they are, of a folder its ``{domain}_test.jsonl``.

    Raises :class:`UsageError`.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        inside = sorted(path.glob(FILES)) if path.is_dir() else [path]
        if not inside:
            raise UsageError(f"{path} holds no file {FILES}; name the folder of the data set, or its files")
        found += inside
    for path in found:
        if not path.is_file():
            raise UsageError(f"no such file: {path}")
        if path.suffix in COMPRESSED:
            raise UsageError(f"{path} is compressed; unpack it first, rows are read here and there in the file")
    return found


def index(paths: Iterable[str | Path], *, limit: int | None = None, seed: int = 0) -> Bench:
    """The rows of ``paths``, read once. ``limit`` takes so many rows, whole trajectories drawn by the seed.

    Raises :class:`UsageError` for files that are not there or hold no row.
    """
    found = files(paths)
    indexing = _Indexing()
    for path in found:
        indexing.file(path)
    if not indexing.groups:
        first = f": {indexing.problems[0]}" if indexing.problems else ""
        raise UsageError(f"no row of AgentWorldBench in {', '.join(map(str, found))}{first}")
    groups = [tuple(sorted(group, key=lambda entry: entry.turn)) for group in indexing.groups.values()]
    chosen = groups if limit is None else _sample(groups, limit, seed)
    chosen.sort(key=len, reverse=True)
    digest = keys.digest(*indexing.contents).hex()
    return Bench(tuple(chosen), digest, tuple(indexing.problems), indexing.repeated)


def _sample(groups: Sequence[tuple[Entry, ...]], limit: int, seed: int) -> list[tuple[Entry, ...]]:
    left, taken = limit, []
    for group in sorted(groups, key=lambda group: keys.digest(seed, group[0].key)):
        if left <= 0:
            break
        taken.append(group[:left])
        left -= len(group)
    return taken


class _Indexing:
    """The rows seen so far, by trajectory."""

    def __init__(self) -> None:
        self.groups: dict[tuple[str, str], list[Entry]] = {}
        self.problems: list[DataError] = []
        self.contents: list[str] = []
        self.repeated = 0
        self._seen: Counter[bytes] = Counter()
        self._names: defaultdict[tuple[str, str], dict[bytes, str]] = defaultdict(dict)

    def file(self, path: Path) -> None:
        with path.open("rb") as file:
            for number, (offset, line) in enumerate(_lines(file), 1):
                where = f"{path}:{number}"
                if line is None:
                    self.problems.append(DataError(f"the line is longer than {MAX_LINE} bytes", where=where))
                elif line.strip():
                    try:
                        self._row(read(_json(line)), Place(path, offset, len(line)))
                    except DataError as error:
                        self.problems.append(DataError(str(error), where=where))

    def _row(self, row: BenchRow, place: Place) -> None:
        content = row.content
        times = self._seen[content]
        self._seen[content] += 1
        self.repeated += times > 0
        self.contents.append(content.hex())
        named = content if times == 0 else keys.digest(content.hex(), times)
        key = f"{row.domain}/{row.id}/{row.turn}/{named.hex()[:16]}"
        name = self._name(row)
        group = self.groups.setdefault((row.domain, name), [])
        group.append(Entry(key, row.domain, name, row.turn, place))

    def _name(self, row: BenchRow) -> str:
        """The id; for another trajectory of the same id with a part of its hash behind it."""
        known = self._names[row.domain, row.id]
        if row.cluster not in known:
            known[row.cluster] = f"{row.id}.{row.cluster.hex()[:8]}" if known else row.id
        return known[row.cluster]


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Offset and content of each line; ``None`` for one that is too long."""
    offset = 0
    while line := file.readline(MAX_LINE):
        size, whole = len(line), line.endswith(b"\n") or len(line) < MAX_LINE
        yield offset, line if whole else None
        while not whole:
            more = file.readline(MAX_LINE)
            size, whole = size + len(more), not more or more.endswith(b"\n")
        offset += size


def _json(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8-sig"))  # bytes would be taken for UTF-16 or UTF-32 by their zeros
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON: {error}") from error


def places(path: Path, key_of: Callable[[dict[str, Any]], str]) -> dict[str, Place]:
    """Where each whole line of a journal's file stands, by its key. Raises :class:`DataError`."""
    found: dict[str, Place] = {}
    with path.open("rb") as file:
        for offset, line in _lines(file):
            if line is not None and line.endswith(b"\n"):
                value = journal.parse(line, str(path))
                found[key_of(value)] = Place(path, offset, len(line))
    return found
