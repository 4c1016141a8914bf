"""Files of trajectories as the page reads them: by parts, lazily, and the same as they are read here."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from nextstate.data import store
from nextstate.data.filters import failed

from .stock import HOSTILE, recordings

if TYPE_CHECKING:
    from collections.abc import Iterator

SCAN = """async ([text, cuts]) => {
  const { Outline } = await import('/ui/viewers/jsonl.js');
  const bytes = new TextEncoder().encode(text), outline = new Outline(0);
  let at = 0;
  for (const cut of [...cuts, bytes.length]) { outline.take(bytes.subarray(at, cut)); at = Math.max(at, cut); }
  const part = (from, to) => new TextDecoder().decode(bytes.subarray(from, to));
  const values = Object.fromEntries(outline.values.map(([name, from, to]) => [name, part(from, to)]));
  const turns = [];
  const { held, length } = outline.turns ?? { length: 0 };
  for (let n = 0; n < length; n += 2) turns.push(part(held[n], held[n + 1]));
  return { values, turns, whole: outline.whole };
}"""

READ = """async ([text, filter]) => {
  const { Lines, LocalFile } = await import('/ui/viewers/jsonl.js');
  const file = new LocalFile('a.jsonl', await Lines.of(new Blob([text])));
  let found = [], ends = 0;
  const all = { text: '', domain: '', origin: '', failed: '' };
  await file.list({ ...all, ...filter }, (more, done) => { found = found.concat(more); ends += done; });
  return { found, ends, broken: file.broken };
}"""

OPEN = """async ([text, line]) => {
  const { Lines } = await import('/ui/viewers/jsonl.js');
  const one = await (await Lines.of(new Blob([text]))).open(line);
  const [turns, some, beginning] = [await one.turns(0, 1e5), await one.turns(1, 2), await one.beginning(1)];
  return { head: one.head, count: one.count, turns, some, beginning };
}"""


@pytest.fixture(scope="module")
def page(browser: Any, stocked: str) -> Iterator[Any]:
    found = browser.new_page()
    found.goto(stocked + "/#/trajectories")
    found.wait_for_selector("html[data-ready]")
    yield found
    found.close()


def anything(draw: random.Random, depth: int = 0) -> Any:
    kind = draw.randrange(7 if depth < 4 else 4)
    texts = ("", 'quo"te', "back\\slash", "\\\\", '\\"', "brackets }]{[,:", HOSTILE, "😀é", "\n\t")
    if kind < 2:
        return draw.choice(texts)
    if kind == 2:
        return draw.choice((None, True, -1.5e3, 0, 12345))
    if kind in (3, 4):
        return {draw.choice((*texts, "turns", "id")): anything(draw, depth + 1) for _ in range(draw.randrange(4))}
    return [anything(draw, depth + 1) for _ in range(draw.randrange(4))]


def test_members_and_turns_are_found_wherever_the_bytes_are_cut(page: Any) -> None:
    draw = random.Random(7)
    for _ in range(150):
        turns = [anything(draw) for _ in range(draw.randrange(5))]
        value = {"id": anything(draw), "turns": turns, "meta": anything(draw), "x\\y": 1}
        items = list(value.items())
        draw.shuffle(items)
        spaced = draw.choice(((",", ":"), (", ", ": "), (" ,\t", " : ")))
        text = json.dumps(dict(items), ensure_ascii=draw.random() < 0.5, separators=spaced)
        cuts = sorted(draw.sample(range(len(text.encode())), min(5, len(text))))
        found = page.evaluate(SCAN, [text, cuts])
        assert found["whole"]
        assert [json.loads(turn) for turn in found["turns"]] == turns
        found["values"].pop("x\\\\y" if "x\\\\y" in found["values"] else "x\\y")
        assert {name: json.loads(part) for name, part in found["values"].items()} == {
            name: one for name, one in value.items() if name != "x\\y"
        }


def test_a_line_that_ends_early_is_not_whole(page: Any) -> None:
    for text in ('{"id": "x", "turns": [{"action": "a"', '{"turns": []', '{"id": "}', ""):
        assert page.evaluate(SCAN, [text, []])["whole"] is False


def test_the_list_of_a_file_says_what_the_server_would(page: Any) -> None:
    every = recordings()
    text = b"".join(map(store.line, every)).decode() + "\n \nnot json\n{}\n[1]\n"
    read = page.evaluate(READ, [text, {}])
    assert [one["name"] for one in read["found"]] == [one.id[:200] for one in every]
    assert [one["turns"] for one in read["found"]] == [len(one.turns) for one in every]
    errors = [sum(failed(turn) is True for turn in one.turns) for one in every]
    assert [one["failed"] for one in read["found"]] == errors
    assert read["ends"] == 1
    assert [one["line"] for one in read["broken"]] == [len(every) + 2, len(every) + 3, len(every) + 4]
    for filter, names in (
        ({"origin": "computed"}, ["mixed"]),
        ({"text": "NEEDLE"}, ["made-0"]),
        ({"failed": "yes", "text": "nowhere"}, ["made-1"]),
        ({"domain": "web"}, []),
    ):
        assert [one["name"] for one in page.evaluate(READ, [text, filter])["found"]] == names


def test_a_line_that_is_too_long_to_be_parsed_at_once_reads_the_same(page: Any) -> None:
    long = "x" * 90_000 + HOSTILE
    turns = [{"action": f"do {n}", "observation": long, "meta": {"n": n}, "extra": n} for n in range(30)]
    value = {"id": "long", "domain": "d", "setup": {"initial_state": "s"}, "turns": turns, "source": {"licence": "L"}}
    short = {**value, "turns": turns[:20]}
    found = page.evaluate(OPEN, [json.dumps(short) + "\n" + json.dumps(value) + "\n", 1])
    assert found["count"] == 30
    head = {name: value[name] for name in ("id", "domain", "setup", "source")}
    assert found["head"] == {**head, "turns": 30, "meta": {}}
    assert [turn["action"] for turn in found["turns"]] == [turn["action"] for turn in turns]
    assert found["turns"][29]["observation"] == turns[29]["observation"]
    assert found["turns"][3]["meta"] == {"n": 3, "extra": 3}
    assert [turn["action"] for turn in found["some"]] == ["do 1"]
    assert found["beginning"] == {**value, "turns": turns[:1]}
