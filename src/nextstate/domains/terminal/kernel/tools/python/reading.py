"""From a program's text to its syntax tree, or to the error that Python shows."""

from __future__ import annotations

import ast
import traceback
import warnings

from nextstate.domains.terminal.kernel.files import Undetermined

LONGEST = 200_000
"""Characters of a program."""
OLD_MARKS, NEW_MARKS = 2, 7
"""3.11.2 marks one character where 3.11.7 marks a word; what those between do was not looked at."""


def checked(
    text: str, shown: str, said: list[str] | None = None, version: tuple[int, int] | None = None
) -> ast.Module | SyntaxError:
    """The tree, or the error that stops Python from running anything. The text is compiled, never run.

    What the compiler warns of goes to ``said`` (without the line of the text); it is undetermined if there is none.
    ``version``: another version than ours will read the text, so what it may not know is undetermined.
    """
    if len(text) > LONGEST:
        raise Undetermined("a long program")
    if "\0" in text:
        raise Undetermined("a program with a NUL")
    with warnings.catch_warnings(record=True) as noticed:
        warnings.simplefilter("always")
        try:
            tree = ast.parse(text, shown, feature_version=version)
            compile(text, shown, "exec", dont_inherit=True)
        except SyntaxError as error:
            if version is not None:
                raise Undetermined("how another version reads this program") from None
            return error
        except (RecursionError, MemoryError, ValueError, OverflowError):
            raise Undetermined("a program that the compiler refuses") from None
    shown_ones = [one for one in noticed if issubclass(one.category, SyntaxWarning)]
    if shown_ones and said is None:
        raise Undetermined("a program that the compiler warns of")
    for one in shown_ones:
        text = f"{shown}:{one.lineno}: SyntaxWarning: {one.message}\n"
        if said is not None and text not in said:
            said.append(text)
    return tree


def worded(error: SyntaxError, micro: int, lines: tuple[str, ...] | None) -> str:
    """The error as Python prints it; ``lines``: those of the file, which the compiler looks up for some messages."""
    if isinstance(error, IndentationError) and error.msg.startswith("expected an indented block"):
        if OLD_MARKS < micro < NEW_MARKS:
            raise Undetermined("how this version marks an error of indentation")
        if micro <= OLD_MARKS:
            error.end_offset = error.offset
    if error.text is None and lines is not None and error.lineno:
        error.text = lines[error.lineno - 1] + "\n"
    return "".join(traceback.format_exception_only(type(error), error))
