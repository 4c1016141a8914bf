"""``sqlite3``: the real engine, on databases that lie in the tree."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.python.objects import Builtin
from nextstate.domains.terminal.kernel.tools.sqlite.engine import Engine

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.machine import Machine

_CHANGES = ("insert", "update", "delete", "replace")
_ERRORS = (
    "Error Warning DatabaseError IntegrityError OperationalError ProgrammingError InterfaceError DataError "
    "InternalError NotSupportedError"
).split()


class Connection:
    """An open database. A change opens a transaction, as in Python before 3.12 and by default after."""

    def __init__(self, machine: Machine, engine: Engine) -> None:
        self.machine_, self.engine_ = machine, engine
        self.row_factory: Any = None
        self.closed_ = False

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        (self.commit if kind is None else self.rollback)()

    def cursor(self) -> Cursor:
        self._open()
        return Cursor(self)

    def execute(self, sql: str, values: Any = ()) -> Cursor:
        return self.cursor().execute(sql, values)

    def executemany(self, sql: str, rows: Any) -> Cursor:
        return self.cursor().executemany(sql, rows)

    def executescript(self, script: str) -> Cursor:
        return self.cursor().executescript(script)

    def commit(self) -> None:
        self._open()
        if self.engine_.db.in_transaction:
            self.engine_.db.execute("COMMIT")
        self.engine_.check()

    def rollback(self) -> None:
        self._open()
        if self.engine_.db.in_transaction:
            self.engine_.db.execute("ROLLBACK")

    def close(self) -> None:
        if not self.closed_:
            self.closed_ = True
            self.engine_.save()
            self.engine_.close()

    @property
    def in_transaction(self) -> bool:
        return self.engine_.db.in_transaction

    @property
    def total_changes(self) -> int:
        return self.engine_.db.total_changes

    def _open(self) -> None:
        if self.closed_:
            raise sqlite3.ProgrammingError("Cannot operate on a closed database.")


class Cursor:
    """What a statement gives."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.rows_: Iterator[Any] = iter(())
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    def execute(self, sql: str, values: Any = ()) -> Cursor:
        self.connection._open()
        if not isinstance(sql, str):
            raise TypeError(f"execute() argument 1 must be str, not {type(sql).__name__}")
        change = sql.lstrip().lower().startswith(_CHANGES)
        engine = self.connection.engine_
        if change and not engine.db.in_transaction:
            engine.db.execute("BEGIN")
        found = engine.execute(sql, _values(values))
        self._keep(found, change)
        return self

    def executemany(self, sql: str, rows: Any) -> Cursor:
        total = 0
        for row in self.connection.machine_.walk(rows):
            self.execute(sql, row)
            total += max(0, self.rowcount)
        self.rowcount = total
        return self

    def executescript(self, script: str) -> Cursor:
        from nextstate.domains.terminal.kernel.tools.sqlite.shell import first_statement, is_empty

        self.connection.commit()
        rest = script
        while rest.strip():
            statement, rest = first_statement(rest)
            if not is_empty(statement):
                self.connection.engine_.execute(statement).fetchall()
        self.connection.engine_.check()
        return self

    def _keep(self, found: sqlite3.Cursor, change: bool) -> None:
        self.description = found.description
        if found.description is None or change:
            rows = found.fetchall()
        else:
            rows = found.fetchmany(100_001)
        self.connection.engine_.check()
        if len(rows) > 100_000:
            raise Undetermined("a query with many rows")
        self.rowcount = found.rowcount if change else -1
        if change:
            self.lastrowid = found.lastrowid
        names = tuple(column[0] for column in found.description or ())
        factory = self.connection.row_factory
        made = [self._made(factory, names, row) for row in rows]
        self.rows_ = iter(made)

    def _made(self, factory: Any, names: tuple[str, ...], row: Any) -> Any:
        if factory is None:
            return row
        if factory is Row:
            return Row(names, row)
        return self.connection.machine_.call(factory, (self, row))

    def fetchone(self) -> Any:
        return next(self.rows_, None)

    def fetchall(self) -> list[Any]:
        return list(self.rows_)

    def fetchmany(self, size: int = 1) -> list[Any]:
        return [row for row, _ in zip(self.rows_, range(size), strict=False)]

    def close(self) -> None:
        self.rows_ = iter(())

    def __iter__(self) -> Iterator[Any]:
        return self.rows_

    def __next__(self) -> Any:
        return next(self.rows_)


class Row:
    """A row whose values have names."""

    __slots__ = ("names_", "values_")

    def __init__(self, names: tuple[str, ...], values: tuple[Any, ...]) -> None:
        self.names_, self.values_ = names, values

    def keys(self) -> list[str]:
        return list(self.names_)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            for name, value in zip(self.names_, self.values_, strict=True):
                if name.lower() == key.lower():
                    return value
            raise IndexError("No item with that key")
        return self.values_[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values_)

    def __len__(self) -> int:
        return len(self.values_)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Row) and (self.names_, self.values_) == (other.names_, other.values_)

    __hash__ = None  # type: ignore[assignment]


def _values(values: Any) -> Any:
    kinds = (int, float, str, bytes, type(None))
    given = values.values() if isinstance(values, dict) else values
    if not isinstance(values, dict | list | tuple) or any(
        type(value) not in kinds and type(value) is not bool for value in given
    ):
        raise Undetermined("how a value is stored")
    return values


def install(machine: Machine) -> dict[str, Any]:
    """The module ``sqlite3``."""
    if not machine.exact:
        raise Undetermined("the module sqlite3 of this version")

    def connect(database: Any, *args: Any, **options: Any) -> Connection:
        if args or options.keys() - {"timeout", "check_same_thread"}:
            raise Undetermined("options of a database")
        memory = database == ":memory:"
        try:
            engine = Engine(machine.world.call, "" if memory else machine.world.path(database))
        except FsError:
            raise sqlite3.OperationalError("unable to open database file") from None
        machine.cleanup.append(lambda: engine.db.close())
        made = Connection(machine, engine)
        if not memory and machine.world.call.tree.lookup(engine.path) is None:
            machine.world.call.tree.write(engine.path, b"", mode=0o644 & ~machine.world.call.umask)
        machine.endings.append(made.close)
        return made

    for kind in (Connection, Cursor, Row):
        kind.__module__ = "sqlite3"
    machine.let_in |= {Connection, Cursor, Row}
    machine.natives |= {Connection, Cursor, Row}
    machine.settable.add(Connection)
    errors = {name: getattr(sqlite3, name) for name in _ERRORS}
    machine.let_in |= set(errors.values())
    machine.natives |= set(errors.values())
    return {"connect": Builtin("connect", connect), "Row": Row, "Connection": Connection, "Cursor": Cursor, **errors}
