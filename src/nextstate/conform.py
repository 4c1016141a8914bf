"""The conformance suite: does a domain keep the promises of :class:`~nextstate.domain.Domain`?

``check(domain)`` is part of the interface. Authors of domains call it in their own tests; ``nextstate domains check``
prints its findings.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from enum import StrEnum
from html.parser import HTMLParser
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from nextstate.domain import TAG, Determined, Domain, Unknown
from nextstate.errors import ActionError
from nextstate.eval.scorers import alike
from nextstate.models.base import answers_of
from nextstate.types import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nextstate.domain import Kernel, State
    from nextstate.types import Trajectory, Turn

Result = TypeVar("Result")

NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
VERSION = re.compile(r"\d+(\.\d+)*")
SECONDS = 2.0
"""Processor time that a call of a domain's function may take on an action or observation of :data:`LONG` characters."""
LONG = 1_000_000
NASTY = (
    "",
    "\n",
    "one line, no newline",
    "two trailing newlines\n\n",
    "\n\n  leading\n",
    f"<{TAG}>\ninside\n</{TAG}>\n",
    f"</{TAG}>",
    f"<\\{TAG}> <\\/{TAG}> <\\\\/{TAG}>",
    "<think>thought</think> <|im_end|> ```\n",
    "line\u2028separator \x85 \x0b \x0c \x1c\n",
    "carriage\rreturn\r\n\ttab \x1b[31mred\x1b[0m \x07",
    "NUL \x00 and a lone surrogate \udc80",
    "\N{PILE OF POO} e\u0301 \u202eright to left\u202c\n",
)
GARBAGE = ("", " ", "\n", "\x00", "\udc80", "]" * 1_000, "((((" * 250, "[" * 100_000, '{"' * 50_000, "x" * LONG)


class Verdict(StrEnum):
    """What came of one promise."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise, what came of it, and a sentence: what was seen and, when it is broken, what to do."""

    name: str
    verdict: Verdict
    sentence: str


@dataclass(frozen=True, slots=True)
class Answered:
    """How a kernel did on the turns of the examples: how many there are, what it answered, and what was wrong."""

    turns: int = 0
    answered: int = 0
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The findings about one domain; ``kernel`` says how its kernel did on the examples."""

    domain: str
    findings: tuple[Finding, ...]
    kernel: Answered = field(default_factory=Answered)

    @property
    def broken(self) -> tuple[Finding, ...]:
        """The promises that are not kept; empty for a domain that conforms."""
        return tuple(finding for finding in self.findings if finding.verdict is Verdict.BROKEN)


def check(domain: Domain) -> Report:
    """Check every promise of ``domain``. What its functions raise becomes a finding, never an exception."""
    kernel = Answered()
    findings = [_judged(name, promise, domain) for name, promise in PROMISES.items()]
    if domain.kernel is not None:
        try:
            kernel = answered(domain)
        except Exception as error:  # the boundary to a domain's code
            findings.append(Finding("kernel_answers", Verdict.BROKEN, _raised("the kernel", error)))
        else:
            findings.append(_kernel_finding(kernel))
    return Report(domain.name, tuple(findings), kernel)


class _Broken(Exception):
    """A promise that is not kept; the message says what was seen and what to do."""


class _NotApplicable(Exception):
    """There is nothing to check; the message says why."""


def _judged(name: str, promise: Callable[[Domain], str], domain: Domain) -> Finding:
    try:
        return Finding(name, Verdict.KEPT, promise(domain))
    except _NotApplicable as reason:
        return Finding(name, Verdict.NOT_APPLICABLE, str(reason))
    except _Broken as reason:
        return Finding(name, Verdict.BROKEN, str(reason))
    except Exception as error:  # the boundary to a domain's code
        return Finding(name, Verdict.BROKEN, _raised(name.replace("_", " "), error))


def _raised(what: str, error: Exception) -> str:
    return f"{what}: {type(error).__name__}: {error}; functions of a domain raise only what the interface names"


def _must(holds: object, otherwise: str) -> None:
    if not holds:
        raise _Broken(otherwise)


# The promises: each returns a sentence about what was seen, or raises _Broken with what to do.


def _name_and_version(domain: Domain) -> str:
    _must(NAME.fullmatch(domain.name), f"the name {domain.name!r} must be lower-case words joined by - or _")
    _must(VERSION.fullmatch(domain.version), f"the version {domain.version!r} must be numbers joined by dots, as 1.0")
    return f"{domain.name} {domain.version}"


def _prompts(domain: Domain) -> str:
    _must(len(domain.prompt.strip()) >= 40, "the world prompt says next to nothing; tell a model what world it is")
    _must(len(domain.rubric.strip()) >= 20, "the rubric says next to nothing; tell a judge what must match exactly")
    for name, text in domain.prompts.items():
        _must(len(text.strip()) >= 40, f"the world prompt {name!r} says next to nothing; write it, or leave it out")
    more = "".join(f", {name} prompt of {len(text)}" for name, text in domain.prompts.items())
    return f"prompt of {len(domain.prompt)}{more} and rubric of {len(domain.rubric)} characters"


def _examples_are_real(domain: Domain) -> str:
    examples = domain.examples()
    _must(examples and any(one.turns for one in examples), "there are no examples; record at least one real trajectory")
    ids = [one.id for one in examples]
    _must(len(ids) == len(set(ids)), "two examples have the same id; give each its own")
    for one in examples:
        _must(
            one.domain == domain.name, f"example {one.id!r} is of the domain {one.domain!r}; only own ones belong here"
        )
        _must(one.turns, f"example {one.id!r} has no turns; leave it out")
        _must(one.source.licence, f"example {one.id!r} names no licence; fill source.licence")
        _must(one.source.dataset, f"example {one.id!r} does not say where it is from; fill source.dataset")
        simulated = one.source.simulated_by
        _must(
            simulated is None, f"example {one.id!r} was simulated by {simulated}; record the real environment instead"
        )
    return f"{len(examples)} examples with {sum(len(one.turns) for one in examples)} turns"


def _read_is_the_inverse_of_write(domain: Domain) -> str:
    count = 0
    for query, truth in _turns(domain):
        _round_trip(domain, query, truth)
        count += 1
    query = _first(domain)
    for text in (*NASTY, "x" * LONG, "line\n" * (LONG // 5)):
        _round_trip(domain, query, text)
    return f"{count} example turns and {len(NASTY) + 2} nasty texts come back as they were"


def _round_trip(domain: Domain, query: Query, text: str) -> None:
    back = _timed("read and write", lambda: domain.read(query, domain.write(query, text)))
    _must(
        back == text,
        f"read(write(x)) is {_short(back)} for x = {_short(text)} after {_short(query.action)}; "
        "escape what read looks for",
    )


def _show_is_text(domain: Domain) -> str:
    for query, _ in _turns(domain):
        shown = domain.show(query)
        _must(
            isinstance(shown, str) and shown, f"show gives {shown!r} for the action {_short(query.action)}; give text"
        )
        _must(shown == domain.show(query), f"show words the action {_short(query.action)} differently each time")
    return "every example action is worded, the same way each time"


def _validate_knows_actions(domain: Domain) -> str:
    for query, _ in _turns(domain):
        try:
            _timed("validate", lambda action=query.action: domain.validate(action))  # type: ignore[misc]
        except ActionError as error:
            raise _Broken(f"validate rejects the example action {_short(query.action)}: {error}") from error
    rejected = [text for text in GARBAGE if _rejects(domain, text)]
    _must("" in rejected, "validate accepts the empty action; raise ActionError for it")
    return f"accepts the examples, rejects {len(rejected)} of {len(GARBAGE)} garbage texts, none by another error"


def _rejects(domain: Domain, text: str) -> bool:
    try:
        _timed("validate", lambda: domain.validate(text))
    except ActionError:
        return True
    except _Broken:
        raise
    except Exception as error:  # the boundary to a domain's code
        raise _Broken(
            f"validate raises {type(error).__name__} for the action {_short(text)}; only ActionError may leave it"
        ) from error
    return False


def _canonical_is_idempotent(domain: Domain) -> str:
    for text in (*(truth for _, truth in _turns(domain)), *NASTY, "12:34:56 " * (LONG // 9)):
        once = _timed("canonical", lambda text=text: domain.canonical(text))  # type: ignore[misc]
        _must(isinstance(once, str), f"canonical gives {once!r}, not text")
        _must(
            domain.canonical(once) == once,
            f"canonical changes its own result for {_short(text)}; mask once and for all",
        )
    return "masking twice is masking once"


def _truth_scores_full_marks(domain: Domain) -> str:
    less = 0
    for _, truth in _turns(domain):
        masked, empty = domain.canonical(truth), domain.canonical("")
        _must(alike(masked, domain.canonical(truth)) == 1.0, f"canonical is not a function: {_short(truth)} differs")
        if masked != empty:
            _must(alike(masked, empty) < 1.0, f"an empty guess scores full marks on {_short(truth)}")
            less += 1
    _must(less, "every example's truth is empty once masked; canonical masks too much, or the examples show nothing")
    return f"the truth scores 1, an empty guess less on {less} turns whose truth is not empty"


def _checks_hold_on_the_truth(domain: Domain) -> str:
    if not domain.checks:
        raise _NotApplicable("the domain declares no checks")
    applied = 0
    for name, one in domain.checks.items():
        for query, truth in _turns(domain):
            holds = one(query, truth)
            _must(holds in (True, False, None), f"the check {name} gives {holds!r}; give True, False or None")
            _must(holds is not False, f"the check {name} fails on the truth of {_short(query.action)}; loosen it")
            applied += holds is True
    return f"{len(domain.checks)} checks hold wherever they apply ({applied} times) on the examples"


def _failures_are_told(domain: Domain) -> str:
    if domain.failed is None:
        raise _NotApplicable("the domain does not tell failures")
    told, failed, query = 0, domain.failed, _first(domain)
    for asked, truth in _turns(domain):
        holds = failed(asked, truth)
        _must(holds in (True, False, None), f"failed gives {holds!r} for {_short(truth)}; give True, False or None")
        told += holds is True
    for text in (*NASTY, *GARBAGE):
        _timed("failed", lambda text=text: failed(query, text))  # type: ignore[misc]
    return f"{told} example turns report a failure"


def _screens_are_shown(domain: Domain) -> str:
    if not domain.screens:
        raise _NotApplicable("observations are no screens")
    for one in domain.examples():
        _must(one.setup.initial_state, f"example {one.id!r} has no first screen; put it into setup.initial_state")
    if domain.picture is None:
        raise _NotApplicable("the domain has no picture of its screens")
    truths = [truth for _, truth in _turns(domain)]
    for text in (*truths, *NASTY, *MARKUP, "x" * LONG, "line\n" * (LONG // 5)):
        page = _timed("picture", lambda text=text: domain.picture(text))  # type: ignore[misc]
        if active := _active_parts(page):
            raise _Broken(f"the picture of {_short(text)} holds {active[0]}; escape what a screen holds")
    return f"pictures of {len(truths)} screens, and of hostile texts, hold nothing active"


MARKUP = (
    "<script>alert(1)</script>",
    '0 Button "<img src=x onerror=alert(1)>" clickable [0,0][10,10]\n',
    "RootWebArea '</title></style><iframe src=javascript:alert(1)>'\n\t[1] link '<a href=javascript:alert(1)>x</a>'\n",
    "push-button\t<svg/onload=alert(1)>\t\t\t\t(1, 1)\t(9, 9)\n",
)
"""Markup where screens of several forms have their texts."""


def _active_parts(page: str) -> list[str]:
    """What in an HTML page could run, load or leave it."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag in ("script", "iframe", "object", "embed", "form", "base", "link", "img", "svg", "a"):
                found.append(f"<{tag}>")
            found.extend(name for name, _ in attrs if name.startswith("on") or name in ("src", "href", "srcdoc"))

    Reader().feed(page)
    return found


def _kernel_is_pure(domain: Domain) -> str:
    kernel = _kernel(domain)
    for example in domain.examples():
        states, first = _walk(kernel, example)
        kept = [_said(_step(kernel, state, turn)) for state, turn in zip(states, example.turns, strict=True)]
        for turn, *answers in zip(example.turns, first, kept, _walk(kernel, example)[1], strict=True):
            _must(
                answers[0] == answers[1] == answers[2],
                f"the kernel answers {_short(turn.action)} of {example.id!r} differently the second time; "
                "open, step and absorb must not change a state, nor depend on anything else",
            )
    return "the same state and action give the same answer, also after the states that follow were made"


def _absorb_agrees_with_step(domain: Domain) -> str:
    kernel, compared = _kernel(domain), 0
    for example in domain.examples():
        states, said = _walk(kernel, example)
        for k, turn in enumerate(example.turns[:-1]):
            found = _step(kernel, states[k], turn)
            if isinstance(found, Determined) and found.observation == turn.observation:
                compared += 1
                _must(
                    _said(_step(kernel, found.state, example.turns[k + 1])) == said[k + 1],
                    f"after {_short(turn.action)} of {example.id!r} the states of step and of absorb answer "
                    f"{_short(example.turns[k + 1].action)} differently; absorb must go where a right step goes",
                )
    return f"step and absorb lead to the same answers ({compared} times)"


def _kernel_takes_anything(domain: Domain) -> str:
    kernel, query, taken = _kernel(domain), _first(domain), 0
    state = kernel.open(query.setup)
    for action in (text for text in GARBAGE if not _rejects(domain, text)):
        found = _timed("the kernel's step", lambda action=action: kernel.step(state, action))  # type: ignore[misc]
        _must(isinstance(found, Determined | Unknown), f"the kernel answers {_short(action)} with {found!r}")
        _timed("absorb", lambda action=action: kernel.absorb(state, action, "shown\n"))  # type: ignore[misc]
        taken += 1
    for text in (*NASTY, "x" * LONG, "line\n" * (LONG // 5)):
        _timed("absorb", lambda text=text: kernel.absorb(state, query.action, text))  # type: ignore[misc]
    return f"takes {taken} garbage actions and {len(NASTY) + 2} nasty observations"


def answered(domain: Domain) -> Answered:
    """How the kernel of ``domain`` does on its examples, given the true history before each turn."""
    kernel, turns, right, wrong = _kernel(domain), 0, 0, []
    for example in domain.examples():
        for turn, (observation, _) in zip(example.turns, _walk(kernel, example)[1], strict=True):
            turns += 1
            if observation is None:
                continue
            if domain.canonical(observation) == domain.canonical(turn.observation):
                right += 1
            else:
                truth = _short(turn.observation)
                wrong.append(f"{example.id}: {_short(turn.action)} gives {_short(observation)}, the truth is {truth}")
    return Answered(turns, right + len(wrong), tuple(wrong))


def _kernel_finding(found: Answered) -> Finding:
    if not found.turns:
        return Finding("kernel_answers", Verdict.NOT_APPLICABLE, "there are no example turns to compute")
    if found.wrong:
        share = f"{len(found.wrong)} of {found.answered} computed answers are wrong"
        return Finding("kernel_answers", Verdict.BROKEN, f"{share}; answer Unknown instead: {found.wrong[0]}")
    said = f"{found.answered} of {found.turns} example turns are computed, all of them right"
    return Finding("kernel_answers", Verdict.KEPT, said)


def _kernel(domain: Domain) -> Kernel:
    if domain.kernel is None:
        raise _NotApplicable("the domain has no kernel")
    return domain.kernel()


_Said: TypeAlias = "tuple[str | None, str | None]"
"""The observation that a kernel computed, and the action that it wants answered first."""


def _walk(kernel: Kernel, example: Trajectory) -> tuple[list[State], list[_Said]]:
    """The state before each turn, given the true history, and what the kernel says there."""
    states: list[State] = []
    said: list[_Said] = []
    state = kernel.open(example.setup)
    for turn in example.turns:
        states.append(state)
        said.append(_said(_step(kernel, state, turn)))
        state = kernel.absorb(state, turn.action, turn.observation, answers_of(turn))
    return states, said


def _step(kernel: Kernel, state: State, turn: Turn) -> Determined | Unknown:
    return kernel.step(state, turn.action, answers_of(turn))


def _said(found: Determined | Unknown) -> _Said:
    return (found.observation, None) if isinstance(found, Determined) else (None, found.ask)


def _turns(domain: Domain) -> Iterator[tuple[Query, str]]:
    for example in domain.examples():
        for k, turn in enumerate(example.turns):
            yield Query(domain.name, example.setup, example.turns[:k], turn.action), turn.observation


def _first(domain: Domain) -> Query:
    for query, _ in _turns(domain):
        return query
    raise _Broken("there are no example turns to try this on; record at least one real trajectory")


def _timed(what: str, call: Callable[[], Result]) -> Result:
    started = time.process_time()  # not the clock on the wall, so that a busy machine breaks no promise
    result = call()
    took = time.process_time() - started
    _must(took < SECONDS, f"{what} took {took:.1f} s on one text; bound it to {SECONDS:g} s, also for long texts")
    return result


def _short(text: object) -> str:
    shown = repr(text)
    return shown if len(shown) <= 80 else f"{shown[:60]}... ({len(str(text))} characters)"


PROMISES: dict[str, Callable[[Domain], str]] = {
    "name_and_version": _name_and_version,
    "prompts": _prompts,
    "examples_are_real": _examples_are_real,
    "read_is_the_inverse_of_write": _read_is_the_inverse_of_write,
    "show_is_text": _show_is_text,
    "validate_knows_actions": _validate_knows_actions,
    "canonical_is_idempotent": _canonical_is_idempotent,
    "truth_scores_full_marks": _truth_scores_full_marks,
    "checks_hold_on_the_truth": _checks_hold_on_the_truth,
    "failures_are_told": _failures_are_told,
    "screens_are_shown": _screens_are_shown,
    "kernel_is_pure": _kernel_is_pure,
    "absorb_agrees_with_step": _absorb_agrees_with_step,
    "kernel_takes_anything": _kernel_takes_anything,
}
