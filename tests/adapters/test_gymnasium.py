"""Our Gymnasium environment under Gymnasium's own checks, in its own environment, on a server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nextstate import domain
from nextstate.serve.testing import served

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def test_gymnasium_checks_plays_and_batches_our_environment(client: Callable[..., Awaitable[str]]) -> None:
    text, tool = (f"{name}/{domain.find(name).examples()[0].id}" for name in ("terminal", "mcp"))
    async with served(surfaces=("rest",)) as url:
        printed = await client("gymnasium", url, text, tool, script="gymnasium_world")
    found: dict[str, Any] = json.loads(printed)

    spaces = found["spaces"]
    assert all(spaces[name] for name in ("seeded", "inside", "different", "not ascii", "json"))
    assert spaces["contains"] == [True, True, True, False, False]
    assert spaces["no text"] == [False, False, False]
    assert spaces["equal"] == [True, False]

    episode = found["episode"]
    assert episode["begun"] == ["", {"origin": "", "why": "", "turn": 0, "ending": "", "error": ""}]
    assert episode["first"][:4] == ["0: echo é", 0.5, False, False]
    assert episode["first"][4]["origin"] == "model"
    assert episode["second"][:4] == ["1: win", 1.5, True, False]
    assert episode["last"][3] is True and episode["last"][4]["ending"] == "turn_limit"
    assert episode["rendered"] == "0: echo 1"
    assert episode["after"] == "turn_limit"
    assert "scenery" in episode["refused"]

    assert found["broken"]["turns"] == 0
    assert "not JSON" in found["broken"]["shown"][0] and found["broken"]["shown"][2:4] == [False, False]

    assert found["many"]["begun"] == ["", "", "", ""]
    assert found["many"]["first"] == [f"0: echo {index}" for index in range(4)]
    assert found["many"]["origins"] == ["model"] * 4
    assert found["many"]["truncated"] == [True] * 4

    assert found["wrapped"] == {"ended": [False, True], "return": 3.0, "ending": ""}
    assert found["processes"] == {"shown": ["0: echo 0", "0: echo 1"], "rewards": [1.0, 1.0]}
