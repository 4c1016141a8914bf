"""World models by name: the texts that ``--model`` takes. Builds import what they need and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from nextstate.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from nextstate.models.chat import ChatOptions
    from nextstate.types import Trajectory, WorldModel


@dataclass(frozen=True, slots=True)
class Options:
    """What a name cannot say: how endpoints are asked."""

    chat: ChatOptions | None = None


Make: TypeAlias = "Callable[[str, Options], WorldModel]"
Wrap: TypeAlias = "Callable[[str, WorldModel], WorldModel]"


def build(spec: str, options: Options | None = None) -> WorldModel:
    """The world model that ``spec`` names: wrappers joined by ``+``, and what answers in the end.

    The last part takes everything after its name, so an address or a file may hold ``+`` and ``:``. The argument of a
    wrapper ends at the first ``+`` before another name. Raises :class:`UsageError` for what does not exist or fit, and
    :class:`DataError` for a broken file.
    """
    name, rest = _head(spec)
    if name in MODELS:
        if options is not None and options.chat is not None and name != "chat":
            raise UsageError(f"{name!r} is not asked by chat and takes no prompt; leave it out, or use chat:NAME@URL")
        return MODELS[name](_argument(name, rest), options or Options())
    if name in WRAPPERS:
        argument, inner = _divide(name, rest)
        return WRAPPERS[name](argument, build(inner, options))
    raise UsageError(f"{unknown_name('world model', name, [*MODELS, *WRAPPERS])}\n{usage()}")


def usage() -> str:
    """How a world model is named, for help texts and errors."""
    return f"a world model is one of {', '.join(FORMS)}; in front, joined by +: {', '.join(WRAPPER_FORMS)}"


def _head(spec: str) -> tuple[str, str]:
    name = re.split("[:+]", spec, maxsplit=1)[0]
    return name, spec[len(name) :]


def _argument(name: str, rest: str) -> str:
    """What stands behind the name of a model that answers."""
    if rest.startswith("+"):
        raise UsageError(f"{name!r} answers by itself and stands last, as in {rest[1:] or 'grounded'}+{name}")
    return rest.removeprefix(":")


def _divide(name: str, rest: str) -> tuple[str, str]:
    """A wrapper's argument and the spec of what it wraps."""
    ends = [match.start() for match in re.finditer(r"\+", rest)]
    if not ends:
        raise UsageError(f"{name!r} changes how another world model answers; write {name}{rest}+MODEL\n{usage()}")
    known = MODELS.keys() | WRAPPERS.keys()
    end = next((end for end in ends if _head(rest[end + 1 :])[0] in known), ends[0])
    return rest[:end].removeprefix(":"), rest[end + 1 :]


def _copy_last(argument: str, options: Options) -> WorldModel:
    from nextstate.models.fakes import CopyLast

    _none("copy-last", argument)
    return CopyLast()


def _always_empty(argument: str, options: Options) -> WorldModel:
    from nextstate.models.fakes import AlwaysEmpty

    _none("always-empty", argument)
    return AlwaysEmpty()


def _replay(argument: str, options: Options) -> WorldModel:
    from nextstate.models.fakes import Replay

    return Replay(_trajectories("replay:FILE", argument))


def _nearest(argument: str, options: Options) -> WorldModel:
    from nextstate.models.recall import Nearest

    return Nearest(_trajectories("nearest:FILE", argument))


def _kernel(argument: str, options: Options) -> WorldModel:
    from nextstate.models.grounded import KernelModel

    _none("kernel", argument)
    return KernelModel()


def _local(argument: str, options: Options) -> WorldModel:
    from nextstate.models.local import LocalModel

    return LocalModel(argument) if argument else LocalModel()


def _chat(argument: str, options: Options) -> WorldModel:
    from nextstate.models import chat

    return chat.ChatModel(*chat.parts(argument), options=options.chat)


def _served(argument: str, options: Options) -> WorldModel:
    from nextstate.models import chat
    from nextstate.models.served import ServedModel

    return ServedModel(*chat.parts(argument, "served"))


def _grounded(argument: str, inner: WorldModel) -> WorldModel:
    from nextstate.models.grounded import Grounded

    _none("grounded", argument)
    return Grounded(inner)


def _cached(argument: str, inner: WorldModel) -> WorldModel:
    from nextstate.models.cache import Cached

    return Cached(inner, Path(_some("cached:FILE", argument)).expanduser())


def _retried(argument: str, inner: WorldModel) -> WorldModel:
    from nextstate.models.wrappers import Retried

    if not re.fullmatch(r"[0-9]{1,3}", argument):
        raise UsageError(f"retried:N takes a number of further tries, as in retried:2+..., not {argument!r}")
    return Retried(inner, int(argument))


def _recalled(argument: str, inner: WorldModel) -> WorldModel:
    from nextstate.models.recall import Recalled

    return Recalled(inner, _trajectories("recalled:FILE", argument))


def _recorded(argument: str, inner: WorldModel) -> WorldModel:
    from nextstate.models.wrappers import Recorded

    return Recorded(inner, _trajectories("recorded:FILE", argument))


def _none(name: str, argument: str) -> None:
    if argument:
        raise UsageError(f"{name!r} takes no argument, got {argument!r}")


def _some(form: str, argument: str) -> str:
    if not argument:
        raise UsageError(f"{form} needs a file")
    return argument


def _trajectories(form: str, argument: str) -> list[Trajectory]:
    from nextstate.data import store

    path = Path(_some(form, argument)).expanduser()
    if not path.is_file():
        raise UsageError(f"{form}: no such file: {argument}")
    return list(store.read(path))


MODELS: dict[str, Make] = {
    "copy-last": _copy_last,
    "always-empty": _always_empty,
    "replay": _replay,
    "nearest": _nearest,
    "kernel": _kernel,
    "local": _local,
    "chat": _chat,
    "served": _served,
}
FORMS = (
    "copy-last", "always-empty", "replay:FILE", "nearest:FILE", "kernel", "local[:NAME]", "chat:NAME@URL",
    "served:NAME@URL",
)  # fmt: skip

WRAPPERS: dict[str, Wrap] = {
    "grounded": _grounded,
    "recorded": _recorded,
    "recalled": _recalled,
    "cached": _cached,
    "retried": _retried,
}
WRAPPER_FORMS = ("grounded", "recorded:FILE", "recalled:FILE", "cached:FILE", "retried:N")
