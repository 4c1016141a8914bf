"""Words of the shell language as far as their ends: quotes, expansions, here-documents, the history's notation."""

from __future__ import annotations

import re

from nextstate.domains.terminal.kernel.files import Undetermined

_BLANK = re.compile(r"(?:[ \t]|\\\n)*")
_PLAIN = re.compile(r"[^\s;&|<>()'\"`$\\!#]+")


class Open(Exception):
    """The text ends inside a command: the shell would show its second prompt."""


class History(Undetermined):
    """The shell would look at its history."""


class Words:
    """Reads a text from left to right; `at` is where it has come to. Raises `Open` where the text ends too early."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.heredocs: list[tuple[str, bool]] = []

    def commands(self, *ends: str) -> str:
        """Commands up to one of the words ``ends``, which is returned."""
        raise NotImplementedError

    # -- characters -----------------------------------------------------------------------------------------

    def peek(self, size: int = 1) -> str:
        """The next characters; the end of the text before them means that the shell waits for more."""
        if self.at >= len(self.text):
            raise Open
        return self.text[self.at : self.at + size]

    def blanks(self) -> None:
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at
        if self.text.startswith("#", self.at):
            end = self.text.find("\n", self.at)
            if end < 0:
                raise Open
            self.at = end

    def newline(self) -> None:
        """Goes over a line end, and over the here-documents that begin there."""
        self.at += 1
        while self.heredocs:
            word, tabs = self.heredocs.pop(0)
            while True:
                end = self.text.find("\n", self.at)
                if end < 0:
                    raise Open
                line = self.text[self.at : end]
                self.at = end + 1
                if (line.lstrip("\t") if tabs else line) == word:
                    break

    def newlines(self) -> None:
        self.blanks()
        while self.peek() == "\n":
            self.newline()
            self.blanks()

    def until(self, mark: str) -> None:
        """Goes behind the next ``mark``."""
        end = self.text.find(mark, self.at)
        if end < 0:
            raise Open
        self.at = end + len(mark)

    # -- words ----------------------------------------------------------------------------------------------

    def word(self) -> bool:
        """Goes over one word; whether nothing in it is quoted."""
        bare, start = True, self.at
        while True:
            match = _PLAIN.match(self.text, self.at)
            if match:
                self.at = match.end()
            ch = self.peek()
            if ch in " \t\n;&|)":
                break
            if ch in "<>":
                if not self.text.startswith(("<(", ">("), self.at) or self.at != start:
                    break
                self.at += 2
                self.commands(")")
            elif ch == "(":
                if self.at > start and self.text[self.at - 1] in "?*+@!":
                    raise Undetermined("an extended pattern")
                if self.text[self.at - 1] != "=":
                    break
                self.array()
            else:
                bare = self.part(ch) and bare
        if self.at == start:
            raise Undetermined("how the shell reads this line")
        return bare

    def array(self) -> None:
        """The values of an array in parentheses."""
        self.at += 1
        while True:
            self.newlines()
            if self.peek() == ")":
                self.at += 1
                return
            if self.peek() in ";&|<>(":
                raise Undetermined("how the shell reads this array")
            self.word()

    def part(self, ch: str) -> bool:
        """One quoted or expanded part of a word; whether it is plain text."""
        if ch == "\\":
            self.at += 1
            self.peek()
            self.at += 1
        elif ch == "'":
            self.at += 1
            start = self.at
            self.until("'")
            if "\n" in self.text[start : self.at]:
                self.calm(start, self.at)
        elif ch == '"':
            self.at += 1
            self.quoted()
        elif ch == "`":
            self.at += 1
            self.backticks()
        elif ch == "$":
            self.dollar()
        elif ch == "!":
            self.bang("")
            self.at += 1
            return True
        else:
            self.at += 1
            return True
        return False

    def calm(self, start: int, end: int) -> None:
        """A quote that spans lines: the history is expanded line by line, before the quotes are read."""
        for at in range(start, end):
            if self.text[at] == "!":
                self.bang("", at)
            if self.text[at - 1] == "\n" and self.text[at] == "^":
                raise History("the shell's history")

    def bang(self, closing: str, at: int | None = None) -> None:
        """An exclamation mark outside single quotes: part of the history's notation unless a blank follows."""
        at = self.at if at is None else at
        after, before = self.text[at + 1 : at + 2], self.text[max(0, at - 2) : at]
        if after in ("", " ", "\t", "\n", "=") or (after and after in closing):
            return
        if before.endswith(("[", "$")) or before == "${":
            return
        raise History("the shell's history")

    def quoted(self) -> None:
        """Up to the end of double quotes."""
        while True:
            ch = self.peek()
            if ch == '"':
                self.at += 1
                return
            if ch == "\\":
                self.at += 2
            elif ch == "$":
                self.dollar(quoted=True)
            elif ch == "`":
                self.at += 1
                self.backticks()
            else:
                if ch == "!":
                    self.bang('"')
                if ch == "^" and self.text[self.at - 1] == "\n":
                    raise History("the shell's history")
                self.at += 1

    def backticks(self) -> None:
        while self.peek() != "`":
            if self.peek() in "\\!\n":
                raise Undetermined("how the shell reads this substitution")
            self.at += 1
        self.at += 1

    def dollar(self, *, quoted: bool = False) -> None:
        """What begins with a dollar sign."""
        self.at += 1
        ch = self.peek()
        if self.peek(2) == "((":
            self.arithmetic()
        elif ch == "(":
            self.at += 1
            self.commands(")")
        elif ch == "{":
            self.at += 1
            self.braces()
        elif ch == "'" and not quoted:
            self.at += 1
            while self.peek() != "'":
                if self.peek() == "!":
                    raise History("the shell's history")
                self.at += 2 if self.peek() == "\\" else 1
            self.at += 1
        elif ch in "#!?$-*@":
            self.at += 1

    def arithmetic(self) -> None:
        """``(( ... ))``, with parentheses in it."""
        self.at += 2
        depth = 2
        while depth:
            ch = self.peek()
            if ch in "'\"`\\\n":
                raise Undetermined("how the shell reads this expression")
            if ch == "$" and self.peek(2) in ("${", "$("):
                self.dollar()
                continue
            depth += (ch == "(") - (ch == ")")
            self.at += 1

    def braces(self) -> None:
        """Up to the end of ``${...}``."""
        if self.peek() == "!":
            self.at += 1
        while self.peek() != "}":
            ch = self.peek()
            if ch in "'\n":
                raise Undetermined("how the shell reads this expansion")
            if ch == '"':
                self.at += 1
                self.quoted()
            elif ch == "\\":
                self.at += 2
            elif ch == "$":
                self.dollar(quoted=True)
            elif ch in "`!":
                raise Undetermined("how the shell reads this expansion")
            else:
                self.at += 1
        self.at += 1
