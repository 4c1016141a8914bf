"""How a tool words what it says, learned from one result and used for the next.

A result that is known texts (the key and the value of an entry, the value of an expression) in a frame of words is
taken apart into that frame; the same tool puts other texts into it. A frame with a digit in it is none, for a digit may
count or measure something.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

MAX_SHOWN = 100_000
"""Characters of a result that is taken apart."""
LEAST = 2
"""Characters of a part that is looked for; a shorter one stands everywhere."""


@dataclass(frozen=True, slots=True)
class Template:
    """The frame as pieces: ``("text", words)``, or ``("hole", name)`` for what stands between them.

    ``packed`` where the whole is JSON, so that a text with quotes, line ends or the like would be escaped.
    """

    pieces: tuple[tuple[str, str], ...]
    packed: bool

    def fill(self, parts: Mapping[str, str]) -> str | None:
        """The text with other parts; ``None`` where a part is missing, or how it is escaped is not known."""
        wanted = {word for kind, word in self.pieces if kind == "hole"}
        if any(name not in parts or (self.packed and not _plain(parts[name])) for name in wanted):
            return None
        return "".join(word if kind == "text" else parts[word] for kind, word in self.pieces)


def learn(observation: str, parts: Mapping[str, str], must: str = "") -> Template | None:
    """The template of ``observation``; ``None`` where it has none, or the part called ``must`` is not in it once."""
    if len(observation) > MAX_SHOWN:
        return None
    packed = observation.lstrip()[:1] in ("{", "[")
    parts = {name: text for name, text in parts.items() if len(text) <= len(observation)}
    texts = {name: text for name, text in parts.items() if len(text) >= LEAST or name == must}
    if any(text and name not in texts and _pattern(text).search(observation) for name, text in parts.items()):
        return None
    if must and (not texts.get(must) or len(_pattern(texts[must]).findall(observation)) != 1):
        return None
    pieces = _pieces(observation, texts, must)
    if any(kind == "text" and re.search(r"\d", words) for kind, words in pieces):
        return None
    return Template(pieces, packed)


def _plain(text: str) -> bool:
    return json.dumps(text)[1:-1] == text


def _pieces(text: str, texts: Mapping[str, str], must: str) -> tuple[tuple[str, str], ...]:
    """``must`` is cut out first, then longer parts before shorter ones."""
    pieces: list[tuple[str, str]] = [("text", text)] if text else []
    for name in sorted(texts, key=lambda name: (name != must, -len(texts[name]), name)):
        pieces = [cut for piece in pieces for cut in _cut(piece, name, texts[name])]
    return tuple(pieces)


def _cut(piece: tuple[str, str], name: str, wanted: str) -> list[tuple[str, str]]:
    kind, words = piece
    if kind == "hole" or not wanted:
        return [piece]
    cuts: list[tuple[str, str]] = []
    for number, part in enumerate(_pattern(wanted).split(words)):
        cuts += [("hole", name)] * (number > 0) + [("text", part)] * bool(part)
    return cuts


def _pattern(wanted: str) -> re.Pattern[str]:
    """The text, not as a part of a longer word or number."""
    before = r"(?<![\w.])" if wanted[0].isalnum() else ""
    after = r"(?!\w|\.\d)" if wanted[-1].isalnum() else ""
    return re.compile(before + re.escape(wanted) + after)
