"""Who acts in the closed loop: a script, or a language model that is told the goal and what was shown so far."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from nextstate import domain as domains
from nextstate.data import setup_text
from nextstate.models import keys
from nextstate.models.base import THINK, UNTHINK
from nextstate.types import Outcome, Usage

if TYPE_CHECKING:
    from nextstate.eval.loop.tasks import Script, Task
    from nextstate.models.language import LanguageModel
    from nextstate.types import Action, Setup, Turn

SHOWN_CHARS = 4_000
"""Characters of each observation, and of the initial state, that an agent sees."""
EXAMPLES = 5
"""Actions of the domain that an agent is shown as examples of their form."""


@dataclass(frozen=True, slots=True)
class View:
    """What an agent knows: the task, what was told of the world, and what happened. ``problem`` says what was wrong
    with its last action, which nobody saw; empty where nothing was."""

    task: Task
    setup: Setup
    history: tuple[Turn, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """The next ``action``; or ``ending``, the name of why there is none; or neither, and then ``problem`` says why."""

    action: Action | None = None
    ending: str = ""
    problem: str = ""
    usage: Usage = field(default_factory=Usage)


class Agent(Protocol):
    """Whoever acts."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def script(self) -> tuple[Action, ...] | None:
        """All actions, where they are known before the episode begins."""
        ...

    async def act(self, view: View, *, seed: int) -> Move: ...


class ScriptedAgent:
    """Does what its script says, whatever is shown."""

    def __init__(self, script: Script) -> None:
        self.name = f"script:{script.name}"
        self.fingerprint = keys.digest(script.name, script.actions).hex()[:16]
        self.script: tuple[Action, ...] | None = script.actions

    async def act(self, view: View, *, seed: int) -> Move:
        assert self.script is not None
        done = len(view.history)
        return Move(self.script[done]) if done < len(self.script) else Move(ending="script_end")


PROMPT = """\
You act in an environment to reach a goal. In every reply write one action, between <action> and </action>; text \
around it is ignored. The environment then shows what came of it. When the goal is reached, or cannot be, write <end/> \
instead of an action."""

OPEN, CLOSE, END = "<action>", "</action>", "<end/>"


class LanguageAgent:
    """A language model that is asked for one action at a time."""

    script: tuple[Action, ...] | None = None

    def __init__(self, model: LanguageModel) -> None:
        self.model = model
        self.name = model.name

    @property
    def fingerprint(self) -> str:
        return f"{self.model.fingerprint}#{keys.digest(PROMPT, SHOWN_CHARS, EXAMPLES).hex()[:16]}"

    async def act(self, view: View, *, seed: int) -> Move:
        reply = await self.model.complete(messages(view), seed=seed)
        if reply.outcome in (Outcome.PROVIDER_ERROR, Outcome.REFUSED):
            return Move(ending=f"agent_{reply.outcome}", usage=reply.usage)
        move = read(reply.text)
        return Move(move.action, move.ending, move.problem, reply.usage)


def read(text: str) -> Move:
    """The move that a reply makes: the last action outside of its reasoning, else its end, else a problem.

    What a reasoning says that was never finished is neither.
    """
    said = text.partition(UNTHINK)[2] if text.lstrip().startswith(THINK) else text
    end = said.rfind(CLOSE)
    start = said.rfind(OPEN, 0, max(end, 0))
    if start >= 0:
        return Move(said[start + len(OPEN) : end].strip("\n"))
    if END in said:
        return Move(ending="agent_end")
    return Move(problem=f"Your reply held no action between {OPEN} and {CLOSE}.")


def messages(view: View) -> list[dict[str, str]]:
    """The conversation so far, as the model is asked."""
    asked = [{"role": "system", "content": f"{PROMPT}\n\n{_forms(view.task.domain)}"}]
    known = replace(view.setup, instruction="")  # an instruction is for the world; an agent is to find out
    told = setup_text.write(known, prompt="", initial_state=False).strip()
    parts = [f"Goal: {view.task.goal}", _cut(view.setup.initial_state), told]
    said = "\n\n".join(part for part in parts if part)
    for turn in view.history:
        asked.append({"role": "user", "content": said})
        asked.append({"role": "assistant", "content": f"<action>{turn.action}</action>"})
        said = _cut(turn.observation) or "(nothing is shown)"
    if view.problem:
        said = f"{said}\n\n{view.problem}"
    return [*asked, {"role": "user", "content": said}]


def _forms(domain: str) -> str:
    """Examples of actions, so that their form is known."""
    actions = [turn.action for one in domains.find(domain).examples()[:1] for turn in one.turns[:EXAMPLES]]
    return "Actions look like these:\n" + "\n".join(f"<action>{action}</action>" for action in actions)


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}\n[{len(text) - SHOWN_CHARS} more characters]"
