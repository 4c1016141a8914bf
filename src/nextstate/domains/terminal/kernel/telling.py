"""What a model is told of the state when it must answer itself."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from nextstate.domains.terminal.kernel import lexis
from nextstate.domains.terminal.kernel.files import Absent, Dir, File, Forgotten

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.running import Run
    from nextstate.domains.terminal.kernel.state import State

SHOWN = 600
"""Characters of one file's content that are told."""
LISTED = 60
"""Names of files that are listed."""
_READ_LOOP = re.compile(r"\bwhile\s+(?:IFS=\S*\s+)?read\b")
_CODES = re.compile(r"&&|\|\||\b(if|while|until)\b|\$\?|!\s")


def may_ask(action: str, run: Run) -> bool:
    """Whether a model may answer for one program inside the action: only when that is less than the whole action,
    and when nothing in the action hangs on the program's exit status, which a text does not tell."""
    assert run.asked is not None
    words = [re.sub(r"\W", "", word) for word in run.asked]
    alone = re.sub(r"\W", "", action) == "".join(words)
    return not alone and not hangs_on_status(action)


def hangs_on_status(action: str) -> bool:
    """Whether what an action does may hang on the exit status of a program in it."""
    return _CODES.search(_READ_LOOP.sub(" ", lexis.unquoted(action))) is not None


def told(state: State, action: str) -> str:
    """The working directory, the files that the action names and the latest changed ones."""
    lines = [f"working directory: {state.cwd}"]
    entries = state.files.entries
    named = [
        path
        for path in entries
        if len(posixpath.basename(path)) > 1
        and posixpath.basename(path) in action
        and re.search(rf"(?<![\w.]){re.escape(posixpath.basename(path))}(?![\w])", action)
    ]
    listed = dict.fromkeys([*named[:8], *reversed(state.changed[-6:])])
    for path in listed:
        entry = entries.get(path)
        if isinstance(entry, File) and entry.content is not None:
            text = entry.content[: SHOWN + 1].decode("utf-8", "replace")
            cut = " (beginning)" if len(text) > SHOWN else ""
            lines.append(f"file {path}{cut}:\n{text[:SHOWN].rstrip()}")
        elif isinstance(entry, Dir):
            children = sorted(
                p.rsplit("/", 1)[1]
                for p, e in entries.items()
                if posixpath.dirname(p) == path and p != "/" and not isinstance(e, Absent | Forgotten)
            )
            if children:
                lines.append(f"directory {path}: {' '.join(children[:30])}")
        elif isinstance(entry, Absent):
            lines.append(f"{path} does not exist")
    return "\n".join(lines)


def known(state: State) -> str:
    """What the kernel knows, for people: the working directory, the latest changed files, the names of the others."""
    entries = state.files.entries
    names = sorted(path for path, entry in entries.items() if isinstance(entry, File) and entry.content is not None)
    gone = sorted(path for path, entry in entries.items() if isinstance(entry, Absent))
    lines = [told(state, "")]
    lines += [f"files known ({len(names)}): {' '.join(names[:LISTED])}"] if names else []
    lines += [f"known not to exist ({len(gone)}): {' '.join(gone[:LISTED])}"] if gone else []
    return "\n".join(lines)
