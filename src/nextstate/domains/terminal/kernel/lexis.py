"""What the text of a shell action says before it is run: quoting, volatile parameters, jobs, options."""

from __future__ import annotations

import re
from functools import lru_cache

SUGGESTION = re.compile(r"(: command not found)\. Did you mean: [^\n]*")
"""bashkit adds a suggestion that bash does not make; the first group stays."""

NO_TEXT = "the action is no text"
TOO_LONG = "the action is too long"
MAX_TEXT, MAX_WORD = 100_000, 20_000
"""Characters of an action, and of one word in it, that are still run."""
_HEREDOC = re.compile(r"(?<!<)<<(?!<)(-?)[ \t]*(\\|['\"])?([A-Za-z_]\w*)['\"]?")
_QUOTED = re.compile(r"\\.|'[^']*'|\"(?:\\.|[^\"\\])*\"|(?<![\w$\\])#[^\n]*", re.S)
_SINGLE = re.compile(r"(\\.)|'[^']*'|(\"(?:\\.|[^\"\\])*\")", re.S)

VOLATILE = re.compile(
    r"\$\{?[#!]?(RANDOM|SRANDOM|SECONDS|EPOCHSECONDS|EPOCHREALTIME|BASHPID|PPID|LINENO|BASH(?!_REMATCH\b)\w*|BASHOPTS|SHELLOPTS|"
    r"HISTCMD|HOSTTYPE|MACHTYPE|OSTYPE|COLUMNS|LINES|DIRSTACK|GROUPS|UID|EUID|SHLVL|_)\b|\$\{?[$!-](?![\w{])|\$_\b"
)
"""Parameters whose value a history does not determine, or that bashkit does not keep as bash does."""

_JOB = re.compile(r"(?<![&>|<;])&(?![&>])")
_AWKWARD = re.compile(
    r"(?:^|[\n;|&({!]|\b(?:do|then|else|if|while|until)\b)[ \t]*"
    r"(time|coproc|select|trap|history|jobs|fg|bg|wait|disown|ulimit|suspend|logout|hash|enable|help|"
    r"times|fc|bind|caller|complete|compgen|compopt|exec|set\s*(?=[|;>\n]|$))(?=$|[\s;|&)}])"
)
_COMMAND_V = re.compile(r"\bcommand\s+-[pvV]")
_TRACE = re.compile(r"\bset\s+-[a-zA-Z]*[xvnm]|\bset\s+-o\s+(xtrace|verbose|noexec|monitor)\b")
PIPEFAIL = re.compile(r"\bset\s+([-+])[a-z]*o\s+pipefail\b")
_HEAD = r"(?:^|[\n;|&({!]|\b(?:do|then|else|if|while|until)\b)[ \t]*"
_LISTING = re.compile(
    _HEAD + r"(?:(?:declare|typeset|export|readonly|local|alias|shopt|set|unalias|mapfile|readarray)\s*"
    r"(?:-[a-zA-Z]*p[a-zA-Z]*\s*|-o\s*)?(?=$|[|;&>\n)])"
    r"|(?:declare|typeset)\s+-[fF]+\s*(?=$|[|;&>\n)])|shopt\s+-[pq]|read\s+-[a-zA-Z]*[tesnNiu])"
)
_WORDS = re.compile(r"(?<![\w$./-])(?:RANDOM|SRANDOM|SECONDS|EPOCHSECONDS|EPOCHREALTIME|BASHPID|LINENO)(?![\w=])")
_TRACED = re.compile(r"\b(?:bash|sh)\s+(?:-\w*[xvn]|--\w)")
_RACE = re.compile(r"\bxargs\b[^|;&\n]*\|\s*(?:head|sed\s+\S*q|grep\s+-\w*[qm])")
"""xargs complains when its program is stopped by a closed pipe: whether it is, is a matter of time."""
_FIXED = re.compile(r"%[-+ 0]*\d*\.(\d+)f")
_DECIMAL = re.compile(r"(?<![\w.])\d+\.(\d+)(?![\w.])")
_WIDE = re.compile(r"%[-+ #0']*\d*\.?\d{5,}")
"""A width or precision in a format, larger than bashkit pads."""
_BRACES = re.compile(r"\{(-?\d{1,18})\.\.(-?\d{1,18})[^{}\s]{0,20}\}|\{[^{}\s]*,[^{}\s]*\}")
MAX_BRACES = 5_000
"""Words that braces in one word stand for; bashkit leaves longer lists unexpanded."""
_ODD = re.compile(r"\$\{\d\d+")
_FOLDED = re.compile(r"\[\[[^\n]{0,400}(/bin/|-nt|-ot|-ef|-[rwxOGNkugSpbc]\s)", re.S)


_DEFINED = re.compile(r"(?:^|[\n;&|({]|\bfunction\s)[ \t]*([\w.:-]+)[ \t]*\(\s*\)|\bfunction\s+([\w.:-]+)")


def functions(text: str) -> frozenset[str]:
    """The functions that an action defines."""
    return frozenset(a or b for a, b in _DEFINED.findall(unquoted(text)))


def calls(text: str, names: frozenset[str]) -> bool:
    """Whether an action mentions one of the functions ``names``."""
    return any(re.search(rf"(?<![\w.:-]){re.escape(name)}(?![\w.:-])", text) for name in names)


_NO_PROGRAM = re.compile(r"[A-Z][a-z']*|-.*|.*[^\w.+@:~-].*", re.S)
_BY_PATH = re.compile(r"(?<![\w./+~-])(?:~|\.{1,2}|[\w.+-]{0,255})/[\w./+-]{1,4096}")
_RUNS_FILE = re.compile(
    _HEAD + r"(?:\w+=[^\s;|&]*\s+)*(?:source|\.|(?:(?:/usr)?/bin/)?(?:ba)?sh)\s+"
    r"(?:-[abd-zA-Z]+\s+)*([^-\s;|&<>()][^\s;|&<>()]*)"
)


def no_program(name: str) -> bool:
    """Whether no program is called so: the first word of a sentence, an option, a word with odd characters."""
    return _NO_PROGRAM.fullmatch(name) is not None


def by_path(text: str) -> frozenset[str]:
    """The words of an action that may be programs called by a path."""
    return frozenset(_BY_PATH.findall(text[:MAX_TEXT])) if "/" in text else frozenset()


def runs_files(text: str) -> frozenset[str]:
    """The scripts that an action lets a shell run, itself or another one."""
    return frozenset(_RUNS_FILE.findall(unquoted(text)[:MAX_TEXT]))


def blank_heredocs(text: str, *, quoted_only: bool) -> str:
    """The text without the bodies of heredocs (those with a quoted word only, or all)."""
    if "<<" not in text:
        return text
    kept: list[str] = []
    waiting: list[tuple[str, bool]] = []
    for line in text.split("\n"):
        if waiting:
            word, blank = waiting[0]
            if line.lstrip("\t") == word:
                waiting.pop(0)
            elif not blank:
                kept.append(line)
            continue
        kept.append(line)
        waiting = [(match[3], not quoted_only or bool(match[2])) for match in _HEREDOC.finditer(line)]
    return "\n".join(kept)


@lru_cache(maxsize=64)  # several questions are asked about one action
def unquoted(text: str) -> str:
    """What stands outside quotes, comments and heredocs; every quoted part becomes one space-free mark."""
    return _QUOTED.sub(lambda m: "" if m[0].startswith("#") else "Q", blank_heredocs(text, quoted_only=False))


@lru_cache(maxsize=64)
def expanded(text: str) -> str:
    """What undergoes expansion: everything but single-quoted parts and quoted heredocs."""
    return _SINGLE.sub(lambda m: m[2] or ("E" if m[1] else "Q"), blank_heredocs(text, quoted_only=True))


def _half(text: str) -> bool:
    """Whether printf rounds a number that lies between two: bash computes with more digits than bashkit."""
    places = {int(digits) + 1 for digits in _FIXED.findall(text)}
    return any(digits.endswith("5") and len(digits) in places for digits in _DECIMAL.findall(text)) if places else False


def _multiplied(word: str) -> int:
    """How many words the braces of a word stand for."""
    count = 1
    for found in _BRACES.finditer(word):
        count *= found[0].count(",") + 1 if found[1] is None else abs(int(found[2]) - int(found[1])) + 1
        if count > MAX_BRACES:
            break
    return count


def asks_status(text: str) -> bool:
    """Whether the first command of an action reads the status of the action before."""
    head = re.split(r"[;|\n]|&&", expanded(text).lstrip(), maxsplit=1)[0]
    return "$?" in head or "${?}" in head or "PIPESTATUS" in head


def restless(text: str) -> bool:
    """Whether an action may show something else when it is repeated (jobs, traps, timing)."""
    bare = unquoted(text)
    return bool(_JOB.search(bare) or _AWKWARD.search(bare))


_NO_UNICODE = re.compile(r"[\ud800-\udfff]")


def is_unicode(text: str) -> bool:
    """Whether a text can be encoded: half of a surrogate pair can not."""
    return text.isascii() or _NO_UNICODE.search(text) is None


def is_text(text: str) -> bool:
    """Whether a text can be given to a program or be a path."""
    return "\0" not in text and is_unicode(text)


def awkward(text: str) -> str | None:
    """Why an action cannot be determined whatever the state is, or ``None``."""
    if not is_text(text):
        return NO_TEXT
    if len(text) > MAX_TEXT or any(len(word) > MAX_WORD for word in text.split()):
        return TOO_LONG
    bare = unquoted(text)
    if _JOB.search(bare):
        return "it starts a job in the background"
    found = _AWKWARD.search(bare)
    if found:
        return f"{found[1].strip()} depends on more than the history"
    if bare.rstrip().endswith(("|", "&&")):
        return "how the shell words a syntax error"
    if _COMMAND_V.search(bare):
        return "where a program lies is not known"
    if _TRACE.search(bare):
        return "it changes how the shell traces or ends"
    if _LISTING.search(bare):
        return "it lists the shell's own state"
    if "PIPESTATUS" in text and asks_status(text):
        return "the statuses of the pipeline before"
    if _TRACED.search(bare):
        return "how the shell traces"
    if _WORDS.search(bare) and "((" in bare:
        return "a parameter that the history does not determine"
    if re.match(r"\s*(break|continue)\b", bare):
        return "a loop outside the action"
    if "printf" in text and _half(text):
        return "how a half is rounded"
    if "printf" in text and _WIDE.search(text):
        return "a very wide printf"
    if "{" in bare and any(_multiplied(word) > MAX_BRACES for word in bare.split()):
        return "a long brace expansion"
    if _RACE.search(bare):
        return "which of two programs is faster"
    if _ODD.search(text):
        return "a parameter that bashkit reads in its own way"
    if _FOLDED.search(text):
        return "a file test that the history does not determine"
    volatile = VOLATILE.search(expanded(text))
    return f"{volatile[0]} is not determined by the history" if volatile else None
