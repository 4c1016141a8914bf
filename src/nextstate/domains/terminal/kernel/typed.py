"""What bash makes of lines as they are typed: where a command is complete, and where it waits for more.

Only the outline of the language is read (quotes, here-documents, substitutions, compound commands). Where bash would
complain about the syntax, or expand its history, the outcome is left undetermined.
"""

from __future__ import annotations

import re

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.words import History, Open, Words

_REDIRECTION = re.compile(r"\d*(?:&>>?|<<<|<<-?|<>|<&|>&|>>|>\||<|>)-?")
_NAME = re.compile(r"[A-Za-z_][\w.+:-]*")
_CLOSING = frozenset("then elif else fi do done esac }".split())
_STRANGE = frozenset({"select", "coproc"})


def first(text: str) -> int | None:
    """The length of the first complete command of ``text``, whole lines included; ``None``: it waits for more lines.

    ``text`` consists of whole lines. Raises :class:`Undetermined` where bash would complain or do more than read.
    """
    reader = Reader(text)
    try:
        reader.unit()
    except Open:
        return None
    except RecursionError:
        raise Undetermined("a command that is nested too deeply") from None
    return reader.at


class Reader(Words):
    """Reads lists of commands."""

    # -- lists ----------------------------------------------------------------------------------------------

    def unit(self) -> None:
        """One complete command line: everything up to a line end at which nothing is open."""
        if self.text.startswith("^"):
            raise History("the shell's history")
        self.blanks()
        while self.peek() != "\n":
            if self.command() is not None:
                raise Undetermined("how the shell words a syntax error")
            self.separator()
        self.newline()

    def separator(self) -> None:
        """Goes over what stands between two commands of one list."""
        self.blanks()
        two = self.peek(2)
        if two in ("&&", "||", "|&"):
            self.at += 2
            self.newlines()
            self.following()
        elif two[0] == "|":
            self.at += 1
            self.newlines()
            self.following()
        elif two == ";;":
            raise Undetermined("how the shell words a syntax error")
        elif two[0] in ";&":
            self.at += 1
            self.blanks()
            if self.peek() in ";&|":
                raise Undetermined("how the shell words a syntax error")
        elif two[0] not in "\n)":
            raise Undetermined("how the shell reads this line")

    def following(self) -> None:
        """A command must follow here."""
        if self.peek() in ";&|)":
            raise Undetermined("how the shell words a syntax error")

    def commands(self, *ends: str) -> str:
        """Commands up to one of the words ``ends`` (or up to ``)``), which is returned."""
        empty = True
        while True:
            self.newlines()
            if self.peek() == ")":
                if ")" not in ends:
                    raise Undetermined("how the shell words a syntax error")
                self.at += 1
                return ")"
            if self.peek(2) in (";;", ";&") and ";;" in ends:
                return ";;"
            closing = self.command()
            if closing is not None:
                if closing not in ends or (empty and ")" not in ends):
                    raise Undetermined("how the shell words a syntax error")
                return closing
            empty = False
            self.blanks()
            if not (self.peek(2) in (";;", ";&") and ";;" in ends):
                self.separator()

    # -- commands -------------------------------------------------------------------------------------------

    def command(self) -> str | None:
        """One command with its redirections; a word that closes a compound command is returned instead."""
        self.blanks()
        while self.text.startswith("! ", self.at):
            self.at += 2
            self.blanks()
        if self.peek(2) == "((":
            self.arithmetic()
        elif self.peek() == "(":
            self.at += 1
            self.commands(")")
        elif self.peek() in ";&|)":
            raise Undetermined("how the shell words a syntax error")
        elif not self.redirects():
            start = self.at
            bare = self.word()
            word = self.text[start : self.at] if bare else ""
            if word in _CLOSING:
                return word
            if self.compound(word):
                pass
            elif self.opens_function(word):
                self.newlines()
                return self.command()
        self.rest()
        return None

    def opens_function(self, word: str) -> bool:
        """Goes over ``()`` behind the name of a function."""
        if word == "function":
            self.blanks()
            self.word()
        match = re.compile(r"[ \t]*\([ \t]*\)").match(self.text, self.at)
        if match and _NAME.fullmatch(word):
            self.at = match.end()
        return match is not None or word == "function"

    def compound(self, word: str) -> bool:
        """Goes over the body of a compound command that ``word`` begins."""
        if word in _STRANGE:
            raise Undetermined(f"{word} in an interactive shell")
        if word == "if":
            closed = self.commands("then")
            while closed != "fi":
                allowed = ("fi",) if closed == "else" else ("elif", "else", "fi")
                closed = self.commands(*(("then",) if closed == "elif" else allowed))
        elif word in ("while", "until"):
            self.commands("do")
            self.commands("done")
        elif word == "for":
            self.head()
        elif word == "case":
            self.case()
        elif word == "{":
            self.commands("}")
        elif word == "[[":
            self.condition()
        else:
            return False
        return True

    def head(self) -> None:
        """``for`` with its words or expressions, and its body."""
        self.blanks()
        if self.peek(2) == "((":
            self.arithmetic()
        else:
            self.rest()
        self.blanks()
        if self.peek() == ";":
            self.at += 1
        self.newlines()
        if not self.text.startswith("do", self.at):
            raise Undetermined("how the shell reads this loop")
        self.at += 2
        self.commands("done")

    def case(self) -> None:
        self.blanks()
        self.word()
        self.newlines()
        if not self.text.startswith("in", self.at):
            raise Undetermined("how the shell reads this case")
        self.at += 2
        while True:
            self.newlines()
            if re.compile(r"esac\b").match(self.text, self.at):
                self.at += 4
                return
            self.pattern()
            if self.commands("esac", ";;") == "esac":
                return
            self.at += 3 if self.text.startswith(";;&", self.at) else 2

    def pattern(self) -> None:
        """The patterns of one branch, up to ``)``."""
        if self.peek() == "(":
            self.at += 1
        while self.peek() != ")":
            self.blanks()
            if self.peek() in "\n;&<>(":
                raise Undetermined("how the shell reads this case")
            if self.peek() == "|":
                self.at += 1
            elif self.peek() != ")":
                self.word()
        self.at += 1

    def condition(self) -> None:
        """``[[ ... ]]``."""
        while True:
            self.blanks()
            start = self.at
            if self.peek() in "\n<>()&|;":
                self.at += 1
            elif self.word() and self.text[start : self.at] == "]]":
                return

    def rest(self) -> None:
        """Words and redirections up to an operator."""
        while True:
            self.blanks()
            if self.redirects():
                match = _REDIRECTION.match(self.text, self.at)
                assert match is not None
                self.at = match.end()
                self.target(match[0].lstrip("0123456789"))
            elif self.peek() in "\n;&|)":
                return
            elif self.peek() == "(":
                raise Undetermined("how the shell words a syntax error")
            else:
                self.word()

    def redirects(self) -> bool:
        """Whether a redirection begins here (and no process substitution)."""
        if self.text.startswith(("<(", ">("), self.at):
            return False
        return _REDIRECTION.match(self.text, self.at) is not None

    def target(self, operator: str) -> None:
        self.blanks()
        if operator.endswith("-") and operator not in ("<<-",):
            return
        start = self.at
        if self.peek() in "\n;&|<>()" and not self.text.startswith(("<(", ">("), self.at):
            raise Undetermined("how the shell words a syntax error")
        self.word()
        if operator in ("<<", "<<-"):
            word = self.text[start : self.at]
            if "$" in word or "`" in word or "\n" in word:
                raise Undetermined("how the shell reads this here-document")
            self.heredocs.append((re.sub(r"['\"\\]", "", word), operator == "<<-"))
