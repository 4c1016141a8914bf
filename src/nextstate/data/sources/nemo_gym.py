"""The terminal rollouts of NeMo Gym (NVIDIA-NeMo/Gym, Apache-2.0): JSON lines of OpenAI Responses items, two harnesses.

**Terminus-2** (``bash_command`` calls): keystrokes sent to a tmux pane. An action is the batch of one assistant message
as a JSON array of ``{"keystrokes", "duration"}`` (seconds), an observation the screen without the harness's header. Two
headers exist, kept as ``screen`` in the turn's meta: ``new`` is what the pane gained, from the last line that was there
before (with the line end before it, if there was one before); ``whole`` is the visible screen, shown when nothing new
was found. Lines break at 160 columns and have no white space at their end. The fact ``screen`` tells a kernel of that::

    {"columns": 160, "shows": "new", "text": "root@box:/app#"}

with the screen before the first action. ``user``, ``host`` and ``cwd`` are those of its prompt.

**Hermes** (``terminal`` calls): an action is a shell command, an observation its output without white space at both
ends, ``exit_code`` stands in the turn's meta. Each command runs in a fresh bash that inherits working directory and
exported variables, which the fact ``invoke`` says as in :mod:`nextstate.data.sources.intercode`::

    {"per_action": true, "keeps": ["cwd", "exports"], "strip": true}

The other tools of Hermes are no shell commands and left out. A tool that only reads leaves the history as it is; where
one may have changed the world, or a call has no result, the trajectory ends and a new one begins (``ID.1``, ``ID.2``,
...), because what is known of files no longer holds.

Also left out: outputs that answer no call (complaints about a reply that does not parse, requests to confirm), outputs
without a screen, and commands that the harness did not run. A command that timed out stays, with ``{"harness":
"timed_out"}``; an output that the harness cut has ``{"truncated": true}``, recognised by the note that it puts there;
what a harness says before a screen is kept as ``notice``.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nextstate.data import lines, store
from nextstate.data.sources import files, stop
from nextstate.errors import DataError
from nextstate.types import Json, Setup, Source, Trajectory, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COLUMNS = 160
"""The width of Terminus-2's pane."""

READ_ONLY = frozenset({"read_file", "search_files", "todo", "session_search", "skills_list", "skill_view"})
"""Tools of Hermes that change neither files nor the shell."""

_HEADER = re.compile(r"^(New Terminal Output|Current Terminal Screen):(?:\n|\Z)", re.MULTILINE)
_CONFIRM = "\n\nAre you sure you want to mark the task as complete?"
_CUT = re.compile(
    r"\[\.\.\. output limited to \d+ bytes; \d+ interior bytes omitted \.\.\.\]|\[OUTPUT TRUNCATED - \d+ "
)
_PROMPT = re.compile(r"^(?P<user>[\w.-]+)@(?P<host>[\w.-]+):(?P<cwd>/\S*)[#$]\s*$")
_TASK = re.compile(r"Task Description:\n(?P<task>.*)\n\nCurrent terminal state:\n(?P<screen>.*)\Z", re.DOTALL)


def read(path: Path, on_error: Callable[[DataError], None] = stop) -> Iterator[Trajectory]:
    """The terminal trajectories of a rollout file, or of all ``*.jsonl`` below a folder."""
    for file in files(Path(path), "*.jsonl"):
        revision = f"sha256:{lines.sha256(file)[:16]}"
        for where, line in lines.collect(file, on_error):
            number = int(where.rpartition(":")[2]) - 1
            source = Source("nemo-gym", revision, "Apache-2.0", f"{file.name}#{number}")
            try:
                yield from _read_row(store.parse(line, where), f"{file.stem}-{number}", source)
            except (LookupError, TypeError, AttributeError, ValueError) as error:
                problem = f"not a rollout of NeMo Gym ({type(error).__name__}: {error})"
                on_error(DataError(f"{problem}; remove it or name other files", where=where))
            except DataError as error:
                on_error(error if error.where else DataError(str(error), where=where))


def _read_row(row: Any, ident: str, source: Source) -> list[Trajectory]:
    """All trajectories of one row, so that a row that breaks in the middle gives none."""
    items = row["response"]["output"]
    tools = sorted({item["name"] for item in items if item["type"] == "function_call"})
    if "terminal" in tools:
        return list(_hermes(row, items, ident, source))
    if "bash_command" in tools or not tools:
        return [_terminus(row, items, ident, source)]
    raise DataError(f"no calls of Terminus-2 or Hermes, but of {', '.join(tools)}; name other files")


# Terminus-2: a batch of keystrokes, one screen


def _terminus(row: Any, items: Any, ident: str, source: Source) -> Trajectory:
    prompt = _prompt(row)
    found = _TASK.search(prompt)
    screen = _screen(found["screen"]) if found else None
    shown = screen[0].rstrip() if screen else ""
    dropped: Counter[str] = Counter()
    turns = tuple(_terminus_turns(items, dropped))
    setup = Setup(initial_state=_terminal_state(shown), facts=_screen_facts(shown))
    return Trajectory(ident, "terminal", setup, turns, source, _meta(row, found["task"] if found else prompt, dropped))


def _terminal_state(shown: str) -> str:
    width = f"A terminal in tmux, {COLUMNS} columns wide"
    return f"{width}. It shows:\n{shown}" if shown else f"{width}."


def _screen_facts(shown: str) -> dict[str, Json]:
    prompt = _PROMPT.match(shown.rpartition("\n")[2])
    screen: dict[str, Json] = {"columns": COLUMNS, "shows": "new", "text": shown}
    return {**(prompt.groupdict() if prompt else {}), "screen": screen}


def _terminus_turns(items: Any, dropped: Counter[str]) -> Iterator[Turn]:
    calls: list[Any] = []
    waits: list[Json] = []
    for item in items:
        if item["type"] == "message":
            dropped["no_observation"] += bool(calls)
            calls, waits = [], _waits(_text(item["content"]))
        elif item["type"] == "function_call":
            calls.append(item)
        elif item["type"] == "function_call_output":
            batch = [_keys(json.loads(call["arguments"])) for call in calls] or waits
            answered = bool(batch) and (not calls or item["call_id"] == calls[0]["call_id"])
            screen = _screen(item["output"])
            if answered and screen:
                yield Turn(json.dumps(batch, ensure_ascii=False), *screen)
            else:
                dropped["no_screen" if answered else "no_call"] += 1
            calls, waits = [], []
    dropped["no_observation"] += bool(calls)


def _keys(arguments: Any) -> Json:
    return {"keystrokes": arguments["keystrokes"], "duration": arguments.get("duration", 1.0)}


def _waits(reply: str) -> list[Json]:
    """The batch of a reply that only waits; the rollouts make no calls of commands without keystrokes."""
    try:
        commands = json.loads(reply.rpartition("</think>")[2])["commands"]
        return [_keys(command) for command in commands] if not any(c["keystrokes"] for c in commands) else []
    except (ValueError, KeyError, TypeError):
        return []


def _screen(output: str) -> tuple[str, dict[str, Json]] | None:
    """The screen in an output and the turn's meta; ``None`` when it shows none."""
    if not (header := _HEADER.search(output)):
        return None
    notice, screen = output[: header.start()].strip(), output[header.end() :]
    if notice.startswith("Current terminal state:"):
        screen = screen.partition(_CONFIRM)[0]
    meta: dict[str, Json] = {"screen": "new" if header[1].startswith("New") else "whole"}
    if notice:
        meta["notice"] = notice
    if "timed out after" in notice:
        meta["harness"] = "timed_out"
    return screen, meta | _cut(screen)


# Hermes: one command, one result


@dataclass(slots=True)
class _Part:
    """The turns between two changes that the history does not show."""

    earlier: int = 0
    tools: list[str] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


def _hermes(row: Any, items: Any, ident: str, source: Source) -> Iterator[Trajectory]:
    workdir = (row["responses_create_params"].get("metadata") or {}).get("workdir")
    for number, part in enumerate(_parts(items)):
        name = f"{ident}.{number}" if number else ident
        setup = _hermes_setup(part, workdir if not part.earlier else None)
        yield Trajectory(name, "terminal", setup, tuple(part.turns), source, _meta(row, _prompt(row), part.dropped))


def _hermes_setup(part: _Part, workdir: str | None) -> Setup:
    facts: dict[str, Json] = {"invoke": {"per_action": True, "keeps": ["cwd", "exports"], "strip": True}}
    state = "A Linux container. Every command runs in a new bash; working directory and exported variables are kept."
    if workdir:
        facts["cwd"] = workdir
        state += f" The working directory is {workdir}."
    if part.tools:
        used = ", ".join(sorted(set(part.tools)))
        state += f" Other tools may have changed files before ({used}), and {part.earlier} commands ran."
    return Setup(initial_state=state, facts=facts)


def _parts(items: Any) -> list[_Part]:
    parts = [_Part()]
    for call, output in _pairs(items, parts):
        part = parts[-1]
        arguments = json.loads(call["arguments"])
        if call["name"] == "terminal" and not any(arguments[key] for key in arguments.keys() - {"command", "timeout"}):
            _add(part, arguments["command"], output)
        else:
            part.dropped[f"tool:{call['name']}"] += 1
            if call["name"] not in READ_ONLY:
                _cut_off(parts, call["name"])
    if len(parts) > 1 and not parts[-1].turns:
        parts[-2].dropped.update(parts.pop().dropped)
    return parts


def _pairs(items: Any, parts: list[_Part]) -> Iterator[tuple[Any, str]]:
    """Calls with their outputs, in the order of the outputs; a call that has none is noted and cuts the history."""
    answered = {item["call_id"] for item in items if item["type"] == "function_call_output"}
    calls: dict[str, Any] = {}
    for item in items:
        if item["type"] == "function_call" and item["call_id"] not in answered:
            parts[-1].dropped["no_observation"] += 1
            _cut_off(parts, item["name"])
        elif item["type"] == "function_call":
            calls[item["call_id"]] = item
        elif item["type"] == "function_call_output":
            if call := calls.pop(item["call_id"], None):
                yield call, item["output"]
            else:
                parts[-1].dropped["no_call"] += 1


def _cut_off(parts: list[_Part], tool: str) -> None:
    """Begin a new part, because ``tool`` may have changed the world; a part without turns goes on instead."""
    last = parts[-1]
    if last.turns:
        parts.append(_Part(last.earlier + len(last.turns), [*last.tools, tool]))
    else:
        last.tools.append(tool)


def _add(part: _Part, command: str, output: str) -> None:
    result = _result(output)
    if result:
        part.turns.append(Turn(command, *result))
    else:
        part.dropped["not_run"] += 1


def _result(output: str) -> tuple[str, dict[str, Json]] | None:
    """The text of a result and the turn's meta; ``None`` when the command did not run."""
    try:
        value = json.loads(output)
    except ValueError:
        return output, {}
    if not isinstance(value, dict) or not isinstance(value.get("output"), str):
        return output, {}
    text, error, code = value["output"], value.get("error"), value.get("exit_code")
    meta: dict[str, Json] = {"exit_code": code}
    if code == 124 and (error or "[Command timed out" in text):
        meta["harness"] = "timed_out"
        return text or str(error), meta
    return None if error else (text, meta | _cut(text))


# Both


def _text(content: Any) -> str:
    """The text of a message, whose content is a string or a list of parts."""
    return content if isinstance(content, str) else "".join(part["text"] for part in content if "text" in part)


def _prompt(row: Any) -> str:
    """The text that the agent was asked with, or nothing."""
    messages = row["responses_create_params"]["input"]
    return _text(messages[-1]["content"] if messages and not isinstance(messages, str) else messages)


def _cut(text: str) -> dict[str, Json]:
    return {"truncated": True} if _CUT.search(text) else {}


def _meta(row: Any, task: str, dropped: Counter[str]) -> dict[str, Json]:
    return {"task": task, "reward": row.get("reward"), "dropped": dict(+dropped)}
