"""Pages for the recorded search engine: a folder of files, or lines of JSON."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

from nextstate.domains.search.layout import Page
from nextstate.errors import DataError, UsageError

PAGES = Path(__file__).parent / "search_pages.jsonl"
"""A small invented archipelago: pages of our own words about a place that does not exist."""
BASE = "https://pages.example/"
"""Where the files of a folder stand."""
SUFFIXES = {".html", ".htm", ".txt", ".md"}
MAX_BYTES = 2_000_000
"""Of one file."""


def read_pages(path: Path, base: str = BASE) -> list[Page]:
    """The pages of a folder (HTML, text, Markdown), or of a file with ``url``, ``title`` and ``text`` a line."""
    if path.is_dir():
        files = sorted(one for one in path.rglob("*") if one.suffix.lower() in SUFFIXES and one.is_file())
        return [_from_file(one, base + one.relative_to(path).as_posix()) for one in files]
    if not path.is_file():
        raise UsageError(f"cannot read pages from {path}: name a folder or a .jsonl file")
    return [_from_line(line, f"{path}:{k}") for k, line in enumerate(path.read_text("utf-8").split("\n"), 1) if line]


def _from_line(line: str, where: str) -> Page:
    try:
        row = json.loads(line)
        return Page(str(row["url"]), str(row["title"]), str(row["text"]))
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"a page needs url, title and text ({type(error).__name__})", where=where) from None


def _from_file(path: Path, url: str) -> Page:
    if path.stat().st_size > MAX_BYTES:
        raise DataError(f"a page of more than {MAX_BYTES} bytes", where=str(path))
    text = path.read_text("utf-8", "replace")
    if path.suffix.lower() not in (".html", ".htm"):
        first, _, rest = text.partition("\n")
        return Page(url, first.lstrip("# ").strip() or url, rest.strip())
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return Page(url, reader.title.strip() or url, reader.text)


class _Reader(HTMLParser):
    """Title and text of an HTML page: a line for each block, nothing of scripts and styles."""

    _HIDDEN = frozenset({"script", "style", "template", "noscript", "head"})
    _BLOCKS = frozenset("p div br li ul ol tr table h1 h2 h3 h4 h5 h6 section article header footer main".split())

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self._parts: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._HIDDEN or tag == "title":
            self._open.append(tag)
        if tag in self._BLOCKS:
            self._parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            del self._open[self._open.index(tag) :]
        if tag in self._BLOCKS:
            self._parts.append("\n")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "title":
            self.title += data
        elif not self._open:
            self._parts.append(" ".join(data.split()) and f" {' '.join(data.split())} ")

    @property
    def text(self) -> str:
        lines = (" ".join(line.split()) for line in "".join(self._parts).split("\n"))
        return "\n".join(line for line in lines if line)
