"""``nextstate openenv``: one scenario as an environment folder of OpenEnv, with its server, client and Dockerfile."""

from __future__ import annotations

import json
import keyword
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from nextstate import __version__
from nextstate.cli.common import DONE, Data, existing
from nextstate.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from nextstate.cli.common import Commands
    from nextstate.types import Trajectory

DEFAULT = "kernel"
NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
PARTS = (
    "openenv.yaml",
    "pyproject.toml",
    "README.md",
    "__init__.py",
    "client.py",
    "server/__init__.py",
    "server/app.py",
    "server/Dockerfile",
)
"""Files of the folder that are the same for every scenario but for its name; the models are made beside them."""


def add(commands: Commands) -> None:
    one = commands.add_parser(
        "openenv",
        help="write a scenario as an environment folder of OpenEnv",
        description="Write an OpenEnv environment folder: openenv.yaml, models, client, server, Dockerfile, README.",
        epilog="`nextstate serve` speaks the OpenEnv wire too, for every scenario; a folder is for publishing one.",
    )
    one.add_argument("folder", metavar="DIR", help="folder to be made; its name is the environment's")
    one.add_argument("--scenario", metavar="NAME", required=True, help="an example DOMAIN/ID, or FILE/ID with --data")
    one.add_argument("--data", metavar="FILE", help="recordings that the scenario is taken from")
    one.add_argument(
        "--model", metavar="M", default=DEFAULT, help="who answers, unless the server is told (default: %(default)s)"
    )
    one.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from nextstate.models import spec

    spec.build(arguments.model)
    target = Path(arguments.folder)
    for path in make(target, _found(arguments.scenario, arguments.data), arguments.scenario, arguments.model):
        print(path)
    print(f"next: openenv validate {target}, or: cd {target} && python -m server.app")
    return DONE


def make(target: Path, recording: Trajectory, scenario: str, model: str) -> list[Path]:
    """Write the folder ``target``, which must not exist, and return its files.

    Only what is known before the first turn of ``recording`` goes into it. Raises :class:`UsageError` for a name that
    cannot be used and a folder that is there.
    """
    from nextstate.data import store

    name = _name(target)
    if target.exists():
        raise UsageError(f"{target} exists; name another folder")
    values = _values(name, recording, scenario, model)
    template = files("nextstate.cli") / "openenv_folder"
    models = "models_tools.py" if recording.setup.tools else "models_text.py"
    sources = {part: part for part in PARTS} | {"models.py": models}
    (target / "server").mkdir(parents=True)
    for part, source in sources.items():
        text = (template / f"{source}.tmpl").read_text("utf-8")
        (target / part).write_text(Template(text).substitute(values), "utf-8")
    (target / "scenario.jsonl").write_bytes(store.line(replace(recording, id=name, turns=(), meta={})))
    return [target / part for part in (*sources, "scenario.jsonl")]


def _values(name: str, recording: Trajectory, scenario: str, model: str) -> dict[str, str]:
    from nextstate.domain import find
    from nextstate.domain.interface import offered

    tools = recording.setup.tools
    named = [tool.name for tool in offered(find(recording.domain), recording.setup)]
    return {
        "name": name,
        "kind": "".join(word.capitalize() for word in name.split("_")),
        "scenario": re.sub(r"[^\w./ -]", "_", scenario)[:200],
        "domain": recording.domain,
        "model": json.dumps(model)[1:-1],
        "tools": json.dumps(named),
        "version": __version__,
        "example": f"tool_name={json.dumps(tools[0].name)}, arguments={{}}" if tools else 'text="..."',
    }


def _name(target: Path) -> str:
    name = target.resolve().name
    if not NAME.fullmatch(name) or keyword.iskeyword(name) or name == "server":
        raise UsageError(
            f"an environment cannot be called {name[:80]!r}; use lower-case words joined by _, as in my_shop"
        )
    return name.replace("-", "_")


def _found(name: str, file: str | None) -> Trajectory:
    from nextstate.serve.catalogue import Catalogue

    path = existing(file) if file else None
    return Catalogue.of({path.name.split(".")[0]: Data(path)} if path else {}).recorded(name)
