"""Which files differ between two states, with renames as git finds them."""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.git.model import LINK, Blob

FULL = 60_000
"""The score of equal files."""
_LEAST, _LEAST_BY_NAME = 30_000, 45_000
"""The scores from which on files count as renamed, and as renamed when they alone have their name."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One file that differs; ``old`` or ``new`` is ``None`` for one that was added or deleted. ``score`` is set for
    renames and for files that were written anew."""

    before: str
    old: Blob | None
    path: str
    new: Blob | None
    score: int = 0

    @property
    def letter(self) -> str:
        if self.old is None:
            return "A"
        if self.new is None:
            return "D"
        if self.before != self.path:
            return "R"
        return "T" if (self.old.mode == LINK) != (self.new.mode == LINK) else "M"


def differing(old: Mapping[str, Blob], new: Mapping[str, Blob], *, renames: bool = True) -> list[Pair]:
    """The files that differ, in the order of their paths."""
    pairs = [
        Pair(path, old.get(path), path, new.get(path))
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    ]
    return _renamed(pairs) if renames else pairs


def _renamed(pairs: list[Pair]) -> list[Pair]:
    gone = {pair.path: pair.old for pair in pairs if pair.new is None and pair.old is not None}
    come = {pair.path: pair.new for pair in pairs if pair.old is None and pair.new is not None}
    if not gone or not come:
        return pairs
    found = _exact(gone, come)
    _by_name(gone, come, found)
    _by_score(gone, come, found)
    moved = {source for source, _ in found.values()}
    return [
        Pair(found[pair.path][0], gone[found[pair.path][0]], pair.path, pair.new, found[pair.path][1])
        if pair.path in found
        else pair
        for pair in pairs
        if not (pair.new is None and pair.path in moved)
    ]


Found = dict[str, tuple[str, int]]
"""New path -> old path and score."""


def _exact(gone: Mapping[str, Blob], come: Mapping[str, Blob]) -> Found:
    same: dict[bytes, list[str]] = defaultdict(list)
    for path, blob in gone.items():
        same[blob.content].append(path)
    found: Found = {}
    used: set[str] = set()
    for path, blob in come.items():
        free = [
            source
            for source in same.get(blob.content, ())
            if source not in used and (gone[source].mode == blob.mode or LINK not in (gone[source].mode, blob.mode))
        ]
        if len(free) > 50:
            raise Undetermined("many equal files")
        if free:
            source = next((one for one in free if _name(one) == _name(path)), free[0])
            found[path] = (source, FULL)
            used.add(source)
    return found


def _by_name(gone: Mapping[str, Blob], come: Mapping[str, Blob], found: Found) -> None:
    """Files that were moved to another directory under a name that is unique on both sides."""
    used = {source for source, _ in found.values()}
    sources, targets = [p for p in gone if p not in used], [p for p in come if p not in found]
    names, new_names = Counter(map(_name, sources)), Counter(map(_name, targets))
    by_name = {_name(path): path for path in targets}
    for source in sources:
        name = _name(source)
        if names[name] == new_names[name] == 1:
            score = similarity(gone[source], come[by_name[name]], _LEAST_BY_NAME)
            if score >= _LEAST_BY_NAME:
                found[by_name[name]] = (source, score)


def _by_score(gone: Mapping[str, Blob], come: Mapping[str, Blob], found: Found) -> None:
    used = {source for source, _ in found.values()}
    sources, targets = [p for p in gone if p not in used], [p for p in come if p not in found]
    if len(sources) * len(targets) > 2500:
        raise Undetermined("many files that may be renamed")
    scored = []
    for target in targets:
        row = [(similarity(gone[source], come[target], _LEAST), source) for source in sources]
        good = [(score, _name(source) == _name(target), source, target) for score, source in row if score >= _LEAST]
        if len(good) > 4:
            raise Undetermined("many files that may be renamed")
        scored += good
    for score, _, source, target in sorted(scored, key=lambda item: (-item[0], not item[1])):
        if source not in used and target not in found:
            found[target] = (source, score)
            used.add(source)


def _name(path: str) -> str:
    return posixpath.basename(path)


def similarity(old: Blob, new: Blob, least: int) -> int:
    """How much of two files is the same, up to `FULL`; 0 where their sizes alone rule out ``least``."""
    if LINK in (old.mode, new.mode):
        return 0
    size, smaller = (f(len(old.content), len(new.content)) for f in (max, min))
    if size * (FULL - least) < (size - smaller) * FULL or not new.content:
        return 0
    return copied(old, new)[0] * FULL // size


def copied(old: Blob, new: Blob) -> tuple[int, int]:
    """How many bytes of the old file are in the new one, and how many of the new one are new."""
    before, after = _pieces(old.content), _pieces(new.content)
    kept = sum(min(size, after.get(piece, 0)) for piece, size in before.items())
    return kept, sum(max(0, size - before.get(piece, 0)) for piece, size in after.items())


@lru_cache(maxsize=64)
def _pieces(content: bytes) -> Mapping[bytes, int]:
    """Lines, cut into pieces of at most 64 bytes -> how many bytes they take; a last piece without an end is lost."""
    found: dict[bytes, int] = defaultdict(int)
    if b"\0" not in content[:8000]:
        content = content.replace(b"\r\n", b"\n")
    at = 0
    while at < len(content):
        end = content.find(b"\n", at, at + 64)
        end = at + 64 if end < 0 else end + 1
        if end > len(content):
            break
        found[content[at:end]] += end - at
        at = end
    return found


def rewritten(pairs: list[Pair]) -> list[Pair]:
    """Changes so large that the summary of a commit calls them rewrites."""
    out = []
    for pair in pairs:
        if pair.letter == "T":
            raise Undetermined("a file that becomes a link")
        score = _rewrite(pair)
        if score is not None and any(other.letter in "ADR" for other in pairs):
            raise Undetermined("a rewritten file beside new ones")
        out.append(Pair(pair.before, pair.old, pair.path, pair.new, score or 0) if pair.letter == "M" else pair)
    return out


def _rewrite(pair: Pair) -> int | None:
    """The score of a rewrite; 0 for one that is shown as a change, ``None`` for a change."""
    old, new = pair.old, pair.new
    if pair.letter != "M" or old is None or new is None or old.content == new.content or not old.content:
        return None
    size = max(len(old.content), len(new.content))
    if size < 400:
        return None
    kept, fresh = copied(old, new)
    kept = min(kept, len(old.content))
    if len(new.content) < kept + fresh:
        fresh = max(0, len(new.content) - kept)
    removed = len(old.content) - kept
    score = removed * FULL // len(old.content)
    if score <= 30_000:
        if (removed + fresh) * FULL // size < 30_000:
            return None
        if len(old.content) * 30_000 < removed * FULL and fresh * 20 < min(removed, kept):
            return None
    return score if score >= 36_000 else 0
