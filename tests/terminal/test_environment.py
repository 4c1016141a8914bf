"""Variables that the shell inherits: known when the facts hold them, or when the whole environment is known."""

from __future__ import annotations

import pytest

from nextstate.domain import Determined, Unknown
from nextstate.domains.terminal.kernel import TerminalKernel
from nextstate.types import Setup

PART = {"HOME": "/home/dev"}
WHOLE = {"HOME": "/home/dev", "PATH": "/usr/bin", "PWD": "/home/dev", "SHLVL": "1", "LANG": "C.UTF-8"}


def step(env: dict[str, str], *actions: str) -> str | None:
    kernel = TerminalKernel()
    state = kernel.open(Setup(facts={"user": "dev", "host": "box", "cwd": "/home/dev", "env": dict(env)}))
    for action in actions:
        answer = kernel.step(state, action)
        if isinstance(answer, Unknown):
            return None
        assert isinstance(answer, Determined)
        state = answer.state
    return answer.observation


@pytest.mark.parametrize("name", ["PATH", "USER", "TERM", "EDITOR", "PYTHONPATH"])
def test_a_variable_outside_a_partial_environment_is_unknown(name: str) -> None:
    assert step(PART, f"echo ${name}") is None
    assert step(PART, f'echo "{{${{{name}}}}}"') is None


@pytest.mark.parametrize("name", ["USER", "TERM", "EDITOR"])
def test_a_variable_outside_a_whole_environment_is_unset(name: str) -> None:
    assert step(WHOLE, f'echo "<${name}>"') == "<>\n"


def test_what_the_facts_hold_and_what_was_set_is_known() -> None:
    assert step(PART, "echo $HOME") == "/home/dev\n"
    assert step(PART, "export EDITOR=vi", "echo $EDITOR") == "vi\n"
    assert step(PART, "EDITOR=vi; echo $EDITOR") == "vi\n"
    assert step(WHOLE, "echo $PATH $LANG") == "/usr/bin C.UTF-8\n"


def test_the_listing_of_the_environment_needs_all_of_it() -> None:
    assert step(PART, "env | sort") is None
    assert step(WHOLE, "env | sort") == (
        "HOME=/home/dev\nLANG=C.UTF-8\nPATH=/usr/bin\nPWD=/home/dev\nSHLVL=1\n_=/usr/bin/env\n"
    )
