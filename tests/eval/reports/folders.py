"""Folders of runs, written by hand: what is measured, and lines of finished rows."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nextstate.data import store
from nextstate.eval.rows import fingerprint, row_keys
from nextstate.types import Setup, Source, Trajectory, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

DIMENSIONS = ("format", "factuality", "consistency", "realism", "quality")


def journal(folder: Path, manifest: Mapping[str, Any], lines: Iterable[Mapping[str, Any]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps(manifest), "ascii")
    (folder / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "ascii")
    return folder


def world(name: str, pairs: Sequence[tuple[str, str]], *, domain: str = "desk", state: str = "") -> Trajectory:
    turns = tuple(Turn(action, observation) for action, observation in pairs)
    return Trajectory(name, domain, Setup(initial_state=state), turns, Source("own", licence="Apache-2.0"))


def evaluation(
    folder: Path, data: Sequence[Trajectory], answer: Callable[[Trajectory, int], str | None], **manifest: Any
) -> Path:
    """A run that scored ``exact``; an answer of ``None`` is a refusal."""
    run = {
        "model": folder.name,
        "fingerprint": folder.name,
        "data_sha256": fingerprint(data),
        "scorers": ["exact"],
        "domains": {one.domain: "1" for one in data},
        "seed": 0,
        "free_run": False,
        "limit": None,
        "version": "0",
        **manifest,
    }
    lines = []
    for one in data:
        for turn, key in enumerate(row_keys(one, whole=bool(run["free_run"]))):
            said, truth = answer(one, turn), one.turns[turn].observation
            lines.append(row(key, one.domain, one.id, turn, said, exact=float(said == truth)))
    return journal(folder, run, lines)


def row(key: str, domain: str, trajectory: str, turn: int, said: str | None, **scores: float) -> dict[str, Any]:
    return {
        "key": key,
        "domain": domain,
        "trajectory": trajectory,
        "turn": turn,
        "outcome": "refused" if said is None else "ok",
        "origin": None if said is None else "computed" if turn % 2 else "model",
        "seconds": 0.25,
        "usage": [10, 5, 2],
        "scores": scores,
        "unscored": {},
        "baseline": dict.fromkeys(scores, 0.0),
        "shown": {"observation": said or "", "meta": {}},
        "detail": "never shown" if said is None else "",
    }


def benchmark(folder: Path, *, model: str = "m", judge: Mapping[str, Any] | None = None) -> Path:
    """Three rows: one judged with 5, 5, 4, 3, 3, one on which the model failed, one that the judge did not read."""
    usage, seconds = [100, 0, 20], 2.0
    common = {"usage": usage, "seconds": seconds, "reply": ""}
    asked = [
        {"key": f"desk/7/{turn}/{turn:016x}", "domain": "desk", "trajectory": "7", "turn": turn, **common}
        for turn in range(3)
    ]
    asked[0] |= {"outcome": "ok", "origin": "model", "observation": "a\n"}
    asked[1] |= {"outcome": "cut_off", "origin": None, "observation": None}
    asked[2] |= {"outcome": "ok", "origin": "model", "observation": "b\n"}
    journal(folder / "infer", {"stage": "infer", "model": model, "data_sha256": "d", "seed": 0}, asked)
    marks = dict(zip(DIMENSIONS, (5, 5, 4, 3, 3), strict=True))
    verdicts = [
        {"outcome": "judged", "scores": marks, "words": dict.fromkeys(DIMENSIONS, "well said")},
        {"outcome": "no_prediction", "scores": {}, "words": {}},
        {"outcome": "unreadable", "scores": {}, "words": {}, "reply": "I like it"},
    ]
    named = {"stage": "judge", "judge": "strict-one", "prompt": "full", "prompt_sha256": "p", "infer": model}
    lines = [
        {"key": line["key"], "usage": usage, "seconds": 1.0, "reply": "", **verdict}
        for line, verdict in zip(asked, verdicts, strict=True)
    ]
    journal(folder / "judge", {**named, "calibration": None, **(judge or {})}, lines)
    return folder


def cases(folder: Path, file: Path) -> Path:
    """A run of two cases of one axis: one passes, of the other the verifier cannot tell."""
    about = {"axis": "consistency", "rule": "read_back", "trajectory": "w", "turn": 1}
    one = replace(world("w/1/read_back", [("write kept", ""), ("read", "kept\n")]), meta={"case": about})
    store.write(file, [one, replace(one, id="w/2/read_back")])
    line = {
        **row("", "desk", "w", 0, "x"),
        "axis": "consistency",
        "rule": "read_back",
        "baseline": True,
        "said": "lost",
    }
    lines = [
        {**line, "key": "w/1/read_back", "passed": False, "unscored": "", "why": "says kept"},
        {**line, "key": "w/2/read_back", "passed": None, "unscored": "verifier_error:ValueError"},
    ]
    return journal(folder, {"model": "m", "cases_sha256": "c", "verifiers": "v", "domains": {}, "seed": 0}, lines)


DATA = [world(f"t{n}", [("a", "x\n"), ("b", "y\n")], domain=f"d{n % 2}") for n in range(6)]


def right(one: Trajectory, turn: int) -> str:
    return one.turns[turn].observation


def half(one: Trajectory, turn: int) -> str | None:
    return right(one, turn) if turn == 0 else None
