"""What a domain is: a value that says how its world is worded, read, compared and, where possible, computed.

Built-in domains and third-party ones use the same door, the entry-point group ``nextstate.domains``. The modules beside
this one are what several domains are made of: tool calls (`calls`) and the JSON in them (`strict_json`), prompts
(`prompts`), golden examples (`golden`), a check that holds in all of them (`checks`), what the words of an action say
that it reads and writes (`acts`), how an agent's tool calls become actions (`interface`), what foreign programs take a
world for (`shapes`), and screens that are predicted as edits (`edits`) and shown as pictures (`picture`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

from nextstate import plugins
from nextstate.domain.acts import Act, of_call
from nextstate.domain.shapes import Device, SearchEngine
from nextstate.errors import ReplyError, unknown_name
from nextstate.types import Action, Observation, Query, Setup, Tool, Trajectory

State: TypeAlias = Any
"""A kernel's state: an immutable value, opaque to everyone else."""


@dataclass(frozen=True, slots=True)
class Determined:
    """The history determines this observation; ``state`` is the kernel's state after it was shown."""

    observation: Observation
    state: State


@dataclass(frozen=True, slots=True)
class Unknown:
    """The history does not determine the observation.

    ``reason`` says why, for people; ``facts`` is text that a model should respect. ``ask``, when present, is an
    action of the domain whose observation a model should predict *instead* of the whole: give it back through
    ``answers`` and step again, and what stands around it is computed exactly.
    """

    reason: str
    facts: str = ""
    ask: Action | None = None


class Kernel(Protocol):
    """The computable part of a world. All methods are pure functions; a wrong answer is worse than none.

    A kernel may have a further method ``facts(state) -> str``: what it knows, worded for people (:func:`known`).
    """

    def open(self, setup: Setup) -> State:
        """The state before the first turn."""
        ...

    def step(self, state: State, action: Action, answers: tuple[str, ...] = ()) -> Determined | Unknown:
        """What ``action`` shows in ``state``, given the answers to what was asked so far."""
        ...

    def absorb(self, state: State, action: Action, observation: Observation, answers: tuple[str, ...] = ()) -> State:
        """The state after ``observation`` was shown, whoever wrote it."""
        ...


def known(kernel: Kernel, state: State) -> str:
    """What ``kernel`` knows in ``state``, in words; empty where it does not say."""
    tell: Callable[[State], str] | None = getattr(kernel, "facts", None)
    return tell(state) if tell is not None else ""


Check: TypeAlias = Callable[[Query, Observation], "bool | None"]
"""An executable check of an observation: holds, does not hold, or does not apply (``None``)."""


# What most domains share: actions are shown as they are, and a reply is one block between tags on lines of their own.

TAG = "predicted_observation"
_OPEN, _CLOSE = f"<{TAG}>\n", f"\n</{TAG}>"
_INNER = re.compile(rf"<(\\*)(/?{TAG}>)")
_ESCAPED = re.compile(rf"<\\(\\*)(/?{TAG}>)")


def write_tagged(query: Query, observation: Observation) -> str:
    """The observation between tags; tags inside it are escaped by one backslash."""
    return between_tags(_INNER.sub(r"<\\\1\2", observation))


def between_tags(text: str) -> str:
    """``text`` as the block of a reply, as it stands; :func:`without_tags` is the inverse."""
    return _OPEN + text + _CLOSE


def without_tags(reply: str) -> str:
    """What stands between the tags of a reply that is nothing but its block, as it stands."""
    return reply.strip("\n").removeprefix(_OPEN).removesuffix(_CLOSE)


def read_tagged(query: Query, reply: str) -> Observation:
    """The inverse of :func:`write_tagged`; also reads tags that do not stand on lines of their own.

    The block begins at the last opening tag and ends at the first closing tag after it; a block that was never
    closed is refused. Raises :class:`ReplyError`.
    """
    start = reply.rfind(f"<{TAG}>")
    if start < 0:
        raise ReplyError(f"no <{TAG}> block in the reply")
    body = reply[start + len(TAG) + 2 :]
    end = body.find(f"</{TAG}>")
    if end < 0:
        raise ReplyError(f"the <{TAG}> block is not closed")
    text = body[:end].removeprefix("\n").removesuffix("\n")
    return _ESCAPED.sub(r"<\1\2", text)


def verbatim(query: Query) -> str:
    """The query's action as a model reads it: as it is."""
    return query.action


ACT = Tool(
    "act",
    "Take one action in the environment and see what it shows.",
    {
        "type": "object",
        "properties": {"action": {"type": "string", "description": "The action, in the words of this environment."}},
        "required": ["action"],
        "additionalProperties": False,
    },
)
"""How an agent that calls tools acts in a world whose actions are plain texts, unless the domain has better words."""


def act(setup: Setup) -> Tool:
    """The tool of a world that has none of its own."""
    return ACT


@dataclass(frozen=True, slots=True)
class Domain:
    """One kind of environment.

    ``prompt`` is the world prompt (what a model is told its job is), ``prompts`` further variants of it by name (the
    built-in domains have a ``long`` one), ``rubric`` what a judge is told. ``show`` words the query's action for a
    model; ``write`` is the reply of a perfect model and ``read`` its inverse, which raises
    :class:`~nextstate.errors.ReplyError`; ``canonical`` masks what no model can know; ``validate`` raises
    :class:`~nextstate.errors.ActionError` for an action that does not parse; ``examples`` are real, licensed
    trajectories.

    ``checks`` are named rules that hold whatever the world holds; the one called ``well_formed``, where there is one,
    says whether an observation has the form that the set-up, the domain or a tool's schema demands. ``failed`` says
    whether an observation reports that the action failed (``None``: it does not tell). ``screens`` is true where an
    observation is all that can be seen and ``setup.initial_state`` is the first one; ``picture`` gives a screen as a
    self-contained HTML page, safe against markup in it. ``acts`` reads from the words of an action what it reads and
    writes, for whoever makes measurements of it; unless a domain says otherwise, from tool calls. ``tool`` gives
    the one tool that an agent is offered where a set-up declares none: its only argument is the action. ``engine`` and
    ``device`` say how programs act that take the world for a search engine or for a device.
    """

    name: str
    version: str
    prompt: str
    rubric: str
    canonical: Callable[[Observation], str]
    validate: Callable[[Action], None]
    examples: Callable[[], tuple[Trajectory, ...]]
    show: Callable[[Query], str] = verbatim
    write: Callable[[Query, Observation], str] = write_tagged
    read: Callable[[Query, str], Observation] = read_tagged
    checks: Mapping[str, Check] = field(default_factory=lambda: MappingProxyType({}))
    kernel: Callable[[], Kernel] | None = None
    prompts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    failed: Check | None = None
    screens: bool = False
    picture: Callable[[Observation], str] | None = None
    acts: Callable[[Action], Act] = of_call
    tool: Callable[[Setup], Tool] = act
    engine: SearchEngine | None = None
    device: Device | None = None

    def before(self, query: Query) -> Observation:
        """What was shown before the query's action; empty where that was nothing."""
        return last_screen(query) if query.history or self.screens else ""


def last_screen(query: Query) -> Observation:
    """The screen that the query's action is done to, in a domain whose observations are screens."""
    return query.history[-1].observation if query.history else query.setup.initial_state


GROUP = "nextstate.domains"


def names() -> tuple[str, ...]:
    """The names of all installed domains, sorted."""
    return plugins.names(GROUP)


@cache
def find(name: str) -> Domain:
    """The installed domain called ``name``; raises :class:`UsageError` when there is none or it does not load."""
    return plugins.load(GROUP, name, "domain", Domain)


def versions(wanted: Iterable[str]) -> dict[str, str]:
    """The versions of the domains called ``wanted``, by name. Raises :class:`UsageError` where one is not installed."""
    return {name: find(name).version for name in sorted(set(wanted))}


def worded(domain: Domain, prompt: str) -> Domain:
    """``domain`` with the variant of its world prompt called ``prompt``; the empty name is the prompt it has.

    Raises :class:`UsageError` for a variant that it does not have.
    """
    if not prompt:
        return domain
    if prompt not in domain.prompts:
        raise unknown_name(f"prompt of the domain {domain.name!r}", prompt, domain.prompts)
    return replace(domain, prompt=domain.prompts[prompt])
