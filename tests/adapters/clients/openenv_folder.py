"""Generated environment folders in the hands of OpenEnv's command and of their own clients: one JSON object."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

from openenv.cli.__main__ import app
from typer.testing import CliRunner


def validated(*arguments: str) -> str:
    return CliRunner().invoke(app, ["validate", *arguments]).output


def played(folder: str, name: str, kind: str, url: str, action: dict[str, Any]) -> dict[str, Any]:
    sys.path.insert(0, folder)
    package = importlib.import_module(name)
    with getattr(package, kind)(base_url=url).sync() as env:
        begun = env.reset(seed=1)
        shown = env.step(getattr(package, f"{kind}Action")(**action))
        state = env.state()
    return {
        "report": validated(f"{folder}/{name}", "--level", "static"),
        "begun": begun.observation.model_dump(),
        "shown": shown.observation.model_dump(),
        "state": state.model_dump(),
    }


def main(url: str, folders: str) -> None:
    report = json.loads(validated("--url", url, "--json"))
    print(json.dumps({"running": report, "played": [played(*one) for one in json.loads(folders)]}))


main(*sys.argv[1:])
