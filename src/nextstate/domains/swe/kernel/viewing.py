"""Views of files: known lines, in a layout that was seen before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from nextstate.domains.swe import operations as op
from nextstate.domains.swe.kernel import forms, knowing, layouts, replies, texts
from nextstate.domains.swe.kernel.telling import Lack
from nextstate.domains.swe.kernel.texts import Text

if TYPE_CHECKING:
    from nextstate.domains.swe.kernel.layouts import Layout
    from nextstate.domains.swe.kernel.shell import Shell
    from nextstate.domains.swe.kernel.state import State

RAW = layouts.Layout("", "", 0, "")
"""The file's text as it is, without numbers."""
SHORT = 8_000
"""Characters up to which no tool is expected to cut a view."""


def _kind(name: str, view: op.View) -> str:
    return f"{name} {'whole' if view.whole else 'range'}"


def computed(shell: Shell, state: State, name: str, view: op.View) -> str | Lack:
    """The view of lines that are known, or why it is not known."""
    path = state.path(view.path)
    if path is None:
        return Lack("a working directory that was never shown")
    text = knowing.of(shell, state, path)
    lines = _lines(text, view)
    if lines is None:
        return Lack("lines of a file that were never shown")
    shape = _shape(state, name, view)
    if shape is None:
        return Lack("how this tool shows a file")
    shown = _shown(shape, text, lines, view)
    if shown is None or len(shown) > max(SHORT, state.longest_view):
        return Lack("how this tool shows a file" if shown is None else "a view so long that it may be cut")
    return shown


def _shape(state: State, name: str, view: op.View) -> Layout | None:
    """The layout of such a view; for a range, that of whole views serves where it says nothing of the whole."""
    found = state.layouts.get(_kind(name, view))
    if found is not None or view.whole or (whole := state.layouts.get(f"{name} whole")) is None:
        return found
    says = layouts.TOTAL in whole.head + whole.tail or re.search(r"\b(?:end|total|lines)\b", whole.tail, re.I)
    return None if whole == RAW or says else replace(whole, extra=False)


def _lines(text: Text, view: op.View) -> Mapping[int, str] | None:
    """The lines that a view shows, where all of them are known and there are such lines."""
    first = 1 if view.first is None else view.first
    last = len(text.lines) if view.last is None and text.ended else view.last
    if last is None or first < 1 or last < first or last > len(text.lines):
        return None
    found = text.known(first, last)
    return None if found is None else dict(enumerate(found, first))


def _shown(shape: Layout, text: Text, lines: Mapping[int, str], view: op.View) -> str | None:
    total = len(text.lines) if text.ended else None
    if shape == RAW:
        body = "\n".join(lines.values())
        if not view.whole:
            return body
        return None if text.newline is None else body + "\n" * text.newline
    if view.whole and shape.extra:
        if text.newline is None:
            return None
        lines = {**lines, len(text.lines) + 1: ""} if text.newline else lines
    return layouts.laid_out(shape, lines, view.path, total)


def absorbed(
    shell: Shell, state: State, name: str, view: op.View | op.Open | op.Move | op.NewFile, observation: str
) -> State:
    """The state after a view was shown."""
    if isinstance(view, op.NewFile | op.Open | op.Move):
        return _window(shell, state, view, observation)
    path = state.path(view.path)
    if path is None or len(observation) > knowing.MAX_FOLLOWED:
        return state
    cut = forms.is_cut(observation)
    text = layouts.inside(observation).replace("\r\n", "\n")
    seen = layouts.taken_apart(text)
    if seen is None:
        return state if cut else _raw(shell, state, name, view, path, observation)
    if not cut:
        state = replace(state, longest_view=max(state.longest_view, len(observation)))
    return _numbered(shell, state, name, view, path, seen, cut=cut, plain=text == observation.replace("\r\n", "\n"))


def _raw(shell: Shell, state: State, name: str, view: op.View, path: str, observation: str) -> State:
    """A file shown without numbers, or a listing, or an error."""
    text = observation.replace("\r\n", "\n")
    known = knowing.of(shell, state, path)
    if known.whole:
        lines = _lines(known, view)
        same = (
            lines is not None and _shown(RAW, replace(known, newline=known.newline is not False), lines, view) == text
        )
        return _with_layout(state, name, view, RAW, len(text)) if same else state
    if not view.whole or text.startswith(("{", "<")) or replies.refuses(text) or path.rpartition("/")[2] == "":
        return state
    if re.search(r"\b(?:files and directories|directory)\b", text[:200]) or text.startswith(view.path):
        return state
    if "." not in path.rpartition("/")[2]:
        return state  # a folder's listing looks like a text
    state = knowing.known(shell, state.changed(path), path, texts.of(text))
    return _with_layout(state, name, view, RAW, len(text))


def _with_layout(state: State, name: str, view: op.View, shape: Layout, length: int) -> State:
    found = MappingProxyType({**state.layouts, _kind(name, view): shape})
    return replace(state, layouts=found, longest_view=max(state.longest_view, length))


def _numbered(
    shell: Shell, state: State, name: str, view: op.View, path: str, seen: layouts.Seen, *, cut: bool, plain: bool
) -> State:
    """A file shown with line numbers: its lines become known, and how this tool shows lines."""
    before = knowing.of(shell, state, path)
    lines, whole = dict(seen.lines), view.whole and not cut and seen.first == 1
    extra = whole and len(lines) > 1 and lines[seen.last] == "" and before.known(seen.last, seen.last) is None
    if extra:
        del lines[seen.last]
    shown_to = max(lines)
    reaches_end = (
        whole or (view.last is None and not cut) or (view.last is not None and view.last > shown_to and not cut)
    )
    text = texts.put(before, lines, total=shown_to if reaches_end else None)
    if extra:
        text = replace(text, newline=True)
    if text != before or path not in state.files:
        state = knowing.known(shell, state if text == before else _kept(state, before, text, path), path, text)
    shape = layouts.layout(seen, view.path, len(text.lines) if text.ended else None, extra=extra)
    if shape is None or not plain or cut:
        return state
    old = state.layouts.get(_kind(name, view))
    if view.whole and not extra and text.newline is None and old is not None:
        return state
    return _with_layout(state, name, view, shape, 0)


def _kept(state: State, before: Text, after: Text, path: str) -> State:
    """The state without what hung on the file, where the view contradicts what was known of it."""
    agrees = all(old is None or old == new for old, new in zip(before.lines, after.lines, strict=False))
    return state if agrees else state.changed(path)


_WINDOW = re.compile(r"\[File: ([^\n]+?) \((\d+) lines total\)\]\n")
_ROW = re.compile(r"(\d{1,7}):(.*)")


def _window(shell: Shell, state: State, view: op.Open | op.Move | op.NewFile, observation: str) -> State:
    """A window of lines: they become known, and so do the file's length and which file is open."""
    found = window(observation)
    if found is None:
        return state
    name, total, lines = found
    path = state.path(name)
    if path is None:
        return state
    if isinstance(view, op.NewFile):
        state = knowing.known(shell, state.changed(path, everything=True), path, texts.of("\n"))
        return replace(state, open_file=path, edited=(*state.edited, path)[-20:])
    before = knowing.of(shell, state, path)
    text = texts.put(before, lines, total=total)
    if text != before or path not in state.files:
        state = knowing.known(shell, _kept(state, before, text, path), path, text)
    return replace(state, open_file=path)


def window(observation: str) -> tuple[str, int, dict[int, str]] | None:
    """Name, count of lines and the lines shown of a viewer's window."""
    text = observation.replace("\r\n", "\n")
    head = _WINDOW.search(text)
    if head is None:
        return None
    lines: dict[int, str] = {}
    for row in text[head.end() :].split("\n"):
        found = _ROW.fullmatch(row)
        if found is None or (lines and int(found[1]) != max(lines) + 1):
            if lines and not row.startswith("<<<<<"):
                break
            continue
        lines[int(found[1])] = found[2]
    return head[1], int(head[2]), lines
