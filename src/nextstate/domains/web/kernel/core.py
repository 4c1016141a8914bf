"""The kernel: rules that guess, evidence that says when to believe them, and a memory of what was shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from nextstate.domain import Determined, Unknown
from nextstate.domains.web import codec
from nextstate.domains.web.codec import Call
from nextstate.domains.web.kernel import facts, trust, views
from nextstate.domains.web.kernel.guess import Guess, guess, repeated
from nextstate.domains.web.kernel.state import DECLARED, MAX_KEPT, Loaded, State, View, is_plain, kept
from nextstate.domains.web.page import Page, parse, without_error
from nextstate.errors import ActionError
from nextstate.types import Action, Json, Observation, Setup

MAX_WORK = 40_000
"""Nodes of the screen times calls of an action, which bounds the time that an answer takes."""
_NOTHING: Mapping[Any, Any] = MappingProxyType({})
_ELSEWHERE = frozenset(("go_back", "go_forward", "new_tab", "tab_close", "tab_focus"))
"""Actions whose effect depends on more than the screen."""
_RESTLESS = frozenset(("click", "dblclick", "press", "goto", "fill", "clear", "select_option", "drag_and_drop"))
"""Actions after which a page may go on changing for a while."""


class WebKernel:
    """Computes what a browser shows next where the screens seen so far determine it."""

    def open(self, setup: Setup) -> State:
        """The state before the first action; reads the facts that the package documents."""
        prefixes = _texts(setup.facts.get("plain"))
        known = _pages(setup.facts.get("pages"))
        page = parse(setup.initial_state)
        begun = State(setup.initial_state, page, plain=prefixes, loaded=MappingProxyType(known))
        if page is None:
            return begun
        declared = is_plain(prefixes, page.url)
        if declared:
            known.setdefault(page.url, Loaded(page.title, page.tree, 1))
        return replace(begun, views=_noted(views.first(page), page, not declared), pending=not declared)

    def step(self, state: State, action: Action, answers: tuple[str, ...] = ()) -> Determined | Unknown:
        """What ``action`` shows, or why that is not known; nothing is asked for, so ``answers`` do not matter."""
        try:
            calls = codec.parse(action)
        except ActionError:
            return Unknown("the action does not parse", facts.of(state, ()))
        if state.page and len(calls) * len(state.page.nodes) > MAX_WORK:
            return Unknown("the page is too large for so many calls", facts.of(state, calls))
        now = state
        for call in calls:
            found = self._answer(now, call, action if len(calls) == 1 else codec.render((call,)))
            if isinstance(found, Unknown):
                return Unknown(found.reason, facts.of(state, calls))
            now = self.absorb(now, codec.render((call,)), found)
            if codec.error_of(found):
                break
        return Determined(now.text, self.absorb(state, action, now.text))

    def _answer(self, state: State, call: Call, action: Action) -> Observation | Unknown:
        made = guess(state, call)
        reason = made.reason if isinstance(made, Unknown) else trust.doubt(state, made)
        if isinstance(made, Guess) and reason is None:
            return _text(made)
        again = repeated(state, action) if call.name not in _ELSEWHERE else None
        if again is not None and trust.doubt(state, replace(again, sure=True)) is None:
            return again.text
        return Unknown(reason or "")

    def facts(self, state: State) -> str:
        """What is known, in words."""
        return facts.known(state)

    def absorb(self, state: State, action: Action, observation: Observation, answers: tuple[str, ...] = ()) -> State:
        """The state after ``observation`` was shown."""
        page = parse(observation)
        if page is None or state.page is None:
            tabs = views.first(page) if page else ()
            return State(observation, page, tabs, plain=state.plain, loaded=state.loaded, evidence=state.evidence)
        try:
            calls = codec.parse(action)
        except ActionError:
            calls = ()
        call = calls[0] if len(calls) == 1 else None
        error = codec.error_of(observation)
        made = guess(state, call) if call else None
        right = isinstance(made, Guess) and _same(_text(made), observation)
        following = views.following(state, call, page, bool(error))
        written = views.may_have_written(state, call, page)
        memory = views.loaded(state, call, page, bool(error), following[page.active])
        evidence = _evidence(state, call, action, observation, made, right)
        pending = _pending(state, call, page, bool(error), right)
        return State(
            observation,
            page,
            _noted(following, page, pending),
            pending,
            _NOTHING if written else memory,
            _NOTHING if written else kept(state.steps, (without_error(state.text), action), observation),
            trust.arrived(replace(state, evidence=evidence), call, page, memory, bool(error)),
            state.plain,
        )


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _pages(value: Json) -> dict[str, Loaded]:
    """The pages that the set-up declares, as they look when they are just loaded."""
    found: dict[str, Loaded] = {}
    for url, page in value.items() if isinstance(value, dict) else ():
        title, tree = (page.get("title"), page.get("tree")) if isinstance(page, dict) else (None, None)
        if isinstance(title, str) and isinstance(tree, str) and len(found) < MAX_KEPT:
            found[url] = Loaded(title, tree, DECLARED)
    return found


def _noted(tabs: tuple[View, ...], page: Page, pending: bool) -> tuple[View, ...]:
    """The tabs, with what is known of the one that is shown: whether it may still be loading."""
    return tuple(replace(one, loading=pending) if place == page.active else one for place, one in enumerate(tabs))


def _text(made: Guess) -> str:
    return f"{made.text}\n\n{codec.ERROR}\n\n{made.error}" if made.error else made.text


def _same(one: str, other: str) -> bool:
    return codec.canonical(one) == codec.canonical(other)


def _pending(state: State, call: Call | None, page: Page, failed: bool, right: bool) -> bool:
    """Whether the page may still be loading, or changing, after what was shown."""
    if is_plain(state.plain, page.url):
        return False
    if any(node.get("busy") == "1" for node in page.nodes):
        return True
    if right or (state.page is not None and state.page.text() == page.text() and (failed or not _restless(call))):
        return False
    return _restless(call) or state.pending or (state.page is not None and state.page.text() != page.text())


def _restless(call: Call | None) -> bool:
    return call is None or call.name in _RESTLESS or call.name in ("go_back", "go_forward")


def _evidence(
    state: State, call: Call | None, action: Action, observation: str, made: Guess | Unknown | None, right: bool
) -> Mapping[str, tuple[int, int]]:
    evidence = state.evidence
    if isinstance(made, Guess):
        evidence = trust.learned(state, made, right)
    again = repeated(state, action) if call is None or call.name not in _ELSEWHERE else None
    if again is not None:
        evidence = trust.learned(replace(state, evidence=evidence), again, _same(again.text, observation))
    return evidence
