"""The demo: a real shell session, and world models that live through the same actions without seeing the truth."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nextstate.cli.common import printable
from nextstate.cli.demo import DEFAULT
from nextstate.errors import StepFailed
from nextstate.types import Origin, Outcome, Prediction, Query, Usage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.panel import Panel
    from rich.table import Table

    from nextstate.domain import Domain
    from nextstate.sim import Session
    from nextstate.types import Trajectory, WorldModel

ACTIONS = (
    "pwd",
    "printf 'pear\\napple\\nfig\\napple\\n' > fruit.txt",
    "sort fruit.txt | uniq -c | sort -rn",
    "for f in a b; do echo $f > $f.txt; done; ls",
    'n=$(wc -l < fruit.txt); echo "$n lines, $((n * n)) squared"',
    "cat missing.txt",
    "mkdir -p src && cd src && pwd",
    "printf 'for i in range(3):\\n    print(\"hello\", i)\\n' > hello.py",
    "python3 hello.py | tail -n 1 | tr a-z A-Z",
    "cd .. && find . -type f | sort",
    "git init -q . && git add -A && git status --short",
    "perl -e 'print \"made by perl\\n\"' | tr a-z A-Z",
    "sed -i s/apple/plum/ fruit.txt; cat fruit.txt",
    "rm a.txt; ls *.txt; false; echo $?",
)
LINES = 8
"""Lines of an observation that are shown; all of it is scored."""
TOKENS = 96
"""Tokens that the embedded default may spend on one answer, so that the demo ends soon on any machine."""
SECONDS = 20.0
"""How long any model may take over one answer."""


@dataclass(slots=True)
class Lived:
    """One world model's life: what it is called, its session, and what it answered to each action."""

    name: str
    session: Session
    steps: list[Prediction] = field(default_factory=list)

    async def step(self, action: str) -> Prediction:
        """What it answers to ``action``, given only what it has shown itself. A failed step is an answer, too."""
        started = time.perf_counter()
        try:
            observation = await self.session.step(action)
        except StepFailed as failure:
            self.steps.append(failure.prediction)
        else:
            meta = self.session.history[-1].meta
            usage = meta.get("usage")
            spent = Usage(**{key: int(str(n)) for key, n in usage.items()}) if isinstance(usage, dict) else Usage()
            origin = Origin(str(meta["origin"])) if meta["origin"] else None
            seconds = time.perf_counter() - started
            self.steps.append(Prediction(Outcome.OK, observation, origin, usage=spent, seconds=seconds))
        return self.steps[-1]


async def demo(spec: str, *, plain: bool = False) -> None:
    """Record :data:`ACTIONS` in a real shell and show how the model ``spec``, and what it wraps, live through them."""
    from rich.console import Console

    from nextstate.domain import find
    from nextstate.models import base
    from nextstate.sim import Limits, Session

    console = Console(no_color=plain or None, highlight=False)
    models = opened(spec)
    try:
        truth = await recorded(console)
        console.print(f"Now the same commands, without what happened, for: {', '.join(models)}.", markup=False)
        domain, limits = find(truth.domain), Limits(step_seconds=SECONDS)
        lives = [Lived(name, Session(model, domain, truth.setup, limits=limits)) for name, model in models.items()]
        for number, turn in enumerate(truth.turns, 1):
            console.print(f"\n{number:>2} $ {printable(turn.action)}", style="bold", markup=False)
            answers = {life.name: await life.step(turn.action) for life in lives}
            console.print(side_by_side(domain, turn.observation, answers, plain=plain))
        console.print()
        console.print(await scores(truth, lives, plain=plain))
    finally:
        await base.close(models[spec])


async def recorded(console: Console) -> Trajectory:
    """The truth: :data:`ACTIONS` in a real bash."""
    from nextstate.record.terminal import record_commands

    started = time.perf_counter()
    truth = await record_commands(ACTIONS, id="demo", allow_unsandboxed=True)
    guard = "without a sandbox" if truth.meta["sandbox"] == "none" else f"inside {truth.meta['sandbox']}"
    seconds = time.perf_counter() - started
    console.print(f"Recorded {len(truth.turns)} commands in a real bash {guard}, in {seconds:.1f} s.", markup=False)
    return truth


def opened(spec: str) -> dict[str, WorldModel]:
    """The model ``spec`` and, if it is grounded, the model inside it alone. Closing the first closes both."""
    from nextstate.models.grounded import Grounded
    from nextstate.models.local import LocalModel
    from nextstate.models.spec import build

    # One thread: the threads of the engine spin while they wait, so on a busy machine two are slower than one.
    model = Grounded(LocalModel(max_tokens=TOKENS, threads=1)) if spec == DEFAULT else build(spec)
    alone = {spec.partition("+")[2]: model.inner} if isinstance(model, Grounded) else {}
    return {spec: model, **alone}


def side_by_side(domain: Domain, truth: str, answers: dict[str, Prediction], *, plain: bool) -> Table:
    """What really happened and what each model answered, in columns of equal width."""
    from rich.table import Table

    row = Table.grid(expand=True, padding=(0, 1) if plain else (0, 0))
    cells = [panel("real", truth, plain=plain)]
    for name, answer in answers.items():
        same = answer.observation is not None and domain.canonical(answer.observation) == domain.canonical(truth)
        text = answer.observation if answer.observation is not None else answer.reply or f"[{answer.detail}]"
        cells.append(panel(name, text, note(answer, same), same=same, plain=plain))
    for _ in cells:
        row.add_column(ratio=1)
    row.add_row(*cells)
    return row


def panel(title: str, text: str, below: str = "", *, same: bool | None = None, plain: bool) -> Panel:
    from rich.box import ASCII, ROUNDED
    from rich.panel import Panel
    from rich.text import Text

    colour = {True: "green", False: "red", None: "dim"}[same]
    body = Text("\n".join(shown(text)) or "(nothing)", style="" if text else "dim")
    box = ASCII if plain else ROUNDED
    return Panel(body, box, title=Text(title), subtitle=Text(below), title_align="left", border_style=colour)


def shown(text: str) -> Iterator[str]:
    """The first lines of ``text``, fit to be seen."""
    lines = printable(text[:10_000]).removesuffix("\n").split("\n")
    yield from lines[:LINES]
    if len(lines) > LINES:
        yield f"... {len(lines) - LINES} more lines"


def note(answer: Prediction, same: bool) -> str:
    """Who answered, whether it was right, and how long it took."""
    took = f"{answer.seconds * 1000:.0f} ms" if answer.seconds < 0.1 else f"{answer.seconds:.1f} s"
    if answer.observation is None:
        return f"{answer.outcome}, {took}"
    return f"{'same' if same else 'differs'}, {answer.origin}, {took}"


async def scores(truth: Trajectory, lives: list[Lived], *, plain: bool) -> Table:
    """Every model's scores, who answered, tokens and time, beside the baselines."""
    from rich.box import ASCII, ROUNDED
    from rich.table import Table

    from nextstate.eval.scorers import DEFAULT
    from nextstate.models.fakes import AlwaysEmpty, CopyLast

    table = Table(box=ASCII if plain else ROUNDED, caption=CAPTION, caption_justify="left")
    table.add_column("world model")
    for column in (*DEFAULT, "who answered", "tokens", "seconds"):
        table.add_column(column, justify="left" if column == "who answered" else "right")
    for life in lives:
        table.add_row(life.name, *await means(truth, life.steps), *costs(life.steps))
    table.add_section()
    for model, name in ((CopyLast(), "copy-last of the truth"), (AlwaysEmpty(), "always-empty")):
        answers = [await model.predict(query) for query in queries(truth)]
        table.add_row(name, *await means(truth, answers), "", "", "")
    return table


CAPTION = "Means over one session, which gives no interval; `nextstate eval` measures on many."


def queries(truth: Trajectory) -> list[Query]:
    return [
        Query(truth.domain, truth.setup, truth.turns[:number], turn.action) for number, turn in enumerate(truth.turns)
    ]


async def means(truth: Trajectory, answers: list[Prediction]) -> list[str]:
    """The mean of each built-in scorer over the turns."""
    from nextstate.eval.scorers import DEFAULT

    asked = list(zip(queries(truth), answers, truth.turns, strict=True))
    found = []
    for name, scorer in DEFAULT.items():
        values = [(await scorer(query, answer, turn.observation)).values[name] for query, answer, turn in asked]
        found.append(f"{sum(values) / len(values):.2f}")
    return found


def costs(steps: list[Prediction]) -> tuple[str, str, str]:
    """Who answered how often, tokens, seconds."""
    who = Counter(str(step.origin or step.outcome) for step in steps)
    usage = sum((step.usage for step in steps), Usage())
    told = ", ".join(f"{n} {name}" for name, n in who.most_common())
    return told, f"{usage.prompt_tokens + usage.completion_tokens:,}", f"{sum(step.seconds for step in steps):.1f}"
