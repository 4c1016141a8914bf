"""What other people may import exists, is documented and says what it takes."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

PUBLIC = {
    "nextstate.types": (
        "Action", "Json", "NOTHING", "Observation", "Origin", "Outcome", "Prediction", "Query", "Score", "Scorer",
        "Setup", "Source", "Tool", "Trajectory", "Turn", "Usage", "WorldModel",
    ),
    "nextstate.errors": (
        "ActionError", "DataError", "NextstateError", "ReplyError", "SessionEnded", "StepFailed", "UsageError",
    ),
    "nextstate.domain": (
        "Check", "Determined", "Domain", "Kernel", "Unknown", "find", "names", "read_tagged", "write_tagged",
    ),
    "nextstate.conform": ("Answered", "Finding", "Report", "Verdict", "check"),
    "nextstate.sim": ("Ending", "Limits", "Session", "step_seed"),
    "nextstate.eval": ("Report", "compare", "evaluate", "load", "table"),
    "nextstate.eval.scorers": ("BUILT_IN", "alike", "exact", "find", "names", "similarity"),
    "nextstate.eval.stats": ("Estimate", "difference", "mean", "percentile"),
    "nextstate.models.base": ("close",),
    "nextstate.models.fakes": ("AlwaysEmpty", "CopyLast", "Replay", "Scripted"),
    "nextstate.models.chat": ("ChatModel",),
    "nextstate.models.spec": ("build",),
    "nextstate.data.store": ("decode", "encode", "read", "read_lenient", "write"),
    "nextstate.data.sources": ("find", "names"),
}  # fmt: skip
"""The names that this project promises to keep; a name leaves this list only with a line in the changelog."""


def documented(module: ModuleType) -> list[tuple[str, object]]:
    """The public classes and functions that ``module`` defines or exports, and the public methods of the classes."""
    names = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
    found: list[tuple[str, object]] = []
    for name in names:
        value = getattr(module, name)
        if not (inspect.isclass(value) or inspect.isfunction(value)):
            continue
        if hasattr(module, "__all__") or value.__module__ == module.__name__:
            found.append((name, value))
            found += [(f"{name}.{key}", one) for key, one in methods(value)]
    return found


def methods(value: object) -> list[tuple[str, object]]:
    if not inspect.isclass(value):
        return []
    own = [(key, one) for key, one in vars(value).items() if not key.startswith("_")]
    return [(key, one) for key, one in own if inspect.isfunction(one) or isinstance(one, property)]


@pytest.mark.parametrize("module", PUBLIC)
def test_every_promised_name_exists(module: str) -> None:
    assert [name for name in PUBLIC[module] if not hasattr(importlib.import_module(module), name)] == []


@pytest.mark.parametrize("module", PUBLIC)
def test_what_a_module_lists_as_its_own_is_what_is_promised(module: str) -> None:
    listed = getattr(importlib.import_module(module), "__all__", None)
    assert listed is None or sorted(listed) == sorted(PUBLIC[module])


OBVIOUS = {
    "predict": "the one method of a WorldModel, described there",
    "complete": "the one method of a LanguageModel, described there",
    "name": "the name of a WorldModel",
}


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_class_and_function_says_what_it_does(module: str) -> None:
    value = importlib.import_module(module)
    assert inspect.getdoc(value)
    silent = [name for name, one in documented(value) if name.split(".")[-1] not in OBVIOUS and not own_words(one)]
    assert silent == []


def own_words(one: object) -> str:
    """The docstring, unless it is the signature that a dataclass writes for itself."""
    text = getattr(one, "__doc__", None) or ""
    return "" if inspect.isclass(one) and text.startswith(f"{one.__name__}(") else text


def test_the_version_is_the_one_that_is_installed() -> None:
    from importlib.metadata import version

    import nextstate

    assert nextstate.__version__ == version("nextstate")
