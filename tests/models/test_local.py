"""The embedded model: what it does with what an engine says, and, where the default weights are, the engine itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from copy import copy
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from nextstate.errors import UsageError
from nextstate.models import local, local_engine, weights
from nextstate.models.local import LocalModel
from nextstate.models.local_engine import Generated
from nextstate.models.local_prefix import BLOCK, EngineError
from nextstate.types import Origin, Outcome, Setup, Usage

from .worlds import domain_of, query

USAGE = Usage(7, 3, 2)


class Played:
    """An engine with one token per four characters that says what it is told to."""

    def __init__(self, *said: Generated | Exception) -> None:
        self.said = list(said)
        self.asked: list[Mapping[str, Any]] = []
        self.texts: list[str] = []

    async def template(self, messages: Sequence[Mapping[str, str]]) -> str:
        return "".join(f"<{message['role']}>{message['content']}" for message in messages)

    async def tokens(self, text: str, *, special: bool) -> list[int]:
        self.texts.append(text)
        return list(range((len(text) + 3) // 4))

    async def generate(self, asked: Mapping[str, Any], done: Callable[[str], bool] | None = None) -> Generated:
        self.asked.append(asked)
        said = self.said.pop(0)
        if isinstance(said, Exception):
            raise said
        return said


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "own.gguf"
    path.write_bytes(b"weights")
    return str(path)


@pytest.fixture
def play(file: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., LocalModel]:
    def build(engine: Played, **options: Any) -> LocalModel:
        async def borrow(plan: object) -> Played:
            return engine

        monkeypatch.setattr(local, "borrow", borrow)
        return LocalModel(file, domain_of=domain_of, **options)

    return build


def said(text: str, *, cut_off: bool = False) -> Generated:
    return Generated(text, cut_off, USAGE)


async def test_the_text_up_to_the_next_prompt_is_the_observation(play: Callable[..., LocalModel]) -> None:
    prediction = await play(Played(said("a\nb\n$ pwd\n"))).predict(query("ls"))
    assert (prediction.outcome, prediction.observation, prediction.origin) == (Outcome.OK, "a\nb\n", Origin.MODEL)
    assert prediction.usage == USAGE
    assert prediction.reply == "a\nb\n$ pwd\n"


@pytest.mark.parametrize("text", ["", "$ pwd", "$ # A new session"])
async def test_showing_nothing_is_an_answer(text: str, play: Callable[..., LocalModel]) -> None:
    prediction = await play(Played(said(text))).predict(query("true"))
    assert (prediction.outcome, prediction.observation) == (Outcome.OK, "")


async def test_a_reply_at_the_length_limit_is_cut_off(play: Callable[..., LocalModel]) -> None:
    prediction = await play(Played(said("1\n2\n3\n", cut_off=True))).predict(query("yes"))
    assert prediction.outcome is Outcome.CUT_OFF
    assert "max_tokens" in prediction.detail


async def test_in_chat_form_the_domain_reads_the_reply(play: Callable[..., LocalModel]) -> None:
    engine = Played(said("<predicted_observation>\nhi\n</predicted_observation>"), said("hi"))
    model = play(engine, form="chat")
    assert (await model.predict(query("echo hi"))).observation == "hi"
    assert (await model.predict(query("echo hi"))).outcome is Outcome.UNTAGGED
    assert engine.texts[0].startswith("<system>You are the environment.")


async def test_an_engine_that_fails_is_a_named_outcome(play: Callable[..., LocalModel]) -> None:
    prediction = await play(Played(EngineError("no memory"))).predict(query("ls"))
    assert (prediction.outcome, prediction.detail) == (Outcome.PROVIDER_ERROR, "no memory")


async def test_an_unknown_domain_is_refused(play: Callable[..., LocalModel]) -> None:
    prediction = await play(Played()).predict(query("ls", domain="plane"))
    assert prediction.outcome is Outcome.REFUSED
    assert "plain" in prediction.detail


async def test_the_seed_and_the_sampling_reach_the_engine(play: Callable[..., LocalModel]) -> None:
    engine = Played(said(""), said(""))
    model = play(engine, max_tokens=9)
    await model.predict(query("ls"), seed=5)
    await model.predict(query("ls"))
    assert [(asked["seed"], asked["temperature"], asked["max_tokens"]) for asked in engine.asked] == [
        (5, 0.0, 9),
        (0, 0.0, 9),
    ]


async def test_a_short_history_is_shown_whole(play: Callable[..., LocalModel]) -> None:
    engine = Played(said(""))
    await play(engine).predict(query("ls", ("echo one", "one\n"), setup=Setup(initial_state="a box")))
    assert len(engine.texts) == 1
    assert "$ echo one\none\n$ ls\n" in engine.texts[0]
    assert "a box" in engine.texts[0]


@pytest.mark.parametrize("form", ["transcript", "chat"])
async def test_prompt_and_reply_fit_the_context_however_long_the_history(
    form: str, play: Callable[..., LocalModel]
) -> None:
    for turns in (1, 10, 100):
        engine = Played(said(""))
        history = [(f"cat {index}", f"line {index}\n" * 200) for index in range(turns)]
        await play(engine, context=1000, max_tokens=100, form=form).predict(query("ls", *history, notes="n" * 5000))
        assert len(engine.asked[0]["prompt"]) <= 900


async def test_while_a_long_history_grows_the_start_of_the_prompt_mostly_stays(
    play: Callable[..., LocalModel],
) -> None:
    turns = [(f"cat {index}", f"some words about number {index}\n" * (index % 7)) for index in range(60)]
    prompts = []
    for count in range(60):
        engine = Played(said(""))
        await play(engine, context=1000, max_tokens=100).predict(query("ls", *turns[:count]))
        prompts.append(engine.texts[-1])
    moved = [not later.startswith(now.removesuffix("$ ls\n")) for now, later in pairwise(prompts)]
    assert 0 < sum(moved) < 15


async def test_a_query_that_fits_in_no_size_is_refused(play: Callable[..., LocalModel]) -> None:
    prediction = await play(Played(), context=60, max_tokens=50).predict(query("ls", ("a", "b" * 500)))
    assert prediction.outcome is Outcome.REFUSED
    assert "10 tokens" in prediction.detail


def test_what_changes_answers_changes_the_fingerprint(file: str) -> None:
    models = [
        LocalModel(file),
        LocalModel(file, form="chat"),
        LocalModel(file, context=2048),
        LocalModel(file, max_tokens=99),
        LocalModel(file, temperature=0.5),
    ]
    assert len({model.fingerprint for model in models}) == len(models)
    assert LocalModel(file, threads=1).fingerprint == LocalModel(file, threads=2).fingerprint
    Path(file).write_bytes(b"other weights")
    assert LocalModel(file).fingerprint != models[0].fingerprint


def test_weights_that_were_not_pulled_are_a_usage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXTSTATE_MODELS", str(tmp_path))
    with pytest.raises(UsageError, match=r"nextstate models pull coder-1\.5b"):
        LocalModel("coder-1.5b")


def test_a_missing_engine_is_a_usage_error(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_engine, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'nextstate\[local\]'"):
        LocalModel(file)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"form": "poem"}, "transcript, chat"),
        ({"context": 100, "max_tokens": 100}, "leave room"),
        ({"name": "smollm2-135m", "context": 10_000}, "trained for 8192"),
        ({"name": "smollm-135m"}, "did you mean 'smollm2-135m'"),
        ({"name": "nowhere/x.gguf"}, "no such file"),
    ],
)
def test_options_that_do_not_fit_are_usage_errors(options: dict[str, Any], complaint: str, file: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        LocalModel(**{"name": file, **options})


@pytest.mark.parametrize("value", ["0", "two", "-1", "1.5", "²"])
def test_a_strange_number_of_threads_is_a_usage_error(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXTSTATE_THREADS", value)
    with pytest.raises(UsageError, match="NEXTSTATE_THREADS"):
        local_engine.default_threads()


def test_threads_come_from_the_environment_or_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEXTSTATE_THREADS", raising=False)
    assert local_engine.default_threads() >= 1
    monkeypatch.setenv("NEXTSTATE_THREADS", "3")
    assert local_engine.default_threads() == 3


# From here on with the real engine: how it behaves, never what it says.


@pytest.fixture
async def small() -> AsyncIterator[Callable[..., LocalModel]]:
    """Builds models on the default weights; skips when they are not on this machine."""
    try:
        weights.path_of("smollm2-135m")
    except UsageError as absent:
        pytest.skip(str(absent))
    built: list[LocalModel] = []

    def build(**options: Any) -> LocalModel:
        built.append(LocalModel(domain_of=domain_of, **{"threads": 1, "max_tokens": 12, **options}))
        return built[-1]

    yield build
    for model in built:
        await model.aclose()


@pytest.mark.model
@pytest.mark.parametrize("form", ["transcript", "chat"])
async def test_every_answer_has_a_named_outcome_and_its_usage(form: str, small: Callable[..., LocalModel]) -> None:
    prediction = await small(form=form).predict(query("echo hello"))
    assert prediction.outcome in (Outcome.OK, Outcome.CUT_OFF, Outcome.UNTAGGED)
    assert prediction.usage.prompt_tokens > 0
    assert 0 < prediction.usage.completion_tokens <= 12
    assert prediction.model == "local:smollm2-135m"


LONG = [(f"echo {number}", f"{number}\n") for number in range(100, 116)]


@pytest.mark.model
async def test_the_history_is_served_from_the_prefix_cache(small: Callable[..., LocalModel]) -> None:
    model = small()
    first = await model.predict(query("ls", *LONG))
    second = await model.predict(query("pwd", *LONG, ("ls", "a\n")))
    assert first.usage.cached_tokens == 0
    assert second.usage.cached_tokens >= first.usage.prompt_tokens - 2 * BLOCK


@pytest.mark.model
async def test_sessions_that_take_turns_keep_their_prefixes(small: Callable[..., LocalModel]) -> None:
    model = small()
    for action in ("ls", "pwd"):
        for name in ("one", "two"):
            setup = Setup(initial_state=f"box {name}")
            seen = await model.predict(query(action, *LONG, setup=setup))
    assert seen.usage.cached_tokens >= seen.usage.prompt_tokens - 2 * BLOCK


@pytest.mark.model
async def test_an_answer_is_the_same_whatever_was_asked_before(small: Callable[..., LocalModel]) -> None:
    asked = [query(action, *LONG[:count]) for count in (2, 5, 9) for action in ("ls", "uname")]
    forth = list(range(len(asked)))
    replies = []
    for order, reuse in ((forth, False), (forth, True), (forth[::-1], True)):
        model = small(temperature=1.0)
        model._sampling["cache_prompt"] = reuse
        answers = {index: (await model.predict(asked[index], seed=3)).reply for index in order}
        replies.append([answers[index] for index in forth])
    assert replies[1:] == replies[:1] * 2


@pytest.mark.model
async def test_generation_ends_where_the_next_action_begins(small: Callable[..., LocalModel]) -> None:
    echoes = [(f"echo {word}", f"{word}\n") for word in ("red", "green", "blue", "white", "black")]
    prediction = await small(max_tokens=64).predict(query("echo brown", *echoes))
    assert prediction.outcome is Outcome.OK
    assert prediction.usage.completion_tokens < 16


@pytest.mark.model
async def test_a_history_beyond_the_context_does_not_overflow(small: Callable[..., LocalModel]) -> None:
    history = [(f"cat {index}", "0x1f 十二 ~~ \n" * 40) for index in range(30)]
    prediction = await small(context=512).predict(query("ls \ud800", *history))
    assert prediction.outcome in (Outcome.OK, Outcome.CUT_OFF)
    assert prediction.usage.prompt_tokens <= 500


@pytest.mark.model
async def test_control_tokens_in_an_observation_are_mere_text(small: Callable[..., LocalModel]) -> None:
    engine = await small()._running()
    assert len(await engine.tokens("<|im_end|>", special=False)) > 1
    assert len(await engine.tokens("<|im_end|>", special=True)) == 1


@pytest.mark.model
async def test_models_that_want_the_same_engine_share_it(small: Callable[..., LocalModel]) -> None:
    one, other = small(), small(max_tokens=5)
    await asyncio.gather(one.predict(query("ls")), other.predict(query("pwd")))
    assert one._engine is other._engine
    await one.aclose()
    await one.aclose()
    assert (await other.predict(query("ls"))).usage.prompt_tokens > 0
    assert (await one.predict(query("ls"))).usage.prompt_tokens > 0


@pytest.mark.model
async def test_a_call_that_nobody_waits_for_frees_the_engine(small: Callable[..., LocalModel]) -> None:
    model = small(max_tokens=3000)
    engine = await model._running()
    tokens = await engine.tokens("and so on", special=False)
    endless = {"prompt": tokens, "max_tokens": 3000, "ignore_eos": True, "temperature": 0.0}
    call = asyncio.ensure_future(engine.generate(endless))
    await asyncio.wait([call], timeout=0.3)
    call.cancel()
    after = await asyncio.wait_for(engine.generate({**endless, "max_tokens": 1}), timeout=10)
    assert after.cut_off


@pytest.mark.model
async def test_the_engine_says_nothing_of_its_own(
    small: Callable[..., LocalModel], capfd: pytest.CaptureFixture[str]
) -> None:
    await small().predict(query("ls"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.model
async def test_a_file_that_is_no_model_is_a_named_outcome(file: str, small: Callable[..., LocalModel]) -> None:
    prediction = await LocalModel(file, domain_of=domain_of).predict(query("ls"))
    assert prediction.outcome is Outcome.PROVIDER_ERROR
    assert "cannot load" in prediction.detail


@pytest.mark.model
async def test_an_engine_that_does_not_answer_is_a_named_outcome(small: Callable[..., LocalModel]) -> None:
    model = small()
    engine = model._engine = copy(await model._running())
    engine._url = "http://127.0.0.1:9"
    prediction = await model.predict(query("ls"))
    assert prediction.outcome is Outcome.PROVIDER_ERROR
    assert "no connection" in prediction.detail


@pytest.mark.model
async def test_other_programs_of_this_machine_are_kept_out(small: Callable[..., LocalModel]) -> None:
    engine = copy(await small()._running())
    engine._key = "guessed"
    with pytest.raises(EngineError, match="401"):
        await engine.tokens("a", special=False)
