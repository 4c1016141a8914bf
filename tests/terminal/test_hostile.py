"""Whatever a set-up, an action or an observation holds: the terminal's kernel answers or does not know, and soon."""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from nextstate.domain import Determined, Unknown, find
from nextstate.types import Setup

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 4.0
MEGABYTES = 900
WORLD: dict[str, Any] = {
    "user": "u",
    "host": "h",
    "cwd": "/w",
    "env": {"HOME": "/w", "PATH": "/usr/bin:/bin", "SHLVL": "1", "LANG": "C.UTF-8"},
    "files": {"/w/a": "x\ny\n", "/w/big": "".join(f"line {i * 7919 % 100003} text\n" for i in range(60_000))},
    "complete": ["/w"],
    "tools": {"python3": "3.11.2", "awk": "mawk 1.3.4", "jq": "1.6", "bc": "1.07", "coreutils": "9.1"},
}
KEYS = '[{"keystrokes": "ls\\n", "duration": 1}]'


def nested(levels: int) -> list[Any]:
    deep: list[Any] = []
    for _ in range(levels):
        deep = [deep]
    return deep


FACTS: tuple[Any, ...] = (
    *(None, True, -1, 5, 10**5000, float("nan"), "", "x", "\ud800", "\x00", "/" * 1_000_000, nested(5_000)),
    *([], [None], [[]], ["x", 1, None, {}], ["\ud800"], ["/a"] * 100_000, [f"/a{i}" for i in range(1_000)]),
    *({}, {"": ""}, {"a": None}, {"a": [1]}, {"a": "x"}, {"/a": "x"}, {"/a": "\ud800"}, {"\ud800": "\ud800"}),
    *({5: 5}, {"a": 10**5000}, {"a": nested(5_000)}, {"/a" * 5_000: "x"}, {f"V{i}": "x" for i in range(20_000)}),
    *({f"/d/{i}": "x" for i in range(20_000)}, {f"/{i}" * 90: "x" for i in range(1_000)}),
    *({"text": "\ud800$ "}, {"text": 5, "columns": "x", "rows": []}, {"text": "u@h:/w$ ", "columns": 10**5000}),
    *({"text": "u@h:/\ud800$ "}, {"text": "u@h:/" + "a/" * 30_000 + "$ "}, {"text": "\x1b" * 1_000, "shows": "whole"}),
)
BOMBS = (
    """awk 'BEGIN{s="x"; while(1) s=s s}'""",
    """awk 'BEGIN{s="x"; for(i=0;i<19;i++) s=s s; for(i=0;i<200000;i++) a[i]=s i}'""",
    """awk '{s=s $0; gsub(/x/,"y",s)} END{print length(s)}' big""",
    "f(){ f|f& };f",
    "f(){ f|f; };f",
    """x='eval "$x"'; eval "$x\"""",
    "printf '#!/bin/bash\\n./s | ./s\\n' > s; chmod +x s; ./s",
    "python3 -c 's=\"x\"\nwhile True: s=s+s'",
    "python3 -c 'print(len(\"x\"*10**9))'",
    "python3 -c 'print(10**10**8)'",
    "python3 -c 's=\"x\"*1000000\nfor i in range(100000): t=s.upper()'",
    "python3 -c 'import fractions; x=fractions.Fraction(3,7)\nwhile True: x=x*x'",
    "sed ':a;H;G;h;ba' a",
    "sed ':a;s/x/xx/g;ba' a",
    "sed ':a;N;$!ba;s/\\n/ /g' big",
    "jq -n '[range(1e9)]'",
    "jq -n 'def f: f; f'",
    "jq -n 'reduce range(60) as $i ([1]; [.,.])'",
    "echo '9^9^9^9' | bc",
    "printf '%1000000000d' 1",
    "seq 1 1e9",
    "yes | head -1000000000",
    "echo {1..1000000000}",
    "head -c 10G /dev/zero",
    'a=(1); while :; do a+=("${a[@]}"); done',
    "grep -o . big",
    "for i in {1..2000}; do sort big > f; done",
    "touch {1..100000}",
    "echo {1..1000}{1..1000}{1..1000}",
    "echo 'bash s' > s; bash s",
    "seq -f '%1000000000g' 1 2",
    "python3 -c 'print(dict(enumerate(range(10**8))))'",
)
SHOWN = (
    "\ud800",
    "a\nb\ud800\n",
    "ls: cannot access '\udc80': No such file or directory\n",
    "\t" * 1_000_000,
    "\x00\n",
)


def soon(call: Callable[[], Any]) -> Any:
    """What ``call`` gives, which takes little processor time (of all threads)."""
    gc.freeze()  # what other tests have left in memory is not looked through meanwhile
    started = time.process_time()
    result = call()
    assert time.process_time() - started < SECONDS
    return result


@pytest.fixture(scope="module")
def kernel() -> Any:
    make = find("terminal").kernel
    assert make is not None
    return make()


@pytest.mark.parametrize("key", (*WORLD, "modes", "invoke", "screen"))
def test_facts_of_a_wrong_type_or_size_count_as_not_told(kernel: Any, key: str) -> None:
    for value in FACTS:
        state = soon(lambda value=value: kernel.open(Setup(facts={**WORLD, "files": {"/w/a": "x\n"}, key: value})))
        for action in ("cat a; echo $HOME", KEYS):
            assert isinstance(kernel.step(state, action), Determined | Unknown)
            kernel.absorb(state, action, "x\n")


def test_a_fact_with_a_part_of_a_wrong_type_is_not_told_at_all(kernel: Any) -> None:
    def shown(action: str, **facts: Any) -> str | None:
        found = kernel.step(kernel.open(Setup(facts={**WORLD, **facts})), action)
        return found.observation if isinstance(found, Determined) else None

    assert shown("cat a") == "x\ny\n"
    assert shown("cat a", files={"/w/a": "x\n", "/w/b": 5}) is None
    assert shown("ls b", files={"/w/a": "x\n", "/w/b": 5}) is None
    assert shown("ls b", complete="/w") is None
    assert shown("echo $HOME") == "/w\n"
    assert shown("echo $EDITOR", env={"HOME": "/w", "SHLVL": 1}) is None


def megabytes() -> float:
    """The most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.parametrize("action", BOMBS, ids=range(len(BOMBS)))
def test_an_action_that_would_fill_memory_or_time_is_not_known(kernel: Any, action: str) -> None:
    peak = megabytes()
    state = kernel.open(Setup(facts=WORLD))
    found = soon(lambda: kernel.step(state, action))
    assert isinstance(found, Unknown)
    assert len(found.facts) < 5_000
    after = soon(lambda: kernel.absorb(state, action, "shown\n"))
    assert isinstance(soon(lambda: kernel.step(after, "cat a")), Determined | Unknown)
    assert megabytes() - peak < MEGABYTES


def test_after_an_action_that_is_too_much_work_no_file_is_known(kernel: Any) -> None:
    state = kernel.open(Setup(facts=WORLD))
    after = kernel.absorb(state, "sed ':a;s/x/xx/g;ba' a; rm a", "")
    assert isinstance(kernel.step(after, "cat a"), Unknown)
    other = kernel.step(state, "cat a")
    assert isinstance(other, Determined)
    assert other.observation == "x\ny\n"


@pytest.mark.parametrize("shown", SHOWN, ids=range(len(SHOWN)))
@pytest.mark.parametrize("screen", [False, True])
def test_an_observation_that_is_no_text_teaches_nothing_of_files(kernel: Any, shown: str, screen: bool) -> None:
    told = {"screen": {"columns": 80, "rows": 24, "shows": "whole", "text": "u@h:/w$ "}} if screen else {}
    state = kernel.open(Setup(facts={**WORLD, "complete": [], **told}))
    for action in ("ls", "cat n", "ls nowhere", KEYS):
        after = soon(lambda action=action: kernel.absorb(state, action, shown))
        for question in ("ls", "cat n", KEYS):
            found = soon(lambda after=after, question=question: kernel.step(after, question))
            if isinstance(found, Determined):
                found.observation.encode()


def test_an_answer_that_is_no_text_is_no_answer(kernel: Any) -> None:
    state = kernel.open(Setup(facts=WORLD))
    assert isinstance(kernel.step(state, "x=$(cargo metadata); echo $x", ("\ud800",)), Unknown)


def test_a_step_ends_under_a_profiler_too() -> None:
    """What interrupts a tool must leave nothing behind that makes CPython look for it for ever."""
    program = """
import cProfile
from nextstate.domain import find
from nextstate.types import Setup
kernel = find("terminal").kernel()
state = kernel.open(Setup(facts={"cwd": "/w", "files": {"/w/a": "x\\n"}, "complete": ["/w"]}))
with cProfile.Profile():
    print(kernel.step(state, "cat a; awk 'BEGIN { while (1) i++ }'").reason)
    print(kernel.step(state, "sort a").observation)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-2:] == ["x", ""]
