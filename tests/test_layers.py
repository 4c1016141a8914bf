"""The layers of the design: a module imports only what stands to its left, and the package imports little."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "nextstate"
LAYERS = (
    ("types", "errors"),
    ("plugins",),
    ("domain",),
    ("models", "data"),
    ("sim", "record"),
    ("eval",),
    ("conform", "plan"),
    ("train", "serve"),
    ("adapters", "cli", "ui"),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
PART_OF = {"demo": "cli"}
"""Modules beside a layer that belong to it: the demo is the command line's longest command."""
FOR_DOMAINS = {"types", "errors", "domain"}
ENTRANCE = {"__init__", "__main__"}
"""The package itself, which holds the version, and ``python -m nextstate``, which calls the command line."""
MAY_NAME_A_DOMAIN = ("record/", "data/sources/", "cli/")
"""Where a domain may be named: the recorder of that domain, the readers of its formats, and the command line."""
HEAVY = {
    "aiohttp", "bashkit", "httpx", "msgspec", "numpy", "openai", "orjson", "pandas", "pyarrow", "pydantic", "rapidfuzz",
    "ray", "rensa", "rich", "scipy", "sqlite3", "tokenizers", "torch", "transformers", "xllamacpp", "yaml", "zstandard",
}  # fmt: skip


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def layer_of(path: Path) -> str:
    """The first part below the package: ``eval`` for ``eval/run.py``, ``types`` for ``types.py``."""
    return part_of(path.relative_to(SOURCE).parts[0].removesuffix(".py"))


def part_of(name: str) -> str:
    return PART_OF.get(name, name)


@cache
def imports(path: Path) -> frozenset[str]:
    """Every module that the file imports from this package, absolute, also inside functions and for type checking."""
    package = ("nextstate", *path.relative_to(SOURCE).parent.parts)
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            found |= {f"{module}.{alias.name}" for alias in node.names} if module == "nextstate" else {module}
    return frozenset(name for name in found if name.split(".")[0] == "nextstate")


def targets(path: Path) -> set[str]:
    """The layers that the file imports; the package itself (its version) counts for none."""
    parts = [name.split(".") for name in imports(path)]
    known = RANK.keys() | {"domains"}
    return {part_of(name[1]) for name in parts if len(name) > 1} & known


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_imports_only_what_stands_to_its_left(path: Path) -> None:
    layer = layer_of(path)
    if layer in ENTRANCE:
        assert targets(path) <= {"cli"}
    elif layer == "domains":
        own = ".".join(("nextstate", *path.relative_to(SOURCE).parts[:2])).removesuffix(".py")
        outside = {name for name in imports(path) if name != own and not name.startswith(f"{own}.")}
        assert {name.split(".")[1] for name in outside if "." in name} <= FOR_DOMAINS
    else:
        assert layer in RANK, f"{name_of(path)} stands in no layer; add it to LAYERS, and to DESIGN, where it belongs"
        assert {one for one in targets(path) if one != "domains" and RANK[one] > RANK[layer]} == set()


@pytest.mark.parametrize("names", [names for names in LAYERS if len(names) > 1], ids="-".join)
def test_neighbours_of_one_layer_lean_on_each_other_in_one_direction_only(names: tuple[str, ...]) -> None:
    leaning = {(layer_of(path), one) for path in modules() if layer_of(path) in names for one in targets(path)}
    assert {(one, other) for one, other in leaning if one < other and (other, one) in leaning} == set()


def domain_folders() -> set[str]:
    return {path.name for path in (SOURCE / "domains").iterdir() if path.is_dir() and not path.name.startswith("_")}


@pytest.mark.parametrize("path", [path for path in modules() if layer_of(path) != "domains"], ids=name_of)
def test_no_module_outside_the_domains_imports_one(path: Path) -> None:
    reached = {name for name in imports(path) if name.startswith("nextstate.domains")}
    if not name_of(path).startswith("record/"):
        assert reached == set(), "find a domain by its entry point: nextstate.domain.find(name)"


@pytest.mark.parametrize("path", [path for path in modules() if layer_of(path) != "domains"], ids=name_of)
def test_no_module_outside_the_domains_names_one_in_its_code(path: Path) -> None:
    if name_of(path).startswith(MAY_NAME_A_DOMAIN):
        return
    tree = ast.parse(path.read_text("utf-8"))
    named = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert named & domain_folders() == set()


def test_the_layer_test_sees_imports_wherever_they_stand() -> None:
    assert "models" in targets(SOURCE / "eval" / "run.py")
    assert "domain" in targets(SOURCE / "sim" / "session.py"), "an import for type checking counts"
    assert "eval" in targets(SOURCE / "cli" / "evaluate.py"), "an import inside a function counts"


CORE = ("types", "errors", "domain", "sim", "eval", "conform", "data.store", "models.spec", "cli")


def loaded_by(program: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after ``program``, without what it began with."""
    before, after = "import sys; before = set(sys.modules)", "print(*{name.split('.')[0] for name in new})"
    code = f"{before}\n{program}\nnew = set(sys.modules) - before\n{after}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    (line,) = done.stdout.splitlines()
    return set(line.split())


def test_importing_the_package_loads_nothing_heavy_and_prints_nothing() -> None:
    assert loaded_by("import nextstate") == {"nextstate"}


@pytest.mark.parametrize(
    "module", ["types", "errors", "domain", "sim", "eval", "conform", "data.store", "models.spec", "cli"]
)
def test_importing_a_module_of_the_core_loads_nothing_heavy(module: str) -> None:
    assert loaded_by(f"import nextstate.{module}") & HEAVY == set()


HELP = """
import contextlib, io
from nextstate.cli import main
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    main(["--help"])
"""


def test_the_help_of_the_command_line_loads_nothing_heavy() -> None:
    loaded = loaded_by(HELP)
    assert "nextstate" in loaded
    assert loaded & (HEAVY | {"asyncio"}) == set()
