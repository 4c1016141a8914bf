"""Real or simulated? A recorded turn and two observations, one recorded and one said by a model; which is the real one?

Two are shown, never one. With one the share of right answers depends on how readily somebody says "real", and has to be
taken apart into hits and false alarms; with two side by side (two-alternative forced choice: Green & Swets 1966,
"Signal Detection Theory and Psychophysics") a habit of guessing moves nothing, chance is one half by a fair coin, and
the share of right guesses is the measure itself.

The answer stays here until the guess. A round is made whole before it is handed out: model asked, coin thrown, both
texts cut alike; what is handed out is symmetrical in them. Until it is guessed at or passed it is the only one that its
player gets, so that loading the page again draws no other; the first guess counts.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from nextstate import domain as domains
from nextstate.data import store
from nextstate.data.filters import targets
from nextstate.data.sample import query
from nextstate.errors import UsageError, unknown_name
from nextstate.eval.rows import row_keys
from nextstate.models.base import fingerprint
from nextstate.serve.problems import Refused
from nextstate.types import Origin
from nextstate.ui.guesses import CHANCE, GAME, Ending

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Sequence

    from nextstate.serve.catalogue import Catalogue
    from nextstate.sim.sessions import Sessions
    from nextstate.types import Prediction, Trajectory
    from nextstate.ui.guesses import Line

SHOWN = 200_000
"""Characters of each observation that are shown."""
TOLD = 20_000
"""Characters of the other texts of a round."""
HISTORY = 5
"""Turns before the action that are shown."""
KEPT = 2_000
"""Characters of a simulated observation that are exported."""
PLAYERS = 200
"""Players that are remembered; the one that played longest ago is forgotten first."""
ROUNDS = 2_000
"""Turns that one player may draw before the game is to be begun anew."""
TRIES = 12
"""Turns that are drawn for one round, where nothing can be shown of the first ones."""
ANSWER_SECONDS, DEAL_SECONDS = 60.0, 90.0
"""How long a model may take for an answer, and after what time no further turn is drawn."""
FIRST, SECOND, PASS = "first", "second", "pass"


class Drawn(NamedTuple):
    """A recorded turn."""

    name: str
    trajectory: Trajectory
    turn: int


@dataclass(frozen=True, slots=True)
class Round:
    """A turn whose two observations are ready to be shown. ``line`` is what will be kept of it, without the guess."""

    id: str
    drawn: Drawn
    real: str
    """``first`` or ``second``."""
    texts: tuple[str, str]
    cut: bool
    began: float
    line: Line

    def told(self) -> dict[str, Any]:
        """What its player sees before the guess: nothing in it differs with the answer but the order of the texts."""
        one, at = self.drawn.trajectory, self.drawn.turn
        before = one.turns[max(0, at - HISTORY) : at]
        return {
            "round": self.id,
            "domain": one.domain,
            "model": self.line["model"],
            "chance": CHANCE,
            "setup": _setup(one),
            "earlier": at - len(before),
            "history": [{"action": _cut(turn.action), "observation": _cut(turn.observation)} for turn in before],
            "action": _cut(one.turns[at].action),
            FIRST: self.texts[0],
            SECOND: self.texts[1],
            "cut": SHOWN if self.cut else None,
        }


@dataclass(slots=True)
class Player:
    """What one owner has played."""

    lines: list[Line] = field(default_factory=list)
    open: Round | None = None
    verdicts: OrderedDict[str, dict[str, Any]] = field(default_factory=OrderedDict)
    seen: set[tuple[str, int]] = field(default_factory=set)
    """Turns whose truth was shown, also as the past of another one."""
    settled: set[tuple[str, str, int]] = field(default_factory=set)
    """Turns of which a model left nothing to show."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Game:
    """The rounds of all players, in memory. ``draw`` draws the turns; ``coin`` says whether the real one is first."""

    def __init__(
        self,
        sessions: Sessions,
        catalogue: Catalogue,
        *,
        draw: random.Random | None = None,
        coin: Callable[[], bool] = lambda: bool(secrets.randbits(1)),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sessions = sessions
        self._catalogue = catalogue
        self._draw = draw or secrets.SystemRandom()
        self._coin = coin
        self._clock = clock
        self._players: OrderedDict[str, Player] = OrderedDict()
        self._turns: dict[str, dict[str, tuple[int, ...]]] | None = None

    def player(self, owner: str) -> Player:
        """What ``owner`` has played so far."""
        found = self._players.setdefault(owner, Player())
        self._players.move_to_end(owner)
        while len(self._players) > PLAYERS:
            self._players.popitem(last=False)
        return found

    def forget(self, owner: str) -> None:
        """Begin anew."""
        self._players.pop(owner, None)

    @property
    def turns(self) -> dict[str, dict[str, tuple[int, ...]]]:
        """The turns that may be drawn, by domain and the name of their trajectory: recorded ones that are targets."""
        if self._turns is None:
            self._turns = {}
            for entry in self._catalogue.page(limit=len(self._catalogue)):
                if found := _eligible(self._catalogue.recorded(entry.name)):
                    self._turns.setdefault(entry.domain, {})[entry.name] = found
        return self._turns

    async def deal(self, owner: str, *, model: str = "", domain: str = "") -> dict[str, Any]:
        """The open round of ``owner``, or a new one with an answer of ``model`` (by its public name).

        ``round`` is ``None`` where no turn could be shown; ``why`` then says it. Raises :class:`UsageError` for unknown
        names and :class:`~nextstate.sim.quota.QuotaExceeded`.
        """
        model = model or self._sessions.default_model
        if model not in self._sessions.models:
            raise unknown_name("model", model, self._sessions.models)
        if domain and domain not in self.turns:
            raise unknown_name("domain with recorded turns", domain, self.turns)
        player = self.player(owner)
        async with player.lock:
            if player.open is None:
                why = await self._prepare(owner, player, model, domain)
                if player.open is None:
                    return {"round": None, "why": why}
            return player.open.told()

    def guess(self, owner: str, id: str, guess: str) -> dict[str, Any]:
        """Whether ``guess`` (``first``, ``second``, or ``pass``) was right, and what was real.

        A second guess at the same round changes nothing and gets the answer to the first. Raises :class:`Refused`.
        """
        if guess not in (FIRST, SECOND, PASS):
            raise UsageError(f"a guess is {FIRST!r}, {SECOND!r} or {PASS!r}, got {guess[:40]!r}")
        player = self.player(owner)
        if id in player.verdicts:
            return player.verdicts[id] | {"again": True}
        one = player.open
        if one is None or not secrets.compare_digest(one.id.encode(), id.encode("utf-8", "replace")):
            raise Refused(404, "no_such_round", "this round is not open; ask for another one")
        player.open = None
        line = {
            **one.line,
            "outcome": Ending.PASSED if guess == PASS else Ending.GUESSED,
            "guess": None if guess == PASS else guess,
            "right": None if guess == PASS else guess == one.real,
            "seconds": round(self._clock() - one.began, 3),
        }
        player.lines.append(line)
        told = {"real": one.real, "name": one.drawn.name, "turn": one.drawn.turn, "again": False}
        player.verdicts[id] = told | {key: line[key] for key in ("guess", "right", "seconds", "origin")}
        return player.verdicts[id]

    async def _prepare(self, owner: str, player: Player, model: str, domain: str) -> str:
        """Open a round, or say why there is none."""
        until = self._clock() + DEAL_SECONDS
        for _ in range(TRIES):
            if len(player.lines) >= ROUNDS:
                raise Refused(409, "full", f"{ROUNDS:,} turns were drawn; export them and begin anew")
            drawn = self._drawn(player, model, domain)
            if drawn is None:
                return "every recorded turn has been shown; choose another domain or model, or begin anew"
            prediction = await self._asked(owner, drawn, model)
            await self._place(player, drawn, model, prediction)
            if player.open is not None or self._clock() > until:
                break
        return f"nothing could be shown of the turns that were drawn last; they are counted as {_named(player)}"

    def _drawn(self, player: Player, model: str, domain: str) -> Drawn | None:
        """A turn that is new to the player: every trajectory is as likely as another, then every turn of it."""
        named = [self.turns[domain]] if domain else list(self.turns.values())
        names = [(name, turns) for part in named for name, turns in part.items()]
        self._draw.shuffle(names)
        for name, turns in names:
            left = [n for n in turns if (name, n) not in player.seen and (model, name, n) not in player.settled]
            if left:
                return Drawn(name, self._catalogue.recorded(name), self._draw.choice(left))
        return None

    async def _asked(self, owner: str, drawn: Drawn, model: str) -> Prediction:
        """What ``model`` says to the turn; it counts against the owner's quota as a step of a session does."""
        asked, seed = query(drawn.trajectory, drawn.turn), self._draw.getrandbits(31)
        return await self._sessions.ask(owner, asked, model=model, seed=seed, seconds=ANSWER_SECONDS)

    async def _place(self, player: Player, drawn: Drawn, model: str, prediction: Prediction) -> None:
        """Keep what came of a turn: an open round, or a line that says why there is none."""
        mark = fingerprint(self._sessions.models[model])
        line = await asyncio.to_thread(_line, drawn, model, mark, prediction)
        real, said = drawn.trajectory.turns[drawn.turn].observation, prediction.observation
        if said is None or await asyncio.to_thread(_alike, drawn.trajectory.domain, real, said):
            ending = Ending.UNANSWERED if said is None else Ending.TIE
            player.settled.add((model, drawn.name, drawn.turn))
            player.lines.append({**line, "outcome": ending, "guess": None, "right": None, "seconds": None})
            return
        player.seen.update((drawn.name, turn) for turn in range(max(0, drawn.turn - HISTORY), drawn.turn + 1))
        shown = (_level(real), _level(said))
        real_first = self._coin()
        texts = shown if real_first else (shown[1], shown[0])
        sides = {FIRST: "real" if real_first else "simulated", SECOND: "simulated" if real_first else "real"}
        player.open = Round(
            id=secrets.token_urlsafe(18),
            drawn=drawn,
            real=FIRST if real_first else SECOND,
            texts=texts,
            cut=max(len(real), len(said)) > SHOWN,
            began=self._clock(),
            line={**line, "shown": sides},
        )


def _eligible(one: Trajectory) -> tuple[int, ...]:
    """The turns of a trajectory that were recorded and are targets."""
    if one.source.simulated_by:
        return ()
    return tuple(turn for turn in targets(one) if one.turns[turn].meta.get("origin") in (None, Origin.RECORDED))


def _alike(domain: str, real: str, said: str) -> bool:
    """Whether there is nothing to tell apart: equal as shown, or but for what no model can know."""
    canonical = domains.find(domain).canonical
    return _level(real) == _level(said) or canonical(real) == canonical(said)


def _level(text: str) -> str:
    """An observation as it is shown: cut, and without the blanks at its end, which recorders keep and models drop."""
    return text[:SHOWN].rstrip()


def _cut(text: str) -> str:
    return text if len(text) <= TOLD else f"{text[:TOLD]}\n[{len(text) - TOLD:,} characters more]"


def _setup(one: Trajectory) -> dict[str, str]:
    setup = one.setup
    tools = store.dump([store.encode_tool(tool) for tool in setup.tools]).decode() if setup.tools else ""
    texts = {"Initial state": setup.initial_state, "Simulation instruction": setup.instruction, "Tools": tools}
    return {title: _cut(text) for title, text in texts.items() if text}


def _line(drawn: Drawn, model: str, mark: str, prediction: Prediction) -> dict[str, Any]:
    """What is kept of a turn whatever comes of it; the key is that of an evaluation's row."""
    one, said = drawn.trajectory, prediction.observation
    return {
        "game": GAME,
        "key": row_keys(one)[drawn.turn],
        "domain": one.domain,
        "trajectory": one.id,
        "turn": drawn.turn,
        "model": model,
        "fingerprint": mark,
        "origin": None if prediction.origin is None else prediction.origin.value,
        "ended": prediction.outcome.value,
        "shown": None,
        "real_sha256": _sha256(one.turns[drawn.turn].observation),
        "simulated_sha256": None if said is None else _sha256(said),
        "simulated": None if said is None else said[:KEPT],
        "chance": CHANCE,
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _named(player: Player) -> str:
    endings = {str(line["outcome"]) for line in player.lines[-TRIES:]} & {Ending.TIE, Ending.UNANSWERED}
    return " or ".join(sorted({"tie": "ties", "unanswered": "unanswered"}[ending] for ending in endings))


def exported(lines: Sequence[Line]) -> Iterator[bytes]:
    """``lines`` as a file of JSON lines."""
    return (store.dump(dict(line)) + b"\n" for line in lines)
