"""Texts of models, recordings and requests as a terminal may show them."""

from __future__ import annotations


def printable(text: str, *, keep: str = "\n\t") -> str:
    """``text`` with control characters made visible, but those to ``keep``, as are marks that turn a text around.

    Neither a model nor the name of a file must steer the reader's terminal, or make up lines of ours.
    """
    return "".join(char if char in keep or char.isprintable() else _visible(char) for char in text)


def _visible(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
