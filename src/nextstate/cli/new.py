"""``nextstate domains new``: a third party's domain, whole and working, to be changed into one's own."""

from __future__ import annotations

import keyword
import sys
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from nextstate.cli.common import DONE
from nextstate.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from nextstate.cli.common import Commands

LICENCE = "CC0-1.0"
"""Of the recorded example of a new domain; its author puts another one in its place."""


def add(words: Commands) -> None:
    one = words.add_parser(
        "new",
        help="make a new domain: a package of its own that conforms, to be changed into yours",
        description="Write the package of a small working domain, a row of lamps: environment, kernel, example, test.",
    )
    one.add_argument("name", metavar="NAME", help="lower-case words joined by -")
    one.add_argument("--out", metavar="DIR", help="folder to be made (default: NAME)")
    one.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    target = Path(arguments.out or arguments.name)
    written = make(arguments.name, target)
    for path in written:
        print(path)
    print(f"next: pip install -e {target}, then: nextstate domains check {arguments.name}")
    return DONE


def make(name: str, target: Path) -> list[Path]:
    """Write the domain ``name`` into the folder ``target``, which must not exist, and return the files.

    Raises :class:`UsageError` for a name that cannot be used and a folder that is there.
    """
    module = _module(name)
    if target.exists():
        raise UsageError(f"{target} exists; name another folder with --out")
    values = {"name": name, "module": module, "licence": LICENCE}
    template = files("nextstate.cli") / "new_domain"
    places = {
        "pyproject.toml": target / "pyproject.toml",
        "test_module.py": target / f"test_{module}.py",
        **{part: target / module / part for part in ("__init__.py", "environment.py", "kernel.py", "examples.jsonl")},
    }
    (target / module).mkdir(parents=True)
    for part, path in places.items():
        path.write_text(Template((template / f"{part}.tmpl").read_text("utf-8")).substitute(values), "utf-8")
    return list(places.values())


def _module(name: str) -> str:
    from nextstate.conform import NAME
    from nextstate.domain import names

    if not NAME.fullmatch(name):
        raise UsageError(f"a domain cannot be called {name[:80]!r}; use lower-case words joined by -, as in my-shop")
    if name in names():
        raise UsageError(f"there is a domain {name!r} already; choose another name")
    module = name.replace("-", "_")
    if keyword.iskeyword(module) or module in sys.stdlib_module_names or module == "nextstate":
        raise UsageError(f"{name!r} is the name of a module of Python or of this package; choose another one")
    return module
