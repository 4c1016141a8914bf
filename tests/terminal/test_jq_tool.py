"""`jq` prints what the real one (1.6) prints."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from real_programs import Case, case, compare

from nextstate.domains.terminal.kernel.files import Files, Tree, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call
from nextstate.domains.terminal.kernel.tools.jq import TOOLS

RECORDED = Path(__file__).with_name("jq_recorded.txt").read_text()
"""Programs with what `jq -nc` (1.6) made of each: both streams, and the exit status."""
FILES = {
    "users.json": b'{"users": [{"name": "Ann", "age": 31, "tags": ["a", "b"], "mail": null},\n'
    b' {"name": "Bob", "age": 25, "tags": []}, {"name": "C\xc3\xa9line", "age": 31, "tags": ["b"], "mail": "c@x.org"}],'
    b'\n "total": 3, "ok": true}\n',
    "lines.json": b'{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n{"a": 2, "b": "z", "c": [1, 2]}\n',
    "mixed.json": b'{"a": 1}\n[1, 2]\n"text"\nnull\n7\n{"a": {"b": [1, {"c": 2}]}}\n',
    "package.json": b'{\n  "name": "demo",\n  "version": "1.2.3",\n  "scripts": {"test": "pytest", "build": "make"},\n'
    b'  "dependencies": {"left-pad": "^1.0.0", "chalk": "~4.1"}\n}',
    "array.json": b'[{"id": 3, "v": "c"}, {"id": 1, "v": "a"}, {"id": 2, "v": "b", "n": {"x": [1, 2, 3]}}]',
    "text.txt": b"one two\nthree\n\nfour",
    "prog.jq": b"# a program\n.users[] | .name\n",
    "empty": b"",
}
LINES = r"""
jq . users.json
jq -c . users.json
jq -S . users.json
jq --tab . lines.json
jq --indent 4 . array.json
jq --indent 1 . array.json
jq --indent 0 . array.json
jq '.users | length' users.json
jq '.users[0]' users.json
jq -r '.users[].name' users.json
jq -r '.users[] | "\(.name): \(.age)"' users.json
jq '.users[] | select(.age > 30)' users.json
jq '.users[] | select(.age > 30) | .name' users.json
jq '[.users[] | {name, n: (.tags | length)}]' users.json
jq -c '.users | group_by(.age) | map({age: .[0].age, names: map(.name)})' users.json
jq '.users | map(.age) | add' users.json
jq '.users | map(.age) | add / length' users.json
jq '.users | sort_by(.age) | .[0].name' users.json
jq -r '.users | sort_by(-.age)[] | [.name, .age] | @csv' users.json
jq -r '.users[] | [.name, .age, .mail] | @tsv' users.json
jq '.users | max_by(.age).name' users.json
jq '.users | min_by(.age) | .name' users.json
jq '.users | any(.age < 26)' users.json
jq '.users[] | select(.tags | contains(["b"])) | .name' users.json
jq '.users[] | select(.tags | index("a"))' users.json
jq '[.users[].tags[]] | unique' users.json
jq '[.users[].tags[]] | group_by(.) | map({(.[0]): length}) | add' users.json
jq 'del(.users)' users.json
jq 'del(.users[0].tags, .total)' users.json
jq '.total = 5' users.json
jq '.total += 1 | .ok |= not' users.json
jq '.users[0].name |= ascii_upcase' users.json
jq '.users |= map(select(.mail))' users.json
jq '.users += [{"name": "D"}]' users.json
jq -c '.users[] | to_entries' users.json
jq 'keys' users.json
jq 'keys_unsorted' package.json
jq -r '.scripts | keys[]' package.json
jq -r '.scripts | to_entries[] | "\(.key) = \(.value)"' package.json
jq '.version' package.json
jq -r .version package.json
jq -r '.dependencies | to_entries | map("\(.key)@\(.value)") | join(", ")' package.json
jq '.dependencies."left-pad"' package.json
jq '.dependencies["left-pad"]' package.json
jq '.dependencies | has("chalk")' package.json
jq '.scripts.test' package.json
jq '.nope' package.json
jq '.nope.deeper' package.json
jq '.name.first' package.json
jq '.[]' package.json
jq '.[0]' package.json
jq 'paths' -c package.json
jq -c '[paths | join(".")]' package.json
jq '.. | strings' package.json
jq '.. | numbers' users.json
jq 'type' mixed.json
jq -c '.a?' mixed.json
jq -c '.[0]?' mixed.json
jq -c .a mixed.json
jq -c '.[]' mixed.json
jq 'length' mixed.json
jq -s 'length' lines.json
jq -s . lines.json
jq -cs 'map(.a) | add' lines.json
jq -cs 'group_by(.a)' lines.json
jq -c 'select(.a == 2)' lines.json
jq -r .b lines.json
jq -j .b lines.json
jq -r '.b + "!"' lines.json
jq -e .a lines.json
jq -e .nope lines.json
jq -e '.a == 5' lines.json
jq -e empty lines.json
jq -n '[inputs.a]' lines.json
jq -n 'reduce inputs as $x (0; . + $x.a)' lines.json
jq -n '[inputs | .b]' -c lines.json
jq -n 'input' lines.json
jq -n '{a: 1}'
jq -n --arg x 5 '$x'
jq -n --arg x 5 --argjson y '{"a": [1]}' '{$x, $y}'
jq --arg n Bob '.users[] | select(.name == $n)' users.json
jq --argjson m 30 '[.users[] | select(.age > $m)] | length' users.json
jq -n --slurpfile f lines.json '$f | length'
jq -n --rawfile f text.txt '$f'
jq -R . text.txt
jq -Rs . text.txt
jq -Rr 'split(" ")[0]' text.txt
jq -R 'select(length > 0)' text.txt
jq -Rs 'split("\n")' -c text.txt
jq -Rn '[inputs]' -c text.txt
jq -f prog.jq users.json
jq -a .users[2].name users.json
jq . nofile.json
jq .a nofile.json lines.json
jq . empty
jq -s . empty
jq -c . lines.json array.json
jq 'map(.id)' array.json
jq -c 'sort_by(.id)' array.json
jq -c 'sort_by(.v) | reverse | .[:2]' array.json
jq '.[1:]' -c array.json
jq '.[-1].n.x | add' array.json
jq -r '.[] | "\(.id)\t\(.v)"' array.json
jq -c 'map({key: .v, value: .id}) | from_entries' array.json
jq -c 'INDEX(.id)' array.json
jq -c '[.[] | .n.x[]?]' array.json
jq 'map(select(.v | test("^[ab]$")))' array.json
jq 'first, last' -c array.json
jq '.[] | .id as $i | .v * 2' array.json
jq 'map(.id) | @csv' array.json
jq -r 'map(.id) | @csv' array.json
jq 'map(has("n"))' -c array.json
jq '.[] | if .id > 1 then "big" else "small" end' array.json
jq '.[2] | .n.x |= map(. * 10)' -c array.json
jq '[.[] | .id] | [min, max, add, length]' -c array.json
jq 'to_entries | map(.key)' -c array.json
jq 'with_entries(.value |= tostring)' package.json
jq 'walk(if type == "string" then ascii_upcase else . end)' package.json
jq '.version | split(".") | map(tonumber)' -c package.json
jq '.version |= (split(".") | .[2] = "9" | join("."))' package.json
jq '.a + .b' lines.json
jq '.a - .b' lines.json
jq '.a * 2.5' lines.json
jq '.a / 0' lines.json
jq '.b | length' lines.json
jq '.b | keys' lines.json
jq '.c[]' lines.json
jq '.c | add' lines.json
jq '.a | tostring' lines.json
jq 'tojson' lines.json
jq -r '@json' lines.json
jq -r '@text' lines.json
jq -r '"\(.a) is \(.b)"' lines.json
jq -r 'to_entries | map("\(.key)=\(.value|tojson)") | .[]' lines.json
jq '.b | ascii_upcase, ltrimstr("x"), test("x|y")' lines.json
jq 'error("bad \(.a)")' lines.json
jq 'try error("x") catch "caught \(.)"' lines.json
jq '.a as $x | [range($x)]' -c lines.json
jq 'limit(1; .users[])' -c users.json
jq '[limit(2; .users[] | .name)]' -c users.json
jq 'first(.users[] | select(.age == 31)) | .name' users.json
jq --sort-keys --compact-output . users.json
jq .
jq -c .
jq .x.y
jq '.x | .[]'
jq -r '.x[0]'
""".strip().splitlines()
SAMPLE = min(len(LINES), int(os.environ.get("JQ_SAMPLE", "30")))
BROKEN = 30
"""Starting the real jq takes long; all lines are compared with a larger sample."""


def recorded() -> list[tuple[str, str, int]]:
    blocks = re.split(r"^=== ", RECORDED, flags=re.MULTILINE)[1:]
    parts = [re.fullmatch(r"(.*?)\n(.*?)rc (\d+)\n", block, re.DOTALL) for block in blocks]
    return [(part[1], part[2], int(part[3])) for part in parts if part]


def bare(*args: str) -> Call:
    return Call("jq", args, "", "/w", {}, Tree(Files.start({}, ("/w",), "/w", {}), root=False))


def test_jq_prints_what_was_recorded_of_many_programs() -> None:
    right = 0
    for program, shown, code in recorded():
        try:
            out = TOOLS["jq"](bare("-nc", program))
        except Undetermined:
            continue
        assert (sorted(out.both.splitlines()), out.code) == (sorted(shown.splitlines()), code), program
        right += 1
    assert right >= 0.75 * len(recorded())


def test_jq_prints_what_the_real_one_prints(tmp_path: Path) -> None:
    dice = random.Random(5)
    stdin = '{"x": [1, {"y": "z"}], "k": 1.5}\n'
    cases = [case(line, stdin) for line in dice.sample(LINES, SAMPLE)]
    cases += [Case(("jq", "-nc", program)) for program, _, _ in dice.sample(recorded(), SAMPLE // 4)]
    compare(TOOLS, cases, FILES, tmp_path).check(0.85)


@pytest.mark.parametrize("text", ["1.0", "1e3", "100000000000000000000", "-0"])
def test_numbers_that_versions_write_differently_are_marked(text: str) -> None:
    tree = Tree(Files.start({}, ("/w",), "/w", {}), root=False)
    call = Call("jq", (".",), text, "/w", {}, tree)
    first, second = (TOOLS["jq"](replace(call, variant=variant)) for variant in (0, 1))
    assert first.varied and first.stdout != second.stdout
    if shutil.which("jq"):
        real = subprocess.run(["jq", "."], input=text, capture_output=True, text=True, check=False).stdout
        assert real in (first.stdout, second.stdout)


@pytest.mark.parametrize("program", ["def f: f; f", "[range(1e9)]", "[repeat(1)]", "reduce range(1e9) as $x (0; .)"])
def test_programs_without_an_end_are_undetermined(program: str) -> None:
    tree = Tree(Files.start({}, ("/w",), "/w", {}), root=False)
    with pytest.raises(Undetermined):
        TOOLS["jq"](Call("jq", ("-n", program), "", "/w", {}, tree))


def test_what_is_no_json_is_reported_as_the_real_one_does(tmp_path: Path) -> None:
    dice = random.Random(8)
    good = ['{"a": [1, {"b": null}], "c": "d"}\n', '[1, "x", true]\n{"a": -2.5}\n', '"t"\n']
    texts = [
        "<html>\n",
        "hello world\n",
        "not found",
        "{a:1}",
        "{'a': 1}\n",
        "[1,2,]",
        '{"a":1,}',
        "}",
        "tru\n",
        "a\n\n",
    ]
    for _ in range(BROKEN):
        text = dice.choice(good)
        at = dice.randrange(len(text))
        texts.append(
            text[:at] + dice.choice(["", "", "x", ",", "]", "}", '"', ":", "[", "{", "1", " "]) + text[at + 1 :]
        )
    compare(TOOLS, [Case(("jq", "-c", "."), text) for text in texts], {}, tmp_path).check(0.8)
