"""What jq says of a text that is no JSON: it reads byte by byte and tells where it gave up."""

from __future__ import annotations

import re

from nextstate.domains.terminal.kernel.files import Undetermined

_NUMBER = re.compile(rb"-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_WORDS = {ord("t"): b"true", ord("f"): b"false", ord("n"): b"null"}


class Wrong(Exception):
    """Where the reading stops."""


class Scanner:
    """Follows the structure of a text without keeping its values."""

    def __init__(self) -> None:
        self.line, self.column = 1, 0
        self.stack: list[list[str | int]] = []
        """``["[", items]``, ``["{", pairs]`` or ``["key", 0]`` above its object."""
        self.value = ""
        """The kind of the value just read: ``string``, ``other`` or none."""
        self.literal = bytearray()

    def complaint(self, text: str) -> str:
        """The message for the first thing that is wrong."""
        quoted = escaped = False
        try:
            for byte in text.encode():
                self.column += 1
                if byte == 10:
                    self.line, self.column = self.line + 1, 0
                if quoted:
                    if byte < 32:
                        raise Undetermined("jq: a control character in a string of its input")
                    if escaped:
                        escaped = False
                        if byte not in b'"\\/bfnrtu':
                            raise Undetermined("jq: a wrong escape in its input")
                    elif byte == 92:
                        escaped = True
                    elif byte == 34:
                        quoted = False
                        self.found("string")
                elif byte in b' \t\r\n[]{},:"':
                    if self.literal and not self.stack and byte in b",:]}":
                        raise Undetermined("jq: whether a value before an error counts")
                    self.ended()
                    quoted = byte == 34
                    if byte in b"[]{},:":
                        self.token(chr(byte))
                else:
                    self.literal.append(byte)
                if not self.stack and not quoted:
                    self.value = ""
        except Wrong as wrong:
            return f"{wrong} at line {self.line}, column {self.column}"
        return f"{self.at_end(quoted)} at EOF at line {self.line}, column {self.column}"

    def at_end(self, quoted: bool) -> str:
        if quoted:
            return "Unfinished string"
        try:
            self.ended()
        except Wrong as wrong:
            return str(wrong)
        if not self.stack:
            raise Undetermined("jq: what is wrong with its input")
        return "Unfinished JSON term"

    def found(self, kind: str) -> None:
        if self.value:
            raise Wrong("Expected separator between values")
        self.value = kind

    def ended(self) -> None:
        """A literal ends here, if there is one."""
        text = bytes(self.literal)
        self.literal.clear()
        if not text:
            return
        word = _WORDS.get(text[0])
        if text[:3].lower() in (b"nan", b"inf") or text[:1] in b"+" or text[:4].lower() in (b"-nan", b"-inf"):
            raise Undetermined("jq: nan in its input")
        if word is not None and text != word:
            raise Wrong("Invalid literal")
        if word is None and not _NUMBER.fullmatch(text):
            raise Wrong("Invalid numeric literal")
        self.found("other")

    def token(self, mark: str) -> None:
        top = self.stack[-1][0] if self.stack else ""
        if mark in "[{":
            self.found("")
            self.stack.append([mark, 0])
        elif mark == ":":
            self.colon(str(top))
        elif mark == ",":
            self.comma(str(top))
        else:
            self.closing(mark, str(top))

    def colon(self, top: str) -> None:
        if not self.value:
            raise Wrong("Expected string key before ':'")
        if top != "{":
            raise Wrong("':' not as part of an object")
        if self.value != "string":
            raise Wrong("Object keys must be strings")
        self.stack.append(["key", 0])
        self.value = ""

    def comma(self, top: str) -> None:
        if not self.value:
            raise Wrong("Expected value before ','")
        if not top:
            raise Undetermined("jq: a comma outside of everything")
        if top == "{":
            raise Wrong("Objects must consist of key:value pairs")
        self.kept(top)

    def kept(self, top: str) -> None:
        """The value goes into its array or object."""
        if top == "key":
            self.stack.pop()
        self.stack[-1][1] = 1
        self.value = ""

    def closing(self, mark: str, top: str) -> None:
        array = mark == "]"
        if not top or (array and top != "["):
            raise Wrong(f"Unmatched '{mark}'")
        if self.value:
            if not array and top != "key":
                raise Wrong("Objects must consist of key:value pairs")
            self.kept(top)
        else:
            if not array and top != "{":
                raise Wrong("Unmatched '}'")
            if self.stack[-1][1]:
                raise Wrong("Expected another array element" if array else "Expected another key-value pair")
        self.stack.pop()
        self.value = "other"
