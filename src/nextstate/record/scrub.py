"""Secrets out of recordings, by rule: high-confidence shapes only, typed placeholders, everything counted.

A placeholder stands for one secret throughout a trajectory (``<GITHUB_TOKEN_1>``), so what was equal stays equal. A
secret found once is also replaced where no rule would have seen it, unless it is short enough to be an ordinary word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from nextstate.types import Json, Setup, Trajectory, Turn

_PLAIN = r"[^\s'\"`$<>;&|(){}\[\],*\\]"
_IS = r"['\"]?\s{0,9}[:=]\s{0,9}"
_BEGIN = r"-----BEGIN (?:[A-Z]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
_KEY = r"(?:api|access|secret|private|auth|encryption)[_-]?key|token|secret"
_PASS = "password passwd passphrase"
_PASSES = _PASS.replace(" ", "|")
_MIXED = rf"(?=[^\s'\"]{{0,200}}[0-9])(?=[^\s'\"]{{0,200}}[A-Za-z]){_PLAIN}"
_HARMLESS = re.compile(
    r"(?i)x{3,}|\.{3,}|none|null|true|false|undefined|changeme|example|redacted|password|passwd|secret|token|string|str"
    r"|your[_-].*|my[_-].*|.*placeholder.*"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of secret. What the group ``secret`` matched is replaced, else the whole match."""

    name: str
    needles: tuple[str, ...]
    """One of these, in lower case, is in every text that matches; looking for them first keeps huge outputs cheap."""
    pattern: re.Pattern[str]

    def sees(self, lowered: str) -> bool:
        return any(needle in lowered for needle in self.needles)


def _rule(name: str, needles: str, pattern: str) -> Rule:
    return Rule(name, tuple(needles.split()), re.compile(pattern))


RULES: tuple[Rule, ...] = (
    _rule("private_key", "-----begin", rf"{_BEGIN}(?:(?!-----)[\s\S]){{1,20000}}-----END [A-Z ]+-----"),
    _rule("jwt", "eyj", r"(?<![\w-])eyJ[\w-]{8,4000}\.eyJ[\w-]{8,4000}\.[\w-]{8,4000}"),
    _rule("aws_access_key", "akia asia", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    _rule(
        "aws_secret_key",
        "aws",
        rf"(?i)aws_?secret_?(?:access_?)?key{_IS}['\"]?(?P<secret>[A-Za-z0-9/+]{{40}})(?![A-Za-z0-9/+])",
    ),
    _rule(
        "github_token", "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,})"
    ),
    _rule("gitlab_token", "glpat-", r"(?<![\w-])glpat-[\w-]{20,200}"),
    _rule("slack_token", "xox", r"(?<![\w-])xox[abeoprs]-[A-Za-z0-9-]{10,200}"),
    _rule("slack_webhook", "hooks.slack.com", r"hooks\.slack\.com/services/(?P<secret>T\w{6,}/B\w{6,}/\w{16,})"),
    _rule("stripe_key", "k_live_ k_test_", r"\b[rs]k_(?:live|test)_[0-9A-Za-z]{16,}"),
    _rule("google_key", "aiza", r"\bAIza[\w-]{35}"),
    _rule("hugging_face_token", "hf_", r"\bhf_[A-Za-z0-9]{30,}"),
    _rule("npm_token", "npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
    _rule("pypi_token", "pypi-agei", r"(?<![\w-])pypi-AgEI[\w-]{40,400}"),
    _rule("model_key", "sk-", r"(?<![\w-])sk-(?=[\w-]{0,200}[0-9])[\w-]{20,200}"),
    _rule(
        "authorization",
        "authorization",
        rf"(?i)\bauthorization{_IS}['\"]?(?:bearer|basic|token) +(?P<secret>[\w.~+/=-]{{8,}})",
    ),
    _rule("url_password", "://", r"\b[A-Za-z][\w+.-]{1,20}://[^\s/:@'\"]{0,100}:(?P<secret>[^\s/@'\"$<>]{1,200})@"),
    _rule("url_token", "? &", rf"(?i)[?&](?:{_KEY}|{_PASSES})=(?P<secret>[\w.~%+-]{{8,400}})"),
    _rule(
        "curl_password",
        "curl",
        r"\bcurl\b[^\n|;]{0,300}? (?:-u|--user)[ =]?['\"]?[\w.@-]{1,99}:(?P<secret>[^\s'\"$<>]{3,})",
    ),
    _rule("password", _PASS, rf"(?i)(?:{_PASSES}){_IS}(?P<q>['\"])(?P<secret>[^'\"\n$<>]{{4,200}})(?P=q)"),
    _rule("password", _PASS, rf"(?i)(?:{_PASSES})=(?P<secret>{_PLAIN}{{4,200}})"),
    _rule("password", _PASS, rf"(?im)^[ \t]*[\w.-]*(?:{_PASSES})[ \t]*[:=][ \t]*(?P<secret>{_MIXED}{{6,200}})[ \t]*$"),
    _rule("password", _PASS, rf"(?i)--(?:{_PASSES})[ =](?P<secret>{_MIXED}{{4,200}})"),
    _rule(
        "secret",
        "key token secret",
        rf"(?i)(?:{_KEY}){_IS}(?P<q>['\"])(?P<secret>(?=[^'\"\n]{{0,200}}[0-9])[\w.+/=~-]{{8,200}})(?P=q)",
    ),
    _rule("secret", "key token secret", rf"(?i)(?:{_KEY})=(?P<secret>{_MIXED}{{8,200}})"),
)


class Scrubber:
    """Replaces secrets in one text after the other and remembers which placeholder stands for which."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        """How many times each rule replaced something."""
        self._names: dict[str, str] = {}
        self._rules: dict[str, str] = {}

    def learn(self, text: str) -> None:
        """Remember the secrets that the rules see in ``text``."""
        lowered = text.lower()
        for rule in RULES:
            if rule.sees(lowered):
                for match in rule.pattern.finditer(text):
                    self._name(rule, _secret(match))

    def clean(self, text: str) -> str:
        """``text`` with every secret that a rule sees, or that is known by now, replaced."""
        lowered = text.lower()
        for rule in RULES:
            if rule.sees(lowered):
                text = self._apply(rule, text)
        for secret in sorted(self._names, key=len, reverse=True):
            if _unmistakable(secret) and (found := text.count(secret)):
                self.counts[self._rules[secret]] += found
                text = text.replace(secret, self._names[secret])
        return text

    def _apply(self, rule: Rule, text: str) -> str:
        # Again until nothing changes: a match may reach over the beginning of another one.
        while (cleaned := rule.pattern.sub(lambda match: self._replaced(rule, match), text)) != text:
            text = cleaned
        return text

    def _replaced(self, rule: Rule, match: re.Match[str]) -> str:
        secret = _secret(match)
        name = self._name(rule, secret)
        if not name:
            return match[0]
        self.counts[rule.name] += 1
        start = match.start("secret") - match.start() if "secret" in rule.pattern.groupindex else 0
        return match[0][:start] + name + match[0][start + len(secret) :]

    def _name(self, rule: Rule, secret: str) -> str:
        if _HARMLESS.fullmatch(secret):
            return ""
        if secret not in self._names:
            number = 1 + sum(known == rule.name for known in self._rules.values())
            self._names[secret], self._rules[secret] = f"<{rule.name.upper()}_{number}>", rule.name
        return self._names[secret]


def _unmistakable(secret: str) -> bool:
    """Whether the text is no ordinary word, so that it may be replaced where no rule saw it."""
    return len(secret) >= 16 or (len(secret) >= 8 and bool(re.search(r"\d", secret)))


def _secret(match: re.Match[str]) -> str:
    return match["secret"] if "secret" in match.re.groupindex else match[0]


def scrub(trajectory: Trajectory) -> Trajectory:
    """``trajectory`` without secrets; what was replaced is counted by rule in ``meta["scrubbed"]``."""
    scrubber = Scrubber()
    for text in _texts(trajectory):
        scrubber.learn(text)
    setup = trajectory.setup
    cleaned = replace(
        trajectory,
        setup=Setup(
            scrubber.clean(setup.initial_state),
            setup.tools,
            tuple(_turn(turn, scrubber) for turn in setup.demonstrations),
            scrubber.clean(setup.instruction),
            cast("Mapping[str, Json]", _value(dict(setup.facts), scrubber)),
        ),
        turns=tuple(_turn(turn, scrubber) for turn in trajectory.turns),
    )
    if not scrubber.counts:
        return trajectory
    return replace(cleaned, meta={**trajectory.meta, "scrubbed": dict(sorted(scrubber.counts.items()))})


def _texts(trajectory: Trajectory) -> list[str]:
    setup = trajectory.setup
    turns = [*setup.demonstrations, *trajectory.turns]
    texts = [setup.initial_state, setup.instruction, *_strings(dict(setup.facts))]
    return texts + [text for turn in turns for text in (turn.action, turn.observation, *_strings(dict(turn.meta)))]


def _strings(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        # As an assignment, so that a variable is judged by its name as it would be in a listing.
        return [
            text
            for key, item in value.items()
            for text in ([f"{key}={item}"] if isinstance(item, str) else _strings(item))
        ]
    return [text for item in value for text in _strings(item)] if isinstance(value, list) else []


def _turn(turn: Turn, scrubber: Scrubber) -> Turn:
    meta = cast("Mapping[str, Json]", _value(dict(turn.meta), scrubber))
    return Turn(scrubber.clean(turn.action), scrubber.clean(turn.observation), meta)


def _value(value: Json, scrubber: Scrubber) -> Json:
    if isinstance(value, str):
        return scrubber.clean(value)
    if isinstance(value, dict):
        return {scrubber.clean(key): _item(key, item, scrubber) for key, item in value.items()}
    return [_value(item, scrubber) for item in value] if isinstance(value, list) else value


def _item(key: str, item: Json, scrubber: Scrubber) -> Json:
    if not isinstance(item, str):
        return _value(item, scrubber)
    cleaned = scrubber.clean(f"{key}={item}")
    return cleaned.removeprefix(f"{key}=") if cleaned.startswith(f"{key}=") else scrubber.clean(item)


def report(trajectory: Trajectory) -> str:
    """What was scrubbed, in words; empty when nothing was."""
    counts = trajectory.meta.get("scrubbed")
    return ", ".join(f"{count} {rule}" for rule, count in counts.items()) if isinstance(counts, dict) else ""
