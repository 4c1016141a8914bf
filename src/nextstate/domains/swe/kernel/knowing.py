"""What is known of a file: asked for and written down, in the state and in the shells inside."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING

from nextstate.domains.swe.kernel import texts
from nextstate.domains.swe.kernel.texts import Text

if TYPE_CHECKING:
    from nextstate.domains.swe.kernel.shell import Shell
    from nextstate.domains.swe.kernel.state import State

MAX_FOLLOWED = 500_000
"""Characters of a file that is followed."""


def of(shell: Shell, state: State, path: str) -> Text:
    """What is known of the file at an absolute path; nothing at worst."""
    if path in state.files:
        return state.files[path]
    content = shell.read(state.plain, path)
    return Text() if content is None else texts.of(content)


def known(shell: Shell, state: State, path: str, text: Text) -> State:
    """The state in which ``text`` is known of a file, in both shells."""
    body = texts.stand_in(text)
    if len(body) > MAX_FOLLOWED:
        return forgotten(shell, state, path)
    state = _housed(shell, state, path)
    shadow, plain = state.shadow, state.plain
    if shell.read(shadow, path) != body:
        shadow = shell.write(shadow, path, body)
    had = shell.read(plain, path)
    if text.whole and had != text.content:
        plain = shell.write(plain, path, text.content)
    elif not text.whole and had is not None:
        plain = shell.forget(plain, path)
    return replace(state, plain=plain, shadow=shadow).tracking(path, text)


def _housed(shell: Shell, state: State, path: str) -> State:
    """The state that knows that the folder of a file is there."""
    folder = posixpath.dirname(path)
    if folder in state.folders:
        return state
    return replace(
        state,
        plain=shell.with_folder(state.plain, folder),
        shadow=shell.with_folder(state.shadow, folder),
        folders=frozenset([*state.folders][-200:]) | {folder},
    )


def forgotten(shell: Shell, state: State, path: str) -> State:
    """The state in which nothing is known of a file's content any more."""
    return replace(state, plain=shell.forget(state.plain, path), shadow=shell.forget(state.shadow, path)).tracking(
        path, None
    )
