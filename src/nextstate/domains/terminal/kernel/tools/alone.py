"""Programs that the shell has as commands of its own, as they are when `xargs` or `find` starts them."""

from __future__ import annotations

import re

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool
from nextstate.domains.terminal.kernel.tools.testing import test

MAX_ROUNDS = 10_000
_PIECE = re.compile(r"%%|%(-?0?\d*)([sd])|\\([nt\\])|[^%\\]+", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\"}


def echo(call: Call) -> Out:
    words, end = list(call.args), "\n"
    while words and re.fullmatch(r"-[neE]+", words[0]):
        if "e" in words[0]:
            raise Undetermined("the program echo with escapes")
        end = "" if "n" in words.pop(0) else end
    if words and words[0] in ("--help", "--version"):
        raise Undetermined(f"echo {words[0]}")
    return Out(" ".join(words) + end)


def printf(call: Call) -> Out:
    """The format is used again as long as there are words."""
    if not call.args or call.args[0].startswith("-"):
        raise Undetermined("the program printf with options")
    form, words = call.args[0], list(call.args[1:])
    pieces, at = [], 0
    while at < len(form):
        piece = _PIECE.match(form, at)
        if piece is None:
            raise Undetermined(f"printf {form}")
        pieces.append(piece)
        at = piece.end()
    takes = sum(1 for piece in pieces if piece[2])
    if (words and not takes) or len(words) > MAX_ROUNDS:
        raise Undetermined("printf with too many words")
    rounds = -(-len(words) // takes) if words else 1
    words += [""] * (rounds * takes - len(words))
    return Out("".join(_shown(piece, words) for _ in range(rounds) for piece in pieces))


def _shown(piece: re.Match[str], words: list[str]) -> str:
    if piece[2] == "s":
        return f"%{piece[1]}s" % words.pop(0)
    if piece[2] == "d":
        word = words.pop(0)
        if not re.fullmatch(r"-?[1-9]\d{0,17}|0", word):
            raise Undetermined(f"printf %d of {word!r}")
        return f"%{piece[1]}d" % int(word)
    return _ESCAPES[piece[3]] if piece[3] else piece[0].replace("%%", "%")


def plain_test(call: Call) -> Out:
    """Only its verdict is that of the shell's own; its messages are others."""
    out = test(call)
    if out.stderr:
        raise Undetermined("the messages of the program test")
    return out


ALONE: dict[str, Tool] = {
    "echo": echo,
    "printf": printf,
    "test": plain_test,
    "[": plain_test,
    "true": lambda call: Out(),
    "false": lambda call: Out(code=1),
    "pwd": lambda call: Out(call.tree.resolve(call.cwd) + "\n"),
}
