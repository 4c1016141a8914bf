"""Doing actions inside a world and for real, and noting how each ended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nextstate.errors import ActionError, SessionEnded, StepFailed
from nextstate.eval.loop.agents import View
from nextstate.sim.session import step_seed
from nextstate.types import Outcome, Usage

if TYPE_CHECKING:
    from nextstate.eval.loop.agents import Agent
    from nextstate.eval.loop.real import Environment
    from nextstate.eval.loop.tasks import Task
    from nextstate.sim import Session
    from nextstate.types import Action, Observation

UNREAD = 3
"""Moves in a row that are no action of the domain, after which an episode ends."""
UNREADABLE = "agent_unreadable"
"""How it then ends."""


@dataclass(frozen=True, slots=True)
class Inside:
    """What happened inside. ``probed`` holds the answers to the probes, as far as there are any."""

    actions: tuple[Action, ...]
    texts: tuple[Observation, ...]
    probed: tuple[Observation, ...]
    ending: str
    origins: tuple[str, ...]
    """Who answered each of them, the probes as well."""
    seconds: float
    tokens: int
    detail: str


@dataclass(frozen=True, slots=True)
class Really:
    """What a real environment showed, ``None`` from where it ended, and the name of that ending."""

    texts: tuple[Observation | None, ...]
    ending: str


async def simulated(task: Task, agent: Agent, session: Session, steps: int) -> Inside:
    """Let ``agent`` act in ``session`` for so many steps at most, then ask the probes."""
    started = time.perf_counter()
    tried, ending, detail, tokens = await _acted(task, agent, session, steps)
    shown = tuple(turn.observation for turn in session.history)
    probed: list[Observation] = []
    if len(tried) == len(shown):  # else the world fell silent, and nothing it says afterwards means anything
        for probe in task.probes:
            try:
                probed.append(await _stepped(session, probe.action))
            except _NoAnswer as error:
                detail = str(error)
                break
    origins = tuple(str(turn.meta.get("origin")) for turn in session.history)
    seconds, tokens = time.perf_counter() - started, tokens + session.tokens
    return Inside(tried, shown, tuple(probed), ending, origins, seconds, tokens, detail)


async def _acted(task: Task, agent: Agent, session: Session, steps: int) -> tuple[tuple[Action, ...], str, str, int]:
    """What the agent tried, why it ended, the world's excuse, and the agent's tokens."""
    view, usage, unread = View(task, session.setup), Usage(), 0
    while len(session.history) < steps:
        move = await agent.act(view, seed=step_seed(session.seed, len(session.history)))
        usage += move.usage
        problem = move.problem or _problem(session, move.action)
        if move.ending:
            return _done(session), move.ending, "", _tokens(usage)
        if problem or move.action is None:
            view, unread = replace(view, problem=problem), unread + 1
            if unread == UNREAD or agent.script is not None:
                return _done(session), UNREADABLE, problem, _tokens(usage)
            continue
        try:
            await _stepped(session, move.action)
        except _NoAnswer as error:
            return (*_done(session), move.action), f"world_{error.outcome}", str(error), _tokens(usage)
        view, unread = View(task, session.setup, session.history), 0
    return _done(session), "step_limit", "", _tokens(usage)


class _NoAnswer(Exception):
    """The world gave no observation; ``outcome`` says how its answer ended."""

    def __init__(self, outcome: str, detail: str) -> None:
        super().__init__(detail)
        self.outcome = outcome


async def _stepped(session: Session, action: Action) -> Observation:
    try:
        return await session.step(action)
    except StepFailed as error:
        raise _NoAnswer(error.prediction.outcome, error.prediction.detail) from error
    except ActionError as error:
        raise _NoAnswer("invalid_action", str(error)) from error
    except Exception as error:  # the boundary to world models: no run dies from one episode
        raise _NoAnswer(Outcome.PROVIDER_ERROR, f"{type(error).__name__}: {error}") from error


def _problem(session: Session, action: Action | None) -> str:
    """Why ``action`` is no action of the domain; empty where it is one."""
    try:
        if action is not None:
            session.domain.validate(action)
    except ActionError as error:
        return f"That was no action: {error}"
    return ""


async def really(environment: Environment, actions: Sequence[Action]) -> Really:
    """What the environment shows; nothing any more from the action on at which it ended."""
    texts: list[Observation | None] = []
    ending = ""
    for action in actions:
        try:
            texts.append(await environment.step(action))
        except SessionEnded as error:
            ending = error.ending
        except ActionError:
            ending = "invalid_action"
        if ending:
            break
    return Really((*texts, *[None] * (len(actions) - len(texts))), ending)


def _done(session: Session) -> tuple[Action, ...]:
    return tuple(turn.action for turn in session.history)


def _tokens(usage: Usage) -> int:
    return usage.prompt_tokens + usage.completion_tokens
