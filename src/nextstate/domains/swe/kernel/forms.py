r"""How what a command printed is worded for the agent: bare, between tags, as JSON, with a line about how it ended.

Recorders and harnesses differ, also between versions, so the form is learned from what was shown; nothing is
assumed of a product. Known forms::

    bare        the output itself; for no output nothing, or a phrase that was seen
    tags        <returncode>0</returncode>\n<output>\n...</output>
    failure     Exit code 1\n... in front of the output where the command failed, else bare
    json        {"output": "...", "exit_code": 0, "error": null}
    ending      ...\n[Python Interpreter: ...]\n[Command finished with exit code 0]
    footer      ...\n(Open file: n/a)\n(Current directory: /repo)\nbash-$
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace

MAX_FORM = 2_000
"""Characters at either end of an observation where the words of a form are looked for."""
CUT = re.compile(
    r"^(?:[^\n]{0,200}?\b\d+ (?:characters|chars|lines|bytes)(?: \w+){0,2} "
    r"(?:elided|truncated|omitted|clipped|not shown)|"
    r"[^\n]{0,40}(?:\[\.\.\. ?|<response clipped|<warning>|\.\.\. ?\[|observation truncated|output truncated|"
    r"truncated\])|"
    r"[^\n]{0,200}(?:truncated because it exceeded|was too long|Output too large))",
    re.M | re.I,
)
_CUT_WORDS = re.compile(r"elided|truncated|omitted|clipped|not shown|too long|too large", re.I)


KINDS = ("bare", "tags")
"""Forms that need no sample to be written."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form, as far as it was seen. ``empty`` is what stands for no output (``None``: not seen yet)."""

    kind: str = ""
    """Empty until a command was seen."""
    empty: str | None = None
    sample: str = ""
    """An observation of the form, for what only a sample tells (keys of JSON, lines of an ending)."""
    stripped: bool = False
    """Whether the line end behind an output is left out."""
    fails: bool = False
    """Whether failing commands are known to be worded like others."""
    longest: int = 0
    """Characters of the longest output that was shown whole."""
    cut: int | None = None
    """Characters that a harness keeps of a longer output, half of them from each end, once it was seen to cut."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An observation taken apart: the output, the exit status where it is told, whether it was cut."""

    output: str
    status: int | None
    kind: str
    cut: bool = False


_TAGS = re.compile(r"<returncode>(-?\d{1,9})</returncode>\s*<output>\n?(.*?)</output>\s*", re.S)
_FAILURE = re.compile(r"(?:Error: )?Exit code (\d{1,9})(?:\n|\Z)")
_ENDING = re.compile(
    r"\n?((?:\[[^\n\]]*(?:working directory|interpreter)[^\n]*\]\n)*"
    r"\[[^\n]*?(?:exit code|exit status) (-?\d{1,9})[^\n]*\](?:\n\[[^\n]*\])*)\s*\Z",
    re.I,
)
_FOOTER = re.compile(r"\n?(\(Open file: [^\n]*\)\n\(Current directory: [^\n]*\)\nbash-\$)\s*\Z")


def taken_apart(observation: str) -> Shown:
    """The output inside an observation, by the first form that fits."""
    text = observation.replace("\r\n", "\n")
    cut = is_cut(text)
    if text.startswith("<returncode>"):
        return _between_tags(text, cut=cut)
    if failure := _FAILURE.match(text):
        return Shown(text[failure.end() :], int(failure[1]), "failure", cut)
    if text.startswith("{") and (found := _json(text)) is not None:
        return Shown(str(found["output"]), _status(found), "json", cut or found.get("truncated") is True)
    tail = text[-MAX_FORM:]
    if (ending := _ENDING.search(tail)) and "[" in tail:
        return Shown(text[: len(text) - len(tail) + ending.start()], int(ending[2]), "ending", cut)
    if footer := _FOOTER.search(tail):
        return Shown(text[: len(text) - len(tail) + footer.start()], None, "footer", cut)
    return Shown(text, None, "bare", cut)


def _between_tags(text: str, *, cut: bool) -> Shown:
    """What stands between tags; where they are not the usual ones, the output was cut."""
    if tags := _TAGS.fullmatch(text):
        return Shown(tags[2], int(tags[1]), "tags", cut)
    status = re.match(r"<returncode>(-?\d{1,9})</returncode>", text)
    return Shown("", int(status[1]) if status else None, "tags", cut=True)


def is_cut(text: str) -> bool:
    """Whether a harness left something out of a long text, by the words that it put there."""
    if len(text) < 500 or not _CUT_WORDS.search(text):
        return False
    return CUT.search(text) is not None


def _json(text: str) -> dict[str, object] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("output"), str) else None


def _status(found: dict[str, object]) -> int | None:
    value = next((found[key] for key in ("exit_code", "returncode", "exitCode") if key in found), None)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


_NOTHING = re.compile(r"\(?[^\n]{0,80}\b(?:no|any|without) output\b[^\n]{0,20}\)?")
_ELIDED = re.compile(r"\n(\d+) characters elided\n")


def learned(form: Form, shown: Shown, observation: str, expected: str | None) -> Form:
    """``form`` after an observation; ``expected`` is the output that was computed for it, where one was."""
    kind = "bare" if form.kind == "failure" and shown.kind == "bare" else shown.kind
    if form.kind == "failure" or shown.kind == "failure":
        kind = "failure"
    form = replace(form, kind=kind)
    if shown.cut:
        return replace(form, cut=_kept(observation) or form.cut)
    if shown.status in (0, None) or not form.sample:
        form = replace(form, sample=observation if len(observation) < MAX_FORM else observation[-MAX_FORM:])
    if expected is not None and expected.endswith("\n") and shown.output.rstrip("\n") == expected.rstrip("\n"):
        form = replace(form, stripped=not shown.output.endswith("\n"))
    if _NOTHING.fullmatch(shown.output.strip()):
        form = replace(form, empty=shown.output.strip())
    elif not shown.output.strip():
        form = replace(form, empty="")
    return replace(form, longest=max(form.longest, len(shown.output)))


def _kept(observation: str) -> int | None:
    """How many characters are kept of a long output, where what is shown are two halves around a count."""
    found = list(_ELIDED.finditer(observation))
    if len(found) != 1:
        return None
    head, tail = found[0].start(), len(observation) - found[0].end()
    return head + tail if abs(head - tail) <= 1 else None


def put_together(form: Form, output: str, status: int | None, cwd: str | None) -> str | None:
    """The observation for an output; ``None`` where the form is not known well enough to say it."""
    if len(output) > max(8_000, form.longest):
        return None
    if not output.strip():
        if form.empty is None:
            return None
        output = form.empty or output
    elif form.stripped:
        output = output.rstrip("\n")
    if form.kind == "footer" or status is None or (form.kind == "" and not form.fails):
        return None
    if form.kind == "bare":
        return output if form.fails or status == 0 else None
    if form.kind == "failure":
        return output if status == 0 else f"Exit code {status}\n{output}"
    if form.kind == "tags":
        return f"<returncode>{status}</returncode>\n<output>\n{output}</output>"
    return _as_json(form.sample, output, status) if form.kind == "json" else _ended(form.sample, output, status, cwd)


def _as_json(sample: str, output: str, status: int) -> str | None:
    found = _json(sample)
    if found is None or set(found) - {"output", "exit_code", "returncode", "error"} or found.get("error"):
        return None
    key = next((one for one in ("exit_code", "returncode") if one in found), None)
    if key is None or status != 0:
        return None
    text = output.strip() if found["output"] == str(found["output"]).strip() else output
    ascii_only = json.dumps(found) == sample and "\\u" in sample
    return json.dumps({**found, "output": text, key: status}, ensure_ascii=ascii_only)


def _ended(sample: str, output: str, status: int, cwd: str | None) -> str | None:
    """The output with the lines behind it, as in the sample, but for status and working directory."""
    found = _ENDING.search(sample)
    if found is None:
        return None
    lines = re.sub(r"((?:exit code|exit status) )-?\d+", rf"\g<1>{status}", found[1], flags=re.I)
    if re.search(r"working directory", lines, re.I):
        if cwd is None:
            return None
        lines = re.sub(r"(working directory: )[^\]\n]*", lambda at: at[1] + cwd, lines, flags=re.I)
    body = output.rstrip("\n")
    return f"{body}\n{lines}" if body or not sample.startswith("[") else lines
