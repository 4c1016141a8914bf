"""Our environments for TRL in TRL's own hands: what it reads of a tool, and one step of GRPO each way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nextstate import domain
from nextstate.domain import calls
from nextstate.serve.testing import served

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def test_trl_reads_our_tools_and_takes_a_step_with_tools_and_with_words(
    client: Callable[..., Awaitable[str]],
) -> None:
    text, tool = domain.find("terminal").examples()[0], domain.find("mcp").examples()[0]
    call = calls.parse(tool.turns[0].action)
    arguments = json.dumps(dict(call.arguments))
    async with served(surfaces=("rest",)) as url:
        names = (f"terminal/{text.id}", f"mcp/{tool.id}", call.name, arguments)
        found: dict[str, Any] = json.loads(
            (await client("trl", url, *names, script="trl_world", seconds=300.0)).splitlines()[-1]
        )

    assert [one["name"] for one in found["declared"]] == [one.name for one in tool.setup.tools]
    for read, declared in zip(found["declared"], tool.setup.tools, strict=True):
        assert read["description"] == declared.description
        wanted = calls.properties(declared.input_schema)
        assert read["parameters"]["properties"].keys() == wanted.keys()
        assert sorted(read["parameters"].get("required", [])) == sorted(declared.input_schema.get("required", []))
        for name, schema in read["parameters"]["properties"].items():
            if "anyOf" not in wanted[name]:  # a type or null: transformers says `nullable`
                assert schema.get("type") == wanted[name].get("type") and schema.get("enum") == wanted[name].get("enum")

    flights, nothing = found["written"]
    assert flights["name"] == "find-flights"
    assert flights["parameters"]["required"] == ["origin", "class_"]
    assert flights["parameters"]["properties"] == {
        "origin": {"type": "string", "description": "Where it begins."},
        "class_": {"type": "string", "enum": ["first", "second"], "description": "A class: first or second"},
        "seats": {"type": "integer", "description": "How many seats."},
        "stops": {"type": "array", "items": {"type": "string"}, "description": "Where it may stop. Returns : none"},
        "prices": {"type": "object", "additionalProperties": {"type": "number"}, "description": "By day."},
        "either": {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "string"}], "description": "x"},
        "late": {"type": "boolean", "description": "Late too Args : seats: (choices: none)."},
    }
    assert json.loads(flights["called"]) == {"origin": "here", "class": 1}
    assert nothing["parameters"] == {"type": "object", "properties": {}}

    assert found["errors"]["told"][0] == "0: echo 1"
    assert found["errors"]["told"][1].startswith("SessionEnded: the session has ended: turn_limit")
    assert found["errors"] | {"told": []} == {"told": [], "ending": "turn_limit", "reward": 1.0, "seed": 9}

    assert found["data"] == [True, True]  # control tokens in what is shown end no turn

    tools = found["tools"]
    assert tools["moved"] and tools["reward"] == 1.5
    assert [one["turns"] for one in tools["seen"]] == [[f"0: {calls.render(call.name, call.arguments)}"]] * 2
    assert len({one["seed"] for one in tools["seen"]}) == 1  # the members of a group have one world

    spoken, babbled = found["words"]["spoken"], found["words"]["babbled"]
    assert spoken["moved"] and spoken["reward"] == 0.5
    assert [one["turns"] for one in spoken["seen"]] == [["0: echo a", "1: echo b"]] * 2
    assert [one["ending"] for one in spoken["seen"]] == ["turn_limit"] * 2
    assert "0: echo a" in spoken["seen"][0]["text"]
    assert babbled["endings"] == ["cut_off"] * 2
