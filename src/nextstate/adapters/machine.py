"""A simulated machine as frameworks want one: commands that end with a status, and files. A session of a shell answers.

The session is one long-lived shell. A command of a framework begins a fresh one in it, a subshell, so that neither
``cd`` nor ``exit`` outlives it, and the status is printed behind what it shows: the world is asked to show both. Files
are written and read by commands too, so that the world knows them; there is no store beside it.

What no world shows is not made up: output and errors come as one text, the way a terminal shows them; a status that is
not shown is :data:`NO_STATUS`; there is no second user, and a limit in seconds means nothing where no time passes.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import shlex
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nextstate.adapters.client import Remote

NO_STATUS = 255
"""The status of a command for which the world showed none: a failure, never a success."""
MOST_BYTES = 4_000_000
"""The longest file that is written."""
PIECE = 90_000
"""Characters of the lines of a file that one command carries; an action has a limit."""
WORD = 12_000
"""Characters of a file that one word of a command carries; a multiple of four, as base64 wants."""

_SHOWN = re.compile(r"\[exit (\d{1,3})\]\s*\Z")
_STATUS = 'echo "[exit $?]"'


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command showed, and the status that it ended with; ``told`` is false where the world did not show one."""

    output: str
    status: int
    told: bool = True


class Machine:
    """Commands and files of a session. One command is under way at a time, in the order in which they were asked for.

    ``origins`` counts who answered the steps, ``unread`` the commands whose status was not shown.
    """

    def __init__(self, session: Remote) -> None:
        self.session = session
        self.origins: Counter[str] = Counter()
        self.unread = 0
        self._one = asyncio.Lock()

    async def act(self, action: str) -> str:
        """Take one action in the session's own shell, where what it changes stays."""
        async with self._one:
            turn = await asyncio.to_thread(self.session.step, action)
        self.origins[str(turn["origin"])] += 1
        return str(turn["observation"])

    async def run(
        self, command: str, *, cwd: str = "", variables: Mapping[str, str] | None = None, given: str | None = None
    ) -> Ran:
        """Run ``command`` in a fresh shell, with ``given`` on its standard input where that is not ``None``."""
        shown = await self.act(in_a_subshell(command, cwd=cwd, variables=variables or {}, given=given))
        found = _SHOWN.search(shown)
        if found:
            return Ran(shown[: found.start()], int(found[1]))
        self.unread += 1
        return Ran(shown, NO_STATUS, told=False)

    async def write(self, path: str, content: bytes, *, executable: bool = False) -> Ran:
        """Write a file and the folders above it. Raises :class:`ValueError` for one that is too long."""
        if len(content) > MOST_BYTES:
            raise ValueError(
                f"{path} has {len(content)} bytes; at most {MOST_BYTES} are written to a simulated machine"
            )
        ran = Ran("", 0)
        for command in writing(path, content, executable=executable):
            ran = await self.run(command)
            if ran.status:
                break
        return ran

    async def read(self, path: str) -> bytes:
        """The content of a file. Raises :class:`FileNotFoundError` or :class:`OSError` with what the world said."""
        where = _word(path)
        ran = await self.run(f"cat {where}")
        if ran.status == 0 and _is_plain(ran.output):
            return ran.output.encode()
        if ran.status == 0:
            ran = await self.run(f"base64 -w0 {where}")
            return _decoded(path, ran)
        raise _missing(path, ran.output)

    async def files(self, folder: str) -> list[str]:
        """The paths of the files below a folder. Raises like :meth:`read`."""
        ran = await self.run(f"find {_word(folder)} -type f | sort", given="")
        if ran.status or ran.output.startswith("find: "):
            raise _missing(folder, ran.output)
        return [line for line in ran.output.splitlines() if line.startswith("/")]


def in_a_subshell(command: str, *, cwd: str, variables: Mapping[str, str], given: str | None) -> str:
    """The action that runs ``command`` and shows its status. Its lines stand as given: they may hold a document."""
    lines = ["("]
    if cwd:
        lines.append(f"cd {shlex.quote(cwd)} || exit")
    lines += [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    lines += [command, ")"]
    if given == "":
        lines[-1] += " </dev/null"
    elif given is not None:
        word = _free_word(given)
        lines[-1] += f" <<'{word}'"
        lines += [given.removesuffix("\n"), word]
    return "\n".join([*lines, _STATUS])


def writing(path: str, content: bytes, *, executable: bool) -> list[str]:
    """The commands that write a file: as it is where it is plain text, else in base64; each no longer than a piece."""
    where = _word(path)
    folder = path.rpartition("/")[0]
    text = _as_text(content)
    parts = _coded(content, where) if text is None else _documents(text, where)
    if folder:
        parts[0] = f"mkdir -p {_word(folder)} && {parts[0]}"
    if executable:
        parts[-1] += f"\nchmod +x {where}"
    return parts


def _word(path: str) -> str:
    """A path as a word of a command that no program takes for an option."""
    return shlex.quote(f"./{path}" if path.startswith("-") else path)


def _documents(text: str, where: str) -> list[str]:
    """Commands that write a text: its lines as documents, and what stands behind the last of them as a word."""
    parts = [_document(piece, ">>", where) for piece in _pieces(text)]
    _, _, rest = text.rpartition("\n")
    parts += [f"printf %s {shlex.quote(rest[at : at + WORD])} >> {where}" for at in range(0, len(rest), WORD)]
    return [parts[0].replace(">>", ">", 1), *parts[1:]] if parts else [f": > {where}"]


def _document(lines: str, into: str, where: str) -> str:
    word = _free_word(lines)
    return f"cat {into} {where} <<'{word}'\n{lines}{word}"


def _pieces(text: str) -> Iterator[str]:
    """The whole lines of a text, as many together as a piece holds."""
    piece = ""
    for line in text.splitlines(keepends=True):
        if piece and len(piece) + len(line) > PIECE:
            yield piece
            piece = ""
        if line.endswith("\n"):
            piece += line
    if piece:
        yield piece


def _coded(content: bytes, where: str) -> list[str]:
    """Commands that write bytes of any kind."""
    coded = base64.b64encode(content).decode()
    parts = [f"printf %s '{coded[at : at + WORD]}' | base64 -d >> {where}" for at in range(0, len(coded), WORD)]
    return [parts[0].replace(">>", ">", 1), *parts[1:]]


def _as_text(content: bytes) -> str | None:
    """The text of a file of visible characters and white space, in lines of a sane length; ``None`` for any other."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    longest = max(map(len, text.split("\n")))
    return text if _is_plain(text) and longest <= PIECE else None


def _is_plain(text: str) -> bool:
    """Whether a text can come from a terminal as it is: no control characters, nothing that could not be decoded."""
    return not re.search(r"[^\S \t\n]|[\x00-\x08\x0b-\x1f\x7f\ufffd]", text)


def _free_word(text: str) -> str:
    """A word for the end of a document that is none of its lines."""
    lines, number = set(text.split("\n")), 0
    while (word := f"END_OF_FILE{number or ''}") in lines:
        number += 1
    return word


def _decoded(path: str, ran: Ran) -> bytes:
    try:
        return base64.b64decode("".join(ran.output.split()), validate=True)
    except (binascii.Error, ValueError):
        raise OSError(f"the world did not show the content of {path}: {ran.output[:200]!r}") from None


def _missing(path: str, said: str) -> OSError:
    """What the world said, as the error that it is."""
    words = said.strip()[:300]
    if "Is a directory" in words:
        return IsADirectoryError(words)
    if "Permission denied" in words:
        return PermissionError(words)
    if "No such file" in words:
        return FileNotFoundError(words)
    return OSError(f"{path} was not read: {words or 'the world showed nothing'}")
