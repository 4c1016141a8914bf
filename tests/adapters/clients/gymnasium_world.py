"""Our Gymnasium environment in Gymnasium's own hands: one JSON object on standard output."""

from __future__ import annotations

import json
import sys
import warnings

import gymnasium
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers import RecordEpisodeStatistics

from nextstate.adapters.gymnasium import ID, TextWorld, UnicodeText
from nextstate.errors import SessionEnded, UsageError

warnings.simplefilter("error")


def spaces() -> dict[str, object]:
    space, twin = UnicodeText(8, seed=5), UnicodeText(8, seed=5)
    drawn = [space.sample() for _ in range(200)]
    kept = UnicodeText(8)
    return {
        "seeded": drawn == [twin.sample() for _ in range(200)],
        "inside": all(one in space for one in drawn),
        "different": len(set(drawn)) > 150,
        "not ascii": any(not one.isascii() for one in drawn),
        "contains": [text in kept for text in ("", "日本語 🎈", "a" * 8, "a" * 9, "\ud800")],
        "no text": [3 in kept, None in kept, b"x" in kept],
        "equal": [UnicodeText(8) == UnicodeText(8), UnicodeText(8) == UnicodeText(9)],
        "json": kept.from_jsonable(json.loads(json.dumps(kept.to_jsonable(drawn)))) == drawn,
    }


def episode(url: str, scenario: str) -> dict[str, object]:
    reached = gymnasium.make(
        f"nextstate.adapters.gymnasium:{ID}",
        scenario=scenario,
        url=url,
        reward=lambda turn, before: len(before) + 0.5,
        goal=lambda turn, before: turn.action == "win",
    )
    begun = reached.reset(seed=1)
    first, second = reached.step("echo é"), reached.step("win")
    bounded = gymnasium.make(ID, scenario=scenario, url=url, turns=1, render_mode="ansi")
    bounded.reset(seed=1, options={"instruction": "Be slow."})
    last = bounded.step("echo 1")
    rendered = bounded.render()
    try:
        bounded.unwrapped.step("echo 2")
        after = ""
    except SessionEnded as error:
        after = error.ending
    try:
        bounded.reset(options={"scenery": "x"})
        refused = ""
    except UsageError as error:
        refused = str(error)
    bounded.close()
    reached.close()
    return {
        "begun": begun,
        "first": first,
        "second": second,
        "last": last,
        "rendered": rendered,
        "after": after,
        "refused": refused,
    }


def broken_actions(url: str, scenario: str) -> dict[str, object]:
    env = TextWorld(scenario, url=url)
    env.reset(seed=0)
    shown = env.step("this is no tool call")
    return {"shown": shown, "turns": len(env.history)}


def wrapped(url: str, scenario: str) -> dict[str, object]:
    env = RecordEpisodeStatistics(gymnasium.make(ID, scenario=scenario, url=url, reward=len_of, max_episode_steps=2))
    env.reset(seed=2)
    env.step("a")
    _, _, terminated, truncated, info = env.step("b")
    env.close()
    return {"ended": [terminated, truncated], "return": float(info["episode"]["r"]), "ending": info["ending"]}


def len_of(turn: object, before: tuple[object, ...]) -> float:
    return len(before) + 1.0


def processes(url: str, scenario: str) -> dict[str, object]:
    how = {"shared_memory": False, "context": "spawn"}
    worlds = gymnasium.make_vec(
        f"nextstate.adapters.gymnasium:{ID}",
        num_envs=2,
        vectorization_mode="async",
        vector_kwargs=how,
        scenario=scenario,
        url=url,
        reward=len_of,
    )
    worlds.reset(seed=1)
    observations, rewards, _, _, _ = worlds.step(["echo 0", "echo 1"])
    worlds.close()
    return {"shown": list(observations), "rewards": [float(one) for one in rewards]}


def many(url: str, scenario: str) -> dict[str, object]:
    worlds = gymnasium.make_vec(ID, num_envs=4, vectorization_mode="sync", scenario=scenario, url=url, turns=2)
    observations, _ = worlds.reset(seed=3)
    first = worlds.step([f"echo {index}" for index in range(4)])
    second = worlds.step(["echo x"] * 4)
    worlds.close()
    return {
        "begun": list(observations),
        "first": list(first[0]),
        "origins": list(first[4]["origin"]),
        "truncated": [bool(one) for one in second[3]],
    }


def main(url: str, text: str, tools: str) -> None:
    for env in (TextWorld(text, url=url), TextWorld(tools, url=url)):
        check_env(env, skip_render_check=True)
        env.close()
    found = {
        "spaces": spaces(),
        "episode": episode(url, text),
        "broken": broken_actions(url, tools),
        "wrapped": wrapped(url, text),
        "many": many(url, text),
        "processes": processes(url, text),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
