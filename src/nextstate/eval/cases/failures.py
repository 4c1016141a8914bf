"""Kinds of failure by their words, and what each names: a path, a program, an option, an argument.

The words are those of POSIX (strerror), GNU programs, bash, Python's exceptions, JSON Schema validators (jsonschema,
pydantic) and MCP servers, as they stand in recordings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

MAX_TEXT = 8_000
"""Characters of an observation that are searched for a failure."""


@dataclass(frozen=True, slots=True)
class Kind:
    """``pattern`` finds the failure, its group ``what`` the thing that it is about; ``words`` are those of which an
    answer must show one; ``plain`` tells the cause in a sentence."""

    name: str
    pattern: re.Pattern[str]
    words: tuple[str, ...]
    plain: str = ""


def _kind(name: str, pattern: str, words: str, plain: str = "") -> Kind:
    return Kind(name, re.compile(pattern, re.MULTILINE), tuple(words.split("|")), plain)


_PATH = r"(?<![^\s'\"‘`:(])['\"‘`]?(?P<what>[^\s'\"’:`]{1,200})['\"’`]?"
"""A name, quoted or not; it begins behind a blank, a quote or a colon, so that each place is tried once."""

KINDS: tuple[Kind, ...] = (
    _kind(
        "no_such_file",
        rf"{_PATH}(?: for (?:reading|writing))?: (?:No such file or directory|does not exist)|"
        r"No such file or directory: ['\"](?P<other>[^'\"\n]{1,200})['\"]",
        "No such file|does not exist|not found",
        "There is no file or directory {what}.",
    ),
    _kind(
        "not_installed",
        r"(?:^|: )(?P<what>[^\s:]{1,80}): (?:command )?not found\s*$",
        "not found",
        "The program {what} is not installed.",
    ),
    _kind(
        "exists",
        rf"{_PATH}: File exists|{_PATH.replace('what', 'other')} already exists",
        "exists",
        "{what} exists already.",
    ),
    _kind(
        "is_directory",
        rf"{_PATH}: Is a directory|omitting directory {_PATH.replace('what', 'other')}",
        "directory",
        "{what} is a directory.",
    ),
    _kind("not_directory", rf"{_PATH}: Not a directory", "Not a directory", "{what} is not a directory."),
    _kind("not_empty", rf"{_PATH}: Directory not empty", "not empty", "The directory {what} is not empty."),
    _kind(
        "denied",
        rf"{_PATH}: Permission denied",
        "Permission denied|permission",
        "The user has no permission for {what}.",
    ),
    _kind(
        "bad_option",
        r"(?:invalid option(?: -- )?|unrecognized option|unknown option|unknown predicate|illegal option -- )"
        r"\s*['\"‘`]?(?P<what>-{0,2}[\w-]{1,40})",
        "option|predicate|usage|Usage",
    ),
    _kind(
        "no_operand",
        r"missing (?:file |destination file )?operand|option requires an argument(?: -- ['\"]?(?P<what>[\w-]+))?|"
        r"missing argument to [`'‘](?P<other>-[\w-]+)",
        "missing|requires|operand|argument",
    ),
    _kind(
        "syntax",
        r"syntax error|unexpected EOF|unexpected end of file|unterminated|Syntax error|SyntaxError",
        "yntax|unexpected|unterminated|EOF|matching",
    ),
    _kind(
        "division", r"division by (?:0|zero)|ZeroDivisionError|[Dd]ivide by zero", "division by|ivide by|ZeroDivision"
    ),
    _kind("name_error", r"NameError: name '(?P<what>\w+)' is not defined", "NameError"),
    _kind("literal", r"ValueError: invalid literal for int\(\) with base \d+: '(?P<what>[^'\n]*)'", "ValueError"),
    _kind("key_error", r"^KeyError: ['\"]?(?P<what>[^'\"\n]{1,80})", "KeyError"),
    _kind("index_error", r"^IndexError: (?P<what>[^\n]{1,80})", "IndexError"),
    _kind("assertion", r"^AssertionError\b:? ?(?P<what>[^\n]{0,80})", "AssertionError"),
    _kind("type_error", r"^TypeError: (?P<what>[^\n]{1,120})", "TypeError"),
    _kind("value_error", r"^ValueError: (?P<what>[^\n]{1,120})", "ValueError"),
    _kind("no_attribute", r"AttributeError: [^\n]*has no attribute '(?P<what>\w+)'", "AttributeError"),
    _kind(
        "no_module",
        r"(?:ModuleNotFoundError|ImportError): No module named ['\"]?(?P<what>[\w.]+)",
        "No module named",
        "The Python module {what} is not installed.",
    ),
    _kind(
        "required",
        r"['\"`]?(?P<what>\w{1,60})['\"`]? is (?:a required property|required)|"
        r"[Mm]issing (?:\d+ )?required (?:positional )?(?:argument|parameter)s?:? ['\"`]?(?P<other>\w{1,60})|"
        r"^(?P<third>[\w.]{1,60})\n +(?:Field required|Missing required)",
        "required|missing|Missing|must",
    ),
    _kind(
        "invalid",
        r"^(?P<what>[\w.]{1,60})\n +(?:Input should be|Extra inputs|String should|Value error|List should)[^\n]*|"
        r"validation error|is not of type|is not one of|invalid_type|Invalid arguments",
        "valid|Input should|should be|must be|not of type|one of|at least|expected|Expected|minimum|maximum",
    ),
    _kind(
        "unknown_tool",
        r"[Uu]nknown tool(?: name)?|[Tt]ool ['\"]?(?P<what>[\w.-]{1,80})['\"]? (?:is )?not found|no (?:such )?tool",
        "tool|Tool",
    ),
    _kind(
        "no_such_thing",
        r"(?:not found|does not exist|there is no|no such|could not find|unknown|No entry)",
        "not found|not exist|no such|No such|there is no|There is no|nknown|nvalid|ould not find|annot find|"
        "No entry|no entry|isn't",
    ),
    _kind(
        "timeout",
        r"timed? ?-?out",
        "timed out|timeout|Timeout|time-out|Timed out",
        "The service does not answer in time; the call times out.",
    ),
    _kind(
        "too_many",
        r"too many requests|rate.?limit|too quickly",
        "rate|too many|Too many|quickly|429",
        "The service refuses the call because there were too many requests.",
    ),
    _kind(
        "unreachable",
        r"[Cc]onnection (?:refused|reset|error)|connection issue|ould not resolve|upstream connect error",
        "onnect|resolve|network|unreachable",
        "The service cannot be reached; the connection fails.",
    ),
    _kind(
        "internal",
        r"INTERNAL_ERROR|[Ii]nternal (?:[Ss]erver )?[Ee]rror",
        "nternal|INTERNAL",
        "The service answers with an internal error.",
    ),
)


def one_of(words: str) -> dict[str, Any]:
    """A verifier: one of the words, or pieces of words, divided by ``|``, is shown."""
    return {"any": [{"shows": word} for word in words.split("|")]}


NO_TOOL = one_of(
    "nknown|ot found|o such|not exist|not available|navailable|nvalid|not a valid|o tool|ndeclared|not declared|"
    "ecogni|nsupported|not support|not defined|ndefined|not registered"
)
"""How a tool that is not there may be refused."""
LACKING = one_of("equired|REQUIRED|issing|must|equires|xpected|eeds|eeded|rovide|pecif|without|ndefined|mpty")
"""How an argument that lacks may be asked for."""
WRONG_TYPE = one_of("valid|ype|must be|should be|xpected|xpects|not a|annot|ould not")
"""How a value of the wrong type may be refused."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure found in an observation; ``what`` is empty where it names nothing."""

    kind: Kind
    what: str
    line: str


@lru_cache(maxsize=1024)
def find(text: str) -> Failure | None:
    """The first failure that an observation reports, by the order of :data:`KINDS` within its first lines."""
    text = text[:MAX_TEXT]
    found = [(match.start(), kind, match) for kind in KINDS if (match := kind.pattern.search(text))]
    if not found:
        return None
    _, kind, match = min(found, key=lambda one: KINDS.index(one[1]))
    what = next((match[name] for name in ("what", "other", "third") if name in match.re.groupindex and match[name]), "")
    start = text.rfind("\n", 0, match.start()) + 1
    end = text.find("\n", match.end())
    return Failure(kind, what.strip(), text[start : end if end >= 0 else len(text)])
