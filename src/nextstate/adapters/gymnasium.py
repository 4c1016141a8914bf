"""Worlds of texts as Gymnasium environments, in process or on a server.

Importing this module registers ``nextstate/Text-v0``, and ``gymnasium.make`` imports it by itself where it is asked for
``nextstate.adapters.gymnasium:nextstate/Text-v0``. Written for Gymnasium 1.4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import gymnasium as gym

from nextstate.adapters.play import InProcess, OnServer
from nextstate.errors import ActionError, NextstateError, SessionEnded, StepFailed, UsageError
from nextstate.types import Turn, WorldModel

if TYPE_CHECKING:
    from nextstate.adapters.play import Play

ID = "nextstate/Text-v0"
MAX_LENGTH = 1_000_000
"""Characters of the longest action and observation."""
SAMPLE_LENGTH = 64
"""Characters of the longest text that is drawn at random."""
RANGES = ((0x20, 0x7F), (0xA1, 0x250), (0x370, 0x530), (0x4E00, 0x9FFF), (0x1F300, 0x1F650))
"""Code points that random texts are made of: ASCII, Latin, Greek and Cyrillic, Han, pictographs."""

Judge: TypeAlias = Callable[[Turn, "tuple[Turn, ...]"], float]
"""What a turn is worth, given the turns before it."""
Goal: TypeAlias = Callable[[Turn, "tuple[Turn, ...]"], bool]
"""Whether a turn reaches the goal, given the turns before it."""


class UnicodeText(gym.Space):  # type: ignore[misc]  # Gymnasium lives in its user's environment
    """Every Unicode text of at most ``max_length`` characters.

    Gymnasium's own ``Text`` lists the characters that it allows; this one allows all but halves of surrogate pairs.
    """

    def __init__(self, max_length: int = MAX_LENGTH, *, seed: int | None = None) -> None:
        if max_length < 0:
            raise UsageError(f"max_length is {max_length}; give a number that is not negative")
        self.max_length = max_length
        super().__init__(seed=seed)

    @property
    def is_np_flattenable(self) -> bool:
        return False

    def sample(self, mask: Any | None = None, probability: Any | None = None) -> str:
        """A random text of at most 64 characters; masks and probabilities have no meaning for texts."""
        if mask is not None or probability is not None:
            raise UsageError("a random text takes neither a mask nor probabilities")
        draw = self.np_random.integers
        length = int(draw(0, min(self.max_length, SAMPLE_LENGTH) + 1))
        ranges = [RANGES[int(one)] for one in draw(0, len(RANGES), length)]
        return "".join(chr(int(draw(first, end))) for first, end in ranges)

    def contains(self, x: Any) -> bool:
        return isinstance(x, str) and len(x) <= self.max_length and _whole(x)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UnicodeText) and other.max_length == self.max_length

    def __hash__(self) -> int:
        return hash((UnicodeText, self.max_length))

    def __repr__(self) -> str:
        return f"UnicodeText({self.max_length})"


class TextWorld(gym.Env):  # type: ignore[misc]  # Gymnasium lives in its user's environment
    """One episode after another in a simulated environment; actions and observations are texts.

    With ``url`` the episodes are sessions of a server and ``model`` is one of its public names. Without, they are
    played in this process: ``model`` is a world model or what ``--model`` takes on the command line, and ``scenario``
    is the name of an installed domain's example, ``DOMAIN/ID``, or a :class:`~nextstate.sim.scenario.Scenario`.

    ``reward`` gives the reward of each turn (0 without it) and ``goal`` says which turn reaches the goal, which
    terminates the episode. Any other ending truncates it: the name of a limit, ``closed``, ``idle``, or ``step_failed``
    where the world model gave no observation. An action that does not parse in its domain shows why, is worth nothing,
    and leaves the world as it was. ``info`` has ``origin`` (who answered), ``why`` (it was not computed), ``turn``
    (turns so far), ``ending`` and ``error``; absent texts are empty.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012 - Gymnasium wants a dictionary here

    def __init__(
        self,
        scenario: Any = "",
        *,
        model: str | WorldModel = "",
        url: str | None = None,
        key: str | None = None,
        instruction: str | None = None,
        turns: int | None = None,
        reward: Judge | None = None,
        goal: Goal | None = None,
        render_mode: str | None = None,
    ) -> None:
        self.observation_space, self.action_space = UnicodeText(), UnicodeText()
        self.render_mode = render_mode
        self._reward, self._goal = reward, goal
        self._play: Play
        if url is not None:
            self._play = OnServer(url, key, scenario, str(model), instruction, turns)
        else:
            self._play = InProcess(scenario, model or "kernel", instruction, turns)
        self._shown = ""
        self._history: tuple[Turn, ...] = ()

    def reset(self, *, seed: int | None = None, options: Mapping[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """Begin an episode. Without a seed it has the next one of this environment's own random numbers.

        ``options`` may name another ``scenario`` and another ``instruction`` for this episode.
        """
        super().reset(seed=seed)
        asked = dict(options or {})
        if unknown := asked.keys() - {"scenario", "instruction"}:
            raise UsageError(f"a reset has no option {sorted(unknown)[0]!r}; it has 'scenario' and 'instruction'")
        luck = int(self.np_random.integers(2**31)) if seed is None else seed
        self._history = ()
        self._shown = self._play.begin(luck, **asked)
        return self._shown, self._info()

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Take an action. Raises :class:`~nextstate.errors.SessionEnded` where the episode has ended."""
        try:
            turn, ending = self._play.step(action)
        except ActionError as error:
            return str(error), 0.0, False, False, self._info(error=error)
        except StepFailed as error:
            return self._shown, 0.0, False, True, self._info(ending="step_failed", error=error)
        before, self._history = self._history, (*self._history, turn)
        self._shown = turn.observation
        reward = float(self._reward(turn, before)) if self._reward else 0.0
        reached = bool(self._goal(turn, before)) if self._goal else False
        return self._shown, reward, reached, ending is not None and not reached, self._info(turn, ending=ending or "")

    def render(self) -> str | None:
        """What was shown last."""
        return self._shown if self.render_mode == "ansi" else None

    def close(self) -> None:
        """End the episode."""
        self._play.close()

    @property
    def episode(self) -> str:
        """The id of the episode, which is a session's."""
        return self._play.id

    @property
    def history(self) -> tuple[Turn, ...]:
        """The turns of the episode."""
        return self._history

    def _info(
        self, turn: Turn | None = None, *, ending: str = "", error: NextstateError | None = None
    ) -> dict[str, Any]:
        meta = turn.meta if turn else {}
        return {
            "origin": str(meta.get("origin") or ""),
            "why": str(meta.get("why") or ""),
            "turn": len(self._history),
            "ending": ending,
            "error": str(error or ""),
        }


def _whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


if ID not in gym.registry:
    gym.register(ID, entry_point=TextWorld)

__all__ = ["ID", "SessionEnded", "TextWorld", "UnicodeText"]
