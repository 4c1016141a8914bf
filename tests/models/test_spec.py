"""World models by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nextstate.data import store
from nextstate.errors import DataError, UsageError
from nextstate.models import base, spec
from nextstate.models.cache import Cached
from nextstate.models.chat import ChatModel, ChatOptions
from nextstate.models.fakes import AlwaysEmpty, CopyLast, Replay
from nextstate.models.grounded import Grounded, KernelModel
from nextstate.models.recall import Recalled
from nextstate.models.spec import Options, build
from nextstate.models.wrappers import Recorded, Retried

from .worlds import queries, trajectory

RECORDED = trajectory("a", ("pwd", "/\n"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a+b:c.jsonl"
    store.write(path, [RECORDED])
    return path


def test_the_plain_names_build_the_fakes() -> None:
    assert isinstance(build("copy-last"), CopyLast)
    assert isinstance(build("always-empty"), AlwaysEmpty)


def test_the_kernel_answers_alone_or_before_another_model() -> None:
    assert isinstance(build("kernel"), KernelModel)
    model = build("grounded+copy-last")
    assert isinstance(model, Grounded)
    assert isinstance(model.inner, CopyLast)


async def test_a_replay_reads_its_file_whatever_its_name(file: Path) -> None:
    model = build(f"replay:{file}")
    assert isinstance(model, Replay)
    assert (await model.predict(queries(RECORDED)[0])).observation == "/\n"


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("qwen", "http://localhost:8000/v1"),
        ("org/qwen:7b+lora", "https://host/a+b/v1"),
        ("user@org/m", "http://[::1]:8/v1?x=cached:1+local"),
    ],
)
def test_names_and_addresses_of_endpoints_may_hold_plus_colon_and_at(name: str, url: str) -> None:
    model = build(f"chat:{name}@{url}")
    assert isinstance(model, ChatModel)
    assert model.name == f"chat:{name}@{url.partition('?')[0]}"


def test_options_reach_the_endpoint() -> None:
    model = build("retried:1+chat:m@http://h", Options(chat=ChatOptions(max_tokens=9)))
    assert isinstance(model, Retried)
    assert isinstance(model.inner, ChatModel)
    assert model.inner.options.max_tokens == 9


def test_options_of_an_endpoint_for_a_model_that_has_none_are_an_error() -> None:
    with pytest.raises(UsageError, match="'copy-last' is not asked by chat"):
        build("retried:1+copy-last", Options(chat=ChatOptions(prompt="long")))


async def test_wrappers_nest_from_left_to_right(file: Path, tmp_path: Path) -> None:
    text = f"cached:{tmp_path}/c+d.db+recorded:{file}+recalled:{file}+retried:3+copy-last"
    model = build(text)
    kinds = [type(model)]
    while hasattr(inner := getattr(model, "inner", None), "predict"):
        model = inner
        kinds.append(type(model))
    assert kinds == [Cached, Recorded, Recalled, Retried, CopyLast]
    assert (tmp_path / "c+d.db").exists()
    await base.close(build(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("copy-lst", "unknown world model 'copy-lst'; did you mean 'copy-last'?"),
        ("", "unknown world model ''"),
        ("retried:2+copylast", "did you mean 'copy-last'?"),
        ("recalled:a+b", "unknown world model 'b'"),
        ("kernel:x", "'kernel' takes no argument, got 'x'"),
        ("copy-last+local", "'copy-last' answers by itself and stands last, as in local+copy-last"),
        ("grounded", "'grounded' changes how another world model answers; write grounded+MODEL"),
        ("cached:x.db", "write cached:x.db+MODEL"),
        ("cached+copy-last", "cached:FILE needs a file"),
        ("replay:", "replay:FILE needs a file"),
        ("replay:no/such.jsonl", "replay:FILE: no such file: no/such.jsonl"),
        ("recorded:gone.jsonl+copy-last", "no such file: gone.jsonl"),
        ("retried:many+copy-last", "not 'many'"),
        ("retried:-1+copy-last", "not '-1'"),
        ("retried+copy-last", "takes a number"),
        ("chat:qwen", "write chat:NAME@URL"),
        ("chat:qwen@localhost:8000", "write chat:NAME@URL"),
        ("chat", "write chat:NAME@URL"),
        ("chat:m@http://u:p@h/v1", "no user name or password"),
    ],
)
def test_what_does_not_exist_or_fit_is_a_usage_error_that_says_what_to_do(text: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        build(text)
    assert said in str(error.value)


def test_an_unknown_name_comes_with_all_forms() -> None:
    with pytest.raises(UsageError) as error:
        build("gpt")
    assert all(form in str(error.value) for form in (*spec.FORMS, *spec.WRAPPER_FORMS))


def test_every_form_belongs_to_a_name_and_every_name_has_a_form() -> None:
    def names(forms: tuple[str, ...]) -> list[str]:
        return [form.partition(":")[0].removesuffix("[") for form in forms]

    assert names(spec.FORMS) == list(spec.MODELS)
    assert names(spec.WRAPPER_FORMS) == list(spec.WRAPPERS)


def test_a_broken_file_says_where(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("{\n")
    with pytest.raises(DataError, match=r"bad\.jsonl"):
        build(f"replay:{tmp_path}/bad.jsonl")


HEAVY = {"aiohttp", "sqlite3", "xllamacpp", "bashkit", "rich", "zstandard", "orjson"}


def loaded_by(text: str) -> set[str]:
    """The heavy modules that a fresh process has loaded after building ``text``."""
    code = f"import sys; from nextstate.models.spec import build; build({text!r}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return HEAVY & set(done.stdout.split())


def test_building_loads_nothing_heavy() -> None:
    assert loaded_by("copy-last") == set()


def test_building_a_chat_model_loads_no_client_before_the_first_call() -> None:
    assert "aiohttp" not in loaded_by("retried:1+chat:m@http://h")
