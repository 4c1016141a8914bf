"""``nextstate play``: act in a simulated environment by hand, or with actions from a pipe."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nextstate.cli.common import DONE, count, existing, opened_model, printable, say, writable
from nextstate.errors import ActionError, SessionEnded, StepFailed, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nextstate.cli.common import Commands
    from nextstate.domain import Domain
    from nextstate.sim import Session
    from nextstate.types import Trajectory

HELP = """\
An action is one line. Lines that begin with a colon are not actions:
  :rewind [N]   take back the last N turns (1)
  :fork         go on in a copy; the session so far stays as it is
  :switch K     go on in session K (0 is the first)
  :save FILE    write this session to a trajectory file
  :picture FILE write the screen as an HTML page (domains of screens)
  :help         print this
  :quit         leave (so does the end of the input)"""


def add(commands: Commands) -> None:
    one = commands.add_parser(
        "play",
        help="act in a simulated environment by hand",
        description="Act in a simulated environment by hand, or with actions from standard input.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    one.add_argument("domain", metavar="DOMAIN", help="see `nextstate domains list`")
    one.add_argument("--model", metavar="M", default="grounded+local", help="who answers (default: %(default)s)")
    one.add_argument(
        "--setup",
        metavar="FILE",
        help="begin as the first trajectory of FILE does (default: the domain's first example)",
    )
    one.add_argument(
        "--after", type=int, default=0, metavar="N", help="begin after the first N recorded turns of it (default: 0)"
    )
    one.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the world model (default: %(default)s)")
    one.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    import asyncio

    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    from nextstate.domain import find
    from nextstate.sim import Session

    domain = find(arguments.domain)
    begun = beginning(domain, arguments.setup, arguments.after)
    async with opened_model(arguments.model) as model:
        session = Session(model, domain, begun.setup, seed=arguments.seed, history=begun.turns)
        game = Game([session])
        say(f"{domain.name}, answered by {model.name}; :help lists what is not an action")
        if shown := begun.turns[-1].observation if begun.turns else begun.setup.initial_state:
            print(printable(shown.rstrip("\n")))
        for line in lines(game):
            if line.strip() == ":quit":
                break
            await game.take(line)
    return DONE


def beginning(domain: Domain, path: str | None, after: int) -> Trajectory:
    """The first ``after`` turns of the first trajectory of ``path``, or of the domain's first example, if it has one.

    Raises :class:`UsageError` where ``path`` begins with no such trajectory, or it has fewer turns.
    """
    from nextstate.data import store
    from nextstate.types import Setup, Trajectory

    nothing = Trajectory("nothing", domain.name, Setup(), ())
    found = iter(domain.examples() or (nothing,)) if path is None else store.read(existing(path))
    first = next(found, None)
    if first is None or first.domain != domain.name:
        raise UsageError(f"{path} begins with no trajectory of the domain {domain.name!r}")
    if not 0 <= after <= len(first.turns):
        raise UsageError(f"--after {after}: {first.id!r} has {count(len(first.turns), 'turn')}")
    return replace(first, turns=first.turns[:after])


def lines(game: Game) -> Iterator[str]:
    """The lines that are typed, or that come from a pipe; those are echoed, so that the output reads like a session."""
    if sys.stdin.isatty():
        import readline  # noqa: F401  (gives input() editing and history)
    while True:
        prompt = f"[{game.current}:{len(game.session.history)}] > "
        try:
            line = input(prompt)
        except EOFError:
            print()
            return
        except UnicodeDecodeError as error:
            raise UsageError(f"standard input is not UTF-8: {error}") from None
        if not sys.stdin.isatty():
            print(printable(line))
        if line.strip():
            yield line


@dataclass(slots=True)
class Game:
    """The sessions of one sitting; ``current`` is the index of the one that actions go to."""

    sessions: list[Session]
    current: int = 0

    @property
    def session(self) -> Session:
        return self.sessions[self.current]

    async def take(self, line: str) -> None:
        """One line: an action, or a word about sessions."""
        try:
            if line.startswith(":"):
                word, _, rest = line[1:].partition(" ")
                self.obey(word, rest.strip())
            else:
                await self.act(line)
        except (UsageError, ActionError, SessionEnded, StepFailed) as error:
            print(f"! {printable(str(error))}")

    async def act(self, action: str) -> None:
        started = time.perf_counter()
        observation = await self.session.step(action)
        seconds = time.perf_counter() - started
        if observation:
            print(printable(observation.removesuffix("\n")))
        meta = self.session.history[-1].meta
        print(f"  -- {meta.get('origin')}, {milliseconds(seconds)}")

    def obey(self, word: str, rest: str) -> None:
        """Raises :class:`UsageError` for an unknown word or a wrong number."""
        if word == "help":
            print(HELP)
        elif word == "rewind":
            self.session.rewind(number(rest or "1"))
            print(f"  -- back at {count(len(self.session.history), 'turn')}")
        elif word == "fork":
            self.sessions.append(self.session.fork())
            self.switch(len(self.sessions) - 1)
        elif word == "switch":
            self.switch(number(rest))
        elif word == "save":
            self.save(rest)
        elif word == "picture":
            self.picture(rest)
        else:
            raise UsageError(f"no such word :{word}; :help lists them")

    def switch(self, index: int) -> None:
        if index >= len(self.sessions):
            raise UsageError(f"there is no session {index}; the last one is {len(self.sessions) - 1}")
        self.current = index
        print(f"  -- session {index}, {count(len(self.session.history), 'turn')}")

    def save(self, path: str) -> None:
        from nextstate.data import store

        if not path:
            raise UsageError(":save needs a file name")
        store.write(writable(path), [self.session.trajectory])
        print(f"  -- {count(len(self.session.history), 'turn')} written to {path}")

    def picture(self, path: str) -> None:
        """Raises :class:`UsageError` where there is nothing to draw or no place for it."""
        session = self.session
        if (draw := session.domain.picture) is None:
            raise UsageError(f"the domain {session.domain.name!r} shows text, not screens")
        if not path:
            raise UsageError(":picture needs a file name")
        screen = session.history[-1].observation if session.history else session.setup.initial_state
        writable(path).write_text(draw(screen), "utf-8", errors="replace")
        print(f"  -- the screen after {count(len(session.history), 'turn')} drawn in {path}")


def number(text: str) -> int:
    """A whole number that is not negative. Raises :class:`UsageError`."""
    if not text.isdecimal():
        raise UsageError(f"expected a number, got {text!r}")
    return int(text)


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"
