"""Where a command that is typed at a shell ends: lines after which bash would wait for more (PS2) are not whole."""

from __future__ import annotations

import re

_OPENING = {"if": "fi", "case": "esac", "for": "done", "while": "done", "until": "done", "select": "done", "{": "}"}
_BEFORE_A_COMMAND = {"then", "do", "else", "elif", "!", "time", *_OPENING} - {"case", "for", "select"}
_DOCUMENT = re.compile(r"<<(-?)\s*(['\"]?)([\w.+-]+)\2")
_TOKENS = re.compile(r"(?P<space>[ \t]+)|(?P<line>\n)|(?P<operator>&&|\|\||;;|[;&|()])|(?P<word>[^\s;&|()]+)")


def is_whole(text: str) -> bool:
    """Whether bash would run ``text``, typed with its line ends, or wait for more.

    Quotes, documents (``<<``), a backslash at the end, ``&&``, ``||`` and ``|`` at the end, brackets, and the words
    that begin and end compound commands are seen; what is stranger counts as whole.
    """
    bare = _without_quotes(text)
    if bare is None:
        return False
    stripped = bare.rstrip(" \t\n")
    if stripped.endswith(("&&", "|")) or bare.removesuffix("\n").endswith("\\"):
        return False
    return not _expected(bare)


def _without_quotes(text: str) -> str | None:
    """``text`` with documents, quoted parts and comments blanked out; ``None`` where a quote or document goes on."""
    out: list[str] = []
    documents: list[tuple[str, bool]] = []
    at = 0
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            out.append("\\" if at + 1 >= len(text) or text[at + 1 :] == "\n" else "xx")
            at += 1 if out[-1] == "\\" else 2
        elif letter in "'\"`":
            end = _closing(text, at)
            if end is None:
                return None
            out.append("x")
            at = end + 1
        elif letter == "#" and (not out or out[-1][-1] in " \t\n;&|()"):
            at = _line_end(text, at)
        elif found := _DOCUMENT.match(text, at) if text[at : at + 3] != "<<<" else None:
            documents.append((found[3], found[1] == "-"))
            out.append("x")
            at = found.end()
        elif letter == "\n" and documents:
            after = _behind_documents(text, at + 1, documents)
            if after is None:
                return None
            documents = []
            out.append("\n")
            at = after
        else:
            size = 3 if text[at : at + 3] == "<<<" else 1
            out.append(text[at : at + size])
            at += size
    return None if documents else "".join(out)


def _closing(text: str, at: int) -> int | None:
    """The place of the quote that closes the one at ``at``."""
    quote, place = text[at], at + 1
    while place < len(text):
        if text[place] == "\\" and quote != "'":
            place += 1
        elif text[place] == quote:
            return place
        place += 1
    return None


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _behind_documents(text: str, at: int, documents: list[tuple[str, bool]]) -> int | None:
    """The place behind the bodies of ``documents``, which begin at ``at``; ``None`` where one has not ended."""
    for word, tabs in documents:
        while True:
            if at >= len(text):
                return None
            end = _line_end(text, at)
            line = text[at:end]
            at = end + 1
            if (line.lstrip("\t") if tabs else line) == word:
                break
    return min(at, len(text))


def _expected(bare: str) -> list[str]:
    """What is still to come: closing brackets and words, innermost last."""
    expected: list[str] = []
    begins = True
    for token in _TOKENS.finditer(bare):
        text = token[0]
        if token.lastgroup == "space":
            continue
        if text == "(":
            expected.append(")")
        elif (begins or text == ")") and expected[-1:] == [text]:
            expected.pop()
        elif begins and text in _OPENING:
            expected.append(_OPENING[text])
        begins = token.lastgroup in ("line", "operator") or (begins and text in _BEFORE_A_COMMAND)
    return expected
