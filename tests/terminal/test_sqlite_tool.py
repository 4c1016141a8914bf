"""``sqlite3`` as the kernel computes it, against the real one: rows in all modes, errors, and what stays in files."""

from __future__ import annotations

import shlex
import shutil
import sqlite3 as python_sqlite
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from nextstate.domains.terminal.kernel.files import Files, Tree, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.sqlite import sqlite3

HERE = Path(__file__).parent
ENV = {"PATH": "/usr/bin:/bin", "HOME": "/nohome", "LANG": "C.UTF-8"}
FILES = {
    "d.csv": 'a,b\n1,x y\n2,"q, z"\n',
    "people.csv": "id,name,age\n1,Ann,30\n2,Bob,25\n3,Cid,\n",
    "s.sql": "create table s(a);\ninsert into s values(1),(2);\nselect sum(a) from s;\n",
}
SHOP = """CREATE TABLE products (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    price REAL CHECK(price > 0),
    category TEXT DEFAULT 'misc',
    in_stock BOOLEAN DEFAULT 1
);
CREATE TABLE sales (
    id INTEGER PRIMARY KEY AUTOINCREMENT, product_id INTEGER REFERENCES products(id), qty INT, sold_on TEXT);
CREATE UNIQUE INDEX idx_name ON products(name);
CREATE VIEW revenue AS SELECT p.name AS product, SUM(s.qty * p.price) AS total FROM products p
    JOIN sales s ON s.product_id = p.id GROUP BY p.id;
INSERT INTO products (name, price, category) VALUES ('Widget', 9.99, 'tools'), ('Gadget', 24.5, 'toys'),
    ('Bolt', 0.25, 'tools'), ('Ball', 5, 'toys'), ('Spare part', 1e3, NULL);
INSERT INTO sales (product_id, qty, sold_on) VALUES (1, 3, '2024-01-05'), (2, 1, '2024-01-06'),
    (3, 100, '2024-02-01'), (1, 2, '2024-02-10');
"""
USERS = """create table users(
    id integer primary key autoincrement, name text not null, email text unique, age int default 3);
create table orders(id integer primary key, uid int references users(id), total real check(total>=0));
create index ix on orders(uid); create view v as select name from users;
create trigger tr after insert on users begin update users set age=age+1 where id=new.id; end;
insert into users(name,email) values('Ann','a@x'),('Bob','b@x');
insert into orders values(1,1,9.5),(2,1,20),(3,2,5);
"""
STYLES = """-header|-csv|-csv -header|-column|-column -header|-line|-json|-box|-table|-markdown|-html|-quote|-tabs|
-list -separator ', '|-nullvalue NULL|-batch|-bail|-html -header|-ascii|-separator ,|-quote -header|
-line -nullvalue '(null)'"""
SHOWN = (
    "select * from users",
    "select id, name, null as n, 1.5 as f, 'a b' as t from users",
    "select 1 where 0",
    "select * from orders; select 2 as x",
)
SESSIONS = (
    ("x.db 'select 1'", "x.db 'create table t(a)'", "x.db .tables", "x.db 'insert into t values(1)'",
     "x.db 'select * from t'"),
    ("n.db ''",), ("n.db",), ("nodir/x.db 'select 1'",), (":memory: 'select 1+1'",),
    ("i.db '.import --csv people.csv p' 'select count(*), avg(age) from p'", "i.db .dump",
     "-json i.db 'select * from p'"),
    ("i.db 'create table p(id int, n text, a int)' '.import --csv --skip 1 people.csv p' 'select sum(a) from p'",),
    ("r.db '.read s.sql'", "r.db 'select * from s'", "r.db '.read nofile'"),
    ("g.db 'create table t(a); insert into t values(1)'", "g.db 'drop table t'", "g.db .tables", "g.db 'drop table t'"),
    ("s.sql 'select * from x'",), ("s.sql .tables",), ("-cmd '.headers on' h.db 'select 1 as x'",),
    ("h.db 'select 1' '.headers on' 'select 2 as y'",), ("h.db 'begin; create table t(a)'", "h.db .tables"),
    ("'my db.sqlite' 'create table t(x)'", "'my db.sqlite' .tables"), ("./sub/x.db 'select 1'",),
    ("h.db 'create table a(id integer primary key, who text, sum real)'",
     "h.db \"insert into a(who, sum) values('x', 100)\"",
     "h.db 'begin; update a set sum = sum - 30; commit; select * from a'", "-header -column h.db 'select * from a'"),
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """Programs that run one after the other in one folder: arguments and input. ``base``: a database that is there."""

    runs: tuple[tuple[str, str], ...]
    base: str = ""


def cases() -> Iterable[Case]:
    for base, name in (("shop.db", "sqlite_queries.txt"), ("a.db", "sqlite_more_queries.txt")):
        for number, query in enumerate((HERE / name).read_text().splitlines()):
            option = ("", "-header -column ", "-csv ")[number % 3]
            if number % 2:
                yield Case(((f"{option}{base} {shlex.quote(query)}", ""), (f"{base} .dump", "")), base)
            else:
                yield Case(((base, f"{query};\n.headers on\nSELECT count(*) AS c FROM sqlite_master;\n"),), base)
    for script in (HERE / "sqlite_scripts.txt").read_text().split("\n#---\n"):
        yield Case((("shop.db", script + "\n"), ("shop.db 'select count(*) from sales, products'", "")), "shop.db")
    for style in STYLES.replace("\n", "").split("|"):
        for query in SHOWN:
            yield Case(((f"{style} a.db {shlex.quote(query)}", ""),), "a.db")
    for session in SESSIONS:
        yield Case(tuple((line, "") for line in session))


def tool(tree: Tree, folder: str, line: str, stdin: str, version: str) -> Out:
    return sqlite3(Call("sqlite3", tuple(shlex.split(line)), stdin, folder, ENV, tree, facts={"sqlite3": version}))


def real_sqlite() -> tuple[str, str]:
    """The real program and its version, which must be that of the engine that computes."""
    found = shutil.which("sqlite3") or ""
    shown = subprocess.run([found, "-version"], capture_output=True, text=True).stdout.split() if found else ["none"]
    if shown[0].split(".")[:2] != python_sqlite.sqlite_version.split(".")[:2]:
        pytest.skip(f"nothing to compare with: sqlite3 is {shown[0]}, Python's is {python_sqlite.sqlite_version}")
    return found, shown[0]


def start(base: str, folder: str, version: str) -> Tree:
    """The files at the start of a case, with its database made by the tool itself."""
    content = {f"{folder}/{name}": text.encode() for name, text in FILES.items()}
    tree = Tree(Files.start(content, (folder,), folder, {}), root=True)
    if base:
        tool(tree, folder, base, SHOP if base == "shop.db" else USERS, version)
    return tree


def run_real(found: list[Case], program: str, place: Path) -> None:
    """Runs the real program on every case, by one shell script (which starts programs fast)."""
    for base, script in (("shop.db", SHOP), ("a.db", USERS)):
        subprocess.run([program, str(place / base)], input=script, text=True, check=True, env=ENV)
    lines = []
    for number, case in enumerate(found):
        work = place / str(number)
        work.mkdir()
        lines.append(f"cd {work}; cp ../*.csv ../*.sql . " + (f"; cp ../{case.base} ." if case.base else ""))
        for at, (line, stdin) in enumerate(case.runs):
            (place / f"{number}.{at}.in").write_text(stdin)
            end = f"../{number}.{at}"
            lines.append(f"{program} {line} <{end}.in >{end}.out 2>{end}.err; echo $? >{end}.code")
    for name, text in FILES.items():
        (place / name).write_text(text)
    (place / "run.sh").write_text("\n".join(lines))
    subprocess.run(["bash", str(place / "run.sh")], env=ENV, timeout=300, check=False)


def test_queries_scripts_and_sessions_show_what_the_real_program_shows(tmp_path: Path) -> None:
    program, version = real_sqlite()
    found = list(cases())
    run_real(found, program, tmp_path)
    right, wrong, refused = 0, [], []
    for number, case in enumerate(found):
        folder = str(tmp_path / str(number))
        tree = start(case.base, folder, version)
        for at, (line, stdin) in enumerate(case.runs):
            stem = tmp_path / f"{number}.{at}"
            real = (*(stem.with_name(f"{stem.name}.{end}").read_bytes().decode("utf-8", "replace")
                      for end in ("out", "err")), int(stem.with_name(f"{stem.name}.code").read_text()))  # fmt: skip
            try:
                out = tool(tree, folder, line, stdin, version)
            except Undetermined as reason:
                refused.append(f"sqlite3 {line} <<< {stdin!r}: {reason}")
                break
            if (out.stdout, out.stderr, out.code) != real:
                wrong.append(f"sqlite3 {line} <<< {stdin!r}\nreal {real}\nmine {(out.stdout, out.stderr, out.code)}")
                break
            right += 1
        else:
            if {path.name for path in Path(folder).iterdir()} != tree.children(folder):
                wrong.append(f"{case}: {tree.children(folder)} computed")
    assert not wrong, "\n\n".join(wrong[:5]) + f"\n{len(wrong)} wrong"
    total = right + len(refused)
    assert right >= 0.95 * total, f"{right} of {total} determined\n" + "\n".join(refused)


def test_the_bytes_of_a_database_are_not_known_to_other_programs() -> None:
    tree = start("a.db", "/home/dev", "3.40.1")
    with pytest.raises(Undetermined):
        tree.read("/home/dev/a.db")


def test_a_database_that_was_overwritten_is_a_database_no_more() -> None:
    tree = start("a.db", "/home/dev", "3.40.1")
    tree.write("/home/dev/a.db", b"")
    assert tool(tree, "/home/dev", "a.db .tables", "", "3.40.1").stdout == ""


@pytest.mark.parametrize(
    "query",
    [
        "select random()",
        "select datetime('now')",
        "select current_timestamp",
        "attach 'other.db' as o",
        "select load_extension('x')",
        "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c",
        "select zeroblob(1000000000)",
        "pragma journal_mode = wal",
        "select readfile('/etc/passwd')",
        "select writefile('x', 'y')",
    ],
)
def test_what_depends_on_more_than_the_database_is_undetermined(query: str) -> None:
    tree = start("", "/home/dev", "3.40.1")
    with pytest.raises(Undetermined):
        tool(tree, "/home/dev", f"x.db {shlex.quote(query)}", "", "3.40.1")


def test_errors_of_another_version_are_undetermined() -> None:
    tree = start("", "/home/dev", "3.45.0")
    with pytest.raises(Undetermined):
        tool(tree, "/home/dev", "x.db 'select * from nope'", "", "3.45.0")
