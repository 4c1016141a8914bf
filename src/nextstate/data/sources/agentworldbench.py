r"""AgentWorldBench (Qwen/AgentWorldBench, Apache-2.0): JSON lines, one for each turn that a world model is asked about.

A row is ``{"task", "id", "prompt": [...], "response": [...], "current_prompt", "system_str", "turn_idx",
"total_turns"}``. ``prompt`` and ``response`` hold the actions and the observations of the trajectory (the benchmark's
own rows those up to the turn that is asked for, other files all of them), ``turn_idx`` is that turn, from 1, and
``current_prompt`` its prompt; in ``prompt`` the same text may end with a request to answer. The texts are wrapped::

    ### Turn 1
    **Current State:**
    (the state before the first action, where there is one)

    **Action:**
    ```json
    (the action; JSON is indented)
    ```

    **Environment Observation:**
    (the observation)

**Reading.** Wrappers are taken off, and a text that is not wrapped so is kept as it stands. Rows that follow each
other, have the same task and id, and of which one is a beginning of the other, become one trajectory; ``awb_turns`` of
its meta lists what was asked for. Ids repeat among different trajectories: the second one gets a part of the hash of
its content behind its id. An id that is a number gets the task in front. Keys that are not of the format (a
prediction, its scores) go to the meta of the turn that was asked for, and the system prompt to ``awb_system`` unless
it was written here. A state told before a later action that is not the last observation is kept as ``state``.

**Writing.** One row for each turn that is not marked ``skip``, with the turns up to it. The set-up stands in
``system_str`` as :mod:`nextstate.data.setup_text` words it. A fence is longer than any run of backticks in what it
holds, so that what is read back is what was written.

Source: the README and the evaluation script of QwenLM/Qwen-AgentWorld, and public readers of the rows.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nextstate.data import setup_text, sources
from nextstate.data.files import records
from nextstate.data.sources import Format
from nextstate.errors import DataError
from nextstate.types import NOTHING, Json, Setup, Trajectory, Turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from nextstate.data.files import Head
    from nextstate.data.sources import OnError, Origin

KEYS = ("task", "id", "prompt", "response", "current_prompt", "system_str", "turn_idx", "total_turns")

OBSERVATION = "**Environment Observation:**\n"

ASK = (
    "\n\nWhat does the environment show after this action? Think first if that helps, then write the observation "
    "between <predicted_observation> and </predicted_observation>."
)
"""What is added to the prompt that asks for an answer."""

OPEN_LIMIT = 64
"""How many different trajectories of one id are held at a time while their rows are merged."""

_TURN = re.compile(r"### Turn \d+\n")
_CLOSING = re.compile(r"\n(`{3,})\s*\Z")
_STATE, _TASK = "**Current State:**\n", "**Task Instruction:**\n"
_LANGUAGES = {"terminal": "bash", "os": "python"}


# Reading


@dataclass(slots=True)
class _View:
    """A trajectory as the rows so far show it."""

    key: str
    task: str
    ident: Json
    system: str
    prompts: list[str]
    responses: list[str]
    total: Json
    asked: dict[int, dict[str, Json]] = field(default_factory=dict)

    def takes(self, other: _View) -> bool:
        """Take over ``other`` if one of the two is a beginning of the other."""
        mine, others = (self.prompts, self.responses), (other.prompts, other.responses)
        shorter, longer = (mine, others) if len(mine[0]) <= len(others[0]) else (others, mine)
        if self.system != other.system or any(b[: len(a)] != a for a, b in zip(shorter, longer, strict=True)):
            return False
        self.prompts, self.responses = longer
        self.asked |= other.asked
        return True


def file(path: Path, origin: Origin, on_error: OnError) -> Iterator[Trajectory]:
    """The trajectories of a file of rows; memory does not grow with their number, but for their ids."""
    given: set[str] = set()
    for view in _views(path, on_error):
        trajectory = _trajectory(view, origin)
        if trajectory.id in given:
            trajectory = replace(trajectory, id=_other_id(trajectory, view, given))
        given.add(trajectory.id)
        yield trajectory


def one(value: Any, origin: Origin) -> Trajectory:
    """The trajectory that a single row shows. Raises what :class:`~nextstate.data.sources.Format` allows."""
    return _trajectory(_view("0", value), origin)


def _views(path: Path, on_error: OnError) -> Iterator[_View]:
    waiting: list[_View] = []
    for key, where, value in records(path, on_error):
        with sources.guard(FORMAT, where, on_error):
            view = _view(key, value)
            if waiting and (waiting[0].task, waiting[0].ident) != (view.task, view.ident):
                yield from waiting
                waiting = []
            if not any(one.takes(view) for one in waiting):
                waiting.append(view)
            if len(waiting) > OPEN_LIMIT:
                yield waiting.pop(0)
    yield from waiting


def _view(key: str, value: Any) -> _View:
    prompts, responses = _texts(value["prompt"]), _texts(value["response"])
    turn, current = value["turn_idx"], value.get("current_prompt")
    if isinstance(turn, bool) or not isinstance(turn, int) or not 1 <= turn <= len(prompts):
        raise DataError(f"turn_idx is {turn!r}, and there are {len(prompts)} prompts, counted from 1")
    if isinstance(current, str) and current and prompts[turn - 1].startswith(current):
        prompts[turn - 1] = current
    task, system = value["task"], value.get("system_str") or ""
    if not (isinstance(task, str) and task and isinstance(system, str)):
        raise DataError("task and system_str are texts")
    extra = {name: item for name, item in value.items() if name not in KEYS}
    return _View(key, task, value["id"], system, prompts, responses, value.get("total_turns"), {turn: extra})


def _texts(value: Any) -> list[str]:
    texts = [value] if isinstance(value, str) else list(value)
    if not all(isinstance(text, str) for text in texts):
        raise DataError("prompt and response are lists of texts")
    return texts


def _trajectory(view: _View, origin: Origin) -> Trajectory:
    own = setup_text.read(view.system)
    task, state = "", ""
    turns: list[Turn] = []
    for number, (prompt, response) in enumerate(zip(view.prompts, view.responses, strict=False), 1):
        action, head = _unwrapped(prompt)
        meta = dict(view.asked.get(number, {}))
        if number == 1:
            task, state = _told(head)
        elif head and (now := _told(head)[1]) != turns[-1].observation:
            meta["state"] = now
        turns.append(Turn(action, response.removeprefix(OBSERVATION), meta or NOTHING))
    return Trajectory(
        _ident(view, origin),
        origin.domain or view.task.rpartition("/")[2],
        replace(own or Setup(), initial_state=state),
        tuple(turns),
        sources.row_origin(origin, view.key).source,
        _meta(view, task, "" if own else view.system),
    )


def _meta(view: _View, task: str, system: str) -> dict[str, Json]:
    missing = len(view.prompts) - len(view.responses)
    known: dict[str, Json] = {
        "awb_turns": list[Json](sorted(view.asked)),
        "awb_total_turns": view.total,
        "awb_id": None if isinstance(view.ident, str) else view.ident,
        "awb_system": system or None,
        "task": task or None,
        "dropped": {"no_observation": missing} if missing > 0 else None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _ident(view: _View, origin: Origin) -> str:
    if isinstance(view.ident, str) and view.ident:
        return view.ident
    known = isinstance(view.ident, int) and not isinstance(view.ident, bool)
    return f"{view.task.rpartition('/')[2]}-{view.ident}" if known else f"{origin.id}-{view.key}"


def _other_id(trajectory: Trajectory, view: _View, given: set[str]) -> str:
    """An id that is not given yet, from the content; for the same content again, with its number."""
    content = json.dumps([view.system, view.prompts, view.responses])
    ident = f"{trajectory.id}.{hashlib.sha256(content.encode()).hexdigest()[:8]}"
    return ident if ident not in given else f"{ident}.{view.key}"


def _unwrapped(prompt: str) -> tuple[str, str]:
    """The action, and what is told before it; the whole prompt, and nothing, when it is not wrapped."""
    turn, closing = _TURN.match(prompt), _CLOSING.search(prompt)
    if turn is None:
        return prompt, ""
    fence = f"{closing[1]}([\\w+#.-]*)\\n" if closing else "()"
    opening = re.compile(rf"(?:(?<=\n\n)|(?<=\n))\*\*Action:\*\*\n{fence}").search(prompt, turn.end())
    if opening is None:
        return prompt, ""
    head = prompt[turn.end() : opening.start()].removesuffix("\n").removesuffix("\n")
    body = prompt[opening.end() : closing.start() if closing else len(prompt)]
    return _compact(body) if opening[1] == "json" else body, head


def _told(head: str) -> tuple[str, str]:
    """The task and the state that a prompt tells before its action."""
    task = ""
    if head.startswith(_TASK):
        task, _, head = head.removeprefix(_TASK).partition("\n\n")
    return task, head.removeprefix(_STATE)


def _compact(body: str) -> str:
    """Indented JSON on one line, as actions are written elsewhere; anything else as it stands."""
    value = _json(body)
    same = value is not None and body in {json.dumps(value, indent=2, ensure_ascii=plain) for plain in (False, True)}
    return json.dumps(value, ensure_ascii=False) if same else body


def _json(text: str) -> Json:
    """The object or array that ``text`` is, else ``None``."""
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, (dict, list)) else None


# Writing


def write(trajectory: Trajectory) -> Iterator[Json]:
    """The rows of a trajectory, one for each turn that is a target."""
    targets = (number for number, turn in enumerate(trajectory.turns, 1) if "skip" not in turn.meta)
    return rows_of(trajectory, targets)


def rows_of(trajectory: Trajectory, turns: Iterable[int], *, prompt: str = setup_text.TASK) -> Iterator[Json]:
    """The rows that ask for the ``turns`` of a trajectory, counted from 1; ``prompt`` begins the system prompt."""
    told = trajectory.meta.get("awb_system")
    system = told if isinstance(told, str) else setup_text.write(trajectory.setup, prompt=prompt, initial_state=False)
    prompts = [_wrapped(trajectory, number) for number in range(1, len(trajectory.turns) + 1)]
    responses = [OBSERVATION + turn.observation for turn in trajectory.turns]
    for number in turns:
        current = prompts[number - 1]
        yield {
            "task": trajectory.domain,
            "id": trajectory.id,
            "prompt": [*prompts[: number - 1], current + ASK],
            "response": list[Json](responses[:number]),
            "current_prompt": current,
            "system_str": system,
            "turn_idx": number,
            "total_turns": len(prompts),
        }


def _wrapped(trajectory: Trajectory, number: int) -> str:
    action = trajectory.turns[number - 1].action
    state = trajectory.setup.initial_state if number == 1 else ""
    value = _json(action)
    if value is not None and json.dumps(value, ensure_ascii=False) == action:
        language, body = "json", json.dumps(value, ensure_ascii=False, indent=2)
    else:
        language, body = _LANGUAGES.get(trajectory.domain, "text"), action
    longest = max((len(run) for run in re.findall("`+", state + body)), default=0)
    fence = "`" * max(3, longest + 1)
    told = f"{_STATE}{state}\n\n" if state else ""
    return f"### Turn {number}\n{told}**Action:**\n{fence}{language}\n{body}\n{fence}"


def recognise(head: Head) -> str | None:
    record = head.record
    if {"turn_idx", "prompt", "response"} <= record.keys() and isinstance(record["prompt"], list):
        return "rows with 'turn_idx' and lists 'prompt' and 'response'"
    return None


FORMAT = Format(
    "rows of AgentWorldBench",
    recognise,
    file=file,
    write=write,
    loses="facts, source, every meta, and turns after the last one that may be asked for",
)
