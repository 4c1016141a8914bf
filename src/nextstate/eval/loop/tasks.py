"""Tasks of the closed loop: a goal in words, what the world starts from, and probes that decide about success.

A file of tasks is one JSON object::

    {"name": "...", "domain": "...", "licence": "...",
     "tasks": [{"id": "...", "goal": "...",
                "files": {"a.txt": "text"}, "initial_state": "...", "facts": {...},
                "probes": [{"action": "cat out.txt", "is": "7\n"},
                           {"action": "ls", "contains": ["out.txt"], "lacks": ["tmp"]}],
                "scripts": [{"name": "right", "solves": true, "actions": ["..."]}]}]}

``files`` (paths relative to the working directory) exist before the first action. ``initial_state`` and ``facts`` are
for environments that cannot be asked what they start from; a shell tells both itself. A probe holds when the canonical
text of its observation is that of ``is``, or holds every text of ``contains`` and none of ``lacks``; a task succeeds
when all its probes hold. A script is a list of actions that an agent may be replaced by; ``solves`` says what really
comes of it, and the tests of this package hold the real environments to that.

A file of tasks is data: no part of it names a program that is run outside a sandbox.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

from nextstate import domain as domains
from nextstate.errors import ActionError, DataError, UsageError, unknown_name
from nextstate.models import keys
from nextstate.types import NOTHING, Action, Json, Setup

if TYPE_CHECKING:
    from nextstate.domain import Domain
    from nextstate.types import Observation, Trajectory

T = TypeVar("T")
FOLDER = "suites"


@dataclass(frozen=True, slots=True)
class Probe:
    """An action whose observation shows whether the goal was reached."""

    action: Action
    exactly: str | None = None
    contains: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()

    def holds(self, domain: Domain, observation: Observation) -> bool:
        """Whether the observation is what the task demands, by canonical texts."""
        shown = domain.canonical(observation)
        if self.exactly is not None and shown != domain.canonical(self.exactly):
            return False
        return all(text in shown for text in self.contains) and not any(text in shown for text in self.lacks)


@dataclass(frozen=True, slots=True)
class Script:
    """Actions instead of an agent. ``solves`` says whether they really reach the goal; ``None``: nobody said."""

    name: str
    actions: tuple[Action, ...]
    solves: bool | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One task. ``setup`` is what is known before the first action where the environment does not tell itself."""

    id: str
    domain: str
    goal: str
    probes: tuple[Probe, ...]
    scripts: tuple[Script, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    setup: Setup = field(default_factory=Setup)
    recording: Trajectory | None = None
    """The recorded session that stands for the real environment, where the task was made of one."""

    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that follow from all that decides what comes of the task but the scripts."""
        probes = [[one.action, one.exactly, one.contains, one.lacks] for one in self.probes]
        known = keys.setup_key(self.domain, self.setup).hex()
        recorded = [[turn.action, turn.observation] for turn in self.recording.turns] if self.recording else []
        return keys.digest(self.id, self.goal, probes, self.files, known, recorded).hex()[:16]


@dataclass(frozen=True, slots=True)
class Suite:
    """The tasks of one file."""

    name: str
    domain: str
    licence: str
    tasks: tuple[Task, ...]


def suites() -> tuple[str, ...]:
    """The names of the suites that come with this package, sorted."""
    found = (files(__package__) / FOLDER).iterdir()
    return tuple(sorted(one.name.removesuffix(".json") for one in found if one.name.endswith(".json")))


def load(name: str) -> Suite:
    """The suite of this package called ``name``, or the one in the file ``name``.

    Raises :class:`UsageError` when there is neither, and :class:`DataError` for a broken file.
    """
    if name in suites():
        return parse((files(__package__) / FOLDER / f"{name}.json").read_bytes(), name)
    path = Path(name)
    if not path.is_file():
        raise UsageError(f"{unknown_name('suite of tasks', name, suites())}; or name a file of tasks (.json)")
    return parse(path.read_bytes(), name)


def parse(content: bytes, where: str) -> Suite:
    """The suite in the bytes of a file; raises :class:`DataError` that says what is wrong in which task."""
    try:
        top = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON: {error}", where=where) from error
    _only(top, ("name", "domain", "licence", "tasks"), where)
    whole = _get(top, "tasks", list, where)
    domain = _get(top, "domain", str, where)
    domains.find(domain)
    tasks = tuple(_task(one, domain, f"{where}, task {number}") for number, one in enumerate(whole, 1))
    if repeated := {one.id for one in tasks if [other.id for other in tasks].count(one.id) > 1}:
        raise DataError(f"two tasks are called {sorted(repeated)[0]!r}; give each its own id", where=where)
    return Suite(_get(top, "name", str, where), domain, _get(top, "licence", str, where, ""), tasks)


def of_recordings(trajectories: Iterable[Trajectory]) -> tuple[Task, ...]:
    """A task of each recording of two turns or more: its last action is the probe, the actions before are the script.

    The recording stands for the real environment, so that it really solves its task.
    """
    found = []
    for one in trajectories:
        if len(one.turns) < 2:
            continue
        *before, last = one.turns
        probe = Probe(last.action, exactly=last.observation)
        script = Script("recorded", tuple(turn.action for turn in before), solves=True)
        goal = str(one.meta.get("task") or "")
        found.append(Task(one.id, one.domain, goal, (probe,), (script,), setup=one.setup, recording=one))
    return tuple(found)


def _task(value: Any, domain: str, where: str) -> Task:
    ident = _get(value, "id", str, where)
    _only(value, ("id", "goal", "files", "facts", "initial_state", "probes", "scripts"), where)
    where = f"{where} ({ident})"
    texts: dict[str, str] = _get(value, "files", dict, where, {})
    for path, text in texts.items():
        _check_path(path, where)
        _of_type(text, str, f"the file {path!r}", where)
    facts: Mapping[str, Json] = _get(value, "facts", dict, where, NOTHING)
    probes = tuple(_probe(one, where) for one in _get(value, "probes", list, where))
    if not probes:
        raise DataError("a task without probes cannot be decided; give at least one", where=where)
    scripts = tuple(_script(one, where) for one in _get(value, "scripts", list, where, []))
    for action in (*(one.action for one in probes), *(action for one in scripts for action in one.actions)):
        _check_action(action, domain, where)
    return Task(
        ident,
        domain,
        _get(value, "goal", str, where),
        probes,
        scripts,
        texts,
        Setup(initial_state=_get(value, "initial_state", str, where, ""), facts=facts),
    )


def _probe(value: Any, where: str) -> Probe:
    _only(value, ("action", "is", "contains", "lacks"), where)
    exactly = _get(value, "is", str, where, None)
    contains, lacks = _texts(value, "contains", where), _texts(value, "lacks", where)
    if exactly is None and not contains and not lacks:
        raise DataError("a probe demands something: 'is', 'contains' or 'lacks'", where=where)
    return Probe(_get(value, "action", str, where), exactly, contains, lacks)


def _script(value: Any, where: str) -> Script:
    _only(value, ("name", "actions", "solves"), where)
    name = _get(value, "name", str, where)
    return Script(name, _texts(value, "actions", where), _get(value, "solves", bool, where, None))


def _texts(value: Any, key: str, where: str) -> tuple[str, ...]:
    return tuple(_of_type(one, str, f"an item of {key!r}", where) for one in _get(value, key, list, where, []))


def _check_action(action: Action, domain: str, where: str) -> None:
    try:
        domains.find(domain).validate(action)
    except ActionError as error:
        raise DataError(f"{action[:80]!r} is no action: {error}", where=where) from error


def _check_path(path: str, where: str) -> None:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\0" in path:
        raise DataError(f"the file {path!r} does not lie below the working directory; name it relative", where=where)


def _only(value: Any, known: tuple[str, ...], where: str) -> None:
    """Raises :class:`DataError` for a key that nobody reads: a misspelt demand would let everything pass."""
    for key in value if isinstance(value, dict) else ():
        if key not in known:
            raise DataError(str(unknown_name("key", str(key)[:80], known)), where=where)


_NEEDED: Any = object()


def _get(value: Any, key: str, kind: type[T], where: str, default: Any = _NEEDED) -> Any:
    """The value of a key, of the right type; ``default`` where it is absent."""
    if not isinstance(value, dict):
        raise DataError(f"there should be an object with {key!r}, got {type(value).__name__}", where=where)
    if key not in value and default is not _NEEDED:
        return default
    if key not in value:
        raise DataError(f"{key!r} is missing", where=where)
    return _of_type(value[key], kind, repr(key), where)


def _of_type(value: Any, kind: type[T], what: str, where: str) -> T:
    if not isinstance(value, kind):
        raise DataError(f"{what} should be {_KINDS[kind]}, got {type(value).__name__}", where=where)
    return value


_KINDS: Mapping[type, str] = {str: "a text", list: "a list", dict: "an object", bool: "true or false"}
