"""What the words of an action say about what it reads and what it writes. Nothing is run and nothing is computed.

Two readers: of tool calls, by the verb in the tool's name, and of shell commands, by their programs. Both are
cautious: an action with a part that they do not know may change anything (``plain`` is false).
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from nextstate.domain import calls

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nextstate.types import Action

MAX_TEXT = 20_000
"""Characters of an action that are read; a longer one is not known."""


@dataclass(frozen=True, slots=True)
class Act:
    """What an action reads, writes and removes: paths, identifiers, ``$NAME`` for a variable, ``#noun`` for a kind."""

    program: str = ""
    """The tool or the first program, in lower case."""
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    removes: frozenset[str] = frozenset()
    plain: bool = False
    """Every part of it is known; else it may read and change anything."""
    here: bool = False
    """What it does depends on the working directory."""
    moves: bool = False
    """It changes the working directory."""
    follows: bool = False
    """What it shows depends on what was looked at before it, as where a number means one of the last results."""

    @property
    def looks(self) -> bool:
        """Whether it is known to change nothing."""
        return self.plain and not self.changes and not self.moves

    @property
    def changes(self) -> frozenset[str]:
        """What it writes or removes."""
        return self.writes | self.removes


UNKNOWN = Act()


def related(ours: Iterable[str], theirs: Iterable[str]) -> bool:
    """Whether something stands in both: the same name, or a path and a folder above it or its last part alone."""
    others = set(theirs)
    return any(one in others or any(_same_place(one, other) for other in others) for one in ours)


def _same_place(one: str, other: str) -> bool:
    if one[:1] in "$#" or other[:1] in "$#":
        return False
    if "." in (one, other):
        return True
    short, long = sorted((one.strip("/"), other.strip("/")), key=len)
    return bool(short) and (long.startswith(short + "/") or long.endswith("/" + short))


# Tool calls

_LOOKING = frozenset(
    "get read show view fetch describe lookup check display cat head tail diff stat status info inspect retrieve list "
    "find query browse grep tree search visit open crawl extract count summarize summarise calculate convert compute "
    "estimate glob ls pwd wc sort scrape".split()
)
_WRITING = frozenset(
    "create add insert new post book place upload make mkdir touch register append write put echo copy cp save store "
    "fund update set edit modify change rename move mv replace assign mark close lock unlock start stop activate "
    "fill press exchange transfer withdraw deposit pay apply merge pin restore reply comment send adjust return "
    "str_replace cancel".split()
)
_REMOVING = frozenset("delete remove rm rmdir drop clear purge destroy erase".split())
_RUNNING = frozenset("shell execute run command exec".split())
_ALSO_NOUNS = frozenset(
    "post book place new store fund mark lock exchange transfer deposit pin reply comment merge return copy command "
    "register".split()
)
_NOUNS_THAT_LOOK = frozenset("status info display head tail diff stat tree count".split())
_ADVANCES = frozenset(
    "next pop consume ack dequeue click tap scroll submit install charge buy sell subscribe login logout flush".split()
)
_FOLLOWS = frozenset("open find lookup extract browse".split())
_MANNERS = frozenset("method action operation op mode verb".split())
_METHODS = frozenset("put patch post delete".split())
_PROGRAMS = frozenset("command cmd code script javascript".split())
_QUERIES = frozenset(("sql", "statement"))
_QUERY = re.compile(r"(?:select|with|explain|show|describe)\b[^;]*", re.IGNORECASE)
_VIEWS = tuple("view read show find search list open".split())
_IN_OPEN_FILE = frozenset("search file".split())
_STATEMENT = re.compile(
    r"\b(?:(?:insert|replace|merge)\s+into|update\s+\S+\s+set|delete\s+from|truncate|drop\s+\w+|alter\s+\w+"
    r"|create\s+\w+|select\b[^;]{0,200}\binto\s|grant|call|exec(?:ute)?|mutation)\b",
    re.IGNORECASE | re.DOTALL,
)
_SHELLS = frozenset("sh bash zsh terminal".split())
_PIECES = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@lru_cache(maxsize=4096)
def of_call(action: Action) -> Act:
    """The act of a tool call, by the first word of its name that is a verb; not a call: nothing is known.

    A call that hands a ``command`` to a shell is read as that command; one whose ``command`` is a verb, as that verb.
    """
    call = calls.call_of(action) if len(action) <= MAX_TEXT else None
    if call is None:
        return UNKNOWN
    words = [piece.lower() for piece in _PIECES.findall(call.name.rsplit(".", 1)[-1][:200])]
    command = call.arguments.get("command", call.arguments.get("cmd"))
    if isinstance(command, str) and (_SHELLS | _RUNNING) & set(words):
        return of_command(command)
    if isinstance(command, str) and command in _LOOKING | _WRITING | {"view"}:
        words = [command]
    things = frozenset(_scalars(call.arguments)) | {f"#{word.rstrip('s')}" for word in words if _is_noun(word)}
    verb = next((word for word in words if word in _LOOKING | _WRITING | _REMOVING), "")
    if verb in _LOOKING:
        plain = not _writes_too(words, verb, call.arguments)
        return Act(call.name.lower(), reads=things, plain=plain, follows=_follows(words, verb, things))
    if verb in _WRITING:
        return Act(call.name.lower(), reads=things, writes=things, plain=True)
    if verb in _REMOVING:
        return Act(call.name.lower(), reads=things, removes=things, plain=True)
    return Act(call.name.lower(), reads=things)


def _writes_too(words: list[str], verb: str, arguments: Mapping[str, Any]) -> bool:
    """Whether a call whose first verb is one of looking may change something all the same.

    By further verbs in its name (``find_or_create_user``), by what an argument is called (``mark_read: true``) or by
    what one holds: a method (``DELETE``), a statement of a query language, a program.
    """
    changing = _WRITING | _REMOVING | _RUNNING
    if (changing - _ALSO_NOUNS | _ADVANCES | {"and", "then"}) & set(words):
        return True
    if changing & set(words) and (verb in _NOUNS_THAT_LOOK or "or" in words):
        return True
    if verb == "check" and {"in", "out"} & set(words[words.index("check") + 1 :][:1]):
        return True
    if verb == "open" and not any(text.isdigit() or "/" in text for text in _scalars(arguments)):
        return True
    return _asks_for_more(arguments)


def _asks_for_more(arguments: Mapping[str, Any], depth: int = 0) -> bool:
    changing = _WRITING | _REMOVING | _RUNNING | _ADVANCES
    for name, value in arguments.items():
        pieces = [piece.lower() for piece in _PIECES.findall(name[:200])]
        last = pieces[-1] if pieces else ""
        if (last in _PROGRAMS and value not in _VIEWS) or (changing & set(pieces) and (value is True or value == 1)):
            return True
        if isinstance(value, dict) and (depth > 6 or _asks_for_more(value, depth + 1)):
            return True
        if isinstance(value, str) and last in _MANNERS and value.lower() in changing | _METHODS:
            return True
        if isinstance(value, str) and last in _QUERIES and not _QUERY.fullmatch(value.strip().rstrip("; \n")):
            return True
    return any(_STATEMENT.search(text) for text in _texts(arguments))


def _follows(words: list[str], verb: str, things: frozenset[str]) -> bool:
    """Whether a looking call seems to go on from the one before it: it opens or finds something that has no place."""
    placed = any("/" in thing for thing in things)
    return not placed and (verb in _FOLLOWS or set(words) >= _IN_OPEN_FILE)


def _texts(value: Any, depth: int = 0) -> list[str]:
    """The strings in the arguments of a call, also the long ones."""
    if depth > 6 or isinstance(value, int | float | None):
        return []
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value
    return [text for one in inner for text in _texts(one, depth + 1)]


def command_of(action: Action) -> str | None:
    """The shell command that an action is or hands to a shell; ``None`` for keystrokes and for other calls."""
    if not action.lstrip().startswith(("{", "[")):
        return action
    call = calls.call_of(action) if len(action) <= MAX_TEXT else None
    command = call.arguments.get("command") if call is not None else None
    words = {piece.lower() for piece in _PIECES.findall(call.name)} if call is not None else set()
    return command if isinstance(command, str) and (_SHELLS | _RUNNING) & words else None


def with_command(action: Action, command: str) -> Action:
    """The action with another shell command, in the form of one that :func:`command_of` reads."""
    call = calls.call_of(action) if action.lstrip().startswith("{") else None
    return command if call is None else calls.render(call.name, {**call.arguments, "command": command})


def _is_noun(word: str) -> bool:
    return len(word) > 2 and word not in _LOOKING | _WRITING | _REMOVING | _RUNNING


def _scalars(value: Any, depth: int = 0) -> list[str]:
    if depth > 6:
        return []
    if isinstance(value, dict):
        return [text for one in list(value.values())[:50] for text in _scalars(one, depth + 1)]
    if isinstance(value, list):
        return [text for one in value[:50] for text in _scalars(one, depth + 1)]
    if isinstance(value, bool) or value is None:
        return []
    text = str(value)
    return [text.rstrip("/") or text] if 0 < len(text) <= 200 else []


# Shell commands

_READERS = frozenset(
    "cat head tail less more ls find grep egrep fgrep rg wc sort uniq cut awk gawk diff cmp stat file du tree nl od "
    "xxd hexdump md5sum sha1sum sha256sum pwd echo printf env printenv which type test [ [[ basename dirname realpath "
    "readlink date whoami id uname jq tac rev tr paste comm join column strings true false seq expr bc hostname groups "
    "df ps cd fold expand numfmt base64 cksum sum".split()
)
_MAKERS = frozenset("touch mkdir cp ln chmod chown tee truncate install mkfifo".split())
_REMOVERS = frozenset(("rm", "rmdir", "unlink"))
_GIT_READERS = frozenset("log show diff status ls-files blame rev-parse cat-file shortlog describe grep reflog".split())
_TAKES_PROGRAMS = frozenset("awk gawk env find sort uniq xxd date hostname tree rg cd printf".split())
"""Readers that some options or operands let write or run something; :func:`_also_writes` knows which."""
_EXPANDS = re.compile(r"\$\{\w+:?=|\$\[|^\+?!+[\w$^*?-]|^[<>]?\(|^\)|^<>")
"""Words that change a variable or a file, repeat a line of the history, or start a subshell or a function."""
_STEERS = re.compile(r"\$(?:PATH|ENV|BASH_.*|LD_.*|GIT_.*|.*PAGER|.*OPEN|.*OPTIONS)")
"""Variables that make a program start others."""
_SED_FILES = re.compile(r"-[nErszua]*[if]|--in-place|--file")
_SED_WRITES = re.compile(r"(?:^|[\s;{}/\dIgp,$!])[weWE](?:\s|$)|s(\W).*\1.*\1\w*[ewE]")
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)\+?=(.*)", re.DOTALL)
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")
_ENDS = frozenset((";", "&&", "||", "|", "&", "|&", "\n", ";;"))
_BLANK_TARGETS = frozenset(("/dev/null", "&1", "&2", "1", "2", "-"))


@lru_cache(maxsize=4096)
def of_command(text: Action) -> Act:
    """The act of a shell command or of several; a program that is not known makes the whole unknown."""
    words = _words(text)
    if not words:
        return UNKNOWN
    parts = [_simple(part) for part in _split(words)]
    return Act(
        program=parts[0].program,
        reads=frozenset().union(*(part.reads for part in parts)),
        writes=frozenset().union(*(part.writes for part in parts)),
        removes=frozenset().union(*(part.removes for part in parts)),
        plain=all(part.plain for part in parts),
        here=any(part.here for part in parts),
        moves=any(part.moves for part in parts),
    )


def _words(text: str) -> list[str]:
    if len(text) > MAX_TEXT or "$(" in text or "`" in text:
        return []
    lexer = shlex.shlex(_without_heredocs(text).replace("\\\n", " "), posix=True, punctuation_chars=True)
    lexer.whitespace = " \t\r"
    lexer.wordchars += "~*?[]{}$%:@!,^=+\\#\n"
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:
        return []
    return [piece for word in words for piece in _by_lines(word)]


def _by_lines(word: str) -> list[str]:
    """A word that swallowed the end of a line, cut there; a quoted text with line ends is cut too, out of caution."""
    pieces = re.split(r"(\n)", word)
    return [piece for piece in pieces if piece]


def _without_heredocs(text: str) -> str:
    found = _HEREDOC.search(text)
    for _ in range(20):
        if found is None:
            return text
        line_end = text.find("\n", found.end())
        if line_end < 0:
            return text
        close = re.search(rf"^[ \t]*{re.escape(found[2])}[ \t]*$", text[line_end + 1 :], re.MULTILINE)
        rest = text[line_end + 1 + close.end() :] if close else ""
        text = text[: found.start()] + text[found.end() : line_end] + rest
        found = _HEREDOC.search(text)
    return text


def _split(words: list[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for word in words:
        if word in _ENDS:
            parts.append([])
        else:
            parts[-1].append(word)
    return [part for part in parts if part] or [[]]


def _simple(words: list[str]) -> Act:
    """The act of one program with its operands and redirections."""
    words, written, read = _redirected(words)
    named: set[str] = set()
    while words and (assigned := _ASSIGNED.fullmatch(words[0])):
        named.add(f"${assigned[1]}")
        words = words[1:]
    used = {f"${name}" for word in words for name in _VARIABLE.findall(word)}
    if not words:
        return Act("=", frozenset(used), frozenset(named | written), plain=True)
    program, operands = words[0], [_place(word) for word in words[1:] if not word.startswith("-")]
    if any(map(_STEERS.fullmatch, named)):
        return Act(program, frozenset(used | read), frozenset(written), here=True)
    here = not operands or any(not one.startswith(("/", "~", "$")) for one in operands)
    return _act(program, words, operands, frozenset(used | read), frozenset(written), here)


def _act(
    program: str, words: list[str], operands: list[str], used: frozenset[str], written: frozenset[str], here: bool
) -> Act:
    paths = frozenset(operands)
    if program in ("cd", "pushd", "popd"):
        return Act(program, used, paths | written, plain=True, moves=True)
    if program in ("export", "declare", "local", "readonly", "unset"):
        names = {f"${found[1]}" if (found := _ASSIGNED.fullmatch(one)) else f"${one}" for one in operands}
        return Act(program, used, frozenset(names) | written, plain=True)
    if program in _REMOVERS:
        return Act(program, used, written, paths, plain=True, here=here)
    if program == "mv":
        return Act(program, used, written | frozenset(operands[-1:]), frozenset(operands[:-1]), plain=True, here=here)
    if program in _MAKERS or (program == "sed" and any(word.startswith(("-i", "--in-place")) for word in words)):
        return Act(program, used | paths, paths | written, plain=True, here=here)
    looks = (
        program in _READERS or program == "sed" or (program == "git" and operands[:1] and operands[0] in _GIT_READERS)
    )
    if program == "xargs":
        looks = next((one for one in operands if one.isalpha()), "") in _READERS - _TAKES_PROGRAMS and "-I" not in {
            word[:2] for word in words
        }
    if not looks or _also_writes(program, words, operands) or any(map(_EXPANDS.search, words)):
        return Act(program, used | paths, paths | written, here=True)
    listed = frozenset() if operands or program not in ("ls", "find", "tree", "du") else frozenset((".",))
    return Act(program, used | paths | listed, written, plain=True, here=here)


def _also_writes(program: str, words: list[str], operands: list[str]) -> bool:
    """Whether a program that reads is told to write, to set or to start something."""
    options = [word for word in words[1:] if word.startswith("-")]
    match program:
        case "sort" | "tree":
            return any(re.match(r"-[A-Za-z]*o|--output", one) for one in options)
        case "sed":
            scripts = (
                words[1:]
                if any(one[:2] in ("-e", "--") for one in options)
                else [word for word in words[1:] if word[:1] != "-"][:1]
            )
            return any(map(_SED_FILES.match, options)) or any(
                len(one) > 200 or _SED_WRITES.search(one) for one in scripts
            )
        case "awk" | "gawk":
            return any(re.search(r">|\||system|getline|close|fflush|@", one) for one in words[1:]) or any(
                one[:2] in ("-f", "-i", "-l", "--") for one in options
            )
        case "find":
            writing = any(one.startswith(("-delete", "-fprint", "-fls")) for one in options)
            return writing or any(word not in _READERS - _TAKES_PROGRAMS for word in _started_by(words))
        case "env":
            return bool(operands)
        case "date" | "hostname":
            shows = any(one.startswith(("-d", "--date", "-r", "--ref")) for one in options)
            sets = any(re.match(r"-[a-zA-Z]*s|--set|-[Fb]", one) for one in options)
            return sets or (not shows and any(not one.startswith("+") for one in operands))
        case "git":
            return any(one.startswith(("--output", "-O", "--open", "--ext")) for one in options) or operands[:2] in (
                ["reflog", "delete"],
                ["reflog", "expire"],
            )
        case "xxd" | "uniq":
            return len(operands) > 1 or any("r" in one for one in options if program == "xxd")
        case "printf":
            return "-v" in options
        case "rg":
            return any(one.startswith("--pre") for one in options)
    return False


def _started_by(words: list[str]) -> list[str]:
    """The programs that ``find`` starts."""
    return [word for before, word in pairwise(words) if before in ("-exec", "-execdir", "-ok", "-okdir")]


def _redirected(words: list[str]) -> tuple[list[str], set[str], set[str]]:
    """The words without redirections, the files written by these and those read."""
    kept: list[str] = []
    written: set[str] = set()
    read: set[str] = set()
    waiting: set[str] | None = None
    for word in words:
        if waiting is not None:
            if word not in _BLANK_TARGETS:
                waiting.add(_place(word))
            waiting = None
        elif word.startswith((">", "&>")):
            if kept and kept[-1] in ("1", "2"):
                kept.pop()
            waiting = written
        elif word == "<":
            waiting = read
        else:
            kept.append(word)
    return kept, written, read


def _place(word: str) -> str:
    while word.startswith("./") and len(word) > 2:
        word = word[2:]
    return word.rstrip("/") or word
