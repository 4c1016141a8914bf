"""Whether an observation reports that the call failed, from its words."""

from __future__ import annotations

import re

from nextstate.domains.swe import codec
from nextstate.domains.swe import operations as op
from nextstate.domains.swe.kernel import forms
from nextstate.errors import ActionError
from nextstate.types import Observation, Query

LOOKED_AT = 20_000
"""Characters at either end of an observation that are looked at."""
_SHELL = re.compile(
    r"^(?:(?:/bin/)?(?:ba)?sh|zsh|/bin/bash)?:? ?(?:(?:line )?\d+: )?[^\n:]{1,200}: "
    r"(?:command not found|not found|Permission denied|"
    r"syntax error[^\n]*)\s*$",
    re.M,
)
_PROGRAM = re.compile(
    r"^[\w./+-]{1,60}: (?:cannot|can't|unrecognized|invalid|missing|unknown|illegal|error|fatal)[^\n]*$|"
    r"^[\w./+-]{1,60}: [^\n]{0,300}(?:No such file or directory|Is a directory|Not a directory)\s*$|"
    r"^(?:fatal|error|ERROR|FATAL|E): [^\n]+$|^make: \*\*\* |^npm ERR!",
    re.M,
)
_RAISED = re.compile(r"^Traceback \(most recent call last\):$", re.M)
_LAST_ERROR = re.compile(
    r"^(?:[A-Za-z_][\w.]*\.)?[A-Z]\w*(?:Error|Exception|Interrupt|Exit|Warning|DoesNotExist)\b[^\n]*(?:\n(?![\w<]).*)*\Z",
    re.M,
)
_TESTS = re.compile(
    r"^=+ [^\n]*\b\d+ (?:failed|errors?)\b[^\n]* =+$|^FAILED \((?:failures|errors)=|^=+ no tests ran|^FAILED\b[^\n]*$",
    re.M,
)
_PASSED = re.compile(r"^=+ [^\n]*\b\d+ passed\b[^\n]* =+$|^OK(?: \([^\n]*\))?$", re.M)
_REFUSED = re.compile(
    r"\A\s*(?:<tool_use_error>|ERROR:|Error:|Error executing|Your proposed edit has introduced)|"
    r"No replacement was performed|String to replace not found|did not appear verbatim|does not exist\b|"
    r"Invalid `\w+` parameter|Parameter `\w+` is required|"
    r"\A[^\n]{0,120}(?:File not found|No such file or directory|is a directory)|\bNo (?:exact )?match found",
    re.I,
)
_DONE = re.compile(
    r"\A(?:The file [^\n]* has been (?:edited|updated|created)|File (?:created|updated|written)|Here's the |"
    r"Edit applied|Wrote |"
    r"Successfully |Text replaced|Updated |OK\s*\Z|\[File: |Replaced \d+ )",
)


def failed(query: Query, observation: Observation) -> bool | None:
    """Whether the call failed, from exit status, error words and reports of tests; ``None``: the text does not tell."""
    try:
        operation = codec.parse(query.action)
    except ActionError:
        return None
    text = observation.replace("\r\n", "\n")
    if isinstance(operation, op.Run | op.Python):
        return _ran(text)
    if isinstance(operation, op.Incomplete):
        return True
    return _answered(operation, text)


def _answered(operation: op.Operation, text: str) -> bool | None:
    """What an editor, viewer or search says."""
    if text.startswith("{") and (
        said := re.search(r'"success": ?(true|false)|"error": ?(null|"[^"]|\S)', text[:LOOKED_AT])
    ):
        return said[1] == "false" if said[1] else said[2] != "null"
    if _DONE.match(text):
        return False
    head = text[:2_000]
    if isinstance(operation, op.View | op.Open) and len(text) > 2_000:
        return False
    if _REFUSED.search(head):
        return True
    shows = isinstance(operation, op.View | op.Open | op.Move | op.ListFiles | op.FindFiles | op.SearchText)
    return False if shows and text.strip() else None


def _ran(text: str) -> bool | None:
    """What a command printed: its exit status where it is told, else the words of shells, programs and test reports."""
    shown = forms.taken_apart(text)
    if shown.status is not None:
        return shown.status != 0
    output = shown.output[-LOOKED_AT:].rstrip()
    head = shown.output[:LOOKED_AT].lstrip()
    if _TESTS.search(output):
        return True
    if _PASSED.search(output[-400:]):
        return False
    if _LAST_ERROR.search(output[-2_000:]) and _RAISED.search(output):
        return True
    last = output.rpartition("\n")[2]
    if _SHELL.fullmatch(last) or _PROGRAM.fullmatch(last):
        return True
    return True if not head.count("\n") and (_SHELL.search(head) or _PROGRAM.search(head)) else None
