"""Command lines: what the terminal's kernel says of them, and what they show and change of files known in part."""

from __future__ import annotations

import posixpath
import re
import shlex
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nextstate.domain import calls
from nextstate.domains.swe.kernel import effects, forms, knowing, reading, texts
from nextstate.domains.swe.kernel.telling import Lack

if TYPE_CHECKING:
    from nextstate.domains.swe import operations as op
    from nextstate.domains.swe.kernel.shell import Shell
    from nextstate.domains.swe.kernel.state import State

MAX_SHOWN = 2_000_000
"""Characters of an observation that is learned from."""


def computed(shell: Shell, state: State, call: calls.Call, run: op.Run, answers: tuple[str, ...]) -> str | Lack:
    """What a command shows, or why that is not known."""
    if run.typed:
        return Lack("input to a program that is still running")
    if "\t" in run.command and "\t" in effects.lines_of(run.command) and not state.alone:
        return Lack("a tab typed into a shell")
    heard = tuple(forms.taken_apart(answer).output for answer in answers)
    answer = shell.run(state.plain, run.command, heard)
    output, inner = answer.output, state.plain
    if output is None and (found := _by_place(shell, state, run.command)) is not None:
        output, inner = found, state.shadow
    if output is None and _removes(state, run.command):
        output, inner = "", None
    if output is None:
        ask = calls.render(call.name, {"command": answer.ask}) if answer.ask and state.form.kind == "bare" else None
        return Lack(answer.reason, answer.facts, ask)
    if doubt := _doubt(state, run.command, output):
        return Lack(doubt)
    return _worded(shell, state, run.command, output, inner)


def _doubt(state: State, command: str, output: str) -> str:
    """Why an answer of the shell inside is not believed."""
    if texts.marked(output):
        return "a working directory that was never shown"
    if command in state.uncomputed and not reading.only_reads(command):
        return "a program that is not computed"
    if effects.not_found(output) - state.missing:
        return "whether a program is installed"
    return ""


def _worded(shell: Shell, state: State, command: str, output: str, inner: Any) -> str | Lack:
    form = state.form
    status: int | None = 0
    if inner is not None:
        status = 0 if form.kind == "bare" and form.fails else shell.status(inner, command)
    shown = forms.put_together(form, output, status, state.known_cwd)
    return Lack("how what a command prints is worded here") if shown is None else shown


def _removes(state: State, command: str) -> bool:
    """Whether a command removes files that are there, or does not mind if they are not."""
    there = state.made | state.files.keys()
    return effects.removed(command) is not None and all(state.path(one) in there for one in effects.needed(command))


def _by_place(shell: Shell, state: State, command: str) -> str | None:
    """What a command shows that goes by the numbers of lines that are known."""
    if not reading.by_place(command) or _beyond(state, command):
        return None
    output = shell.run(state.shadow, command).output
    return None if output is None or texts.marked(output) else output


def _beyond(state: State, command: str) -> bool:
    """Whether a command may ask for lines behind the last one that is known: a stand-in has none there."""
    called = reading.programs(command) or ()
    if all(call.name != "sed" or reading.edits_in_lines(call) is not None for call in called):
        named: tuple[str, ...] | None = tuple(one for call in called if call.name != "sed" for one in call.words[1:])
    else:
        named = reading.files_of(command)
    numbers = [int(one) for one in re.findall(r"\d{1,9}", command)]
    followed = [state.files[path] for one in named or () if (path := _path(state, command, one)) in state.files]
    return any(not text.ended and max(numbers, default=0) > len(text.lines) + 1 for text in followed)


def _path(state: State, command: str, name: str) -> str:
    return replace(state, cwd=_base(state, command)).path(name) or ""


def absorbed(shell: Shell, state: State, run: op.Run, observation: str, answers: tuple[str, ...]) -> State:
    """The state after a command showed ``observation``."""
    if len(observation) > MAX_SHOWN:
        return ran_code(shell, state, run.command)
    shown = forms.taken_apart(observation)
    heard = tuple(forms.taken_apart(answer).output for answer in answers)
    command = run.command
    expected = None if run.typed else shell.run(state.plain, command, heard).output
    form = forms.learned(state.form, shown, observation, expected)
    if expected and not form.fails and expected.strip() == shown.output.strip():
        form = replace(form, fails=bool(shell.status(state.plain, command)))
    output = "" if form.empty and shown.output.strip() == form.empty else shown.output
    before = state
    if shown.cut or run.typed:
        state = replace(state, plain=shell.muffled(state.plain, command), shadow=shell.muffled(state.shadow, command))
    else:
        state = replace(
            state,
            plain=shell.absorb(state.plain, command, output, heard),
            shadow=shell.absorb(state.shadow, command, output),
        )
    if expected is None and not reading.only_reads(run.command):
        state = _not_computed(shell, state, run.command)
    state = replace(state, form=form, cwd=shell.cwd(state.plain), missing=state.missing | effects.not_found(output))
    if not reading.only_reads(run.command):
        state = _swept(shell, before, state, run.command)
        state = _made(shell, state, run.command, output)
    return state if shown.cut or run.typed else _taught(shell, state, run.command, output, _base(before, run.command))


def _not_computed(shell: Shell, state: State, command: str) -> State:
    """The state after a command ran that is not computed: what folders hold may have changed."""
    kept = state.uncomputed if len(state.uncomputed) < 500 else frozenset[str]()
    state = replace(state, uncomputed=kept | {command})
    if reading.programs(command) and all(one.name in _QUIET for one in reading.programs(command) or ()):
        return state
    return replace(state, plain=shell.disturbed(state.plain), shadow=shell.disturbed(state.shadow))


_QUIET = reading.READS | {"rm", "mkdir", "touch", "cp", "mv", "chmod", "python", "python3", "git", "export"}
"""Programs whose effects the shell inside knows, or that leave listings alone."""


def _made(shell: Shell, state: State, command: str, output: str) -> State:
    """The state that knows which files a command made and removed."""
    there = {path for path in state.made if not _gone(path, command)}
    if not _complains(output):
        paths = [state.path(one) for one in effects.made(command)]
        there |= {path for path in paths if path is not None}
        for path in paths:
            content = None if path is None else shell.read(state.plain, path)
            if path is not None and content is not None:
                state = knowing.known(shell, state, path, texts.of(content))
    return replace(state, made=frozenset(there))


_REMOVES = re.compile(r"(?:^|[\s;&|(])(?:rm|mv|git|make|unlink|find)\s")


def _gone(path: str, whole: str) -> bool:
    """Whether a command may have removed a file."""
    command = effects.lines_of(whole)
    if not _REMOVES.search(command):
        return False
    return (
        effects.touches(path, command, ()) or re.search(r"\bgit\s+(?:stash|clean|checkout|reset)", command) is not None
    )


def _swept(shell: Shell, before: State, state: State, command: str) -> State:
    """The state with what a command may have changed of the files that are followed."""
    in_lines = _in_lines(command)
    run = [code for one in effects.scripts(command) if (code := _script(shell, before, one)) is not None]
    state = state.changed(everything=True)
    for path, text in before.files.items():
        content = shell.read(state.shadow, path)
        touched = effects.touches(path, command, run)
        if touched and _otherwise_named(state, path, command, run):
            state = knowing.forgotten(shell, state.changed(path), path)
            continue
        if content is None and not touched:
            state = knowing.known(shell, state, path, text)
            continue
        if content == texts.stand_in(text) and not touched:
            continue
        state = state.changed(path)
        if content is None:
            state = state.tracking(path, None)
            continue
        now = texts.read_back(text, content, in_lines=in_lines)
        state = knowing.known(shell, state, path, now)
    return state


def _otherwise_named(state: State, path: str, command: str, run: list[str]) -> bool:
    """Whether a file may be meant under another name than it is followed by, the directory being unknown."""
    if state.known_cwd is not None and not texts.marked(path):
        return False
    name = re.escape(posixpath.basename(path))
    mentions = [
        one for text in (command, *run) for one in re.findall(rf"[\w./~+-]*(?<![\w.+-]){name}(?![\w])", text[:100_000])
    ]
    return any(state.path(one) != path for one in mentions)


def _script(shell: Shell, state: State, name: str) -> str | None:
    path = state.path(name)
    return None if path is None else shell.read(state.plain, path)


def _in_lines(command: str) -> bool:
    """Whether a command changes files line by line, whatever stands in them."""
    called = reading.programs(command)
    if called is None:
        return False
    edits = [reading.edits_in_lines(call) for call in called if call.name == "sed"]
    return all(one is not False for one in edits) and all(call.name in reading.READS for call in called)


def _taught(shell: Shell, state: State, command: str, output: str, base: str | None) -> State:
    """What the output of a command tells of the files that it reads; their names count from ``base``."""
    named = reading.files_of(command)
    if not named or _complains(output):
        return state
    told = reading.told(command, output)
    for name in named:
        path = replace(state, cwd=base).path(name)
        if path is None:
            continue
        content = shell.read(state.plain, path)
        if content is not None:
            now = texts.of(content)
            state = state if state.files.get(path) == now else knowing.known(shell, state, path, now)
            continue
        text = state.files.get(path, texts.Text())
        lines = told.lines if told is not None and told.path == name else {}
        more = texts.put(text, lines, total=told.total if told is not None and lines else None)
        if more != text or path not in state.files:
            state = knowing.known(shell, state, path, more)
    return state


_COMPLAINT = re.compile(
    r"^(?:[\w./-]+: ){1,3}[^\n]*(?:No such file|Is a directory|Permission denied|cannot|can't)", re.M
)


def _complains(output: str) -> bool:
    return _COMPLAINT.search(output[:20_000]) is not None


def _base(state: State, command: str) -> str | None:
    """The directory that names in a command count from: where a leading ``cd`` goes, else the working directory."""
    called = reading.programs(command)
    if called and called[0].name == "cd" and len(called[0].words) == 2:
        return state.path(called[0].words[1])
    return state.cwd


def ran_code(shell: Shell, state: State, code: str) -> State:
    """The state after code ran whose effects are not computed."""
    command = f"python3 -c {shlex.quote(code)}"
    after = replace(state, plain=shell.muffled(state.plain, command), shadow=shell.muffled(state.shadow, command))
    return _swept(shell, state, replace(after, seen=MappingProxyType(dict(state.seen))), command)
