"""An evaluation set in the format of AgentWorldBench, built of any trajectories.

**Turns.** Of a trajectory of texts the first turn that may be asked, the last, and three between, a quarter, a half and
three quarters of the way; all of them where there are no more than five. Then half of the rows of each domain, those
whose hash with the seed is the lowest. Of a trajectory of screens the five hardest turns: those at which the most lines
of the canonical screen go or come. A turn at which fewer than :data:`TRIVIAL` lines do, and less than
:data:`TRIVIAL_SHARE` of both screens, is trivial and not asked. A ``limit`` takes so many rows of each domain, again by
hash, so that a smaller limit takes a part of what a larger one takes.

**Left out**, and counted by reason: trajectories without turns to ask, those that were simulated, those that occur
twice, those whose licence is not among the allowed ones or not known, and rows that named training sets hold
(:mod:`nextstate.data.contamination`: the same content, the same row, task or text of a task).

**Written** are ``{domain}_test.jsonl``, rows as :mod:`nextstate.data.sources.agentworldbench` writes and reads them;
``sources.jsonl``, one line a trajectory, with dataset, revision, licence and the turns that are asked; and
``manifest.json``: what was done, counts, and the SHA-256 of every file. The same input gives the same bytes. Facts are
for kernels and have no place in the format.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nextstate import __version__
from nextstate import domain as domains
from nextstate.data import lines, store
from nextstate.data.filters import targets
from nextstate.data.sample import query
from nextstate.data.sources import agentworldbench
from nextstate.errors import UsageError
from nextstate.eval.rows import fingerprint
from nextstate.models import keys

if TYPE_CHECKING:
    from pathlib import Path

    from nextstate.types import Trajectory

PER_TRAJECTORY = 5
TRIVIAL = 3
TRIVIAL_SHARE = 0.02
UNKNOWN = "unknown"
"""What allows a licence that is not known, among the names of licences."""

Read = Callable[[], Iterable["Trajectory"]]
"""Reads the trajectories of a file from the start, in the same order every time."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A trajectory of the set: its place in the input, the id it gets, and the numbers, from 0, of its asked turns."""

    place: int
    domain: str
    id: str
    turns: tuple[int, ...]


@dataclass(slots=True)
class Counts:
    """What became of a domain's trajectories and rows."""

    trajectories: int = 0
    rows: int = 0
    chosen: int = 0
    """Rows before the half was taken, the contaminated ones were left out, and the limit was applied."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Trajectories by reason, and rows under ``row_...``."""


def build(
    read: Read,
    out: Path,
    *,
    seed: int = 0,
    against: Sequence[tuple[str, Read]] = (),
    licences: Sequence[str] | None = None,
    limit: int | None = None,
    only: Sequence[str] = (),
) -> dict[str, Any]:
    """Build the set in the new or empty folder ``out`` and return its manifest.

    ``against`` names training sets. ``licences`` are the allowed ones (by default every one that is known); ``unknown``
    among them also lets in what has none, marked by ``null`` in ``sources.jsonl``. ``only`` names the domains that
    are wanted. Raises :class:`UsageError` where ``out`` is not empty, or nothing is left to ask.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is not empty; name a new folder, or remove what is in it")
    if limit is not None and limit < 1:
        raise UsageError(f"the limit is {limit}; give at least 1 row of each domain")
    for name in only:
        domains.find(name)
    counts: defaultdict[str, Counts] = defaultdict(Counts)
    asked = _halved(_chosen(read, counts, licences, only), seed)
    for name, training in against:
        asked = _uncontaminated(read, asked, name, training, counts)
    asked = _limited(asked, limit, seed)
    if not asked:
        told = "; ".join(f"{name}: {dict(one.left_out)}" for name, one in sorted(counts.items()))
        raise UsageError(f"there is nothing to ask ({told or 'no trajectories'}); name other data, or allow a licence")
    out.mkdir(parents=True, exist_ok=True)
    files, content = _written(read, asked, out, counts)
    manifest: dict[str, Any] = {
        "made_by": f"nextstate {__version__}",
        "seed": seed,
        "limit": limit,
        "data_sha256": content,
        "against": [{"name": name, "sha256": _hash(training())} for name, training in against],
        "licences": list(licences) if licences is not None else "known",
        "domains": {name: _counted(one) for name, one in sorted(counts.items())},
        "files": files,
    }
    lines.write(out / "manifest.json", [json.dumps(manifest, indent=2, ensure_ascii=False).encode() + b"\n"])
    return manifest


def _hash(trajectories: Iterable[Trajectory]) -> str:
    """A hash of the content of trajectories, one at a time."""
    return keys.digest([fingerprint((one,)) for one in trajectories]).hex()


# Which turns are asked


def of_text(trajectory: Trajectory) -> tuple[int, ...]:
    """The first, the last and three turns between, of those that may be asked."""
    among = targets(trajectory)
    if len(among) <= PER_TRAJECTORY:
        return among
    last = len(among) - 1
    return tuple(among[round(last * part / (PER_TRAJECTORY - 1))] for part in range(PER_TRAJECTORY))


def of_screens(trajectory: Trajectory) -> tuple[int, ...]:
    """The turns at which most of the screen changes, in their order; none that is trivial."""
    changes = [(_changed(trajectory, turn), turn) for turn in targets(trajectory)]
    hard = sorted((-changed, turn) for (changed, worth), turn in changes if worth)
    return tuple(sorted(turn for _, turn in hard[:PER_TRAJECTORY]))


def _changed(trajectory: Trajectory, turn: int) -> tuple[int, bool]:
    """How many lines of the screen go or come at a turn, and whether that is more than trivial."""
    domain = domains.find(trajectory.domain)
    before = domain.canonical(domain.before(query(trajectory, turn))).split("\n")
    after = domain.canonical(trajectory.turns[turn].observation).split("\n")
    old, new = Counter(before), Counter(after)
    changed = (old - new).total() + (new - old).total()
    return changed, changed >= TRIVIAL and changed >= TRIVIAL_SHARE * (len(before) + len(after))


def _chosen(
    read: Read, counts: defaultdict[str, Counts], licences: Sequence[str] | None, only: Sequence[str]
) -> list[Asked]:
    found: list[Asked] = []
    given: dict[tuple[str, str], int] = {}
    known: set[bytes] = set()
    for place, one in enumerate(read()):
        if only and one.domain not in only:
            continue
        content = keys.digest(one.domain, keys.setup_key(one.domain, one.setup).hex(), _said(one))
        why = "occurs_twice" if content in known else _refused(one, licences)
        turns = () if why else (of_screens if domains.find(one.domain).screens else of_text)(one)
        if why or not turns:
            counts[one.domain].left_out[why or "no_turn_to_ask"] += 1
            continue
        known.add(content)
        ident = _free(one.domain, one.id, given)
        found.append(Asked(place, one.domain, ident, turns))
        counts[one.domain].chosen += len(turns)
    return found


def _free(domain: str, ident: str, given: dict[tuple[str, str], int]) -> str:
    """``ident``, or with a number behind it where it is taken; taken from now on."""
    number, name = given.get((domain, ident), 0) + 1, ident
    while (domain, name) in given:
        name, number = f"{ident}~{number}", number + 1
    given[domain, ident] = max(1, number - 1)
    given.setdefault((domain, name), 1)
    return name


def _said(trajectory: Trajectory) -> list[list[str]]:
    return [[turn.action, turn.observation] for turn in trajectory.turns]


def _refused(trajectory: Trajectory, licences: Sequence[str] | None) -> str:
    """Why a trajectory is not taken; empty where it is."""
    if trajectory.source.simulated_by is not None:
        return "simulated"
    licence = trajectory.source.licence
    if not licence:
        return "" if licences is not None and UNKNOWN in licences else "licence_unknown"
    return "" if licences is None or licence in licences else "licence_not_allowed"


def _halved(asked: Sequence[Asked], seed: int) -> list[Asked]:
    """Half of the rows of each domain of texts, the greater half of an odd number."""
    sizes = Counter(one.domain for one in asked for _ in one.turns)
    halves = {name: number if domains.find(name).screens else (number + 1) // 2 for name, number in sizes.items()}
    return _drawn(asked, halves, seed, "half")


def _limited(asked: Sequence[Asked], limit: int | None, seed: int) -> list[Asked]:
    names = {one.domain for one in asked}
    return list(asked) if limit is None else _drawn(asked, dict.fromkeys(names, limit), seed, "limit")


def _drawn(asked: Sequence[Asked], sizes: dict[str, int], seed: int, why: str) -> list[Asked]:
    """As many rows of each domain as ``sizes`` says, those with the lowest hashes."""
    drawn: defaultdict[str, list[tuple[bytes, int, int]]] = defaultdict(list)
    for one in asked:
        for turn in one.turns:
            drawn[one.domain].append((keys.digest(seed, why, one.domain, one.id, turn), one.place, turn))
    kept = {row[1:] for name, rows in drawn.items() for row in sorted(rows)[: sizes[name]]}
    return _only(asked, lambda one, turn: (one.place, turn) in kept)


def _only(asked: Iterable[Asked], holds: Callable[[Asked, int], bool]) -> list[Asked]:
    left = (replace(one, turns=tuple(turn for turn in one.turns if holds(one, turn))) for one in asked)
    return [one for one in left if one.turns]


# What training sets hold


def _uncontaminated(
    read: Read, asked: list[Asked], name: str, training: Read, counts: defaultdict[str, Counts]
) -> list[Asked]:
    """``asked`` without what is found in a training set.

    A turn of the training set names the one row that it matches best, so it is read again until nothing more is found.
    """
    while asked:
        found = _held(read, asked, training)
        if not found:
            return asked
        for one in asked:
            counts[one.domain].left_out[f"row_in {name}"] += sum((one.place, turn) in found for turn in one.turns)
        asked = _only(asked, lambda one, turn, found=found: (one.place, turn) not in found)  # type: ignore[misc]
    return asked


def _held(read: Read, asked: Sequence[Asked], training: Read) -> set[tuple[int, int]]:
    """The rows, by place and turn, that a training set holds, as far as one reading of it shows."""
    from nextstate.data import contamination
    from nextstate.data.leak_index import sources_of

    rows = {str(one.place): one for one in asked}
    said: defaultdict[str, set[str]] = defaultdict(set)  # what tells a source, and the trajectories that it tells of
    for trajectory in _views(read, asked):
        for source in sources_of(trajectory):
            said[source].add(trajectory.id)
    index = contamination.index(_views(read, asked))
    found: set[tuple[int, int]] = set()
    for trajectory in training():
        leaks = contamination.leaks(index, trajectory)
        found |= {(int(one.evaluation_id), rows[one.evaluation_id].turns[one.evaluation_turn]) for one in leaks.turns}
        same = [source for source in sources_of(trajectory) if source.split()[0] in contamination.SOURCES]
        for ident in {ident for source in same for ident in said.get(source, ())}:
            found |= {(int(ident), turn) for turn in rows[ident].turns}
    return found


def _views(read: Read, asked: Sequence[Asked]) -> Iterator[Trajectory]:
    """The asked trajectories with nothing but their asked turns, each under its place as its id."""
    for one, trajectory in _pairs(read, asked):
        yield replace(trajectory, id=str(one.place), turns=tuple(trajectory.turns[turn] for turn in one.turns))


def _pairs(read: Read, asked: Sequence[Asked]) -> Iterator[tuple[Asked, Trajectory]]:
    by_place = {one.place: one for one in asked}
    for place, trajectory in enumerate(read()):
        if place in by_place:
            yield by_place[place], trajectory


# What is written


def _written(
    read: Read, asked: Sequence[Asked], out: Path, counts: defaultdict[str, Counts]
) -> tuple[dict[str, dict[str, Any]], str]:
    """Name, SHA-256 and number of lines of each file, and the hash of the trajectories that they are made of."""
    names = {name: f"{name}_test.jsonl" for name in sorted({one.domain for one in asked})}
    content = []
    with ExitStack() as stack:
        put = {name: stack.enter_context(lines.writing(out / file)) for name, file in names.items()}
        tell = stack.enter_context(lines.writing(out / "sources.jsonl"))
        for one, trajectory in _pairs(read, asked):
            renamed = replace(trajectory, id=one.id)
            for row in agentworldbench.rows_of(renamed, [turn + 1 for turn in one.turns]):
                put[one.domain](store.dump(row, f"trajectory {one.id!r}") + b"\n")
            tell(store.dump(_source(one, renamed), f"trajectory {one.id!r}") + b"\n")
            counts[one.domain].trajectories += 1
            counts[one.domain].rows += len(one.turns)
            content.append(fingerprint((renamed,)))
    numbers = {file: counts[name].rows for name, file in names.items()} | {"sources.jsonl": len(asked)}
    files = {file: {"sha256": lines.sha256(out / file), "lines": number} for file, number in numbers.items()}
    return files, keys.digest(content).hex()


def _source(one: Asked, trajectory: Trajectory) -> dict[str, Any]:
    source = trajectory.source
    return {
        "domain": one.domain,
        "id": one.id,
        "dataset": source.dataset or None,
        "revision": source.revision or None,
        "licence": source.licence or None,
        "row": source.row or None,
        "turns": [turn + 1 for turn in one.turns],
    }


def _counted(counts: Counts) -> dict[str, Any]:
    left_out = {why: number for why, number in sorted(counts.left_out.items()) if number}
    return {
        "trajectories": counts.trajectories,
        "rows": counts.rows,
        "chosen": counts.chosen,
        "left_out": left_out,
    }
