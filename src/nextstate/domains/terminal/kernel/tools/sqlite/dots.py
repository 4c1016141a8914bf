"""The commands of the program that begin with a dot."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

from nextstate.domains.terminal.kernel.files import FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.sqlite.modes import identifier, literal

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.sqlite.shell import Shell

_WORD = re.compile(r"\s*(?:'([^']*)'|\"((?:[^\"\\]|\\.)*)\"|(\S+))")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'"}
MODES = "ascii box column csv html insert json line list markdown qbox quote table tabs tcl"
_SEPARATORS = {
    "csv": (",", "\r\n"), "tabs": ("\t", None), "list": ("|", "\n"), "column": (None, "\n"), "line": (None, "\n"),
    "quote": (",", "\n"), "ascii": ("\x1f", "\x1e"),
}  # fmt: skip


def words_of(line: str) -> list[str]:
    """The words of a command; quotes keep spaces, and double quotes know backslashes."""
    words = []
    for single, double, bare in _WORD.findall(line):
        if double:
            words.append(re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1]) or _odd(m[1]), double))
        else:
            words.append(single or bare)
    return words


def _odd(letter: str) -> str:
    raise Undetermined(f"a backslash before {letter}")


def command(shell: Shell, line: str) -> int:
    """Runs one command: 0 is well, 1 an error, 2 the wish to leave."""
    words = words_of(line[1:])
    if not words:
        return 0
    name = words[0]
    found = [known for known in COMMANDS if known == name] or [
        known for known in COMMANDS if known.startswith(name) and len(name) >= 3
    ]
    if not found and not any(known.startswith(name) for known in ALL.split()):
        shell.known()
        shell.warn(f'Error: unknown command or invalid arguments:  "{name}". Enter ".help" for help\n')
        return 1
    if len(found) != 1 or (found[0] != name and name not in _SHORT):
        raise Undetermined(f"the command .{name}")
    return COMMANDS[found[0]](shell, words[1:])


ALL = """archive auth backup bail binary cd changes check clone connection databases dbconfig dbinfo dump echo eqp
    excel exit expert explain filectrl fullschema headers help import imposter indexes indices iotrace limit lint load
    log mode nonce nullvalue once open output parameter print progress prompt quit read recover restore save scanstats
    schema selecttrace selftest separator session sha3sum shell show stats system tables testcase testctrl timeout timer
    trace unmodule version vfsinfo vfslist vfsname wheretrace width"""
"""All commands of the program."""
_SHORT = frozenset("header head table index sep exit quit schem".split())


def _leave(shell: Shell, args: list[str]) -> int:
    if args and args[0] != "0":
        raise Undetermined("an exit status of its own")
    return 2


def _flag(args: list[str]) -> bool | None:
    value = args[0].lower() if len(args) == 1 else ""
    return True if value in ("on", "yes", "1") else False if value in ("off", "no", "0") else None


def _headers(shell: Shell, args: list[str]) -> int:
    value = _flag(args)
    if value is None:
        if args:
            raise Undetermined("an odd setting")
        shell.known()
        shell.warn("Usage: .headers on|off\n")
        return 1
    shell.style.headers, shell.style.headers_set = value, True
    return 0


def _setting(name: str) -> Callable[[Shell, list[str]], int]:
    def change(shell: Shell, args: list[str]) -> int:
        value = _flag(args)
        if value is None:
            raise Undetermined("an odd setting")
        setattr(shell, name, value)
        return 0

    return change


def set_mode(shell: Shell, mode: str, table: str = "table") -> None:
    """What ``.mode`` does to the style."""
    style = shell.style
    column, row = _SEPARATORS.get(mode, (None, None))
    style.mode, style.table = mode, table
    style.column = style.column if column is None else column
    style.row = style.row if row is None else row
    if mode == "column" and not style.headers_set:
        style.headers = True


def _mode(shell: Shell, args: list[str]) -> int:
    if not args:
        raise Undetermined("how the mode is shown")
    mode = {"lines": "line", "columns": "column"}.get(args[0], args[0])
    if mode not in MODES.split():
        shell.known()
        shell.warn(f"Error: mode should be one of: {MODES}\n")
        return 1
    if mode in ("tcl", "qbox") or (len(args) > 1 and mode != "insert"):
        raise Undetermined(f"the mode {args}")
    set_mode(shell, mode, args[1] if len(args) > 1 else "table")
    return 0


def _separator(shell: Shell, args: list[str]) -> int:
    if not 1 <= len(args) <= 2:
        raise Undetermined("how a mistake is worded")
    shell.style.column = args[0]
    if len(args) == 2:
        shell.style.row = args[1]
    return 0


def _null(shell: Shell, args: list[str]) -> int:
    if len(args) != 1:
        raise Undetermined("how a mistake is worded")
    shell.style.null = args[0]
    return 0


def _print(shell: Shell, args: list[str]) -> int:
    shell.say(" ".join(args) + "\n")
    return 0


def _names(query: str) -> Callable[[Shell, list[str]], int]:
    """``.tables`` and ``.indexes``: names in columns."""

    def show(shell: Shell, args: list[str]) -> int:
        if len(args) > 1:
            raise Undetermined("how a mistake is worded")
        try:
            rows = shell.engine.plain(query, (args[0] if args else "%",))
        except sqlite3.DatabaseError as error:
            shell.known()
            shell.warn(f"Error: {error}\n")
            return 1
        names = [str(row[0]) for row in rows]
        if any(not name.isascii() for name in names):
            raise Undetermined("the width of a name")
        width = max(map(len, names), default=0)
        columns = max(1, 80 // (width + 2))
        height = (len(names) + columns - 1) // columns
        for at in range(height):
            shell.say("  ".join(name.ljust(width) for name in names[at::height]) + "\n")
        return 0

    return show


def _ask(shell: Shell, query: str, values: tuple[str, ...] = ()) -> list[tuple[object, ...]]:
    try:
        return shell.engine.plain(query, values)
    except sqlite3.DatabaseError:
        raise Undetermined("a file that is no database") from None


_PLAIN = re.compile(r"\w+\Z")
_VIRTUAL = ("sqlite_", "json_", "pragma_", "dbstat", "generate_series")
"""What the names of tables begin with that only the program has."""


def _schema(shell: Shell, args: list[str]) -> int:
    if len(args) > 1 or any(not _PLAIN.match(arg) or arg.lower().startswith(_VIRTUAL) for arg in args):
        raise Undetermined("options of .schema")
    query = "select type, name, sql from sqlite_schema where sql is not null"
    rows = _ask(shell, query + " order by rowid") if not args else _ask(
        shell, query + " and lower(tbl_name) like ? order by rowid", (args[0].lower(),)
    )  # fmt: skip
    for kind, name, sql in rows:
        text = str(sql)
        if re.match(r"CREATE TABLE ['\"]", text):
            text = "CREATE TABLE IF NOT EXISTS " + text[13:]
        if kind == "view" or text.startswith("CREATE VIRTUAL"):
            text += _columns_of(shell, str(name))
        if "--" in text or (";" in text and kind == "table"):
            raise Undetermined("a definition with comments")
        shell.say(f"{text};\n")
    return 0


def _columns_of(shell: Shell, name: str) -> str:
    columns = _ask(shell, "select name from pragma_table_info(?)", (name,))
    names = [identifier(str(column[0])) for column in columns]
    return f"\n/* {identifier(name)}({','.join(names)}) */"


def _dump(shell: Shell, args: list[str]) -> int:
    if args:
        raise Undetermined("the dump of some tables")
    shell.say("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n")
    tables = _ask(
        shell, "select name, sql from sqlite_schema where type = 'table' and sql not null"
        " order by tbl_name = 'sqlite_sequence', rowid",
    )  # fmt: skip
    for name, sql in tables:
        _dump_table(shell, str(name), str(sql))
    for (sql,) in _ask(
        shell,
        "select sql from sqlite_schema where sql not null and type in ('index', 'trigger', 'view') order by rowid",
    ):
        shell.say(f"{sql};\n")
    shell.say("COMMIT;\n")
    return 0


def _dump_table(shell: Shell, name: str, sql: str) -> None:
    if name == "sqlite_sequence":
        shell.say("DELETE FROM sqlite_sequence;\n")
    elif name.startswith("sqlite_") or sql.startswith("CREATE VIRTUAL") or "--" in sql:
        raise Undetermined("the dump of an unusual table")
    elif re.match(r"CREATE TABLE ['\"]", sql):
        shell.say(f"CREATE TABLE IF NOT EXISTS {sql[13:]};\n")
    else:
        shell.say(f"{sql};\n")
    if any(row[0] for row in _ask(shell, "select hidden from pragma_table_xinfo(?)", (name,))):
        raise Undetermined("the dump of generated columns")
    if re.search(r"without\s+rowid", sql, re.I):
        raise Undetermined("the order of a dump")
    for row in _ask(shell, f'select * from "{name.replace(chr(34), chr(34) * 2)}"'):
        values = ",".join(literal(shell.style, value) for value in row)
        shell.say(f"INSERT INTO {identifier(name)} VALUES({values});\n")


def _read(shell: Shell, args: list[str]) -> int:
    if len(args) != 1 or args[0].startswith("|"):
        raise Undetermined("what is read")
    try:
        text = shell.call.read_text(args[0])
    except FsError:
        shell.known()
        shell.warn(f'Error: cannot open "{args[0]}"\n')
        return 1
    return int(shell.read(text) > 0)


def _output(shell: Shell, args: list[str]) -> int:
    if len(args) > 1 or (args and args[0][:1] in "|-"):
        raise Undetermined("where output goes")
    shell.target, shell.once = "", False
    if args and args[0] not in ("stdout", "off"):
        shell.target = shell.call.path(args[0])
        shell.call.tree.write(shell.target, b"", mode=0o666 & ~shell.call.umask)
    return 0


def _once(shell: Shell, args: list[str]) -> int:
    if len(args) != 1:
        raise Undetermined("where output goes")
    code = _output(shell, args)
    shell.once = True
    return code


def _databases(shell: Shell, args: list[str]) -> int:
    if not shell.engine.path:
        shell.say('main: "" r/w\n')
    else:
        shell.say(f"main: {shell.call.tree.resolve(shell.engine.path)} r/w\n")
    return 0


def _import(shell: Shell, args: list[str]) -> int:
    from nextstate.domains.terminal.kernel.tools.sqlite.imports import import_file

    return import_file(shell, args)


_TABLES = """select name from sqlite_schema where type in ('table', 'view') and name not like 'sqlite_%'
    and name like ? order by 1"""
_INDEXES = "select name from sqlite_schema where type = 'index' and tbl_name like ? order by 1"

COMMANDS: dict[str, Callable[[Shell, list[str]], int]] = {
    "tables": _names(_TABLES), "indexes": _names(_INDEXES), "indices": _names(_INDEXES), "schema": _schema,
    "headers": _headers, "mode": _mode, "separator": _separator, "nullvalue": _null, "print": _print, "dump": _dump,
    "quit": _leave, "exit": _leave, "read": _read, "output": _output, "once": _once, "databases": _databases,
    "import": _import, "bail": _setting("bail"), "echo": _setting("echo"),
}  # fmt: skip
