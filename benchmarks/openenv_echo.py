"""An environment of the `openenv` package that shows each action again: the named alternative of ``serve.py``.

Run by it with the Python of an environment that has openenv: ``python benchmarks/openenv_echo.py PORT``.
"""

from __future__ import annotations

import sys
from typing import Any
from uuid import uuid4

import uvicorn
from openenv.core.env_server.http_server import create_fastapi_app
from openenv.core.env_server.interfaces import Environment
from openenv.core.env_server.types import Action, Observation, State


class Text(Action):
    action: str = ""


class Shown(Observation):
    text: str = ""


class Echo(Environment[Text, Shown, State]):
    """Nothing but the framework's own work: the asynchronous path, many sessions at once."""

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self) -> None:
        super().__init__()
        self._state = State(episode_id=str(uuid4()))

    async def reset_async(self, seed: int | None = None, episode_id: str | None = None, **options: Any) -> Shown:
        self._state = State(episode_id=episode_id or str(uuid4()), step_count=0)
        return Shown(text="ready")

    def reset(self, **options: Any) -> Shown:
        raise NotImplementedError

    async def step_async(self, action: Text, timeout_s: float | None = None, **options: Any) -> Shown:
        self._state.step_count += 1
        return Shown(text=action.action, reward=None, done=False)

    def step(self, action: Text, **options: Any) -> Shown:
        raise NotImplementedError

    @property
    def state(self) -> State:
        return self._state


if __name__ == "__main__":
    app = create_fastapi_app(Echo, Text, Shown, max_concurrent_envs=20_000, env_name="echo")
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
