"""What goes in and out of the REST surface: the shapes that bodies are read into and that the OpenAPI document tells.

What comes in is strict, so that a misspelt key is told and not lost. Answers are encoded from the values of the core
as they are; a test holds them against the shapes here.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, field

Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**53)]
Seed: TypeAlias = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Seconds: TypeAlias = Annotated[float, Meta(ge=0)]
Object: TypeAlias = dict[str, Any]


class In(Struct, forbid_unknown_fields=True):
    """What is read from a request."""


class Out(Struct):
    """What an answer holds."""


# In


class ToolIn(In):
    """A tool declaration, as an MCP server lists it. What only describes a tool to people is taken and left unused."""

    name: Annotated[str, Meta(min_length=1, max_length=1_000)]
    description: str | None = None
    inputSchema: Object | None = None
    outputSchema: Object | None = None
    title: str | None = None
    annotations: Object | None = None
    icons: list[Any] | None = None
    execution: Object | None = None
    meta: Object | None = field(name="_meta", default=None)


class TurnIn(In):
    """One action and what was shown."""

    action: str
    observation: str
    meta: Object = {}


class SetupIn(In):
    """What is known before the first turn, as in a trajectory file."""

    initial_state: str = ""
    tools: list[ToolIn] = []
    demonstrations: list[TurnIn] = []
    instruction: str = ""
    facts: Object = {}


class Inline(In):
    """A scenario that is brought along: a domain, a set-up, and turns that were already taken."""

    domain: str
    setup: SetupIn = field(default_factory=SetupIn)
    turns: list[TurnIn] = []
    name: Annotated[str, Meta(max_length=200)] = ""


class LimitsIn(In):
    """Bounds of a session. They can be tighter than those of the server, not wider."""

    turns: Count | None = None
    tokens: Count | None = None
    bytes: Count | None = None
    seconds: Seconds | None = None
    step_seconds: Seconds | None = None
    observation_chars: Annotated[int, Meta(ge=64, le=2**53)] | None = None


class NewSession(In):
    """How a session is to begin. ``scenario`` is a name from the list of scenarios, or a scenario of your own."""

    scenario: Annotated[str, Meta(min_length=1, max_length=1_000)] | Inline
    after: Annotated[
        Count, Meta(description="Begin after this many recorded turns of a named scenario, at most all of them.")
    ] = 0
    model: Annotated[str, Meta(description="A name from the list of models; empty for the default.")] = ""
    seed: Seed = 0
    instruction: Annotated[
        str | None, Meta(description="The simulation instruction, in the place of the scenario's.")
    ] = None
    limits: LimitsIn | None = None


class CallIn(In):
    """The call of a tool."""

    name: str
    arguments: Object = {}


class NewStep(In):
    """What to do: ``action``, in the words of the domain, or ``call``, the call of an offered tool; one of them.

    ``turn`` is the index that the step is to have, from 0. With it a step may be sent again after its answer was lost:
    one that was taken already is answered as it was, and one that does not fit is refused (409, ``conflict``).
    """

    action: str | UnsetType = UNSET
    call: CallIn | UnsetType = UNSET
    turn: Count | None = None


class NewFork(In):
    """How a fork begins: after ``at`` turns (all, where it is not given), with other luck, or another world model."""

    at: Count | None = None
    seed: Seed | None = None
    model: str = ""


class Rewind(In):
    """How many of the last turns are taken back."""

    turns: Count = 1


class Instruct(In):
    """The simulation instruction for the turns that follow; empty for none."""

    instruction: str


# Queries


class SessionsQuery(In):
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 100
    before: Annotated[
        str, Meta(max_length=200, description="The last session of the page in front, as `next` says it.")
    ] = ""


class TrajectoryQuery(In):
    download: Annotated[bool, Meta(description="As a file of one line, the form of trajectory files.")] = False


class BranchesQuery(In):
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 2_000


class PictureQuery(In):
    turns: Annotated[Count | None, Meta(description="The screen after this many turns; without it the last.")] = None


class ScenariosQuery(In):
    domain: Annotated[str, Meta(max_length=200)] = ""
    offset: Annotated[int, Meta(ge=0, le=2**31)] = 0
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 100


# Out


class Session(Out):
    """A session or a snapshot. ``turns`` is the length of its history; times are in seconds since 1970.

    ``tokens``, ``bytes`` and ``seconds`` of waiting were spent in it; ``ending`` says why it takes no more steps;
    ``family`` is the first session of the line of forks that it stands in, ``parent`` the one that it was forked from.
    """

    id: str
    kind: Annotated[str, Meta(examples=["session", "snapshot"])]
    domain: str
    scenario: str
    model: str
    seed: int
    turns: Count
    ending: str | None
    instruction: str
    parent: str | None
    family: str
    tokens: Count
    bytes: Count
    seconds: Seconds
    created: float
    touched: float


class SessionPage(Out):
    """Sessions, newest first. ``next`` is what ``before`` takes for the next page; null on the last one."""

    sessions: list[Session]
    next: str | None


class Turn(Out):
    """An action and what was shown. ``meta.origin`` says who answered: computed, recorded, retrieved or model."""

    action: str
    observation: str
    meta: Object


class Step(Out):
    """A turn that was taken, the ``index``-th from 0. ``shared``: this world had shown it before."""

    turn: Turn
    index: Count
    shared: bool
    seconds: Seconds


class Tool(Out):
    """A tool declaration, as in the Model Context Protocol."""

    name: str
    description: str
    inputSchema: Object | UnsetType = UNSET
    outputSchema: Object | UnsetType = UNSET


class Setup(Out):
    """What is known before the first turn."""

    initial_state: str
    tools: list[Tool]
    demonstrations: list[Turn]
    instruction: str
    facts: Object


class Source(Out):
    """Where a trajectory comes from."""

    dataset: str
    revision: str
    licence: str
    row: str
    simulated_by: str | None


class Trajectory(Out):
    """A set-up and the turns that followed, as a line of a trajectory file."""

    id: str
    domain: str
    setup: Setup
    turns: list[Turn]
    source: Source
    meta: Object | UnsetType = UNSET


class Node(Out):
    """A turn in the tree of a family: its key, that of the turn in front, and its index from 0."""

    key: str
    parent: str
    action: Annotated[str, Meta(description="The action; a long one is cut.")]
    origin: str | None
    index: Count | None


class Branches(Out):
    """A session and all of its relatives as a tree. ``heads`` gives the key of each session's last turn."""

    root: str
    nodes: list[Node]
    heads: dict[str, str]


class Facts(Out):
    """What the computable part of the world knows, in words; empty where there is none."""

    facts: str


class Tools(Out):
    """What an agent that calls tools is offered."""

    tools: list[Tool]


class Bounds(Out):
    """What an owner may use in all; null is without bound."""

    open_sessions: Count | None
    steps: Count | None
    tokens: Count | None
    bytes: Count | None
    seconds: Seconds | None


class Spending(Out):
    """What the owner of the key has used, and may use in all."""

    sessions: Count
    steps: Count
    tokens: Count
    bytes: Count
    seconds: Seconds
    quota: Bounds


class Entry(Out):
    """A scenario that the server offers; ``turns`` were recorded."""

    name: str
    domain: str
    title: str
    turns: Count
    tools: Count


class ScenarioPage(Out):
    """Scenarios in order. ``next`` is the ``offset`` of the next page; null on the last one."""

    scenarios: list[Entry]
    next: Count | None


class Model(Out):
    """A world model. The keys are those of the OpenAI-compatible list as well."""

    id: str
    object: str
    created: int
    owned_by: str


class Models(Out):
    """The world models; ``default`` answers where none is named."""

    object: str
    data: list[Model]
    default: str


class Domain(Out):
    """A kind of environment. ``tool`` is what an agent is offered where a scenario declares no tools."""

    name: str
    version: str
    screens: bool
    pictures: bool
    tool: Tool


class Domains(Out):
    """The installed domains."""

    domains: list[Domain]


class Health(Out):
    """That the server answers."""

    status: str


class Problem(Out):
    """What went wrong. ``code`` is for programs, ``message`` for people."""

    code: str
    message: str
    ending: Annotated[str | UnsetType, Meta(description="Why the session has ended.")] = UNSET
    outcome: Annotated[str | UnsetType, Meta(description="How the world model's answer ended.")] = UNSET
    what: Annotated[str | UnsetType, Meta(description="The quota that is used up.")] = UNSET
    turns: Annotated[Count | UnsetType, Meta(description="How many turns the session has.")] = UNSET


class Error(Out):
    """The body of every answer that is no success."""

    error: Problem
