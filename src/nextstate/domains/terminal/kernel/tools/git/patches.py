"""What differs, as text: patches, and the tables and lines that sum them up."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.git.comparing import FULL, Pair
from nextstate.domains.terminal.kernel.tools.git.edits import Change, changes
from nextstate.domains.terminal.kernel.tools.git.model import Blob
from nextstate.domains.terminal.kernel.tools.git.words import count, quoted

WIDTH = 80
"""Columns of a table where there is no terminal."""


@lru_cache(maxsize=64)
def _lines(content: bytes) -> tuple[bytes, ...]:
    parts = content.split(b"\n")
    return (*(part + b"\n" for part in parts[:-1]), *([parts[-1]] if parts[-1] else []))


@lru_cache(maxsize=64)
def _changes(old: bytes, new: bytes) -> tuple[Change, ...]:
    return tuple(changes(_lines(old), _lines(new)))


def patch(pairs: Iterable[Pair], context: int = 3) -> str:
    return "".join(_patch(pair, context) for pair in pairs)


def _patch(pair: Pair, context: int) -> str:
    old, new = pair.old, pair.new
    if pair.letter == "T":
        raise Undetermined("a file that becomes a link")
    left, right = _side("a/", pair.before), _side("b/", pair.path)
    text = f"diff --git {left} {right}\n" + _mode_lines(pair)
    if pair.letter == "R":
        text += f"similarity index {pair.score * 100 // FULL}%\n"
        text += f"rename from {quoted(pair.before)}\nrename to {quoted(pair.path)}\n"
    if old is not None and new is not None and old.content == new.content:
        return text
    text += f"index {_short(old, new)}..{_short(new, old)}"
    text += f" {old.mode:o}\n" if old and new and old.mode == new.mode else "\n"
    names = ("/dev/null" if old is None else left, "/dev/null" if new is None else right)
    if (old and old.binary) or (new and new.binary):
        return text + f"Binary files {names[0]} and {names[1]} differ\n"
    before, after = (blob.content if blob else b"" for blob in (old, new))
    hunks = _hunks(before, after, context)
    if not hunks:
        return text
    head = "".join(
        f"{sign} {name}" + ("\t\n" if " " in name and name != "/dev/null" else "\n")
        for sign, name in zip(("---", "+++"), names, strict=True)
    )
    return text + head + hunks


def _side(letter: str, path: str) -> str:
    shown = quoted(path)
    return f'"{letter}{shown[1:]}' if shown != path else letter + path


def _mode_lines(pair: Pair) -> str:
    if pair.old is None and pair.new is not None:
        return f"new file mode {pair.new.mode:o}\n"
    if pair.new is None and pair.old is not None:
        return f"deleted file mode {pair.old.mode:o}\n"
    assert pair.old is not None and pair.new is not None
    if pair.old.mode == pair.new.mode:
        return ""
    return f"old mode {pair.old.mode:o}\nnew mode {pair.new.mode:o}\n"


def _short(blob: Blob | None, other: Blob | None) -> str:
    if blob is None:
        return "0000000"
    if other is not None and other.id[:7] == blob.id[:7]:
        raise Undetermined("two hashes that begin alike")
    return blob.id[:7]


def _hunks(before: bytes, after: bytes, context: int) -> str:
    old, new, found = _lines(before), _lines(after), _changes(before, after)
    if context == 0 and len(before) > 1000 and before[-1000:] == after[-1000:]:
        raise Undetermined("a difference without context in a long file")
    out, title, searched, at = [], b"", -1, 0
    while at < len(found):
        end = at + 1
        while end < len(found) and found[end].a - found[end - 1].b <= 2 * context:
            end += 1
        first, last = found[at], found[end - 1]
        lead = min(context, first.a, first.c)
        tail = min(context, len(old) - last.b, len(new) - last.d)
        start, stop = first.a - lead, last.b + tail
        title = _title(old, start - 1, searched, title)
        searched = start - 1
        lines = []
        i, j = start, first.c - lead
        new_start = j
        for change in found[at:end]:
            lines += [b" " + line for line in old[i : change.a]]
            lines += [b"-" + line for line in old[change.a : change.b]]
            lines += [b"+" + line for line in new[change.c : change.d]]
            i, j = change.b, change.d
        lines += [b" " + line for line in old[i:stop]]
        head = f"@@ -{_span(start, stop)} +{_span(new_start, last.d + tail)} @@"
        text = b"".join(line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n" for line in lines)
        out.append(f"{head}{_decoded(b' ' + title if title else b'')}\n{_decoded(text)}")
        at = end
    return "".join(out)


def _span(start: int, stop: int) -> str:
    size = stop - start
    if size == 1:
        return f"{start + 1}"
    return f"{start + 1 if size else start},{size}"


def _title(old: tuple[bytes, ...], start: int, limit: int, before: bytes) -> bytes:
    """The nearest line above a hunk that begins with a letter: git takes it for the head of a function."""
    for at in range(start, limit, -1):
        if old[at][:1].isalpha() or old[at][:1] in (b"_", b"$"):
            return old[at][:80].rstrip(b" \t\n\r")
    return before


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Undetermined("a difference in bytes that are no text") from None


# -- sums ---------------------------------------------------------------------------------------------------------


def numbers(pair: Pair) -> tuple[int, int] | None:
    """Lines added and deleted; ``None`` for binary files."""
    old, new = (blob or Blob(0, b"") for blob in (pair.old, pair.new))
    if old.binary or new.binary:
        return None
    if old.content == new.content:
        return 0, 0
    if pair.letter == "M" and pair.score:
        return len(_lines(new.content)), len(_lines(old.content))
    found = _changes(old.content, new.content)
    return sum(c.d - c.c for c in found), sum(c.b - c.a for c in found)


def short_stat(pairs: list[Pair]) -> str:
    if not pairs:
        return ""
    sums = [numbers(pair) or (0, 0) for pair in pairs]
    added, deleted = sum(one for one, _ in sums), sum(two for _, two in sums)
    text = " " + count(len(pairs), "file", "files") + " changed"
    if added or not deleted:
        text += ", " + count(added, "insertion(+)", "insertions(+)")
    if deleted or not added:
        text += ", " + count(deleted, "deletion(-)", "deletions(-)")
    return text + "\n"


def number_stat(pairs: list[Pair]) -> str:
    lines = []
    for pair in pairs:
        found = numbers(pair)
        added, deleted = found if found else ("-", "-")
        lines.append(f"{added}\t{deleted}\t{_named(pair)}\n")
    return "".join(lines)


def summary(pairs: list[Pair]) -> str:
    """Files that were made, removed, renamed or changed in mode."""
    lines = []
    for pair in pairs:
        old, new = pair.old, pair.new
        if old is None and new is not None:
            lines.append(f" create mode {new.mode:o} {quoted(pair.path)}\n")
        elif new is None and old is not None:
            lines.append(f" delete mode {old.mode:o} {quoted(pair.path)}\n")
        elif old is not None and new is not None:
            name = f" {quoted(pair.path)}"
            if pair.letter == "R":
                lines.append(f" rename {_named(pair)} ({pair.score * 100 // FULL}%)\n")
                name = ""
            elif pair.score:
                lines.append(f" rewrite {quoted(pair.path)} ({pair.score * 100 // FULL}%)\n")
                name = ""
            if old.mode != new.mode:
                lines.append(f" mode change {old.mode:o} => {new.mode:o}{name}\n")
    return "".join(lines)


def _named(pair: Pair) -> str:
    """The path, or both with what they share outside of braces."""
    if pair.letter != "R":
        return quoted(pair.path)
    old, new = pair.before, pair.path
    if quoted(old) != old or quoted(new) != new:
        return f"{quoted(old)} => {quoted(new)}"
    lead = 0
    for at, (one, two) in enumerate(zip(old, new, strict=False)):
        if one != two:
            break
        lead = at + 1 if one == "/" else lead
    tail, least = 0, max(lead - 1, 0)
    for back in range(1, min(len(old), len(new)) - least + 1):
        if old[-back] != new[-back]:
            break
        tail = back if old[-back] == "/" else tail
    middle = [text[lead : max(lead, len(text) - tail)] for text in (old, new)]
    inner = f"{middle[0]} => {middle[1]}"
    return f"{old[:lead]}{{{inner}}}{old[len(old) - tail :] if tail else ''}" if lead or tail else inner


def stat(pairs: list[Pair]) -> str:
    """The table of ``--stat`` with its last line."""
    if not pairs:
        return ""
    rows = [(_named(pair), numbers(pair), pair) for pair in pairs]
    sums = [sum(found or (0, 0)) for _, found, _ in rows]
    if any(not name.isascii() for name, _, _ in rows):
        raise Undetermined("the width of names")
    most = max(sums)
    bins = max((len(f"Bin{_sizes(pair)}") for _, found, pair in rows if found is None), default=0)
    digits = max(len(str(most)), 3 if bins else 1)
    names, graph = _widths(max(len(name) for name, _, _ in rows), most if most + 4 > bins else bins - 4, digits)
    lines = []
    for name, found, pair in rows:
        shown = f" {_cut(name, names):<{names}} |"
        if found is None:
            lines.append(f"{shown} {'Bin':>{digits}}{_sizes(pair)}\n")
            continue
        added, deleted = _scaled(*found, graph, most)
        lines.append(f"{shown} {sum(found):>{digits}}{' ' if sum(found) else ''}{'+' * added}{'-' * deleted}\n")
    return "".join(lines) + short_stat(pairs)


def _sizes(pair: Pair) -> str:
    if pair.old and pair.new and pair.old.content == pair.new.content:
        return ""
    old, new = (len(blob.content) if blob else 0 for blob in (pair.old, pair.new))
    return f" {old} -> {new} bytes"


def _widths(longest: int, most: int, digits: int) -> tuple[int, int]:
    """The columns for names and for the graph."""
    names, graph = longest, most
    if names + digits + 6 + graph > WIDTH:
        graph = min(graph, max(6, WIDTH * 3 // 8 - digits - 6))
        if names > WIDTH - digits - 6 - graph:
            names = WIDTH - digits - 6 - graph
        else:
            graph = WIDTH - digits - 6 - names
    return names, graph


def _cut(name: str, width: int) -> str:
    if len(name) <= width:
        return name
    rest = name[len(name) - (width - 3) :]
    slash = rest.find("/")
    return "..." + (rest[slash:] if slash >= 0 else rest)


def _scaled(added: int, deleted: int, graph: int, most: int) -> tuple[int, int]:
    if graph > most:
        return added, deleted
    total = _linear(added + deleted, graph, most)
    if total < 2 and added and deleted:
        total = 2
    if added < deleted:
        added = _linear(added, graph, most)
        return added, total - added
    deleted = _linear(deleted, graph, most)
    return total - deleted, deleted


def _linear(value: int, width: int, most: int) -> int:
    return 1 + value * (width - 1) // most if value else 0


def names_of(pairs: list[Pair], *, letters: bool) -> str:
    """``--name-only``, or ``--name-status``."""
    lines = []
    for pair in pairs:
        if not letters:
            lines.append(quoted(pair.path))
        elif pair.letter == "R":
            lines.append(f"R{pair.score * 100 // FULL:03}\t{quoted(pair.before)}\t{quoted(pair.path)}")
        else:
            lines.append(f"{pair.letter}\t{quoted(pair.path)}")
    return "".join(f"{line}\n" for line in lines)
