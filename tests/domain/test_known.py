"""What a kernel says that it knows, in every domain."""

from __future__ import annotations

import pytest

from nextstate.domain import find, known, names
from nextstate.models.fakes import Scripted
from nextstate.models.grounded import Grounded, facts


@pytest.mark.parametrize("name", names())
def test_a_kernel_tells_in_a_bounded_text_what_it_knows_after_its_examples(name: str) -> None:
    domain = find(name)
    if domain.kernel is None:
        pytest.skip("a domain without a kernel")
    kernel = domain.kernel()
    told = []
    for example in domain.examples():
        state = kernel.open(example.setup)
        for turn in example.turns:
            state = kernel.absorb(state, turn.action, turn.observation)
        told.append(known(kernel, state))
    assert any(told)
    assert max(map(len, told)) < 20_000


def test_a_session_is_told_what_the_kernel_inside_its_model_knows() -> None:
    example = find("terminal").examples()[0]
    model = Grounded(Scripted(["x"]))
    assert "working directory: /" in facts(model, "terminal", example.setup, ())
    assert facts(Scripted(["x"]), "terminal", example.setup, ()) == ""
