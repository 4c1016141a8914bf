"""The examples in the docstrings of our adapters, as programs: what is documented is what is run."""

from __future__ import annotations

import ast
import shlex
import textwrap

from build import REPOSITORY

EXAMPLE = "http://127.0.0.1:8000"
"""The address of the server in all of them."""


def code_in(name: str, which: int = 0) -> str:
    """The indented block number ``which`` of the docstring of ``nextstate.adapters.NAME``."""
    path = REPOSITORY / "src" / "nextstate" / "adapters" / name
    source = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
    doc = ast.get_docstring(ast.parse(source.read_text())) or ""
    blocks = [_block(part) for part in doc.split("::\n\n")[1:]]
    return blocks[which]


def command_in(name: str, which: int, program: str) -> list[str]:
    """The arguments of the call of ``program`` in a block of shell commands."""
    lines = code_in(name, which).replace("\\\n", " ").splitlines()
    (found,) = (words for line in lines if (words := shlex.split(line, comments=True))[:1] == [program])
    return found[1:]


def _block(text: str) -> str:
    """The indented lines at the beginning of ``text``."""
    lines: list[str] = []
    for line in text.splitlines():
        if line and not line.startswith(" "):
            break
        lines.append(line)
    return textwrap.dedent("\n".join(lines)).strip() + "\n"
