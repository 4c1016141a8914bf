"""Worlds of a server as environments of TRL's ``GRPOTrainer``, written after TRL 1.16.

`environment` makes the class that ``environment_factory`` takes: one method per tool, for models that call tools.
`rollouts` makes the function that ``rollout_func`` takes, for models that act in plain words. The members of a group,
which are copies of one row, have one world: their seed is the row's, or follows from it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from nextstate.adapters import signatures
from nextstate.adapters.client import Client, Remote, ServerError
from nextstate.errors import ActionError, NextstateError, SessionEnded, UsageError
from nextstate.types import Turn

TAKEN = frozenset(("reset", "get_reward", "session", "turns", "ending", "row"))
"""Names that a tool's method cannot have: TRL does not take the first two for tools, and the others are attributes."""
AT_ONCE = 32
"""Worlds that are waited for together."""
MARK = "zqxjkvbpyg"
"""Stands for a model's turn while a chat template is looked at."""

Prompt: TypeAlias = "str | list[dict[str, Any]]"
Generate: TypeAlias = "Callable[[Any, list[list[int]]], tuple[list[list[int]], list[list[float]] | None]]"
"""``(trainer, prompts) -> (completions, log-probabilities)``, all of them tokens."""


class Episode:
    """What an environment keeps of its episode, for reward functions to read.

    ``turns`` are the turns taken; ``ending`` is why no more can be, else empty; ``row`` is what it was reset with.
    """

    def __init__(self) -> None:
        self.session: Remote | None = None
        self.turns: list[Turn] = []
        self.ending = ""
        self.row: dict[str, Any] = {}


def environment(
    scenario: str = "",
    *,
    url: str,
    key: str | None = None,
    model: str = "",
    instruction: str | None = None,
    turns: int | None = None,
    reward: Callable[[Any], float] | None = None,
) -> type[Episode]:
    """A class of environments for ``GRPOTrainer(environment_factory=...)``.

    Its methods are the tools of ``scenario`` on the server at ``url``, with their own names and their own schemas.
    ``reset(**row)`` begins an episode; the row may name another ``scenario`` with the same tools, a ``seed`` and an
    ``instruction``. ``reward`` is given the environment after its episode and becomes ``get_reward``; reward functions
    of the trainer may read the same attributes (see :class:`Episode`). What a tool raises, TRL tells the model.
    """
    client = Client(url, key)
    start = _Start(client, scenario, model, instruction, turns)

    def reset(self: Episode, **row: Any) -> str | None:
        if self.session is not None:
            _end(self.session)
        self.session = start.session(row)
        self.turns, self.ending, self.row = [], "", row
        return self.session.shown() or None

    members: dict[str, Any] = {"reset": reset, "__doc__": f"Episodes of {scenario or 'the first scenario'} at {url}."}
    tools = start.tools()
    for name, tool in zip(signatures.identifiers([_free(tool.name) for tool in tools]), tools, strict=True):
        members[name] = signatures.function(tool, _caller(tool.name))
    if reward is not None:
        members["get_reward"] = lambda self: float(reward(self))
    return type("Environment", (Episode,), members)


def rollouts(
    scenario: str | Callable[[Prompt], str] = "",
    *,
    url: str,
    key: str | None = None,
    model: str = "",
    turns: int = 8,
    action_of: Callable[[str], str] = str.strip,
    generate: Generate | None = None,
) -> Callable[[list[Prompt], Any], dict[str, Any]]:
    """A function for ``GRPOTrainer(rollout_func=...)``: the model's words are actions, what is shown is a user's turn.

    ``scenario`` may follow from the prompt. ``action_of`` finds the action in a reply; one that does not parse is
    answered with the reason. An episode ends after ``turns`` replies, where the session has ended, where a reply was
    cut off, or where the completion is full. Tokens of the environment are masked (``env_mask``). Reward functions are
    given ``turns`` and ``endings`` beside the completions.
    """
    client = Client(url, key)
    sample = generate or sampled
    waiting = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="nextstate-rollouts")

    def roll(prompts: list[Prompt], trainer: Any) -> dict[str, Any]:
        played: list[_Rollout] = []
        try:
            for prompt in prompts:
                played.append(_Rollout(_session(client, scenario, model, turns, prompt), _tokens(trainer, prompt)))
            for _ in range(turns):
                if going := [one for one in played if not one.ending]:
                    completions, chances = sample(trainer, [one.prompt + one.tokens for one in going])
                    acting = _heard(trainer.processing_class, going, completions, chances)
                    # The worlds are waited for together, for they may be slow.
                    shown = waiting.map(lambda one, text: one.act(action_of(text)), acting, acting.values())
                    _shown(trainer, list(acting), list(shown))
        finally:
            for one in played:
                _end(one.session)
        return _output(played, trainer.max_completion_length)

    return roll


def sampled(trainer: Any, prompts: list[list[int]]) -> tuple[list[list[int]], list[list[float]] | None]:
    """One completion of each prompt by the trainer's own engine, for which TRL 1.16 has no public method."""
    completions, chances = trainer._generate_single_turn(prompts, None, {}, 1)
    return completions, chances


@dataclass(slots=True)
class _Start:
    """How the episodes of a class begin."""

    client: Client
    scenario: str
    model: str
    instruction: str | None
    turns: int | None

    def session(self, row: Mapping[str, Any]) -> Remote:
        return self.client.create(
            scenario=row.get("scenario") or self.scenario,
            model=self.model,
            seed=_seed(row),
            instruction=row.get("instruction", self.instruction),
            limits=None if self.turns is None else {"turns": self.turns},
        )

    def tools(self) -> Sequence[Any]:
        session = self.client.create(scenario=self.scenario, model=self.model)
        try:
            return session.tools()
        finally:
            _end(session)


@dataclass(slots=True, eq=False)
class _Rollout:
    """One episode of a model that acts in words. ``mask`` is 1 where the model wrote."""

    session: Remote
    prompt: list[int]
    tokens: list[int] = field(default_factory=list)
    mask: list[int] = field(default_factory=list)
    chances: list[float] | None = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    ending: str = ""

    def say(self, tokenizer: Any, reply: list[int], chances: list[float] | None) -> str:
        """Take the model's reply; gives its words, unless it was cut off."""
        self.append(reply, 1, chances)
        if not reply or reply[-1] != tokenizer.eos_token_id:
            self.ending = "cut_off"
            return ""
        text: str = tokenizer.decode(reply, skip_special_tokens=True)
        return text

    def act(self, action: str) -> str:
        """What the world shows after ``action``; why it was none, where it does not parse."""
        try:
            self.turns.append(_turn(self.session.step(action)))
            self.ending = self.session.ending() or ""
        except ActionError as error:
            return str(error)
        except NextstateError as error:
            self.ending = error.ending if isinstance(error, SessionEnded) else "step_failed"
            return ""
        return self.turns[-1].observation

    def append(self, tokens: list[int], own: int, chances: list[float] | None) -> None:
        self.tokens += tokens
        self.mask += [own] * len(tokens)
        if chances is None or self.chances is None:
            self.chances = None
        else:
            self.chances += chances if own else [0.0] * len(tokens)


def _heard(
    tokenizer: Any, going: list[_Rollout], completions: list[list[int]], chances: list[list[float]] | None
) -> dict[_Rollout, str]:
    """What was said, in the episodes that go on."""
    said = {
        one: one.say(tokenizer, completions[index], chances[index] if chances else None)
        for index, one in enumerate(going)
    }
    return {one: text for one, text in said.items() if not one.ending}


def _shown(trainer: Any, acting: list[_Rollout], shown: list[str]) -> None:
    """Put what was shown behind what was said, and end the episodes whose completion is full."""
    for one, text in zip(acting, shown, strict=True):
        if not one.ending:
            one.append(suffix(trainer.processing_class, text), 0, None if one.chances is None else [])
        if len(one.tokens) >= trainer.max_completion_length:
            one.ending = one.ending or "completion_full"


def suffix(tokenizer: Any, shown: str) -> list[int]:
    """The tokens between a model's reply, which ended by itself, and its next one, where ``shown`` is a user's turn.

    What is shown is data: control tokens that stand in it are spelt out, and do not end the turn.
    """
    turns = [("user", "x"), ("assistant", MARK), ("user", MARK)]
    messages = [{"role": role, "content": content} for role, content in turns]
    text: str = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    parts = text.split(MARK)
    if len(parts) != 3:
        raise UsageError("the chat template does not show what was said, once; a conversation cannot go on with it")
    _, between, after = parts
    pieces = [(between.removeprefix(tokenizer.eos_token), False), (shown, True), (after, False)]
    tokens: list[int] = []
    for piece, is_data in pieces:
        tokens += tokenizer(piece, add_special_tokens=False, split_special_tokens=is_data)["input_ids"]
    return tokens


def _tokens(trainer: Any, prompt: Prompt) -> list[int]:
    tokenizer = trainer.processing_class
    if isinstance(prompt, str):
        tokens: list[int] = tokenizer(prompt)["input_ids"]
    else:
        text = tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
        tokens = tokenizer(text, add_special_tokens=False)["input_ids"]
    return tokens


def _session(client: Client, scenario: str | Callable[[Prompt], str], model: str, turns: int, prompt: Prompt) -> Remote:
    name = scenario(prompt) if callable(scenario) else scenario
    return client.create(scenario=name, model=model, seed=_seed({"prompt": prompt}), limits={"turns": turns})


def _output(played: list[_Rollout], most: int) -> dict[str, Any]:
    chances = [one.chances[:most] for one in played if one.chances is not None]
    return {
        "prompt_ids": [one.prompt for one in played],
        "completion_ids": [one.tokens[:most] for one in played],
        "logprobs": chances if len(chances) == len(played) else None,
        "env_mask": [one.mask[:most] for one in played],
        "turns": [one.turns for one in played],
        "endings": [one.ending or "reply_limit" for one in played],
    }


def _caller(name: str) -> Callable[[Episode, dict[str, Any]], str]:
    def call(self: Episode, arguments: dict[str, Any]) -> str:
        if self.session is None:
            raise UsageError("no episode was begun; call reset() first")
        try:
            turn = _turn(self.session.call(name, arguments))
        except SessionEnded as error:
            self.ending = error.ending
            raise
        self.turns.append(turn)
        return turn.observation

    return call


def _turn(taken: Mapping[str, Any]) -> Turn:
    return Turn(taken["action"], taken["observation"], taken["meta"])


def _free(name: str) -> str:
    """``name`` as a method that TRL takes for a tool; what the model sees is the tool's own name."""
    plain = name.lstrip("_") or "tool"
    return f"{plain}_" if plain in TAKEN else plain


def _seed(row: Mapping[str, Any]) -> int:
    """The row's own seed or, the same for equal rows, 31 bits of the SHA-256 of what it asks."""
    if isinstance(seed := row.get("seed"), int):
        return seed
    asked = json.dumps([row.get("scenario"), row.get("prompt")], sort_keys=True, default=str)
    return int.from_bytes(hashlib.sha256(asked.encode("utf-8", "replace")).digest()[:4], "big") >> 1


def _end(session: Remote) -> None:
    try:
        session.close()
    except ServerError as error:
        if error.code not in ("no_such_session", "unreachable"):
            raise
