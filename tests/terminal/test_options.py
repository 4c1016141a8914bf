"""The options that tools declare against those of the real programs, and the messages of getopt_long."""

from __future__ import annotations

import re
import shutil
import string
import subprocess
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from file_worlds import Case, compare

from nextstate.domains.terminal.kernel import tools
from nextstate.domains.terminal.kernel.files import Files, Tree, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.options import Grammar, Options, Value, grammar, parse, tool

PROGRAMS = """basename chmod cp dirname du file gzip ln ls mkdir mv readlink realpath rm rmdir stat tar touch truncate
    xargs""".split()
"""Programs whose ``--help`` lists every option that this test looks for."""


def grammars() -> dict[str, Grammar]:
    found = {}
    for module in iter_modules(tools.__path__):
        for name, value in vars(import_module(f"{tools.__name__}.{module.name}")).items():
            if isinstance(value, Grammar):
                found[name.lower()] = value
    return found


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_option_of_the_real_program_is_declared(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"the real {program} is not installed, so nothing can be compared")
    text = subprocess.run([program, "--help"], stdout=subprocess.PIPE, text=True, env={"LC_ALL": "C"}).stdout
    rules = grammars()[program]
    longs = set(re.findall(r"(?<![\w-])--([a-z][a-z0-9-]+)", text))
    shorts = set(re.findall(r"^ +-([A-Za-z0-9])(?=[,\s=])", text, re.MULTILINE))
    if program == "tar":
        longs &= set(rules.longs)  # too many to be worth listing: wrong options of tar are undetermined
        shorts &= set(rules.shorts)
    assert longs and longs <= set(rules.longs)
    assert shorts <= set(rules.shorts)


@pytest.mark.parametrize("program", [name for name in PROGRAMS if name not in ("tar", "file", "stat")])
def test_wrong_options_are_reported_as_by_the_real_program(program: str, tmp_path: Path) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"the real {program} is not installed, so nothing can be compared")
    rules = grammars()[program]
    letters = [letter for letter in string.ascii_letters if letter not in rules.shorts][:4]
    words = [f"-{letter}" for letter in letters] + ["--nonsense", "--nonsense=3", "--no-such", "-%"]
    words += [f"--{name}=x" for name, (_, kind) in rules.longs.items() if kind is Value.NONE][:5]
    words += [f"--{name}" for name, (_, kind) in rules.longs.items() if kind is Value.REQUIRED][:5]
    words += [f"-{letter}" for letter, kind in rules.shorts.items() if kind is Value.REQUIRED][:3]
    compare([Case(f"{program} {word}") for word in words], tmp_path).check(0.9)


RULES = grammar("ab:c::", {"all": "a", "big=": "b", "colour[=]": "c"}, other="x", other_long="extra= alpha")


def read(*args: str, **env: str) -> Options:
    return parse(Call("prog", args, None, "/", env, Tree(Files({}), root=True)), RULES)


def test_clusters_values_and_operands_are_told_apart() -> None:
    options = read("-abv", "one", "-cw", "--big", "w", "--colour", "two", "--", "-a")
    assert options.given == (("a", None), ("b", "v"), ("c", "w"), ("b", "w"), ("c", None))
    assert options.operands == ("one", "two", "-a")
    assert options.has("a") and options.last("b") == "w" and options.values("b") == ["v", "w"]
    assert options.chosen("a", "b") == "b"


def test_a_name_may_be_shortened_as_long_as_it_is_clear() -> None:
    assert read("--bi=3").given == (("b", "3"),)
    with pytest.raises(Undetermined):
        read("--al")


def test_what_exists_but_is_not_computed_is_undetermined() -> None:
    for args in (("-x",), ("--extra=1",), ("--help",), ("--vers",)):
        with pytest.raises(Undetermined):
            read(*args)
    with pytest.raises(Undetermined):
        read("-a", POSIXLY_CORRECT="1")


def test_wrong_usage_becomes_the_answer_of_the_tool() -> None:
    @tool(RULES)
    def prog(call: Call, options: Options) -> Out:
        return Out("fine\n")

    def said(*args: str) -> Out:
        return prog(Call("prog", args, None, "/", {}, Tree(Files({}), root=True)))

    hint = "Try 'prog --help' for more information.\n"
    assert said() == Out("fine\n")
    assert said("-q") == Out(stderr=f"prog: invalid option -- 'q'\n{hint}", code=1)
    assert said("--all=1") == Out(stderr=f"prog: option '--all' doesn't allow an argument\n{hint}", code=1)
    assert said("-b") == Out(stderr=f"prog: option requires an argument -- 'b'\n{hint}", code=1)
    with pytest.raises(Undetermined):
        said("-b", "v", "-q")
